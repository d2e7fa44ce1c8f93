#include "inspect_show.h"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "intel/run.h"
#include "intel/visit.h"
#include "sandbox/report/text.h"

namespace shikake::app {

namespace low = honeyclient::low;

InspectShow::InspectShow(const InspectShowOptions& options, Context& context)
    : context_(context),
      options_(options),
      tree_{.color = !context.json && ::isatty(STDOUT_FILENO) == 1, .bystanders = options.bystanders} {
  if (context_.json) context_.out.write("{\"visits\":[");
}

void InspectShow::ran(const sandbox::run::Analysed& one) {
  if (context_.json)
    runs_.push_back(intel::to_json(one.record));
  else
    context_.out.write("\n" + sandbox::report::render_text(one.record, {.color = tree_.color}));
}

void InspectShow::visited(const VisitTask& task, const intel::VisitRecord& visit) {
  if (context_.json)
    context_.out.write(
        fmt::format("{}\n{}", first_ ? "" : ",", boost::json::serialize(intel::to_json(visit))));
  else
    context_.out.write(
        fmt::format("{}{}", first_ ? "" : "\n", honeyclient::chain::render_tree(visit, tree_)));
  first_ = false;
  std::fflush(stdout);  // a result is there when its visit ends, also where it goes through a pipe
  if (options_.personas < 2) return;
  if (Result<low::Persona> persona = low::find_persona(task.persona))
    views_[task.subject].seen.push_back({std::move(*persona), visit});
  compare(task.subject);
}

void InspectShow::failed(const VisitTask& task) {
  if (options_.personas < 2) return;
  ++views_[task.subject].failed;
  compare(task.subject);
}

void InspectShow::compare(const std::string& subject) {
  const Views& views = views_[subject];
  if (views.seen.size() + views.failed < options_.personas) return;
  if (views.seen.size() > 1) {
    low::PersonaDiff diff = low::compare_personas(views.seen);
    if (context_.json)
      diffs_.push_back(low::to_json(diff));
    else
      context_.out.write("\n" + low::render(diff));
  }
  views_.erase(subject);
}

void InspectShow::finish() {
  if (!context_.json) return;
  context_.out.write("\n]");
  if (options_.personas > 1) context_.out.write(",\n\"persona_diff\":" + boost::json::serialize(diffs_));
  if (options_.runs) context_.out.write(",\n\"runs\":" + boost::json::serialize(runs_));
  context_.out.write("}\n");
}

}  // namespace shikake::app
