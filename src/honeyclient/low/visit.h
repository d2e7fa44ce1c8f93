// The low-interaction honeyclient: one URL in, the visit's record out.
//
//   SHIKAKE_ASSIGN(Browser browser, Browser::open());
//   SHIKAKE_ASSIGN(intel::VisitRecord record, browser.visit({.url = "http://…"}, blobs));
//
// Page workers (shikake-page) parse HTML and run script; the fetcher (shikake-fetcher) speaks HTTP; this
// process sees nothing but their framed messages and decides. Bodies and evaluated sources go to the blob
// sink under their sha256.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/persona.h"
#include "honeyclient/replay/recording.h"
#include "intel/model.h"
#include "intel/visit.h"
#include "net/egress.h"
#include "net/fetcher.h"

namespace shikake::triage {
class Matcher;
}

namespace shikake::honeyclient::low {

inline constexpr std::string_view sensor = "honeyclient-low";
inline constexpr std::string_view sensor_version = "1";

class SharedAnswers;  // answers.h

class BlobSink {
 public:
  virtual ~BlobSink() = default;
  virtual Result<> put(const base::Digest& name, std::string_view bytes) = 0;
};

// Keeps nothing.
class NoBlobs final : public BlobSink {
 public:
  Result<> put(const base::Digest&, std::string_view) override { return {}; }
};

struct VisitOptions {
  std::string url;  // of the page; for a file, the URL that it is to be seen under (--base)
  // A page given as bytes instead of fetched (`inspect FILE`); its resources are fetched from `url` on.
  std::optional<std::string> content;
  std::string content_type = "text/html";  // of `content`
  std::string persona = std::string(default_persona);
  std::optional<std::string> referrer;  // of the first request; without it the persona's own; empty: none
  uint64_t seed = 1;
  net::EgressPolicy egress;
  net::ProxySettings proxy;
  std::string extra_authorities;  // certificates (PEM) to trust besides the system's
  bool offline = false;           // nothing is fetched at all
  // Answers instead of the network, where given: what it does not hold is not fetched. Outlives the visit.
  replay::Recording* recording = nullptr;
  // Rules that every body and every evaluated source is held against. One tagged "malicious" or "suspicious"
  // decides the verdict, others are noted. Outlives the visit.
  triage::Matcher* rules = nullptr;
  // What is known of a file by its digest: one clause why it is bad; nothing for others. Convicts whoever
  // serves, makes or writes it.
  std::function<std::optional<std::string>(const base::Digest&)> known_bad;
  // Once the visit is over, once more as a forced run: branches taken and functions called that the pages
  // themselves would not; without any request. docs/honeyclient.md says how.
  bool forced = false;
  // Answers that visits of other personas had, where given: what is asked alike is asked once. Outlives it.
  SharedAnswers* shared = nullptr;
  // Every answer that came, with what was asked.
  std::function<void(const net::FetchRequest&, const net::FetchResponse&)> on_exchange;
  const base::Clock* clock = &base::system_clock();
  std::optional<base::TimePoint> began;  // what the pages' clock begins at; without it, when the visit begins
  std::chrono::milliseconds max_time = limits::max_visit_time;
  std::chrono::milliseconds max_script_time = limits::max_script_time;  // CPU of one worker
  // CPU of a web worker that neither asks for anything nor says anything
  std::chrono::milliseconds max_worker_time = limits::max_script_time;
  uint32_t max_resources = limits::max_resources;
  uint64_t max_bytes = limits::max_visit_bytes;
  // Called where the visit waits: for progress, and to cancel by answering false.
  std::function<bool()> go_on;
};

class Browser {
 public:
  struct Options {
    std::optional<std::filesystem::path> page_program, fetcher_program;  // else beside the running one
  };
  // Call from a thread that lives as long: its processes end with it. One visit at a time; for many side
  // by side, one Browser a thread.
  static Result<Browser> open(Options options = {});
  Browser(Browser&&) noexcept;
  Browser& operator=(Browser&&) noexcept;
  ~Browser();

  // Errors are ours alone (no such persona, a URL that is none, a process that can't be started);
  // whatever happens to the page is in the record.
  Result<intel::VisitRecord> visit(const VisitOptions& options, BlobSink& blobs);

  // Since the last visit began: the page workers' process ids, for tests that kill them.
  std::vector<int> worker_pids() const;

 private:
  struct State;
  explicit Browser(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// For one visit.
Result<intel::VisitRecord> visit(const VisitOptions& options, BlobSink& blobs);

// As handed to the observation sink; `vantage` is the address or network that the visit looked from.
intel::Observation to_observation(const intel::VisitRecord& record, base::TimePoint time,
                                  std::string vantage);

}  // namespace shikake::honeyclient::low
