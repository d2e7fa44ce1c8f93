#include "jobs/registry.h"

#include "base/check.h"

namespace shikake::jobs {

void Registry::add(std::string kind, Handler handler) {
  const bool added = handlers_.emplace(std::move(kind), std::move(handler)).second;
  SHIKAKE_CHECK(added);
}

const Handler* Registry::find(const std::string& kind) const {
  auto found = handlers_.find(kind);
  return found == handlers_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::kinds() const {
  std::vector<std::string> all;
  for (const auto& [kind, handler] : handlers_) all.push_back(kind);
  return all;
}

}  // namespace shikake::jobs
