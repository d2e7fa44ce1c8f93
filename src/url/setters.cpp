// The setters of https://url.spec.whatwg.org/#api: each takes the URL apart, runs the piece of the parser
// that the standard's state override would, and puts it together again.
#include "base/bytes.h"
#include "url/parts.h"
#include "url/percent.h"

namespace shikake::url {
namespace {

// The value as the basic URL parser sees it when it is given a URL: valid UTF-8, no tabs, no newlines.
std::string parser_input(std::string_view value) {
  return without_tabs_and_newlines(base::to_valid_utf8(value));
}

void replace(Url& url, const Parts& parts) {
  if (auto assembled = parts.assemble()) url = *std::move(assembled);
}

}  // namespace

Result<> Url::set_href(std::string_view value) {
  SHIKAKE_ASSIGN(*this, parse(value));
  return {};
}

void Url::set_protocol(std::string_view value) {
  std::string text = parser_input(value);
  auto scheme = parse_scheme(text.substr(0, text.find(':')));
  if (!scheme) return;
  Parts parts = Parts::of(*this);
  SchemeKind kind = kind_of_scheme(*scheme);
  if ((kind == SchemeKind::other) == is_special()) return;  // would change what the rest means
  if (kind == SchemeKind::file && (parts.has_credentials() || parts.port)) return;
  if (parts.kind == SchemeKind::file && parts.host_kind == HostKind::empty) return;
  parts.set_scheme(*std::move(scheme));
  if (parts.port) parts.set_port(*parts.port);
  replace(*this, parts);
}

void Url::set_username(std::string_view value) {
  if (!can_have_credentials_or_port()) return;
  Parts parts = Parts::of(*this);
  parts.username = percent_encode(base::to_valid_utf8(value), EncodeSet::userinfo);
  replace(*this, parts);
}

void Url::set_password(std::string_view value) {
  if (!can_have_credentials_or_port()) return;
  Parts parts = Parts::of(*this);
  parts.password = percent_encode(base::to_valid_utf8(value), EncodeSet::userinfo);
  replace(*this, parts);
}

void Url::set_host_or_hostname(std::string_view value, bool with_port) {
  if (opaque_path_) return;
  std::string text = parser_input(value);
  text.resize(authority_end(text, is_special()));
  Parts parts = Parts::of(*this);
  // A host that is refused is not stored; one that a bad port follows is.
  parse_host_and_port(parts, text, with_port ? Override::host : Override::hostname);
  replace(*this, parts);
}

void Url::set_host(std::string_view value) {
  set_host_or_hostname(value, true);
}
void Url::set_hostname(std::string_view value) {
  set_host_or_hostname(value, false);
}

void Url::set_port(std::string_view value) {
  if (!can_have_credentials_or_port()) return;
  Parts parts = Parts::of(*this);
  std::string text = parser_input(value);
  if (value.empty())
    parts.port = std::nullopt;
  else if (parse_port(parts, leading_digits(text)))
    return;
  replace(*this, parts);
}

void Url::set_pathname(std::string_view value) {
  if (opaque_path_) return;
  Parts parts = Parts::of(*this);
  parts.path.clear();
  parse_path_start(parts, parser_input(value));
  replace(*this, parts);
}

void Url::set_search(std::string_view value) {
  Parts parts = Parts::of(*this);
  std::string text = parser_input(value);
  if (value.empty())
    parts.query = std::nullopt;
  else
    parse_query(parts, std::string_view(text).substr(text.starts_with('?')));
  replace(*this, parts);
}

void Url::set_hash(std::string_view value) {
  Parts parts = Parts::of(*this);
  std::string text = parser_input(value);
  if (value.empty())
    parts.fragment = std::nullopt;
  else
    parse_fragment(parts, std::string_view(text).substr(text.starts_with('#')));
  replace(*this, parts);
}

}  // namespace shikake::url
