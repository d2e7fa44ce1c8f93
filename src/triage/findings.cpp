#include "triage/findings.h"

#include <algorithm>

#include "base/ascii.h"
#include "url/ip.h"
#include "url/suffix.h"
#include "url/url.h"

namespace shikake::triage {
namespace {

constexpr size_t max_value_bytes = 2048;  // of a URL or path; no client sends more
constexpr size_t max_dns_name = 253;

using base::is_digit;
using base::is_lower;
using base::is_upper;
using base::to_lower;

bool is_alnum(char c) {
  return is_digit(c) || base::is_alpha(c);
}
bool is_name_char(char c) {
  return is_alnum(c) || c == '-' || c == '.';
}
bool is_hex(char c) {
  return base::hex_digit(c) >= 0;
}

// What ends a URL in program text: blanks, quotes, brackets of the language around it.
bool ends_url(char c) {
  return c <= ' ' || c == 0x7F || std::string_view("\"'`<>{}|\\^").find(c) != std::string_view::npos;
}

// Schemes that mean a place on a network. What else has "://" is mostly a namespace of some document format.
constexpr std::string_view schemes[] = {
    "http",     "https",   "ftp",         "ftps",        "sftp",   "tftp",  "ws",   "wss", "irc",   "ircs",
    "ldap",     "ldaps",   "smtp",        "socks4",      "socks5", "ssh",   "tcp",  "udp", "tls",   "telnet",
    "magnet",   "stratum", "stratum+tcp", "stratum+ssl", "dns",    "doh",   "rtsp", "smb", "redis", "mysql",
    "postgres", "mongodb", "mqtt",        "amqp",        "git",    "rsync", "rdp",  "vnc",
};

// Top-level domains that are endings of file names as well: a bare "x.so" or "run.sh" is no host.
constexpr std::string_view file_endings[] = {
    "so", "sh", "py", "pl", "pm", "rs",  "cc",  "mm",  "md",  "ps",  "mk",
    "la", "am", "ac", "in", "st", "zip", "mov", "map", "cab", "bin",
};

// Names that never resolve on the Internet but stand in samples and tests (RFC 2606, RFC 6761, RFC 7686).
constexpr std::string_view reserved_endings[] = {"example", "test",  "invalid", "onion",
                                                 "i2p",     "local", "bit"};

constexpr std::string_view path_roots[] = {
    "/etc/",  "/tmp/", "/var/", "/usr/",   "/bin/", "/sbin/", "/dev/",  "/proc/", "/sys/",   "/home/",
    "/root/", "/opt/", "/lib/", "/lib64/", "/run/", "/mnt/",  "/boot/", "/srv/",  "/media/", "/data/",
};

template <class List>
bool holds(const List& list, std::string_view value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

// Labels of letters, digits and hyphens within DNS' bounds, the last one of letters.
bool is_dns_name(std::string_view name) {
  if (name.size() > max_dns_name || name.find('.') == name.npos) return false;
  size_t begin = 0;
  for (size_t dot; begin <= name.size(); begin = dot + 1) {
    dot = std::min(name.find('.', begin), name.size());
    std::string_view label = name.substr(begin, dot - begin);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  }
  std::string_view last = name.substr(name.rfind('.') + 1);
  return last.size() >= 2 && (last.starts_with("xn--") || std::none_of(last.begin(), last.end(), is_digit));
}

// A domain by its look alone: written in one case, under a top-level domain that is there and no file's
// ending.
bool is_domain(std::string_view name) {
  if (!is_dns_name(name)) return false;
  std::string_view last = name.substr(name.rfind('.') + 1);
  const bool all_upper = std::none_of(name.begin(), name.end(), is_lower);
  if (!all_upper && std::any_of(last.begin(), last.end(), is_upper)) return false;  // System.Net
  const std::string ending = to_lower(last);
  if (holds(reserved_endings, ending)) return true;
  if (holds(file_endings, ending) && !to_lower(name).starts_with("www.")) return false;
  return url::is_listed_suffix(ending);
}

}  // namespace

void Findings::add(std::vector<std::string>& list, std::unordered_set<std::string>& seen, std::string value) {
  if (list.size() >= max_found) {
    list_full_ = list_full_ || !seen.contains(value);
  } else if (seen.insert(value).second) {
    list.push_back(std::move(value));
  }
}

void Findings::look_at(std::string_view run) {
  look_for_urls(run);
  look_for_paths(run);
  look_for_ipv6(run);
  for (size_t begin = 0; begin < run.size() && candidates_ > 0;) {
    if (!is_alnum(run[begin])) {
      ++begin;
      continue;
    }
    size_t end = begin;
    bool dotted = false;
    while (end < run.size() && is_name_char(run[end])) dotted |= run[end++] == '.';
    size_t trimmed = end;
    while (trimmed > begin && !is_alnum(run[trimmed - 1])) --trimmed;
    if (dotted) look_at_name(run, begin, trimmed);
    begin = end;
  }
}

void Findings::look_for_urls(std::string_view run) {
  for (size_t at = run.find("://"); at != run.npos && candidates_ > 0; at = run.find("://", at + 3)) {
    size_t begin = at;
    while (begin > 0 && (is_alnum(run[begin - 1]) || run[begin - 1] == '+') && at - begin < 16) --begin;
    std::string scheme = to_lower(run.substr(begin, at - begin));
    // "xhttp://": letters that run into the scheme.
    while (!scheme.empty() && !holds(schemes, scheme)) {
      scheme.erase(0, 1);
      ++begin;
    }
    if (scheme.empty()) continue;
    size_t end = at + 3;
    while (end < run.size() && end - begin < max_value_bytes && !ends_url(run[end])) ++end;
    while (end > at + 3 && std::string_view(".,;:)]!?").find(run[end - 1]) != std::string_view::npos) --end;
    if (end == at + 3) continue;
    --candidates_;
    auto parsed = url::Url::parse(run.substr(begin, end - begin));
    if (!parsed || parsed->hostname().empty()) continue;
    std::string host(parsed->hostname());
    if (auto address = parsed->ip()) {
      add(out_.addresses, addresses_, address->to_string());
    } else if (is_dns_name(host)) {
      add(out_.domains, domains_, to_lower(host));
    } else if (!parsed->is_special()) {
      auto opaque = url::IpAddress::parse(host);  // tcp://192.0.2.1: no host kind of the standard's
      if (opaque) add(out_.addresses, addresses_, opaque->to_string());
    }
    add(out_.urls, urls_, parsed->href());
  }
}

void Findings::look_for_paths(std::string_view run) {
  for (size_t at = run.find('/'); at != run.npos; at = run.find('/', at + 1)) {
    const bool starts = at == 0 || (!is_name_char(run[at - 1]) && run[at - 1] != '/' && run[at - 1] != '_' &&
                                    run[at - 1] != '~');
    if (!starts) continue;
    std::string_view rest = run.substr(at, max_value_bytes);
    auto root = std::find_if(std::begin(path_roots), std::end(path_roots),
                             [&](std::string_view one) { return rest.starts_with(one); });
    if (root == std::end(path_roots)) continue;
    size_t end = 0;
    while (end < rest.size() && !ends_url(rest[end]) &&
           std::string_view(",;:()$&*?#=%").find(rest[end]) == std::string_view::npos)
      ++end;
    if (end > root->size()) add(out_.paths, paths_, std::string(rest.substr(0, end)));
    at += end > 0 ? end - 1 : 0;
  }
}

void Findings::look_for_ipv6(std::string_view run) {
  for (size_t at = run.find(':'); at != run.npos && candidates_ > 0;) {
    size_t begin = at, end = at, colons = 0;
    while (begin > 0 && is_hex(run[begin - 1])) --begin;
    while (end < run.size() && (is_hex(run[end]) || run[end] == ':' || run[end] == '.'))
      colons += run[end++] == ':';
    // Three at least: "std::f" and times of day are none.
    const bool bounded =
        (begin == 0 || !is_alnum(run[begin - 1])) && (end == run.size() || !is_alnum(run[end]));
    if (colons >= 3 && bounded && end - begin <= 45) {
      --candidates_;
      if (auto address = url::IpAddress::parse(run.substr(begin, end - begin)))
        add(out_.addresses, addresses_, address->to_string());
    }
    at = run.find(':', end);
  }
}

void Findings::look_at_name(std::string_view run, size_t begin, size_t end) {
  std::string_view name = run.substr(begin, end - begin);
  if (name.empty() || name.find('.') == name.npos || name.size() > max_dns_name) return;
  --candidates_;
  const char before = begin > 0 ? run[begin - 1] : ' ', after = end < run.size() ? run[end] : ' ';
  if (is_digit(name.back())) {
    // Four numbers, and not a part of five: "1.2.3.4.5" is a version.
    if (auto address = url::IpAddress::parse(name); address && before != '_' && after != '_')
      add(out_.addresses, addresses_, address->to_string());
    return;
  }
  if (before == '@' && is_dns_name(name)) {
    size_t local = begin - 1;
    while (local > 0 && (is_name_char(run[local - 1]) || run[local - 1] == '_' || run[local - 1] == '+'))
      --local;
    if (local < begin - 1)
      add(out_.mail_addresses, mails_,
          std::string(run.substr(local, begin - 1 - local)) + "@" + to_lower(name));
  }
  // GLIBC_2.2.5, .note.x, a_b.com, f(): parts of other names.
  const bool apart = before != '_' && before != '.' && before != '/' && before != '$' && before != '%' &&
                     before != '\\' && after != '_' && after != '(' && after != '@';
  if (apart && is_domain(name)) add(out_.domains, domains_, to_lower(name));
}

}  // namespace shikake::triage
