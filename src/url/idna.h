// Internationalised domain names as the URL Standard asks for them (https://url.spec.whatwg.org/#idna):
// UTS #46 revision 35 (Unicode 17), nontransitional, CheckBidi, CheckJoiners, neither CheckHyphens nor
// VerifyDnsLength nor UseSTD3ASCIIRules.
//
// ICU gives normalisation and character properties; which of its mappings are older than the standard's
// is a table in idna.cpp. Characters assigned after ICU's Unicode version, ideographs apart, are refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shikake::url {

// A domain with characters outside ASCII may be this long, in bytes: Punycode takes quadratic time, and no
// resolver takes more than 253.
constexpr size_t max_unicode_domain_bytes = 8192;

// https://url.spec.whatwg.org/#concept-domain-to-ascii without its last check for forbidden code points.
// `domain` is valid UTF-8. One that is ASCII already is lower-cased, and nothing else: "xn--a" is what DNS
// is asked for, whether or not it decodes.
std::optional<std::string> domain_to_ascii(std::string_view domain);

// RFC 3492. Code points in, ASCII out, without "xn--"; and back (lower-case input). Nothing on overflow,
// surrogates or text that no encoder makes.
std::optional<std::string> punycode_encode(std::u32string_view label);
std::optional<std::u32string> punycode_decode(std::string_view text);

}  // namespace shikake::url
