// Maltrail trails: https://github.com/stamparm/maltrail (folder trails/static).
//
//   # Reference: https://report.example/ (# remark)      evidence of the trails up to the next one
//
//   bad.example                   domain (with its subdomains)
//   192.0.2.1:8080                address and port
//   http://192.0.2.1              any HTTP request to the address
//   bad.example/gate.php  # note  URL without its scheme
//   /gate.php                     path on any host
//   bad[0-9]+\.example            regular expression
//
// The family is the file's name. The folders malware and malicious convict; suspicious only asks for
// attention.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "publish/in/formats.h"
#include "publish/in/vocabulary.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

using intel::FeedEntry;
using intel::IndicatorType;
using intel::Role;

// What a file's name says of its trails, beside the family.
constexpr std::pair<std::string_view, Role> roles_by_prefix[] = {{"ek_", Role::exploit}};
constexpr std::pair<std::string_view, Role> roles_by_suffix[] = {
    {"_c2", Role::c2}, {"c2_panel", Role::c2}, {"_tds", Role::relay}};

Role role_of_file(std::string_view stem) {
  for (auto [prefix, role] : roles_by_prefix) {
    if (stem.starts_with(prefix)) return role;
  }
  for (auto [suffix, role] : roles_by_suffix) {
    if (stem.ends_with(suffix)) return role;
  }
  return Role::unknown;
}

// "# Reference: URL (# remark)", with the spelling mistakes that the feed has; nothing for other comments.
std::optional<std::string_view> reference_of(std::string_view comment) {
  std::string_view text = trimmed(comment.substr(1));
  size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string word = base::to_lower(text.substr(0, colon));
  if (word != "reference" && word != "referecne" && word != "referemce") return std::nullopt;
  return trimmed(text.substr(colon + 1));
}

struct Trail {
  IndicatorType type;
  std::string value;  // not yet canonical
};

struct Unfit {
  std::string_view skip;  // a reason, when it is well-formed and yet no indicator
};

bool is_regular_expression(std::string_view text) {
  return text.find_first_of("*()[]{}|\\^$+") != std::string_view::npos;
}

// The address and port of any HTTP request to a bare address, "http://192.0.2.1" or with a port.
std::optional<std::string> http_endpoint(std::string_view trail) {
  for (auto [scheme, port] : {std::pair{"http://", ":80"}, std::pair{"https://", ":443"}}) {
    if (!trail.starts_with(scheme)) continue;
    std::string_view host = trail.substr(std::string_view(scheme).size());
    if (host.ends_with('/')) host.remove_suffix(1);
    if (auto address = url::IpAddress::parse(host)) {
      return address->is_v4() ? std::string(host) + port : "[" + std::string(host) + "]" + port;
    }
    size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && url::IpAddress::parse(host.substr(0, colon)))
      return std::string(host);
  }
  return std::nullopt;
}

tl::expected<Trail, Unfit> classify(std::string_view trail) {
  if (trail.starts_with('/')) return Trail{IndicatorType::pattern, std::string(trail)};
  if (auto endpoint = http_endpoint(trail)) return Trail{IndicatorType::ip_port, *endpoint};
  if (trail.find("://") != std::string_view::npos) return Trail{IndicatorType::url, std::string(trail)};
  if (url::IpAddress::parse(trail)) return Trail{IndicatorType::ip, std::string(trail)};

  size_t slash = trail.find('/');
  std::string_view host = trail.substr(0, slash);
  bool bracketed_address = host.starts_with('[') && host.find("]:") != std::string_view::npos;
  if (is_regular_expression(host) && !bracketed_address) {
    if (host.starts_with("*.") && !is_regular_expression(host.substr(2)) && slash == std::string_view::npos)
      return Trail{IndicatorType::domain, std::string(host.substr(2))};
    return tl::unexpected(Unfit{"a regular expression"});
  }
  if (slash != std::string_view::npos) {
    if (url::Cidr::parse(trail)) return Trail{IndicatorType::cidr, std::string(trail)};
    return Trail{IndicatorType::url, "http://" + std::string(trail)};
  }
  size_t colon = host.rfind(':');
  if (colon != std::string_view::npos) {
    bool address = bracketed_address || url::IpAddress::parse(host.substr(0, host.find(':')));
    if (address) return Trail{IndicatorType::ip_port, std::string(host)};
    return Trail{IndicatorType::url, "http://" + std::string(host) + "/"};
  }
  if (host.starts_with('.')) host.remove_prefix(1);  // ".bad.example": with its subdomains, as ever
  if (host.find('.') == std::string_view::npos) return tl::unexpected(Unfit{"a whole top-level domain"});
  return Trail{IndicatorType::domain, std::string(host)};
}

