// Inside the module: a URL taken apart, as the standard's "URL record". The parser and the setters work on
// this; Url is its serialised form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "url/url.h"

namespace shikake::url {

SchemeKind kind_of_scheme(std::string_view lower_case_scheme);
std::optional<uint16_t> default_port(SchemeKind kind);

struct Parts {
  std::string scheme;
  SchemeKind kind = SchemeKind::other;
  std::string username, password;
  std::string host;  // serialised
  HostKind host_kind = HostKind::none;
  std::optional<uint16_t> port;
  // The standard's list of segments is each segment behind a '/': "/a/b" is [a, b], "" is the empty list.
  std::string path;
  bool opaque_path = false;
  std::optional<std::string> query, fragment;

  static Parts of(const Url& url);
  bool is_special() const { return kind != SchemeKind::other; }
  bool has_credentials() const { return !username.empty() || !password.empty(); }
  void set_scheme(std::string lower_case);
  void set_port(uint16_t value);  // none where it is the scheme's default
  void shorten_path();            // https://url.spec.whatwg.org/#shorten-a-urls-path

  // Nothing where it would be longer than max_url_bytes.
  std::optional<Url> assemble() const;
};

// https://url.spec.whatwg.org/#windows-drive-letter and its two kin.
bool is_drive_letter(std::string_view text);
bool is_normalized_drive_letter(std::string_view text);
bool starts_with_drive_letter(std::string_view text);

// --- Pieces of the basic URL parser that setters enter alone. `text` has neither tabs nor newlines.
enum class Override : uint8_t { none, host, hostname };

// A whole text as a scheme, lower-cased; nothing where it is none.
std::optional<std::string> parse_scheme(std::string_view text);
// The host state (file host state for file URLs) and the port state behind it. `text` ends where the
// authority does. Returns the broken rule, or null. With an override a host may be set although the port
// behind it is not.
const char* parse_host_and_port(Parts& parts, std::string_view text, Override mode);
const char* parse_port(Parts& parts, std::string_view digits);
// The path state, from its first segment on; `text` is all path.
void parse_path(Parts& parts, std::string_view text);
// The path start state with an override.
void parse_path_start(Parts& parts, std::string_view text);
void parse_query(Parts& parts, std::string_view text);
void parse_fragment(Parts& parts, std::string_view text);
// Where an authority or a host ends: the first of / ? # and, in special URLs, a backslash.
size_t authority_end(std::string_view text, bool special);

// A returned view lives as long as `text`'s bytes.
std::string_view leading_digits(std::string_view text);
std::string without_tabs_and_newlines(std::string_view text);

}  // namespace shikake::url
