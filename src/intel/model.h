// The nouns of Shikake: observation, indicator, evidence, use, job. The project's words, as types.
//
//   sensor ──Observation──► policy ──Assertion──► store: Indicator + Evidence
//                              └─────Job─────────► queue
#pragma once

#include <boost/json/object.hpp>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"

namespace shikake::intel {

// --- what sensors say -------------------------------------------------------------------------

enum class ObservationKind : uint8_t {
  visit, attack, run, leak, tamper, neighbour, feed, finding, judgement,
};

// What one sensor saw, once. Immutable; its name is the digest of its canonical form.
struct Observation {
  ObservationKind kind = ObservationKind::visit;
  std::string subject;         // what was looked at: a URL, a file's sha256, a feed's name, a host
  std::string sensor;          // "honeyclient-low", "import-maltrail", "analyst:aki"
  std::string sensor_version;  // of the program that saw it
  std::string vantage;         // the address or network it looked from; "" where there is none
  base::TimePoint time;        // when the looking began
  boost::json::object record;  // by kind: visit.h, feed.h, judgement.h; docs/formats.md has the schemas
  std::vector<base::Digest> blobs;  // bodies that the record names by sha256
};

// Canonical form: JSON with sorted keys, no blanks, UTF-8; the same everywhere and for ever.
std::string canonical_json(const Observation& observation);
base::Digest id_of(const Observation& observation);
// Reads what canonical_json writes, and any other spelling of the same JSON.
Result<Observation> observation_from_json(std::string_view json);

// Where sensors hand in what they saw. Implemented by the command line and by the workers.
class ObservationSink {
 public:
  virtual ~ObservationSink() = default;
  virtual Result<base::Digest> take(Observation observation) = 0;
};

// --- what can be acted on -----------------------------------------------------------------------

enum class IndicatorType : uint8_t { url, domain, ip, cidr, ip_port, pattern, sha256 };

enum class Role : uint8_t {
  landing, relay, exploit, distribution, c2, drop, attacker, leaker, phishing,
  unknown,  // a feed that doesn't say
};

enum class Action : uint8_t { audit, alert, block };       // rising
enum class Point : uint8_t { proxy, dns, firewall, ids };  // where a target is applied

// A set of (action, point) pairs.
class UseSet {
 public:
  UseSet() = default;
  UseSet(Action action, std::initializer_list<Point> points) {
    for (Point point : points) add(action, point);
  }
  void add(Action action, Point point) { bits_ |= bit(action, point); }
  void remove(Action action) {
    for (Point point : {Point::proxy, Point::dns, Point::firewall, Point::ids})
      bits_ &= static_cast<uint16_t>(~bit(action, point));
  }
  bool has(Action action, Point point) const { return (bits_ & bit(action, point)) != 0; }
  bool has(Action action) const {
    return has(action, Point::proxy) || has(action, Point::dns) || has(action, Point::firewall) ||
           has(action, Point::ids);
  }
  bool empty() const { return bits_ == 0; }
  UseSet& operator|=(UseSet other) {
    bits_ |= other.bits_;
    return *this;
  }
  uint16_t bits() const { return bits_; }  // as stored
  static UseSet from_bits(uint16_t bits) {
    UseSet set;
    set.bits_ = bits & 0x0FFF;
    return set;
  }
  bool operator==(const UseSet&) const = default;

