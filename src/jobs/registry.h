// Which sensor does which kind of job.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "intel/model.h"

namespace shikake::jobs {

// Does one job and says what was seen. Runs on the worker's thread; must come back soon after `stop` is
// asked for, with ErrorCode::cancelled. Other errors: those that can't get better (invalid_input,
// invalid_usage, refused, unsupported, not_found) end the job; the rest are tried again later.
using Handler =
    std::function<Result<std::vector<intel::Observation>>(const intel::Job& job, std::stop_token stop)>;

class Registry {
 public:
  // One handler a kind; CHECKs that there is none yet.
  void add(std::string kind, Handler handler);
  const Handler* find(const std::string& kind) const;  // null where nobody registered it
  std::vector<std::string> kinds() const;              // sorted

 private:
  std::map<std::string, Handler> handlers_;
};

}  // namespace shikake::jobs
