#include "range/zone.h"

#include <algorithm>
#include <cctype>

namespace shikake::range {
namespace {

constexpr uint16_t any_type = 255;
constexpr uint8_t no_such_name = 3;
constexpr uint8_t server_failure = 2;
constexpr int max_aliases = 16;  // as resolvers stop, so that a loop ends
constexpr uint32_t host_ttl = 60;

}  // namespace

Zone::Zone(const Scenario& scenario) : failures_(scenario.failures) {
  auto add = [this](Record record) {
    // The names above it exist as well, without records.
    for (size_t dot = record.name.find('.'); dot != record.name.npos; dot = record.name.find('.', dot + 1)) {
      names_[record.name.substr(dot + 1)];
    }
    names_[record.name].push_back(std::move(record));
  };
  for (const Host& host : scenario.hosts) {
    for (const std::string& name : host.names) {
      for (const std::string& address : host.addresses) {
        bool six = address.find(':') != address.npos;
        add({name, six ? RecordType::aaaa : RecordType::a, address, host_ttl});
      }
    }
  }
  for (const Record& record : scenario.records) add(record);
}

const std::vector<Record>* Zone::find(const std::string& name) const {
  if (auto exact = names_.find(name); exact != names_.end()) return &exact->second;
  for (size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) {
    if (auto wild = names_.find("*" + name.substr(dot)); wild != names_.end()) return &wild->second;
    if (names_.contains(name.substr(dot + 1))) return nullptr;  // the closest that exists has no wildcard
  }
  return nullptr;
}

ZoneAnswer Zone::answer(std::string name, uint16_t type) const {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.ends_with('.')) name.pop_back();
  ZoneAnswer answer;
  for (int followed = 0; followed <= max_aliases; ++followed) {
    if (auto failure = failures_.find(name); failure != failures_.end()) {
      answer.rcode = failure->second;
      return answer;
    }
    const std::vector<Record>* records = find(name);
    if (!records) {
      answer.rcode = no_such_name;
      return answer;
    }
    const Record* alias = nullptr;
    for (Record record : *records) {
      record.name = name;  // a wildcard answers under the name that was asked
      bool wanted = type == any_type || static_cast<uint16_t>(record.type) == type;
      if (wanted || record.type == RecordType::cname) answer.records.push_back(record);
    }
    auto is_alias = [](const Record& record) { return record.type == RecordType::cname; };
    auto found = std::find_if(records->begin(), records->end(), is_alias);
    if (found != records->end() && type != any_type && type != static_cast<uint16_t>(RecordType::cname)) {
      alias = &*found;
    }
    if (!alias) return answer;
    name = alias->value;
  }
  return {server_failure, {}};
}

}  // namespace shikake::range
