// The properties that location, URL and links have of an address's parts, in the standard's order.
// https://url.spec.whatwg.org/#api-host, https://html.spec.whatwg.org/#hyperlinkutils
#pragma once

#include "honeyclient/low/page/bind.h"
#include "url/url.h"

// `get` and `set` are templates over the accessors of url::Url.
#define SHIKAKE_URL_PARTS(get, set)                                                         \
  SHIKAKE_PROPERTY("host", get<&url::Url::host>, set<&url::Url::set_host>),                 \
      SHIKAKE_PROPERTY("hostname", get<&url::Url::hostname>, set<&url::Url::set_hostname>), \
      SHIKAKE_PROPERTY("port", get<&url::Url::port>, set<&url::Url::set_port>),             \
      SHIKAKE_PROPERTY("pathname", get<&url::Url::pathname>, set<&url::Url::set_pathname>), \
      SHIKAKE_PROPERTY("search", get<&url::Url::search>, set<&url::Url::set_search>),       \
      SHIKAKE_PROPERTY("hash", get<&url::Url::hash>, set<&url::Url::set_hash>)
