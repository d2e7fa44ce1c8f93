// What the fuzzers of the page worker share: programs made of an input's bytes, and a page worker's engine in
// the fuzzer's own process, its parent played by a thread that answers with refusals and small documents.
#pragma once

#include <signal.h>
#include <sys/time.h>

#include <jsapi.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/frame.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/engine.h"

namespace shikake::fuzz {

using namespace shikake::honeyclient::low;

using Choices = std::span<const std::string_view>;  // at most 256, what one byte can tell apart

// What programs are made of. An object that the emulation gains is one row of `objects`: its members need
// none, since a program asks each object for the names it has.
struct Vocabulary {
  Choices objects;  // expressions; those that this persona's browser lacks add nothing
  Choices names;    // of members that are no object's own yet, or that matter more than others
  Choices values;
};

// A program of statements on the values of its own array "v", each chosen by the input's next bytes. Every
// byte is drawn in a statement of its own: operands of one expression may be evaluated in any order, and an
// input would be another program with another compiler.
class Program {
 public:
  Program(std::string_view input, Vocabulary words) : input_(input), words_(words) {}

  uint8_t byte() {
    if (input_.empty()) return 0;
    auto value = static_cast<uint8_t>(input_[0]);
    input_.remove_prefix(1);
    return value;
  }
  std::string bytes() {
    const size_t wanted = byte() % 16, count = std::min(wanted, input_.size());
    std::string out(input_.substr(0, count));
    input_.remove_prefix(count);
    return out;
  }
  std::string pick(Choices from) {
    SHIKAKE_CHECK(from.size() <= 256);
    return std::string(from[byte() % from.size()]);
  }

  // "v" with what every program begins with, and the function that names an object's nth member.
  static std::string beginning(Choices objects) {
    std::string text =
        "var v=[];function member(o,n){var k=[];for(var p in o)k.push(p);return k.length?k[n%k.length]:''}\n";
    for (std::string_view object : objects) text += attempt("v.push(" + std::string(object) + ")");
    return text;
  }
  // Statements until the input is used up.
  std::string rest() {
    std::string text;
    while (!input_.empty()) text += statement();
    return text;
  }

 private:
  static std::string attempt(const std::string& body) { return "try{" + body + "}catch(e){}\n"; }

  std::string object() { return "v[" + std::to_string(byte()) + "%v.length]"; }
  std::string member() {
    const std::string of = object();
    if (byte() % 2) return of + "['" + pick(words_.names) + "']";
    return of + "[member(" + of + "," + std::to_string(byte()) + ")]";
  }
  std::string value() { return byte() % 2 ? object() : pick(words_.values); }
  std::string arguments() {
    std::string text = value();
    for (int more = byte() % 3; more > 0; --more) text += "," + value();
    return text;
  }
  std::string statement() {
    switch (byte() % 12) {
      case 0:
      case 1:
        return attempt("v.push(" + pick(words_.objects) + ")");
      case 2:
        return attempt("v.push(" + member() + ")");
      case 3: {
        const std::string at = member();
        return attempt(at + "=" + value());
      }
      case 4: {
        const std::string call = member();
        return attempt("v.push(" + call + "(" + arguments() + "))");
      }
      case 5: {
        const std::string method = member(), self = object();
        return attempt(method + ".call(" + self + "," + arguments() + ")");
      }
      case 6:
        return attempt("delete " + member());
      case 7: {
        const std::string from = object(), of = object();
        return attempt("for(var k in " + of + ")if(k.length<9)v.push(" + from + "[k])");
      }
      case 8: {
        const std::string at = member(), given = arguments();
        return attempt("if(" + at + "){" + at + "(" + given + ")}else " + at + "=" + value());
      }
      case 9: {
        const std::string at = member(), given = arguments();
        return attempt("function g(){" + at + "(" + given + ")} v.push(" + at + "?g:" + value() + ")");
      }
      case 10:
        return attempt(byte() % 2 ? "eval('if(v[1])location=v[4]')" : "eval('(function(){v[2].src=1})')");
      default: {
        const std::string at = member(), on = value(), one = value(), given = arguments();
        return attempt("switch(" + on + "){case " + one + ":" + at + "(" + given +
                       ");break;default:new Function('a','return '+" + at + ")()}");
      }
    }
  }

  std::string_view input_;
  const Vocabulary words_;
};

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
        document.window = document.number = open->window;
        document.document.url = "https://page.example/frame";
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
    constexpr std::chrono::microseconds tick = page::cpu_tick;
    itimerval every{{0, tick.count()}, {0, tick.count()}};
    setitimer(ITIMER_PROF, &every, nullptr);
    return made;
  }();
  return engine;
}

// A page with a little of what each of its objects needs, in a browser of the input's choice.
inline Start page_start(Program& program) {
  Start start;
  const uint8_t kind = program.byte();
  start.persona.engine = kind % 2 ? Engine::trident : Engine::blink;
  start.persona.version = kind % 2 ? 6 + kind / 2 % 6 : 100;
  start.persona.language = "en";
  start.persona.languages = {"en"};
  start.persona.user_agent = "Fuzzer";
  start.persona.inner_width = 800;
  // A forced run costs several plain ones, and its rewriting has a fuzzer of its own.
  start.forced = kind % 16 >= 14;
  // Statements run once: what takes longer is a loop, of which more is no news.
  start.max_script_time = std::chrono::milliseconds(50);
  return start;
}

inline void run_page(Start start) {
  page::Engine& engine = page_engine();
  auto ends = base::FrameChannel::make_pair(limits::max_frame);
  SHIKAKE_CHECK(ends.has_value());
  std::thread parent(play_parent, std::move(ends->second));
  engine.run_page(std::move(ends->first), std::move(start));
  parent.join();
  engine.forget_page();
  // A whole collection costs more than a page; the engine collects by itself too.
  constexpr int pages_a_collection = 50;
  static int pages = 0;
  if (++pages % pages_a_collection == 0) JS_GC(engine.context());
}

}  // namespace shikake::fuzz

// What the engine's heap alone points to looks lost to the leak sanitizer, which does not read that heap.
// Not inline: the sanitizer has a weak one itself, and a fuzzer is one source file.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}
