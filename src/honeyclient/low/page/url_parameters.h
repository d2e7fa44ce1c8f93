// URLSearchParams. https://url.spec.whatwg.org/#interface-urlsearchparams
#pragma once

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/url_encoded.h"

namespace shikake::honeyclient::low::page {

class UrlObject;

class UrlParameters final : public Native {
 public:
  static constexpr Kind native_kind = Kind::url_parameters;
  explicit UrlParameters(Window& the_window) : Native(the_window, native_kind) {}
  Pairs pairs;
  UrlObject* owner = nullptr;  // follows the changes
};

}  // namespace shikake::honeyclient::low::page
