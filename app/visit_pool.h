// Many visits side by side: a thread and a warm browser each, never too many at one site at once.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "honeyclient/low/visit.h"
#include "visits.h"

namespace shikake::app {

struct VisitTask {
  std::string subject;  // as it was given, for messages and the journal
  std::string persona;
  std::string site;  // whom its first request bothers: a registrable domain, an address, or ""
};

struct PoolSettings {
  unsigned side_by_side = 1;
  // Of visits to one site: one after another, and this long from a start to the next.
  std::chrono::milliseconds site_spacing{1000};
};

struct TaskResult {
  size_t index = 0;  // of the task
  Result<Visited> visited;
};

// The site that a URL's first request goes to.
std::string site_of(const url::Url& url);

// Does one visit after another. What it needs (a browser, a store) belongs to the thread that made it.
using Visitor = std::function<Result<Visited>(const VisitTask&)>;

// Does all tasks, with a visitor for each thread. `done` is called on the caller's thread, in the order in
// which visits end, and stops the pool by answering false. Fails where a visitor can't be made.
Result<> visit_all(const std::vector<VisitTask>& tasks, const PoolSettings& settings,
                   const std::function<Result<Visitor>()>& make_visitor,
                   const std::function<bool(TaskResult)>& done);

// What of a list is done, in a file that survives a kill: one line a visit, written when its result is out.
class Journal {
 public:
  // Reads what an earlier run noted; makes the file where there is none. A last line that was cut off counts
  // for nothing.
  static Result<Journal> open(const std::string& path);
  bool holds(const VisitTask& task) const;
  Result<> note(const VisitTask& task, std::string_view verdict);

 private:
  std::vector<std::string> done_;  // sorted
  base::UniqueFd file_;
};

}  // namespace shikake::app
