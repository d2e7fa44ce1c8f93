// The judgement record: a person's word about one indicator.
#pragma once

#include <boost/json/fwd.hpp>

#include "intel/model.h"

namespace shikake::intel {

boost::json::object to_json(const Judgement& judgement);
Result<Judgement> judgement_from_json(const boost::json::object& record);
Observation to_observation(const Judgement& judgement);  // sensor "analyst:NAME"

}  // namespace shikake::intel
