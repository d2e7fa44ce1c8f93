#include "intel/names.h"

#include "intel/model.h"

namespace shikake::intel {
namespace {

using Name = std::string_view;

constexpr std::array<Name, 9> kinds = {"visit",     "attack", "run",     "leak",     "tamper",
                                       "neighbour", "feed",   "finding", "judgement"};
constexpr std::array<Name, 7> types = {"url", "domain", "ip", "cidr", "ip:port", "pattern", "sha256"};
constexpr std::array<Name, 10> roles = {"landing", "relay",    "exploit", "distribution", "c2",
                                        "drop",    "attacker", "leaker",  "phishing",     "unknown"};
constexpr std::array<Name, 3> actions = {"audit", "alert", "block"};
constexpr std::array<Name, 4> points = {"proxy", "dns", "firewall", "ids"};
constexpr std::array<Name, 5> tlps = {"clear", "green", "amber", "amber+strict", "red"};
constexpr std::array<Name, 2> verdicts = {"false_positive", "confirmed"};

}  // namespace

std::string_view name(ObservationKind kind) {
  return name_in(kinds, kind);
}
std::string_view name(IndicatorType type) {
  return name_in(types, type);
}
std::string_view name(Role role) {
  return name_in(roles, role);
}
std::string_view name(Action action) {
  return name_in(actions, action);
}
std::string_view name(Point point) {
  return name_in(points, point);
}
std::string_view name(Tlp tlp) {
  return name_in(tlps, tlp);
}
std::string_view name(Verdict verdict) {
  return name_in(verdicts, verdict);
}

std::optional<ObservationKind> observation_kind(std::string_view name) {
  return value_in<ObservationKind>(kinds, name);
}
std::optional<IndicatorType> indicator_type(std::string_view name) {
  return value_in<IndicatorType>(types, name);
}
std::optional<Role> role(std::string_view name) {
  return value_in<Role>(roles, name);
}
std::optional<Action> action(std::string_view name) {
  return value_in<Action>(actions, name);
}
std::optional<Point> point(std::string_view name) {
  return value_in<Point>(points, name);
}
std::optional<Tlp> tlp(std::string_view name) {
  return value_in<Tlp>(tlps, name);
}
std::optional<Verdict> verdict(std::string_view name) {
  return value_in<Verdict>(verdicts, name);
}

std::vector<std::string> names(UseSet uses) {
  std::vector<std::string> all;
  for (Action action : {Action::block, Action::alert, Action::audit}) {
    for (Point point : {Point::proxy, Point::dns, Point::firewall, Point::ids}) {
      if (uses.has(action, point)) all.push_back(std::string(name(action)) + ":" + std::string(name(point)));
    }
  }
  return all;
}

std::optional<UseSet> use_set(std::string_view name) {
  size_t colon = name.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto act = action(name.substr(0, colon));
  auto at = point(name.substr(colon + 1));
  if (!act || !at) return std::nullopt;
  return UseSet(*act, {*at});
}

}  // namespace shikake::intel
