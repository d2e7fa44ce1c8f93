// How fast pages are visited: a worker's start, small pages offline, and small sites over loopback. The
// named peer is a fresh start of the same page process without the warm parent.
//
//   visit_bench [VISITS]
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "honeyclient/low/protocol.h"
#include "honeyclient/low/visit.h"
#include "honeyclient/low/zygote.h"
#include "net/test_server.h"

namespace {

using namespace shikake;
using Clock = std::chrono::steady_clock;
namespace low = honeyclient::low;

double milliseconds(Clock::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

boost::json::object summary(std::vector<double> values) {
  std::ranges::sort(values);
  auto at = [&](double part) {
    return values[static_cast<size_t>(part * static_cast<double>(values.size() - 1))];
  };
  double sum = 0;
  for (double value : values) sum += value;
  return {{"median_ms", at(0.5)},
          {"p99_ms", at(0.99)},
          {"per_second", 1000.0 * static_cast<double>(values.size()) / sum}};
}

template <class Body>
boost::json::object measure(int count, Body body) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    auto start = Clock::now();
    body();
    times.push_back(milliseconds(Clock::now() - start));
  }
  return summary(std::move(times));
}

const std::string page =
    "<!doctype html><title>x</title><p id=p>text</p><script>document.write('<b>'+navigator.userAgent)"
    "</script><div><img src=/i.gif></div><script>p.innerHTML='y';</script>";

void serve(net::TestConnection& client) {
  for (;;) {
    if (client.receive_request().empty()) return;
    client.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
                std::to_string(page.size()) + "\r\n\r\n" + page);
  }
}

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  std::exit(1);
}

// From asking for a worker until its first script has spoken.
boost::json::object first_script(base::Zygote& zygote, int count) {
  low::Start start;
  start.document.url = "http://page.example/";
  start.document.content_type = "text/html";
  start.document.body = "<script>console.log(1)</script>";
  start.persona = *low::find_persona(low::default_persona);
  start.max_script_time = std::chrono::seconds(5);
  return measure(count, [&] {
    auto worker = zygote.fork(low::limits::max_frame);
    if (!worker) give_up(worker.error());
    auto deadline = base::Deadline::after(std::chrono::seconds(10));
    (void)worker->channel.send(static_cast<uint8_t>(low::ToPage::start), base::to_wire(start), deadline);
    while (auto frame = worker->channel.receive(deadline))
      if (frame->type == static_cast<uint8_t>(low::FromPage::happened)) break;
    worker->child.end();
  });
}

}  // namespace

int main(int argc, char** argv) {
  int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 100;
  auto zygote = low::start_page_zygote();
  if (!zygote) give_up(zygote.error());
  auto browser = low::Browser::open();
  if (!browser) give_up(browser.error());
  low::NoBlobs blobs;
  net::TestServer server(serve);

  low::VisitOptions offline;
  offline.url = "http://page.example/";
  offline.content = page;
  offline.offline = true;
  low::VisitOptions online;
  online.url = server.url();
  online.egress.allow_private = true;
  auto visit = [&](const low::VisitOptions& options) {
    auto record = browser->visit(options, blobs);
    if (!record) give_up(record.error());
  };
  boost::json::object result{
      {"bench", "visit"},
      {"visits", count},
      {"fork_to_first_script", first_script(*zygote, count)},
      {"cold_start_to_first_script", measure(std::max(1, count / 10),
                                             [&] {
                                               auto cold = low::start_page_zygote();
                                               if (!cold) give_up(cold.error());
                                               first_script(*cold, 1);
                                             })},
      {"small_page_offline", measure(count, [&] { visit(offline); })},
      {"small_site_on_loopback", measure(count, [&] { visit(online); })},
  };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  result["parent_cpu_ms_a_visit"] =
      (static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
       static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3) /
      (2.0 * count);
  std::puts(boost::json::serialize(result).c_str());
}
