#include "honeyclient/low/driver.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include <algorithm>

#include "base/deadline.h"
#include "cell/limits.h"

namespace shikake::honeyclient::low {

using intel::Mechanism;
using std::chrono::steady_clock;

Driver::Driver(const VisitOptions& options, Persona persona, base::Zygote* zygote, net::Fetcher* fetcher,
               BlobSink& blobs, std::vector<int>& pids)
    : options_(options),
      blobs_(blobs),
      persona_(std::move(persona)),
      zygote_(zygote),
      fetcher_(fetcher),
      pids_(pids),
      record_(options, blobs),
      cookies_(*options.clock, unset_same_site(persona_)),
      began_(options.began.value_or(options.clock->now())),
      deadline_(steady_clock::now() + options.max_time) {}

Result<intel::VisitRecord> Driver::run() {
  SHIKAKE_TRY(go());
  if (options_.forced) SHIKAKE_TRY(run_forced());
  if (record_.failure()) return fail(*record_.failure());
  return record_.finish();
}

Result<> Driver::go() {
  SHIKAKE_ASSIGN(url::Url url, url::Url::parse(options_.url));
  Context& top = new_context(nullptr, nullptr, "");
  Asked asked;
  asked.url = url.href();
  asked.referrer = options_.referrer.value_or(referrer_of(persona_, url.hostname()));
  uint32_t node = *record_.node(asked.url);  // the first
  Purpose purpose;
  purpose.context = &top;
  if (options_.content) {
    UnderWay given;
    given.purpose = purpose;
    given.node = node;
    record_.at(node).fetched = true;
    record_.body(node, *options_.content, options_.content_type);
    look_into(node, *options_.content);
    show(given, {200, "OK", url.href(), {{"Content-Type", options_.content_type}}, *options_.content});
  } else {
    begin(purpose, asked, node, nullptr);
  }
  while (!finished() && !failure_ && !record_.failure()) {
    if (steady_clock::now() >= deadline_) {
      give_up("visit-time");
      break;
    }
    if (options_.go_on && !options_.go_on())
      return fail(Module::honeyclient, ErrorCode::cancelled, "the visit was cancelled");
    wait();
  }
  for (auto& worker : workers_)
    if (!worker->dead) worker->end();
  if (!failure_) look_again();
  if (failure_) return fail(std::move(*failure_));
  if (record_.failure()) return fail(*record_.failure());
  return {};
}

bool Driver::finished() const {
  if (!under_way_.empty()) return false;
  for (const auto& worker : workers_)
    if (!worker->dead && !(worker->settled && worker->heard == worker->sent)) return false;
  for (const auto& context : contexts_)
    if (context->pending) return false;
  return true;
}

void Driver::give_up(std::string_view limit) {
  record_.limit(limit);
  for (const auto& [id, fetch] : under_way_) {
    intel::VisitNode& node = record_.at(fetch.node);
    if (!node.fetched && node.why_not.empty()) node.why_not = "limit: " + std::string(limit);
  }
}

void Driver::wait() {
  std::vector<pollfd> fds;
  std::vector<WorkerState*> polled;
  for (auto& worker : workers_)
    if (!worker->dead) {
      fds.push_back({worker->channel.fd(), POLLIN, 0});
      polled.push_back(worker.get());
    }
  if (fetcher_) fds.push_back({fetcher_->fd(), POLLIN, 0});
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - steady_clock::now());
  // Often enough to notice a worker that has fallen silent, and a person who cancels.
  auto timeout = std::clamp(left, std::chrono::milliseconds(0), std::chrono::milliseconds(200));
  if (!replayed_.empty()) timeout = {};
  bool fetched = fetcher_ && fetcher_->under_way() > 0;
  ::poll(fds.data(), fds.size(), static_cast<int>(timeout.count()));
  for (WorkerState* worker : polled) read_worker(*worker);
  while (fetched && fetcher_->under_way() > 0) {
    auto response = fetcher_->next(base::Deadline::now());
    if (!response) break;
    arrived(std::move(*response));
  }
  leave_slow_pictures();
  for (size_t count = replayed_.size(); count > 0; --count) {
    net::FetchResponse response = std::move(replayed_.front());
    replayed_.pop_front();
    arrived(std::move(response));
  }
  watch_silence();
  start_pending();
}

