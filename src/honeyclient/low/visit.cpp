#include "honeyclient/low/visit.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "honeyclient/low/driver.h"
#include "honeyclient/low/zygote.h"

namespace shikake::honeyclient::low {

struct Browser::State {
  Options options;
  // Warm, for all visits; one that ended with a visit is replaced for the next.
  std::optional<base::Zygote> pages, fetchers;
  std::vector<int> pids;
};

Browser::Browser(std::unique_ptr<State> state) : state_(std::move(state)) {}
Browser::Browser(Browser&&) noexcept = default;
Browser& Browser::operator=(Browser&&) noexcept = default;
Browser::~Browser() = default;

Result<Browser> Browser::open(Options options) {
  auto state = std::make_unique<State>();
  SHIKAKE_ASSIGN(state->pages, start_page_zygote(options.page_program));
  state->options = std::move(options);
  return Browser(std::move(state));
}

std::vector<int> Browser::worker_pids() const {
  return state_->pids;
}

Result<intel::VisitRecord> Browser::visit(const VisitOptions& options, BlobSink& blobs) {
  SHIKAKE_ASSIGN(Persona persona, find_persona(options.persona));
  std::optional<net::Fetcher> fetcher;
  if (!options.offline && !options.recording) {
    net::FetcherOptions wanted;
    wanted.egress = options.egress;
    wanted.proxy = options.proxy;
    wanted.extra_authorities = options.extra_authorities;
    wanted.program = state_->options.fetcher_program;
    if (!state_->fetchers) {
      SHIKAKE_ASSIGN(state_->fetchers, net::Fetcher::start_zygote(wanted.program));
    }
    wanted.zygote = &*state_->fetchers;
    wanted.clock = options.clock;
    wanted.limits.body_bytes = limits::max_body;
    wanted.limits.visit_bytes = limits::max_visit_bytes;
    auto started = net::Fetcher::start(wanted);
    if (!started && started.error().code == ErrorCode::unavailable) state_->fetchers.reset();
    if (!started) return fail(started.error());
    fetcher = std::move(*started);
  }
  if (!state_->pages) {
    SHIKAKE_ASSIGN(state_->pages, start_page_zygote(state_->options.page_program));
  }
  state_->pids.clear();
  Driver driver(options, std::move(persona), &*state_->pages, fetcher ? &*fetcher : nullptr, blobs,
                state_->pids);
  auto record = driver.run();
  if (!record && record.error().code == ErrorCode::unavailable) state_->pages.reset();
  return record;
}

Result<intel::VisitRecord> visit(const VisitOptions& options, BlobSink& blobs) {
  SHIKAKE_ASSIGN(Browser browser, Browser::open());
  return browser.visit(options, blobs);
}

namespace {

// What was unpacked of a file and kept.
void add_parts(const boost::json::object& facts, std::vector<base::Digest>& blobs) {
  const auto* kept = facts.if_contains("kept");
  if (!kept || !kept->is_array()) return;
  for (const boost::json::value& hash : kept->as_array())
    if (auto digest = hash.is_string() ? base::Digest::from_hex(hash.as_string()) : std::nullopt)
      blobs.push_back(*digest);
}

}  // namespace

intel::Observation to_observation(const intel::VisitRecord& record, base::TimePoint time,
                                  std::string vantage) {
  intel::Observation observation;
  observation.kind = intel::ObservationKind::visit;
  observation.subject = record.url;
  observation.sensor = sensor;
  observation.sensor_version = sensor_version;
  observation.vantage = std::move(vantage);
  observation.time = time;
  observation.record = intel::to_json(record);
  for (const intel::VisitNode& node : record.nodes)
    if (node.sha256) observation.blobs.push_back(*node.sha256);
  for (const intel::VisitShellcode& code : record.shellcode) {
    observation.blobs.push_back(code.sha256);
    for (const intel::VisitWrittenFile& file : code.files) observation.blobs.push_back(file.sha256);
  }
  for (const intel::VisitFile& file : record.files) add_parts(file.facts, observation.blobs);
  for (const intel::VisitSource& source : record.evaluated)
    observation.blobs.push_back(source.position.sha256);
  return observation;
}

}  // namespace shikake::honeyclient::low
