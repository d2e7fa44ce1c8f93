// Copies of values, as messages carry them. https://html.spec.whatwg.org/#structuredserializeinternal
#pragma once

#include <memory>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

class Clone {
 public:
  // Throws what the standard throws where a value can't be copied.
  static std::shared_ptr<Clone> of(JSContext* cx, JS::HandleValue value);
  // A new copy, in the realm that is entered. Blobs and ports are handed over as they are.
  JS::Value read(JSContext* cx);

  Clone();
  ~Clone();
  Clone(const Clone&) = delete;
  Clone& operator=(const Clone&) = delete;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

}  // namespace shikake::honeyclient::low::page