 private:
  static uint16_t bit(Action action, Point point) {
    return static_cast<uint16_t>(1u << (static_cast<unsigned>(action) * 4 + static_cast<unsigned>(point)));
  }
  uint16_t bits_ = 0;
};

enum class Tlp : uint8_t { clear, green, amber, amber_strict, red };  // FIRST TLP 2.0, rising

struct IndicatorKey {
  IndicatorType type = IndicatorType::url;
  std::string value;  // canonical, see canonical_value
  auto operator<=>(const IndicatorKey&) const = default;
};

// The one spelling under which a value is stored and matched:
//   url      as the URL Standard serialises it, without fragment and without credentials
//   domain   lower case, ASCII (punycode), no trailing dot
//   ip       RFC 5952 or dotted quad      cidr  network address with host bits cleared / length
//   ip_port  "192.0.2.1:80", "[2001:db8::1]:80"
//   pattern  kept as written              sha256  lower-case hexadecimal
// Fails with invalid_input and a sentence that names the value.
Result<std::string> canonical_value(IndicatorType type, std::string_view value);
// Longer values are no indicators: no proxy passes on such a URL, and a hostile page or feed could fill the
// store with them.
inline constexpr size_t max_value_bytes = 64 * 1024;
// The type that a bare value has, defanged or not: what `lookup` and plain lists use.
Result<IndicatorKey> guess_key(std::string_view text);

// One reason, from one observation, for one indicator: what policy hands to the store.
struct Assertion {
  IndicatorKey key;
  Role role = Role::unknown;
  UseSet uses;             // after the guard: never block where `guarded_by` is set
  uint8_t confidence = 0;  // 0 to 100, as STIX 2.1 section 3.2
  Tlp tlp = Tlp::clear;
  std::string source;      // who says so: "honeyclient-low", "maltrail", a feed's name
  std::string family;      // malware family or campaign, where known
  std::string why;         // one sentence
  std::string place;       // RFC 6901 JSON pointer into the observation's record
  std::string guarded_by;  // name of the guard list that forbade block, else ""
  base::TimePoint first_seen, last_seen;       // of the bad thing itself, not of the import
  std::optional<base::TimePoint> valid_until;  // a feed's own word; decay decides otherwise
  std::vector<std::string> aliases;            // md5, sha1 of a file
};

// An assertion as stored: the link indicator → observation.
struct Evidence {
  base::Digest observation;
  Assertion assertion;
};

enum class Verdict : uint8_t { false_positive, confirmed };

// A person's word; outlives every later import and rejudge.
struct Judgement {
  IndicatorKey key;
  Verdict verdict = Verdict::confirmed;
  std::string analyst;
  std::string why;
  base::TimePoint time;
};

// What the store makes of all the evidence for one key.
struct Indicator {
  IndicatorKey key;
  std::vector<Role> roles;  // strongest evidence first, no doubles
  UseSet uses;
  uint8_t confidence = 0;   // of the strongest evidence, before decay
  uint8_t score = 0;        // confidence after decay at the time asked for, 0 to 100
  Tlp tlp = Tlp::clear;
  std::vector<std::string> sources;
  std::string family;
  std::string guarded_by;
  base::TimePoint first_seen, last_seen;
  std::optional<base::TimePoint> expires;  // when decay or a feed's word ends it
  uint64_t sightings = 0;
  std::vector<std::string> aliases;
  std::optional<Judgement> judgement;
  std::vector<Evidence> evidence;  // empty unless asked for
};

// As `intel show --json`, `intel list --json` and the JSON export write it (docs/schemas/indicator.json).
boost::json::object to_json(const Indicator& indicator);
boost::json::object to_json(const Evidence& evidence);

// --- work ---------------------------------------------------------------------------------------

struct Job {
  std::string kind;         // "visit"; sensors register theirs with jobs::Registry
  std::string subject;      // a URL, a sha256
  boost::json::object parameters;  // {"persona": "…"}
  std::optional<base::Digest> origin;  // the observation that asked for it
  int priority = 0;         // higher first
  base::TimePoint earliest; // not before
};

// --- names, as they stand in JSON, in the store and on the command line ----------------------------

std::string_view name(ObservationKind kind);
std::string_view name(IndicatorType type);  // "ip:port" for ip_port
std::string_view name(Role role);
std::string_view name(Action action);
std::string_view name(Point point);
std::string_view name(Tlp tlp);             // "amber+strict" for amber_strict
std::string_view name(Verdict verdict);
std::optional<ObservationKind> observation_kind(std::string_view name);
std::optional<IndicatorType> indicator_type(std::string_view name);
std::optional<Role> role(std::string_view name);
std::optional<Action> action(std::string_view name);
std::optional<Point> point(std::string_view name);
std::optional<Tlp> tlp(std::string_view name);
std::optional<Verdict> verdict(std::string_view name);

// Uses as "block:proxy", strongest action first; and one of them back.
std::vector<std::string> names(UseSet uses);
std::optional<UseSet> use_set(std::string_view name);

}  // namespace shikake::intel
