// AbortController and AbortSignal. https://dom.spec.whatwg.org/#aborting-ongoing-activities
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

class Signal final : public Native {
 public:
  static constexpr Kind native_kind = Kind::signal;
  explicit Signal(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override;

  bool aborted = false;
  JS::Heap<JS::Value> reason;
  // What is to be done once it is aborted; before its listeners hear of it.
  std::vector<std::function<void(JSContext*)>> actions;
  std::vector<Signal*> dependent;  // that AbortSignal.any made of it
};

// That of a dictionary's member `signal`; nullptr: there is none.
Signal* signal_of(JSContext* cx, JS::HandleObject options);

}  // namespace shikake::honeyclient::low::page
