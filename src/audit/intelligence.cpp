#include "audit/intelligence.h"

#include "base/check.h"
#include "url/url.h"

namespace shikake::audit {
namespace {

match::Kind kind_of(intel::IndicatorType type) {
  switch (type) {
    case intel::IndicatorType::url:
      return match::Kind::url;
    case intel::IndicatorType::domain:
      return match::Kind::domain;
    case intel::IndicatorType::ip:
      return match::Kind::ip;
    case intel::IndicatorType::cidr:
      return match::Kind::cidr;
    case intel::IndicatorType::ip_port:
      return match::Kind::ip_port;
    case intel::IndicatorType::pattern:
      return match::Kind::pattern;
    case intel::IndicatorType::sha256:
      return match::Kind::sha256;
  }
  SHIKAKE_CHECK(false);
}

intel::Role role_of(const intel::Indicator& indicator) {
  for (intel::Role role : indicator.roles)
    if (role != intel::Role::unknown) return role;
  return intel::Role::unknown;
}

bool is_root_url(std::string_view url) {
  const size_t slashes = url.find("//");
  return slashes != std::string_view::npos && url.find('/', slashes + 2) == url.size() - 1;
}

}  // namespace

uint32_t Intelligence::Builder::text_index(std::string_view text) {
  if (text.empty()) return 0;
  const auto [at, added] = text_indexes_.try_emplace(std::string(text), made_.texts_.size());
  if (added) made_.texts_.emplace_back(text);
  return at->second;
}

std::string Intelligence::Builder::guard_name(const Known& known, const intel::Indicator& indicator) const {
  using intel::IndicatorType;
  if (known.key.type == IndicatorType::sha256) return {};
  if (known.key.type == IndicatorType::url && !known.root_url && known.role != intel::Role::unknown)
    return {};
  if (!indicator.guarded_by.empty()) return indicator.guarded_by;
  const auto list = guard_ ? guard_(known.key) : std::nullopt;
  return list ? std::string(*list) : std::string();
}

void Intelligence::Builder::add(const intel::Indicator& indicator) {
  const bool false_positive =
      indicator.judgement && indicator.judgement->verdict == intel::Verdict::false_positive;
  const auto entry = static_cast<match::EntryId>(made_.known_.size());
  if (false_positive || !matcher_.add(kind_of(indicator.key.type), indicator.key.value, entry)) {
    ++left_out_;
    return;
  }
  Known known;
  known.key = indicator.key;
  known.role = role_of(indicator);
  known.confidence = indicator.confidence;
  known.root_url = known.key.type == intel::IndicatorType::url && is_root_url(known.key.value);
  known.source = text_index(indicator.sources.empty() ? std::string_view() : indicator.sources.front());
  known.family = text_index(indicator.family);
  known.guarded_by = text_index(guard_name(known, indicator));
  made_.known_.push_back(std::move(known));
}

Result<Intelligence> Intelligence::Builder::build() {
  auto matcher = matcher_.build();
  if (!matcher) return fail(matcher.error());
  made_.matcher_ = std::move(*matcher);
  return std::move(made_);
}

}  // namespace shikake::audit
