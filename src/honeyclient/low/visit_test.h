// For tests: sites on loopback, and visits of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cell/testing.h"
#include "honeyclient/low/visit.h"
#include "net/test_server.h"

namespace shikake::honeyclient::low {

// Blobs by digest.
class KeptBlobs final : public BlobSink {
 public:
  Result<> put(const base::Digest& name, std::string_view bytes) override {
    kept[name.hex()] = bytes;
    return {};
  }
  std::map<std::string, std::string> kept;
};

// Pages by path: either a body (HTML with status 200) or a whole answer that begins with "HTTP/1.1". In
// both, {a} and {b} stand for the origins of two servers that share no site. A path that ends in "?late=N" is
// answered after N milliseconds.
class Sites {
 public:
  using Pages = std::map<std::string, std::string>;
  explicit Sites(Pages pages)
      : pages_(std::move(pages)),
        a_([this](net::TestConnection& client) { serve(client); }, "127.0.0.1"),
        b_([this](net::TestConnection& client) { serve(client); }, "127.0.0.2") {}

  std::string url(std::string_view path = "/") const { return filled("{a}") + std::string(path); }
  std::string filled(std::string text) const {
    auto replace = [&text](std::string_view what, const std::string& with) {
      for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
    };
    replace("{a}", "http://127.0.0.1:" + std::to_string(a_.port()));
    replace("{b}", "http://127.0.0.2:" + std::to_string(b_.port()));
    return text;
  }
  // URLs with the servers' names put back.
  std::string named(std::string text) const {
    for (auto [what, origin] : {std::pair("{a}", filled("{a}")), {"{b}", filled("{b}")}})
      for (size_t at = 0; (at = text.find(origin, at)) != std::string::npos;)
        text.replace(at, origin.size(), what);
    return text;
  }
  std::vector<std::string> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve(net::TestConnection& client) {
    for (;;) {
      std::string request = client.receive_request();
      if (request.empty()) return;
      {
        std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      size_t start = request.find(' ') + 1;
      std::string path = request.substr(start, request.find(' ', start) - start);
      if (size_t late = path.find("?late="); late != path.npos)
        std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(path.substr(late + 6))));
      auto page = pages_.find(path);
      if (page == pages_.end()) page = pages_.find(path.substr(0, path.find('?')));
      std::string answer =
          page == pages_.end() ? "HTTP/1.1 404 Not Found\r\n\r\nnot here" : filled(page->second);
      if (!answer.starts_with("HTTP/1.1"))
        answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + answer;
      size_t head = answer.find("\r\n\r\n");
      std::string length = "\r\nContent-Length: " + std::to_string(answer.size() - head - 4);
      if (!client.send(answer.substr(0, head) + length + answer.substr(head))) return;
    }
  }

  Pages pages_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  net::TestServer a_, b_;
};

// A Windows program of 256 bytes: its two headers, and nothing that would run.
inline std::string specimen_program() {
  std::string body(256, '\0');
  body.replace(0, 2, "MZ");
  body[60] = 64;
  body.replace(64, 4, std::string("PE\0\0", 4));
  return body;
}

inline VisitOptions local_visit(std::string url) {
  VisitOptions options;
  options.url = std::move(url);
  options.egress.allow_private = true;
  return options;
}

// One browser for all tests of a program: its warm process is what a run of many visits has too.
inline Browser& shared_browser() {
  static Result<Browser> browser = Browser::open();
  if (!browser) {
    ADD_FAILURE() << browser.error().message();
    std::abort();
  }
  return *browser;
}

// The most that any worker of a visit had resident at once. Looks at what the kernel remembers of each
// (VmHWM, proc(5)), so often that one which dies is not missed by more than a millisecond's growth.
class PeakWatch {
 public:
  PeakWatch() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}
  // From the visit's go_on.
  void know(std::vector<int> pids) {
    std::lock_guard lock(mutex_);
    pids_ = std::move(pids);
  }
  uint64_t peak_bytes() const { return peak_; }

 private:
  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<int> pids;
      {
        std::lock_guard lock(mutex_);
        pids = pids_;
      }
      for (int pid : pids) peak_ = std::max<uint64_t>(peak_, cell::peak_resident_bytes(pid).value_or(0));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  std::mutex mutex_;
  std::vector<int> pids_;
  std::atomic<uint64_t> peak_{0};
  std::jthread thread_;
};

inline intel::VisitRecord visit_or_fail(const VisitOptions& options, BlobSink& blobs) {
  auto record = shared_browser().visit(options, blobs);
  if (!record) {
    ADD_FAILURE() << record.error().message();
    return {};
  }
  return std::move(*record);
}
inline intel::VisitRecord visit_or_fail(const VisitOptions& options) {
  NoBlobs blobs;
  return visit_or_fail(options, blobs);
}

// A page that is given as text, and a network that answers nobody.
inline VisitOptions offline_visit(std::string content) {
  VisitOptions options = local_visit("http://page.example/");
  options.offline = true;
  options.content = std::move(content);
  return options;
}

// "iframe / -> {b}/x 3:5 document.write": an edge in one line, script position and writer where there is one.
inline std::string edge_text(const Sites& sites, const intel::VisitRecord& visit,
                             const intel::VisitEdge& edge) {
  auto shown = [&](uint32_t id) { return sites.named(visit.nodes[id].url); };
  std::string text =
      std::string(intel::name(edge.mechanism)) + " " + shown(edge.from) + " -> " + shown(edge.to);
  if (edge.script) {
    text +=
        " " + std::to_string(edge.script->position.line) + ":" + std::to_string(edge.script->position.column);
    if (!edge.script->written_by.empty()) text += " " + edge.script->written_by;
    for (const intel::ScriptPosition& one : edge.script->ancestry)
      text += " < " + std::to_string(one.line) + ":" + std::to_string(one.column);
  }
  return text;
}

inline std::multiset<std::string> edge_texts(const Sites& sites, const intel::VisitRecord& visit) {
  std::multiset<std::string> all;
  for (const intel::VisitEdge& edge : visit.edges) all.insert(edge_text(sites, visit, edge));
  return all;
}

inline std::vector<std::string> events_of(const intel::VisitRecord& visit, std::string_view kind) {
  std::vector<std::string> all;
  for (const intel::VisitEvent& event : visit.events)
    if (event.kind == kind) all.push_back(event.detail);
  return all;
}

// A page whose scripts say by dialogs what they find, and lead on; nothing of it fails or is missing.
struct SayingRow {
  const char* name;
  Sites::Pages pages;
  std::vector<std::string> said;        // dialogs, in order
  std::vector<std::string> edges = {};  // some of them
  const char* persona = "chrome-win10";
};
inline void expect_said(const SayingRow& row) {
  Sites sites(row.pages);
  VisitOptions options = local_visit(sites.url());
  options.persona = row.persona;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "dialog"), row.said);
  EXPECT_THAT(edge_texts(sites, visit), ::testing::IsSupersetOf(row.edges));
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
  EXPECT_TRUE(visit.complete) << ::testing::PrintToString(visit.unemulated);
}

}  // namespace shikake::honeyclient::low
