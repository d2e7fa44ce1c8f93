// Public suffixes (https://publicsuffix.org), the private section included: under github.io or duckdns.org
// each name belongs to someone else.
//
// The list is the newer of the one built into libpsl and the one that the publicsuffix package installs.
#pragma once

#include <cstdint>
#include <string_view>

namespace shikake::url {

// The views returned are parts of `host`, without the dot that may end it. `host` is as Url::hostname() gives
// it: ASCII, lower case. Addresses have neither: both return an empty view.

// "co.jp" of www.example.co.jp. A top-level domain that the list doesn't know is a suffix by itself.
std::string_view public_suffix(std::string_view host);
// "example.co.jp" of www.example.co.jp: one label more than the suffix. Empty where the host is a suffix
// itself.
std::string_view registrable_domain(std::string_view host);

// Whether this public suffix stands in the list's private section: a company's domain under which it lets
// others have names.
bool is_private_suffix(std::string_view suffix);

// Whether the list names this suffix, in either section: tells "com" from an ending that only looks like one.
bool is_listed_suffix(std::string_view suffix);

// Another number when the list is another one: what was filed by its answers is to be filed anew.
uint64_t suffix_list_version();

}  // namespace shikake::url
