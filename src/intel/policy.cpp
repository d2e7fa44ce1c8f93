#include "intel/policy.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "intel/deriver.h"
#include "intel/judgement.h"
#include "intel/summary.h"
#include "url/ip.h"
#include "url/suffix.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::intel {
namespace {

// Names that never are on the Internet: RFC 2606, RFC 6761, RFC 6762, RFC 8375, RFC 9476.
constexpr std::array<std::string_view, 9> reserved_names = {
    "alt", "example", "example.com", "example.net", "example.org", "home.arpa", "invalid", "local", "test"};

bool is_below(std::string_view host, std::string_view domain) {
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

bool is_reserved_name(std::string_view host) {
  return std::any_of(reserved_names.begin(), reserved_names.end(),
                     [&](std::string_view reserved) { return is_below(host, reserved); });
}

// The host of a URL in its canonical form, where nothing stands before it but the scheme.
std::string_view host_in(std::string_view canonical_url) {
  const size_t scheme_end = canonical_url.find("://");
  if (scheme_end == std::string_view::npos) return {};
  std::string_view rest = canonical_url.substr(scheme_end + 3);
  if (rest.starts_with('[')) return rest.substr(0, rest.find(']') + 1);
  return rest.substr(0, rest.find_first_of(":/?#"));
}

std::optional<url::IpAddress> address_in(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return url::IpAddress::parse(host);
}

// The address that a key is about, if it is about one. A network is judged by its first address.
std::optional<url::IpAddress> address_of(const IndicatorKey& key) {
  switch (key.type) {
    case IndicatorType::ip:
      return url::IpAddress::parse(key.value);
    case IndicatorType::cidr:
      if (auto network = url::Cidr::parse(key.value)) return network->network();
      return std::nullopt;
    case IndicatorType::ip_port:
      return address_in(std::string_view(key.value).substr(0, key.value.rfind(':')));
    case IndicatorType::url:
      return address_in(host_in(key.value));
    default:
      return std::nullopt;
  }
}

// Wider than any registry hands out to one holder: a slip of a feed's, not a network of an attacker's.
constexpr unsigned widest_v4 = 8, widest_v6 = 16;

std::string network_reason(const IndicatorKey& key) {
  auto network = key.type == IndicatorType::cidr ? url::Cidr::parse(key.value) : std::nullopt;
  if (!network) return {};
  const unsigned widest = network->network().is_v4() ? widest_v4 : widest_v6;
  return network->prefix_length() < widest ? "networks too wide to block" : std::string();
}

std::string address_reason(const url::IpAddress& address, bool range_profile) {
  const url::SpecialPurpose purpose = url::special_purpose(address);
  if (purpose == url::SpecialPurpose::global) return {};
  if (purpose == url::SpecialPurpose::documentation && range_profile) return {};
  return "special-purpose addresses (" + std::string(url::name(purpose)) + ")";
}

std::string domain_reason(const std::string& domain) {
  auto root = url::Url::parse("http://" + domain + "/");
  if (!root) return {};
  switch (url::tenant(*root).grain) {
    case url::TenantGrain::name:  // "com", "co.jp"
      return "public suffixes";
    case url::TenantGrain::platform_path:  // "sites.google.com"; "github.io" too, for it is also a suffix
      return url::registrable_domain(domain).empty() ? "public suffixes" : "shared platforms";
    default:
      return {};
  }
}

}  // namespace

PolicySettings PolicySettings::from_environment() {
  const char* range = std::getenv("SHIKAKE_RANGE");
  return {.range_profile = range != nullptr && *range != '\0'};
}

Result<Deriver> Deriver::make(const Observation& observation, const StoreView& view,
                              const PolicySettings& settings) {
  SHIKAKE_ASSIGN(Guard guard, view.guard());
  Deriver deriver(observation, view, settings, std::move(guard));
  auto vantage = url::IpAddress::parse(observation.vantage);
  deriver.seen_in_range_ = vantage && url::special_purpose(*vantage) == url::SpecialPurpose::documentation;
  return deriver;
}

std::string Deriver::own_guard(const IndicatorKey& key) const {
  if (std::string reason = network_reason(key); !reason.empty()) return reason;
  if (auto address = address_of(key)) return address_reason(*address, settings_.range_profile);
  std::string_view host;
  if (key.type == IndicatorType::domain) host = key.value;
  if (key.type == IndicatorType::url) host = host_in(key.value);
  if (host.empty()) return {};
  if (is_below(host, "localhost")) return "special-purpose names (localhost)";
  // A feed that lists such a name was given it by someone; what we saw ourselves we saw in a range or a lab.
  if (observation_.kind != ObservationKind::feed && !settings_.range_profile && is_reserved_name(host))
    return "special-purpose names (reserved)";
  return key.type == IndicatorType::domain ? domain_reason(key.value) : std::string();
}

bool Deriver::is_guarded(const IndicatorKey& key) const {
  return !reason_against(key).empty();
}

std::string Deriver::reason_against(const IndicatorKey& key) const {
  if (auto list = guard_.protects(key)) return std::string(*list);
  return own_guard(key);
}

void Deriver::add(Assertion assertion) {
  assertion.guarded_by = reason_against(assertion.key);
  const bool elsewhere = seen_in_range_ && !settings_.range_profile;
  if (!assertion.guarded_by.empty() || elsewhere) assertion.uses = audit_only(assertion.uses);
  // Not a guard: it speaks about this evidence, not about the value, which others may have seen in earnest.
  if (elsewhere) assertion.why += "; seen inside a range, so nothing to act on outside it";
  result_.assertions.push_back(std::move(assertion));
}

namespace {

// What a person confirmed is known to be bad with the role it has; where nothing was known, the person is
// the first to say so.
Result<Derivation> derive_judgement(const Observation& observation, Deriver& deriver) {
  SHIKAKE_ASSIGN(Judgement judgement, judgement_from_json(observation.record));
  if (judgement.verdict == Verdict::false_positive) return deriver.take();
  SHIKAKE_ASSIGN(std::optional<Indicator> known, deriver.view().find(judgement.key));
  Assertion assertion;
  assertion.key = judgement.key;
  assertion.role = known && !known->roles.empty() ? known->roles.front() : Role::unknown;
  if (!known) assertion.uses = uses_of(judgement.key.type, Role::unknown);
  assertion.confidence = confirmed_confidence;
  assertion.source = observation.sensor;
  assertion.why = "confirmed by " + (judgement.analyst.empty() ? "an analyst" : judgement.analyst) +
                  (judgement.why.empty() ? "" : ": " + judgement.why);
  assertion.place = "/verdict";
  assertion.first_seen = assertion.last_seen = judgement.time;
  deriver.add(std::move(assertion));
  return deriver.take();
}

}  // namespace

Result<Derivation> derive(const Observation& observation, const StoreView& view,
                          const PolicySettings& settings) {
  SHIKAKE_ASSIGN(Deriver deriver, Deriver::make(observation, view, settings));
  switch (observation.kind) {
    case ObservationKind::visit:
      return derive_visit(observation, deriver);
    case ObservationKind::run:
      return derive_run(observation, deriver);
    case ObservationKind::neighbour:
      return derive_neighbour(observation, deriver);
    case ObservationKind::feed:
      return derive_feed(observation, deriver);
    case ObservationKind::judgement:
      return derive_judgement(observation, deriver);
    case ObservationKind::attack:
    case ObservationKind::leak:
    case ObservationKind::tamper:
    case ObservationKind::finding:
      return deriver.take();  // kept as seen; nothing follows from it by itself
  }
  return deriver.take();
}

}  // namespace shikake::intel
