// For tests, fuzzers and benchmarks only: matcher.h's contract in its slowest and plainest form. Every entry
// is held against every value; every URL goes through the full parser.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/checked.h"
#include "match/hits.h"
#include "url/host.h"
#include "url/ip.h"
#include "url/url.h"

namespace shikake::match::oracle {

struct Entry {
  Kind kind;
  std::string value;
  EntryId id;
};

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

inline std::string without_dots(std::string text) {
  while (text.ends_with('.')) text.pop_back();
  return text;
}

inline bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (size_t i = 0; i <= text.size(); ++i)
      if (glob(pattern.substr(1), text.substr(i))) return true;
    return false;
  }
  return !text.empty() && text[0] == pattern[0] && glob(pattern.substr(1), text.substr(1));
}

class Oracle {
 public:
  explicit Oracle(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  void address(const url::IpAddress& ip, uint16_t port, std::set<EntryId>& found) const {
    for (const Entry& entry : entries_) {
      if (entry.kind == Kind::ip && url::IpAddress::parse(entry.value) == ip) found.insert(entry.id);
      if (entry.kind == Kind::cidr && url::Cidr::parse(entry.value)->contains(ip)) found.insert(entry.id);
      const std::string text = ip.is_v6() ? "[" + ip.to_string() + "]" : ip.to_string();
      if (port && entry.kind == Kind::ip_port && entry.value == text + ":" + std::to_string(port))
        found.insert(entry.id);
    }
    if (auto inside = ip.is_v6() ? ip.embedded_v4() : std::nullopt) address(*inside, port, found);
  }

  void host(std::string_view text, uint16_t port, std::set<EntryId>& found) const {
    std::string bare(text);
    if (bare.find(':') != std::string::npos) {
      if (bare.starts_with('[')) bare.erase(0, 1);
      bare = bare.substr(0, bare.find_first_of("]%"));
    }
    if (auto ip = url::IpAddress::parse(bare)) return address(*ip, port, found);
    std::string name(text);
    if (auto parsed = url::host_from_text(text)) {
      name = parsed->text;
      bare = name.starts_with('[') ? name.substr(1, name.size() - 2) : name;
      if (auto ip = url::IpAddress::parse(bare)) return address(*ip, port, found);
    }
    name = without_dots(lower(name));
    for (const Entry& entry : entries_)
      if (entry.kind == Kind::domain && (name == entry.value || name.ends_with("." + entry.value)))
        found.insert(entry.id);
  }

  void parsed(const url::Url& u, std::set<EntryId>& found) const {
    std::string host(u.hostname());
    std::string canonical(u.href_without_fragment());
    if (u.has_credentials() || host.ends_with('.')) {
      canonical = std::string(u.scheme()) + "://" + without_dots(host);
      if (!u.port().empty()) canonical += ":" + std::string(u.port());
      canonical += u.path_and_query();
    }
    std::string behind = canonical.substr(u.scheme().size() + 1);
    if (behind.starts_with("//")) behind.erase(0, 2);
    for (const Entry& entry : entries_) {
      if (entry.kind == Kind::url) {
        if (canonical == entry.value) found.insert(entry.id);
        const size_t cut = entry.value.find('?');
        if (canonical.ends_with('?') && cut != std::string::npos &&
            entry.value.substr(0, cut + 1) == canonical)
          found.insert(entry.id);
      }
      if (entry.kind == Kind::pattern) {
        const std::string& p = entry.value;
        if (p.find('*') != std::string::npos) {
          const size_t slash = std::min(p.find('/'), p.size());
          const bool hit =
              p[0] == '/' ? behind.find('/') != std::string::npos && glob(p, behind.substr(behind.find('/')))
                          : glob(lower(p.substr(0, slash)) + p.substr(slash), behind);
          if (hit) found.insert(entry.id);
        } else if (!u.has_opaque_path()) {
          const size_t cut = p.find('?');
          if (u.pathname() == p.substr(0, cut) &&
              (cut == std::string::npos || (u.query() && u.query()->starts_with(p.substr(cut + 1)))))
            found.insert(entry.id);
        }
      }
    }
  }

  void url(std::string_view text, std::set<EntryId>& found) const {
    if (auto u = url::Url::parse(text)) {
      if (!u->hostname().empty()) host(u->hostname(), u->effective_port().value_or(0), found);
      return parsed(*u, found);
    }
    std::string rest(text);
    if (size_t at = rest.find("//"); at != std::string::npos) rest.erase(0, at + 2);
    rest = rest.substr(0, rest.find_first_of("/?#\\"));
    if (size_t at = rest.rfind('@'); at != std::string::npos) rest.erase(0, at + 1);
    rest = rest.starts_with('[') ? rest.substr(0, rest.find(']') + 1) : rest.substr(0, rest.find(':'));
    if (!rest.empty()) host(rest, 0, found);
  }

  static std::pair<std::string, uint16_t> split(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && (text.find(':') == colon || text[colon - 1] == ']'))
      if (auto port = base::parse_integer<uint16_t>(text.substr(colon + 1)))
        return {std::string(text.substr(0, colon)), *port};
    return {std::string(text), 0};
  }

  void authority(std::string_view text, uint16_t default_port, std::set<EntryId>& found) const {
    auto [name, port] = split(text);
    if (name == text) port = default_port;
    if (!name.empty()) host(name, port, found);
    for (const char* scheme : {"http://", "https://"}) {
      auto u = url::Url::parse(scheme + name + ":" + std::to_string(port) + "/");
      if (!u) continue;
      Oracle roots(entries_);
      std::erase_if(roots.entries_, [](const Entry& e) { return e.kind != Kind::url; });
      roots.parsed(*u, found);
    }
  }

  void target(std::string_view host_and_port, std::string_view rest, uint16_t port,
              std::set<EntryId>& found) const {
    auto [name, named] = split(host_and_port);
    const bool has_port = name != host_and_port;
    if (!name.empty()) host(name, has_port ? named : port, found);
    if (!rest.empty() && rest[0] != '/') return url(rest, found);
    for (const char* scheme : {"http://", "https://"}) {
      if (auto u = url::Url::parse(scheme + std::string(host_and_port) + std::string(rest)))
        parsed(*u, found);
      if (has_port || port == 0) continue;
      if (auto u = url::Url::parse(scheme + name + ":" + std::to_string(port) + std::string(rest)))
        parsed(*u, found);
    }
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace shikake::match::oracle
