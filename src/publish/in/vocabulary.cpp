#include "publish/in/vocabulary.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/checked.h"

namespace shikake::publish {
namespace {

using intel::Role;
using intel::Tlp;

struct RoleWord {
  std::string_view word;  // lower case, without separators
  Role role;
};

// From the vocabularies of abuse.ch, MISP, STIX (infrastructure-type-ov, Lockheed Martin's kill chain) and
// common column values.
constexpr RoleWord role_words[] = {
    {"c2", Role::c2},
    {"c&c", Role::c2},
    {"cc", Role::c2},
    {"cnc", Role::c2},
    {"c2server", Role::c2},
    {"botnetcc", Role::c2},
    {"commandandcontrol", Role::c2},
    {"malwaredownload", Role::distribution},
    {"malwaredistribution", Role::distribution},
    {"payload", Role::distribution},
    {"payloaddelivery", Role::distribution},
    {"download", Role::distribution},
    {"delivery", Role::distribution},
    {"hostingmalware", Role::distribution},
    {"dropper", Role::distribution},
    {"exploitkit", Role::exploit},
    {"exploitation", Role::exploit},
    {"exploit", Role::exploit},
    {"redirect", Role::relay},
    {"redirector", Role::relay},
    {"tds", Role::relay},
    {"compromised", Role::landing},
    {"compromisedsite", Role::landing},
    {"landingpage", Role::landing},
    {"exfiltration", Role::drop},
    {"exfil", Role::drop},
    {"dropzone", Role::drop},
    {"scanner", Role::attacker},
    {"scanning", Role::attacker},
    {"bruteforce", Role::attacker},
    {"attacker", Role::attacker},
    {"phish", Role::phishing},
    {"phishing", Role::phishing},
    {"credentialphishing", Role::phishing},
};

constexpr std::pair<std::string_view, Tlp> tlp_words[] = {
    {"clear", Tlp::clear},
    {"white", Tlp::clear},
    {"green", Tlp::green},
    {"amber", Tlp::amber},
    {"amber+strict", Tlp::amber_strict},
    {"red", Tlp::red},
};

std::string without_separators(std::string_view word) {
  std::string out;
  for (char c : base::to_lower(word)) {
    if (c != '-' && c != '_' && c != ' ') out += c;
  }
  return out;
}

}  // namespace

std::optional<Role> role_from_word(std::string_view word) {
  std::string plain = without_separators(trimmed(word));
  for (const RoleWord& row : role_words) {
    if (row.word == plain) return row.role;
  }
  auto own = intel::role(base::to_lower(trimmed(word)));
  return own == Role::unknown ? std::nullopt : own;
}

std::optional<Tlp> tlp_from_word(std::string_view word) {
  std::string plain = base::to_lower(trimmed(word));
  std::string_view name = plain;
  if (name.starts_with("tlp:")) name = trimmed(name.substr(4));
  for (auto [known, tlp] : tlp_words) {
    if (known == name) return tlp;
  }
  return std::nullopt;
}

std::optional<base::TimePoint> time_from_text(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    constexpr size_t year_digits = 4;            // "2020" alone is a year, not a second of 1970
    constexpr int64_t latest = 253'402'300'799;  // 9999-12-31T23:59:59Z
    auto seconds = base::parse_integer<int64_t>(text);
    if (!seconds || text.size() <= year_digits || *seconds > latest) return std::nullopt;
    return base::from_micros(*seconds * 1'000'000);
  }
  std::string plain(text);
  for (std::string_view zone : {" UTC", " GMT", " Z"}) {
    if (plain.ends_with(zone)) plain.resize(plain.size() - zone.size());
  }
  constexpr size_t date_size = 10;
  if (plain.size() >= date_size && plain[4] == '/' && plain[7] == '/') plain[4] = plain[7] = '-';
  if (plain.size() > date_size && plain[date_size] == ' ') plain[date_size] = 'T';
  if (auto time = base::from_rfc3339(plain)) return time;
  return plain.size() > date_size ? base::from_rfc3339(plain + "Z") : std::nullopt;
}

std::optional<uint8_t> confidence_from_word(std::string_view word) {
  std::string plain = base::to_lower(trimmed(word));
  if (plain.ends_with('%')) plain.pop_back();
  if (plain == "high") return uint8_t{85};
  if (plain == "medium" || plain == "med") return uint8_t{50};
  if (plain == "low") return uint8_t{15};
  auto number = base::parse_integer<unsigned>(plain);
  if (!number || *number > 100) return std::nullopt;
  return static_cast<uint8_t>(*number);
}

}  // namespace shikake::publish
