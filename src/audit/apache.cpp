// Apache's common and combined logs (https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#examples),
// which nginx and most others write too, and Debian's vhost_combined, which puts "name:port" in front:
//
//   [vhost:port] host ident user [time] "request line" status size ["referrer" "user agent" [more]]
//
// Within quotes, \" \\ and \xhh stand for bytes.

#include <algorithm>

#include "audit/format.h"
#include "audit/tokens.h"
#include "base/ascii.h"
#include "base/checked.h"

namespace shikake::audit {
namespace {

struct Fields {
  std::string_view vhost, host, user, time, request, status, size, referrer;
};

// The text in quotes at the start of `rest`, up to an unescaped quote, and that much taken off. Nothing where
// it doesn't start with a quote or doesn't end with one; `open_end` forgives the latter.
bool next_quoted(std::string_view& rest, std::string_view& text, bool open_end = false) {
  if (!rest.starts_with('"')) return false;
  size_t end = 1;
  while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
  if (end >= rest.size() && !open_end) return false;
  end = std::min(end, rest.size());
  text = rest.substr(1, end - 1);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return true;
}

std::string_view unescape(std::string_view text, Record& record) {
  if (text.find('\\') == std::string_view::npos) return text;
  char* const begin = record.room(text.size());
  char* to = begin;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' && base::hex_digit(text[i + 2]) >= 0 &&
        base::hex_digit(text[i + 3]) >= 0) {
      *to++ = static_cast<char>(base::hex_digit(text[i + 2]) * 16 + base::hex_digit(text[i + 3]));
      i += 3;
    } else if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) {
      *to++ = text[++i];
    } else {
      *to++ = text[i];
    }
  }
  return record.keep(begin, static_cast<size_t>(to - begin));
}

void skip_blanks(std::string_view& rest) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
}

Outcome outcome_of(std::string_view status, std::string_view size, bool as_proxy) {
  const int code = base::parse_integer<int>(status).value_or(200);
  if (as_proxy && (code == 403 || code == 407)) return Outcome::denied;
  if (as_proxy && code >= 502 && code <= 504) return Outcome::failed;
  return code < 400 && size != "0" && size != "-" ? Outcome::content : Outcome::answered;
}

void to_record(const Fields& f, Record& record) {
  using What = Observable::What;
  record.time = f.time;
  record.client = unless_dash(f.host);
  record.user = unless_dash(f.user);
  std::string_view request = unescape(f.request, record);
  const std::string_view method = next_token(request);
  if (const size_t version = request.rfind(" HTTP/"); version != std::string_view::npos)
    request = request.substr(0, version);
  const bool is_path = request.starts_with('/');
  const bool connects = method == "CONNECT";
  record.outcome = outcome_of(f.status, f.size, !is_path);
  if (connects && !request.empty())
    record.seen.push_back({What::authority, Contact::tunnel, request, {}, 443});
  else if (request.find("://") != std::string_view::npos && !is_path)
    record.seen.push_back({What::url, Contact::request, request});
  else if (!f.vhost.empty())
    record.seen.push_back(
        {What::target, Contact::request, f.vhost, is_path ? request : std::string_view("/")});
  if (!record.client.empty()) record.seen.push_back({What::endpoint, Contact::inbound, record.client});
  const std::string_view referrer = unless_dash(unescape(f.referrer, record));
  if (!referrer.empty()) record.seen.push_back({What::url, Contact::mention, referrer});
}

// All in front of the time: three fields, or four with the virtual host first. A user may hold blanks, so
// that only the last field before '[' and the first ones are sure.
bool read_front(std::string_view front, Fields& f) {
  std::string_view rest = front;
  std::string_view first = next_token(rest), second = next_token(rest), third = next_token(rest);
  if (third.empty()) return false;
  while (rest.ends_with(' ')) rest.remove_suffix(1);
  if (rest.empty()) {
    f.host = first;
    f.user = third;
    return true;
  }
  const size_t colon = first.rfind(':');
  if (colon != std::string_view::npos && all_digits(first.substr(colon + 1)) && first.find(':') == colon) {
    f.vhost = first;
    f.host = second;
    f.user = rest;
  } else {
    f.host = first;
    f.user = front.substr(static_cast<size_t>(third.data() - front.data()));
    while (f.user.ends_with(' ')) f.user.remove_suffix(1);
  }
  return true;
}

bool is_status(std::string_view text) {
  return text.size() == 3 && all_digits(text);
}

}  // namespace

Parsed apache_strict(std::string_view line, FileState&, Record& record) {
  if (line.empty()) return Parsed::nothing;
  Fields f;
  const size_t open = line.find(" [");
  if (open == std::string_view::npos || line[0] == '{') return Parsed::refused;
  const size_t close = line.find(']', open);
  if (close == std::string_view::npos || close - open != 28 || line[open + 4] != '/') return Parsed::refused;
  if (!read_front(line.substr(0, open), f)) return Parsed::refused;
  f.time = line.substr(open + 2, close - open - 2);
  std::string_view rest = line.substr(close + 1);
  skip_blanks(rest);
  if (!next_quoted(rest, f.request)) return Parsed::refused;
  skip_blanks(rest);
  f.status = next_token(rest);
  f.size = next_token(rest);
  if (!is_status(f.status) || !(f.size == "-" || all_digits(f.size))) return Parsed::refused;
  rest.remove_prefix(std::min(rest.find('"'), rest.size()));
  if (!rest.empty() && !next_quoted(rest, f.referrer)) return Parsed::refused;
  to_record(f, record);
  return Parsed::record;
}

// Cut off or damaged anywhere behind the time's bracket, or with a time of one's own.
Parsed apache_lenient(std::string_view line, FileState&, Record& record) {
  if (line.empty()) return Parsed::nothing;
  Fields f;
  const size_t open = line.find(" [");
  if (open == std::string_view::npos || line[0] == '{' || !read_front(line.substr(0, open), f))
    return Parsed::refused;
  const size_t close = std::min(line.find(']', open), line.size());
  f.time = line.substr(open + 2, close - open - 2);
  std::string_view rest = line.substr(std::min(close + 1, line.size()));
  rest.remove_prefix(std::min(rest.find('"'), rest.size()));
  if (!next_quoted(rest, f.request, true)) return Parsed::refused;
  skip_blanks(rest);
  f.status = next_token(rest);
  f.size = next_token(rest);
  rest.remove_prefix(std::min(rest.find('"'), rest.size()));
  next_quoted(rest, f.referrer, true);
  to_record(f, record);
  return Parsed::record;
}

}  // namespace shikake::audit