void Driver::read_worker(WorkerState& worker) {
  // A worker that talks without end must not keep the others waiting.
  for (int i = 0; i < 1000 && !worker.dead; ++i) {
    auto frame = worker.channel.receive(base::Deadline::now());
    if (!frame) {
      if (frame.error().code == ErrorCode::timeout) return;
      if (frame.error().code == ErrorCode::limit) return hostile(worker, "a message above the bound");
      return worker_ended(worker);
    }
    worker.last_word = steady_clock::now();
    worker.quiet_since.reset();
    worker.message_bytes += frame->body.size();
    if (++worker.messages > limits::max_messages || worker.message_bytes > limits::max_message_bytes) {
      record_.limit("messages");
      return hostile(worker, "too many messages");
    }
    handle(worker, *frame);
  }
}

// Its page is over: what it said until then stands.
void Driver::worker_ended(WorkerState& worker) {
  worker.dead = true;
  if (worker.closing) return;
  if (!worker.process) return;
  auto status = worker.process->wait(base::Deadline::after(std::chrono::milliseconds(1000)));
  using How = base::WaitStatus::How;
  std::string how = status ? status->describe() : "gone";
  if (status && *status == base::WaitStatus{How::exited, cell::status_not_confined})
    how = "it could not be confined on this machine (seccomp)";
  uint32_t node = worker.root ? worker.root->node : 0;
  bool cpu = status && status->how == How::killed && status->value == SIGXCPU;
  bool memory = status && *status == base::WaitStatus{How::exited, memory_spent_status};
  record_.limit(cpu ? "cpu-time" : memory ? "memory" : "worker-died");
  record_.event("error", "the page's process ended: " + how, node);
}

void Driver::hostile(WorkerState& worker, std::string_view why) {
  worker.end();
  worker.dead = true;
  record_.limit("worker-hostile");
  record_.event("error", "the page's process was ended: " + std::string(why),
                worker.root ? worker.root->node : 0);
}

// A camera's picture or a counter that never ends keeps no person from reading on; a page waits for what it
// asked for, and its time with it.
void Driver::leave_slow_pictures() {
  constexpr std::chrono::seconds patience{8};
  constexpr Mechanism beside[] = {Mechanism::image, Mechanism::media, Mechanism::beacon, Mechanism::link};
  for (auto one = under_way_.begin(); one != under_way_.end();) {
    const bool slow = std::ranges::find(beside, one->second.mechanism) != std::end(beside) &&
                      steady_clock::now() - one->second.since > patience;
    if (!slow) {
      ++one;
      continue;
    }
    UnderWay fetch = std::move(one->second);
    one = under_way_.erase(one);
    record_.limit("slow");
    failed(fetch, "limit: slow");
  }
}

namespace {

// What a process has had so far; nothing: it is gone.
std::optional<std::chrono::nanoseconds> processor_time(pid_t pid) {
  clockid_t clock;
  timespec time;
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Whether it has been silent for too long: of its own time, or twice as long of everybody's.
bool is_hung(WorkerState& worker) {
  constexpr std::chrono::seconds worth_a_look{1};
  const auto silent = steady_clock::now() - worker.last_word;
  if (silent < worth_a_look) return false;
  if (silent >= 2 * limits::max_silence || !worker.process) return silent >= limits::max_silence;
  const auto spent = processor_time(worker.process->pid());
  if (!spent) return false;  // its end is noticed where its channel is read
  if (!worker.quiet_since) worker.quiet_since = spent;
  return *spent - *worker.quiet_since >= limits::max_silence - worth_a_look;
}

}  // namespace

void Driver::watch_silence() {
  for (size_t i = 0; i < workers_.size(); ++i) {  // reading one may start another
    WorkerState* worker = workers_[i].get();
    bool owes = !worker->dead && !worker->closing && !(worker->settled && worker->heard == worker->sent);
    if (!owes || worker->waiting > 0) continue;
    if (!is_hung(*worker)) continue;
    // Its word may lie unread: taking a document apart has kept us as long.
    read_worker(*worker);
    if (worker->dead || !is_hung(*worker)) continue;
    worker->end();
    worker->dead = true;
    record_.limit("silence");
    record_.event("error", "the page's process did not answer", worker->root ? worker->root->node : 0);
  }
}

}  // namespace shikake::honeyclient::low
