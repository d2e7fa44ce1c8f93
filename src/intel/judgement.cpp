#include "intel/judgement.h"

#include <boost/json/object.hpp>

#include "intel/fields.h"

namespace shikake::intel {

boost::json::object to_json(const Judgement& judgement) {
  return {{"analyst", judgement.analyst},       {"time", json_time(judgement.time)},
          {"type", name(judgement.key.type)},   {"value", judgement.key.value},
          {"verdict", name(judgement.verdict)}, {"why", judgement.why}};
}

Result<Judgement> judgement_from_json(const boost::json::object& record) {
  Fields in(record, "");
  Judgement judgement;
  judgement.key.type = in.named("type", indicator_type);
  judgement.key.value = in.text("value");
  judgement.verdict = in.named("verdict", verdict);
  judgement.analyst = in.text_or_empty("analyst");
  judgement.why = in.text_or_empty("why");
  judgement.time = in.time("time");
  if (in.error()) return fail(*in.error());
  return judgement;
}

Observation to_observation(const Judgement& judgement) {
  Observation observation;
  observation.kind = ObservationKind::judgement;
  observation.subject = judgement.key.value;
  observation.sensor = "analyst:" + judgement.analyst;
  observation.time = judgement.time;
  observation.record = to_json(judgement);
  return observation;
}

}  // namespace shikake::intel
