// What the range's DNS server knows: the names of a scenario and nothing else. No sockets here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "range/scenario.h"

namespace shikake::range {

struct ZoneAnswer {
  uint8_t rcode = 0;            // RFC 1035 section 4.1.1: 0 no error, 2 failure, 3 no such name, 5 refused
  std::vector<Record> records;  // aliases (CNAME) first, in the order that they were followed
};

class Zone {
 public:
  explicit Zone(const Scenario& scenario);

  // `name` in any case, with or without the last dot; `type` as in the question, 255 for all.
  // A name that exists without such a record gives no error and no records (RFC 2308 section 2.2).
  ZoneAnswer answer(std::string name, uint16_t type) const;

 private:
  // The records of a name, by itself or through a wildcard (RFC 4592); null if there is no such name.
  const std::vector<Record>* find(const std::string& name) const;

  std::map<std::string, std::vector<Record>> names_;
  std::map<std::string, uint8_t> failures_;
};

}  // namespace shikake::range
