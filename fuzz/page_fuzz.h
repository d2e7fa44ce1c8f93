// A page worker's engine in the fuzzer's own process, its parent played by a thread that answers with refusals and
// small documents.
#pragma once

#include <signal.h>
#include <sys/time.h>

#include <thread>

#include "base/check.h"
#include "base/frame.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/engine.h"

namespace shikake::fuzz {

using namespace shikake::honeyclient::low;

// Refusals, empty storage, and for every other frame a document of the same origin.
inline void play_parent(base::FrameChannel channel) {
  auto deadline = base::Deadline::after(std::chrono::seconds(20));
  auto tell = [&](ToPage type, const auto& message) {
    (void)channel.send(static_cast<uint8_t>(type), base::to_wire(message), deadline);
  };
  uint64_t sent = 0;
  for (;;) {
    auto frame = channel.receive(deadline);
    if (!frame) return;
    switch (static_cast<FromPage>(frame->type)) {
      case FromPage::fetch: {
        auto fetch = base::from_wire<Fetch>(frame->body);
        SHIKAKE_CHECK(fetch.has_value());
        Loaded loaded;
        loaded.request = fetch->request;
        loaded.ok = fetch->request % 2 == 0;
        loaded.status = 200;
        loaded.body = "v.push(2)";
        tell(ToPage::loaded, loaded), ++sent;
        break;
      }
      case FromPage::open_frame: {
        auto open = base::from_wire<OpenFrame>(frame->body);
        SHIKAKE_CHECK(open.has_value());
        FrameDocument document;
        document.window = open->window;
        document.document.url = "http://page.example/frame";
        document.document.body = "<p>x<script>parent.v.push(document)</script>";
        if (open->window % 2)
          tell(ToPage::frame_document, document);
        else
          tell(ToPage::frame_elsewhere, FrameElsewhere{open->window, false});
        ++sent;
        break;
      }
      case FromPage::navigate: {
        auto navigate = base::from_wire<Navigate>(frame->body);
        SHIKAKE_CHECK(navigate.has_value());
        tell(ToPage::stays, Stays{navigate->asked.window}), ++sent;
        break;
      }
      case FromPage::ask:
        tell(ToPage::answer, Answer{"c=1", {}}), ++sent;
        break;
      case FromPage::settled: {
        auto settled = base::from_wire<Settled>(frame->body);
        if (settled && settled->heard == sent) return;  // and the page ends with its channel
        break;
      }
      default:
        break;
    }
  }
}

// The engine's threads and memory last as long as the process.
inline page::Engine& page_engine() {
  static page::Engine& engine = *[] {
    auto* made = new page::Engine;
    SHIKAKE_CHECK(made->start());
    struct sigaction action {};
    action.sa_handler = [](int) { page::on_cpu_tick(); };
    action.sa_flags = SA_RESTART;
    sigaction(SIGPROF, &action, nullptr);
    itimerval every{{0, 50'000}, {0, 50'000}};
    setitimer(ITIMER_PROF, &every, nullptr);
    return made;
  }();
  return engine;
}

inline void run_page(Start start) {
  page::Engine& engine = page_engine();
  auto ends = base::FrameChannel::make_pair(limits::max_frame);
  SHIKAKE_CHECK(ends.has_value());
  std::thread parent(play_parent, std::move(ends->second));
  engine.run_page(std::move(ends->first), std::move(start));
  engine.forget_page();
  parent.join();
}

}  // namespace shikake::fuzz
