#include "engine.h"

#include <fmt/format.h>

#include "base/check.h"

namespace shikake::net {
namespace {

// Curl's own timers and the descriptor wake us; this is for what neither would.
constexpr int longest_wait_ms = 1000;

}  // namespace

Engine::Engine(const FetcherOptions& options, TlsTrust& trust)
    : visit_{options, trust}, multi_(curl_multi_init()) {
  SHIKAKE_CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    static_cast<long>(options.limits.connections));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.limits.connections_per_host));
}

Engine::~Engine() {
  for (auto& [id, transfer] : transfers_) curl_multi_remove_handle(multi_.get(), transfer->handle());
}

void Engine::fetch(uint64_t id, FetchRequest request) {
  auto transfer = std::make_unique<Transfer>(visit_, id, std::move(request));
  const FetchLimits& limits = visit_.options.limits;
  if (started_ >= limits.fetches || visit_.received_bytes >= limits.visit_bytes) {
    FetchResponse& response = transfer->response();
    response.failure = FetchFailure::visit_budget;
    response.why = started_ >= limits.fetches
                       ? fmt::format("the visit has made its {} fetches", limits.fetches)
                       : fmt::format("the visit has received its {} bytes", limits.visit_bytes);
    ended_.push_back(std::move(response));
    return;
  }
  ++started_;
  if (!transfer->prepare()) {
    ended_.push_back(std::move(transfer->response()));
    return;
  }
  curl_easy_setopt(transfer->handle(), CURLOPT_PRIVATE, transfer.get());
  SHIKAKE_CHECK(curl_multi_add_handle(multi_.get(), transfer->handle()) == CURLM_OK);
  transfers_[id] = std::move(transfer);
}

void Engine::cancel(uint64_t id) {
  auto entry = transfers_.find(id);
  if (entry == transfers_.end()) return;
  curl_multi_remove_handle(multi_.get(), entry->second->handle());
  transfers_.erase(entry);
}

void Engine::wait(int fd) {
  if (!ended_.empty()) return;
  curl_waitfd channel{fd, CURL_WAIT_POLLIN, 0};
  curl_multi_poll(multi_.get(), &channel, 1, longest_wait_ms, nullptr);
}

std::vector<FetchResponse> Engine::step() {
  int running = 0;
  curl_multi_perform(multi_.get(), &running);
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode result = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->finish(result);
    uint64_t id = transfer->response().id;
    ended_.push_back(std::move(transfer->response()));
    cancel(id);
  }
  return std::exchange(ended_, {});
}

}  // namespace shikake::net
