// Requests as the persona's browser would send them.
#pragma once

#include <optional>
#include <string>

#include "honeyclient/low/protocol.h"
#include "intel/visit.h"
#include "net/cookies.h"
#include "net/http.h"
#include "net/referrer.h"
#include "url/url.h"

namespace shikake::honeyclient::low {

struct RequestContext {
  const Persona& persona;
  intel::Mechanism mechanism;
  std::optional<url::Url> from;  // the page that asks
  net::ReferrerPolicy policy;    // of that page
  std::string cookies;           // the Cookie header's value, may be empty
  RequestMode mode = RequestMode::unrestricted;
  std::string cors_origin = {};  // of a request whose answer the server must allow: its Origin header
};

// https://fetch.spec.whatwg.org/#forbidden-request-header, and what is no header at all.
bool page_may_set(const Header& header);

// Whether the mechanism brings a document to a window, and whether to the whole one.
bool is_navigation(intel::Mechanism mechanism);
bool is_frame(intel::Mechanism mechanism);
// May show a page, as a frame does, or hand its file to a plugin.
bool is_embedded(intel::Mechanism mechanism);

// How many of `whole` may be taken once a request of this kind is let in: pictures, what scripts ask for and
// scripts leave room for what leads on, so that no page hides a frame behind a thousand pictures.
uint64_t room_for(intel::Mechanism mechanism, uint64_t whole);

net::FetchRequest make_request(const RequestContext& context, const url::Url& to, const std::string& method,
                               const std::string& body, const std::vector<Header>& given);

}  // namespace shikake::honeyclient::low
