#include "visit_pool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/file.h"
#include "url/suffix.h"

namespace shikake::app {

namespace {

// Hands out tasks so that a site is visited by one at a time, and not too often.
class Queue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Queue(const std::vector<VisitTask>& tasks, std::chrono::milliseconds spacing)
      : tasks_(tasks), spacing_(spacing), left_(tasks.size()) {
    for (size_t i = 0; i < tasks.size(); ++i) {
      Site& site = sites_[tasks[i].site];
      site.waiting.push_back(i);
      if (site.waiting.size() == 1) ready_.emplace(Time::min(), i);
    }
  }

  // Blocks until a task may begin; nothing: all are handed out, or the pool stops.
  std::optional<size_t> take() {
    std::unique_lock lock(mutex_);
    while (!stopped_ && left_ > 0) {
      const Time now = std::chrono::steady_clock::now();
      if (ready_.empty()) {
        changed_.wait(lock);
      } else if (ready_.begin()->first > now) {
        changed_.wait_until(lock, ready_.begin()->first);
      } else {
        const size_t index = ready_.begin()->second;
        ready_.erase(ready_.begin());
        begin(index, now);
        return index;
      }
    }
    return std::nullopt;
  }

  void finish(size_t index, TaskResult result) {
    std::lock_guard lock(mutex_);
    if (bothers(index)) offer(sites_[tasks_[index].site]);
    results_.push_back(std::move(result));
    changed_.notify_all();
  }
  void fail(Error error) {
    std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    stopped_ = true;
    changed_.notify_all();
  }
  void stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  // The next result; nothing when the pool has stopped.
  std::optional<TaskResult> next_result() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || !results_.empty(); });
    if (results_.empty()) return std::nullopt;
    TaskResult result = std::move(results_.front());
    results_.pop_front();
    return result;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Site {
    std::deque<size_t> waiting;  // its tasks, in the list's order
    Time next;                   // no earlier may one begin
  };

  // A file bothers nobody: as many at once as there are threads.
  bool bothers(size_t index) const { return !tasks_[index].site.empty(); }
  void offer(const Site& site) {
    if (!site.waiting.empty()) ready_.emplace(site.next, site.waiting.front());
  }
  void begin(size_t index, Time now) {
    Site& site = sites_[tasks_[index].site];
    site.waiting.pop_front();
    --left_;
    if (bothers(index))
      site.next = now + spacing_;
    else
      offer(site);
    // Whoever waited for what this thread took looks again.
    if (left_ == 0) changed_.notify_all();
  }

  const std::vector<VisitTask>& tasks_;
  const std::chrono::milliseconds spacing_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Site> sites_;
  // The next task of each site that nobody visits now, by when it may begin; then in the list's order.
  std::set<std::pair<Time, size_t>> ready_;
  size_t left_;  // not yet handed out
  std::deque<TaskResult> results_;
  std::optional<Error> error_;
  bool stopped_ = false;
};

std::string journal_key(const VisitTask& task) {
  return task.persona + "\t" + task.subject;
}

}  // namespace

std::string site_of(const url::Url& url) {
  std::string_view domain = url::registrable_domain(url.hostname());
  return std::string(domain.empty() ? url.hostname() : domain);
}

Result<> visit_all(const std::vector<VisitTask>& tasks, const PoolSettings& settings,
                   const std::function<Result<Visitor>()>& make_visitor,
                   const std::function<bool(TaskResult)>& done) {
  Queue queue(tasks, settings.site_spacing);
  std::vector<std::jthread> threads;
  size_t count = std::min<size_t>(std::max(settings.side_by_side, 1U), tasks.size());
  for (size_t i = 0; i < count; ++i)
    threads.emplace_back([&] {
      Result<Visitor> visitor = make_visitor();
      if (!visitor) return queue.fail(std::move(visitor.error()));
      while (std::optional<size_t> index = queue.take())
        queue.finish(*index, TaskResult{*index, (*visitor)(tasks[*index])});
    });
  for (size_t i = 0; i < tasks.size(); ++i) {
    std::optional<TaskResult> result = queue.next_result();
    if (!result || !done(std::move(*result))) break;
  }
  queue.stop();
  threads.clear();
  if (queue.error()) return fail(*queue.error());
  return {};
}

Result<Journal> Journal::open(const std::string& path) {
  Journal journal;
  constexpr size_t max_journal_bytes = size_t{512} << 20;
  std::string text;
  if (::access(path.c_str(), F_OK) == 0) {
    SHIKAKE_ASSIGN(text, base::read_file(path, max_journal_bytes));
  }
  size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  for (size_t start = 0; start < whole;) {
    size_t end = text.find('\n', start), verdict = text.find('\t', start);
    if (verdict < end) journal.done_.push_back(text.substr(verdict + 1, end - verdict - 1));
    start = end + 1;
  }
  std::ranges::sort(journal.done_);
  journal.file_ = base::UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!journal.file_ || ::ftruncate(journal.file_.get(), static_cast<off_t>(whole)) != 0 ||
      ::lseek(journal.file_.get(), 0, SEEK_END) < 0) {
    auto failure = fail_errno(Module::app, "can't keep the list's progress there");
    return fail(std::move(failure.value()).in(path));
  }
  return journal;
}

bool Journal::holds(const VisitTask& task) const {
  return std::ranges::binary_search(done_, journal_key(task));
}

Result<> Journal::note(const VisitTask& task, std::string_view verdict) {
  std::string line = std::string(verdict) + "\t" + journal_key(task) + "\n";
  if (::write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return fail_errno(Module::app, "can't note the list's progress");
  return {};
}

}  // namespace shikake::app
