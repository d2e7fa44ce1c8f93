#include "url/url.h"

#include "base/check.h"
#include "base/checked.h"
#include "url/parts.h"

namespace shikake::url {

SchemeKind kind_of_scheme(std::string_view scheme) {
  using enum SchemeKind;
  if (scheme == "https") return https;
  if (scheme == "http") return http;
  if (scheme == "ws") return ws;
  if (scheme == "wss") return wss;
  if (scheme == "ftp") return ftp;
  if (scheme == "file") return file;
  return other;
}

std::optional<uint16_t> default_port(SchemeKind kind) {
  switch (kind) {
    case SchemeKind::http:
    case SchemeKind::ws:
      return 80;
    case SchemeKind::https:
    case SchemeKind::wss:
      return 443;
    case SchemeKind::ftp:
      return 21;
    case SchemeKind::file:
    case SchemeKind::other:
      break;
  }
  return std::nullopt;
}

Url::Url()
    : href_("about:blank"),
      scheme_end_(5),
      user_begin_(6),
      user_end_(6),
      host_begin_(6),
      host_end_(6),
      path_begin_(6),
      query_begin_(11),
      fragment_begin_(11),
      scheme_kind_(SchemeKind::other),
      host_kind_(HostKind::none),
      opaque_path_(true) {}

std::string_view Url::password() const {
  if (!has_credentials() || href_[user_end_] != ':') return {};
  return range(user_end_ + 1, host_begin_ - 1);
}

std::string_view Url::port() const {
  if (host_end_ == path_begin_ || href_[host_end_] != ':') return {};  // or "/.": see the diagram
  return range(host_end_ + 1, path_begin_);
}

std::string_view Url::host() const {
  return port().empty() ? hostname() : range(host_begin_, path_begin_);
}

std::string_view Url::search() const {
  return fragment_begin_ - query_begin_ > 1 ? range(query_begin_, fragment_begin_) : std::string_view{};
}

std::string_view Url::hash() const {
  auto size = static_cast<uint32_t>(href_.size());
  return size - fragment_begin_ > 1 ? range(fragment_begin_, size) : std::string_view{};
}

std::optional<std::string_view> Url::query() const {
  if (query_begin_ == fragment_begin_) return std::nullopt;
  return range(query_begin_ + 1, fragment_begin_);
}

std::optional<std::string_view> Url::fragment() const {
  auto size = static_cast<uint32_t>(href_.size());
  if (fragment_begin_ == size) return std::nullopt;
  return range(fragment_begin_ + 1, size);
}

std::optional<uint16_t> Url::port_number() const {
  return base::parse_integer<uint16_t>(port());
}

std::optional<uint16_t> Url::effective_port() const {
  auto number = port_number();
  return number ? number : default_port(scheme_kind_);
}

std::optional<IpAddress> Url::ip() const {
  std::string_view text = hostname();
  if (host_kind_ == HostKind::ipv4) return IpAddress::parse(text);
  if (host_kind_ == HostKind::ipv6) return IpAddress::parse(text.substr(1, text.size() - 2));
  return std::nullopt;
}

// https://url.spec.whatwg.org/#concept-url-origin
std::string Url::origin() const {
  if (scheme() == "blob") {
    auto inner = parse(pathname());
    return inner && inner->is_http() ? inner->origin() : "null";
  }
  if (!is_special() || scheme_kind_ == SchemeKind::file) return "null";
  return std::string(protocol()).append("//").append(host());
}

// https://url.spec.whatwg.org/#cannot-have-a-username-password-port
bool Url::can_have_credentials_or_port() const {
  return host_kind_ != HostKind::none && host_kind_ != HostKind::empty && scheme_kind_ != SchemeKind::file;
}

Parts Parts::of(const Url& url) {
  Parts parts;
  parts.scheme = url.scheme();
  parts.kind = url.scheme_kind_;
  parts.username = url.username();
  parts.password = url.password();
  parts.host = url.hostname();
  parts.host_kind = url.host_kind_;
  parts.port = url.port_number();
  parts.path = url.pathname();
  parts.opaque_path = url.opaque_path_;
  parts.query = url.query();
  parts.fragment = url.fragment();
  return parts;
}

void Parts::set_scheme(std::string lower_case) {
  scheme = std::move(lower_case);
  kind = kind_of_scheme(scheme);
}

void Parts::set_port(uint16_t value) {
  if (default_port(kind) == value)
    port = std::nullopt;
  else
    port = value;
}

void Parts::shorten_path() {
  size_t last = path.rfind('/');
  if (last == path.npos) return;
  if (kind == SchemeKind::file && last == 0 && is_normalized_drive_letter(std::string_view(path).substr(1)))
    return;
  path.resize(last);
}

// https://url.spec.whatwg.org/#url-serializing
std::optional<Url> Parts::assemble() const {
  size_t bound = scheme.size() + username.size() + password.size() + host.size() + path.size() +
                 (query ? query->size() : 0) + (fragment ? fragment->size() : 0) + sizeof("://:@:65535/.?#");
  if (bound > max_url_bytes) return std::nullopt;
  Url url;
  std::string& out = url.href_;
  auto here = [&out] { return static_cast<uint32_t>(out.size()); };
  out.clear();
  out.reserve(bound);
  out += scheme;
  url.scheme_end_ = here();
  out += ':';
  if (host_kind != HostKind::none) out += "//";
  url.user_begin_ = here();
  out += username;
  url.user_end_ = here();
  if (!password.empty()) out.append(":").append(password);
  if (has_credentials()) out += '@';
  url.host_begin_ = here();
  out += host;
  url.host_end_ = here();
  if (port) out.append(":").append(std::to_string(*port));
  if (host_kind == HostKind::none && !opaque_path && path.starts_with("//")) out += "/.";
  url.path_begin_ = here();
  out += path;
  url.query_begin_ = here();
  if (query) out.append("?").append(*query);
  url.fragment_begin_ = here();
  if (fragment) out.append("#").append(*fragment);
  url.scheme_kind_ = kind;
  url.host_kind_ = host_kind;
  url.opaque_path_ = opaque_path;
  return url;
}

}  // namespace shikake::url
