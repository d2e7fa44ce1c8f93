// Defanged input: what people write so that nobody clicks it, read back.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "url/url.h"

namespace shikake::url {

// Undoes the well-known ways of defanging one URL, host or address:
//
//   hxxp:// hxxps:// (x for t, any case; also http with stars, h**p://) fxp://     the scheme
//   [.] (.) {.} [dot] (dot) {dot} \.                                               a dot
//   [:] [://] [/] [at] [@]                                                         what they say
//
// Text whose scheme and host show none of these is returned as it is, whatever stands behind its host: a
// query may hold "(.)" in earnest. refang(refang(x)) is refang(x).
std::string refang(std::string_view text);

// What a person typed or pasted: refanged, and "http://" put before a host that has no scheme
// ("www.example.com/x", "192.0.2.1:8080"). Fails as Url::parse does.
Result<Url> parse_typed(std::string_view text);

}  // namespace shikake::url