class Reader {
 public:
  Reader(Input& input, Collector& collector) : input_(input), collector_(collector) {
    std::string_view file = collector.options().file;
    stem_ = file.substr(0, file.rfind(".txt"));
    role_ = role_of_file(stem_);
    suspicious_ = collector.options().folder == "suspicious";
  }

  Result<> read() {
    SHIKAKE_TRY(start_group());
    for (;;) {
      SHIKAKE_ASSIGN(std::optional<Line> line, input_.next_line());
      if (!line) return {};
      if (line->too_long) {
        collector_.refused(line->number, line->offset, "the line is longer than 1 MiB", line->text);
        continue;
      }
      std::string_view text = trimmed(line->text);
      if (text.empty()) {
        collector_.comment();
        after_blank_ = true;
      } else if (text.starts_with('#')) {
        SHIKAKE_TRY(comment(text));
      } else {
        SHIKAKE_TRY(trail(*line, text));
      }
      if (!text.empty()) after_blank_ = false;
    }
  }

 private:
  Result<> start_group() {
    group_has_trails_ = false;
    return collector_.group(suspicious_ ? std::string() : stem_, references_);
  }

  // Reference lines one after another speak of the same trails. Behind trails a reference, or a heading
  // that stands apart, begins another group; a trail that was commented out doesn't.
  Result<> comment(std::string_view text) {
    collector_.comment();
    auto reference = reference_of(text);
    if (!reference && !(after_blank_ && group_has_trails_)) return {};
    if (group_has_trails_) {
      references_.clear();
      remark_.clear();
    }
    if (reference && !reference->empty()) {
      size_t end = std::min(reference->find(" (#"), reference->size());
      references_.emplace_back(trimmed(reference->substr(0, end)));
      if (end < reference->size()) {
        std::string_view remark = reference->substr(end + 3);
        if (remark.ends_with(')')) remark.remove_suffix(1);
        remark_ = trimmed(remark);
      }
    }
    return start_group();
  }

  Result<> trail(const Line& line, std::string_view text) {
    std::string description = remark_;
    // A '#' behind a blank is a remark; without it may be a URL's fragment.
    size_t hash = text.find('#');
    while (hash != std::string_view::npos && text[hash - 1] != ' ' && text[hash - 1] != '\t')
      hash = text.find('#', hash + 1);
    if (hash != std::string_view::npos) {
      description = trimmed(text.substr(hash + 1));
      text = trimmed(text.substr(0, hash));
    }
    auto found = classify(text);
    if (!found) {
      collector_.skipped(found.error().skip);
      return {};
    }
    auto canonical = intel::canonical_value(found->type, found->value);
    if (!canonical) {
      collector_.refused(line.number, line.offset, canonical.error().what, text);
      return {};
    }
    FeedEntry entry;
    entry.key = {found->type, *std::move(canonical)};
    entry.role = role_;
    entry.line = line.number;
    entry.description = std::move(description);
    if (suspicious_) {
      using intel::Point;
      entry.uses = {intel::Action::audit, {Point::proxy, Point::dns, Point::firewall, Point::ids}};
      if (entry.description.empty()) entry.description = "suspicious: " + stem_;
    }
    group_has_trails_ = true;
    collector_.accepted();
    return collector_.add(std::move(entry));
  }

  Input& input_;
  Collector& collector_;
  std::string stem_;
  Role role_ = Role::unknown;
  bool suspicious_ = false;
  std::vector<std::string> references_;
  std::string remark_;  // of the reference, on every trail below it
  bool group_has_trails_ = false;
  bool after_blank_ = false;
};

}  // namespace

bool recognise_maltrail(std::string_view beginning) {
  size_t begin = 0;
  while (begin < beginning.size()) {
    size_t end = std::min(beginning.find('\n', begin), beginning.size());
    std::string_view line = trimmed(beginning.substr(begin, end - begin));
    if (line.starts_with('#') && (reference_of(line) || line.find("Maltrail") != std::string_view::npos))
      return true;
    begin = end + 1;
  }
  return false;
}

Result<> read_maltrail(Input& input, Collector& collector) {
  return Reader(input, collector).read();
}

}  // namespace shikake::publish
