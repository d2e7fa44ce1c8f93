// What `inspect` prints: results as they come and, where several personas visited, how they differ.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>

#include "command.h"
#include "honeyclient/chain/tree.h"
#include "honeyclient/low/persona_diff.h"
#include "sandbox/run/analysis.h"
#include "visit_pool.h"

namespace shikake::app {

struct InspectShowOptions {
  size_t personas = 1;  // that visit each subject
  bool bystanders = false;
  bool runs = false;  // files are run: JSON has a place for it
};

class InspectShow {
 public:
  InspectShow(const InspectShowOptions& options, Context& context);

  void visited(const VisitTask& task, const intel::VisitRecord& visit);
  void failed(const VisitTask& task);  // our own failure: that persona has no part in the difference
  void ran(const sandbox::run::Analysed& one);
  void finish();  // last; also after an error: JSON is whole then

 private:
  struct Views {
    std::vector<honeyclient::low::PersonaView> seen;
    size_t failed = 0;
  };
  void compare(const std::string& subject);

  Context& context_;
  const InspectShowOptions options_;
  const honeyclient::chain::TreeOptions tree_;
  std::map<std::string, Views> views_;  // of subjects that not every persona has visited
  boost::json::array diffs_, runs_;
  bool first_ = true;
};

}  // namespace shikake::app
