// Streams: https://streams.spec.whatwg.org/. Chunks wait in the stream without a measure of them; what a page
// lets pile up is bounded by its memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// --- one that is read

class Readable final : public Native {
 public:
  static constexpr Kind native_kind = Kind::readable;
  enum class State : uint8_t { open, closed, failed };
  explicit Readable(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override;

  State state = State::open;
  bool started = false, pulling = false, pull_again = false;
  bool closing = false;  // once what waits is read
  double high_water = 1;
  std::deque<JS::Heap<JS::Value>> chunks;
  std::deque<JS::Heap<JSObject*>> waiting;  // promises of those who read
  JS::Heap<JS::Value> failure;
  JS::Heap<JSObject*> source, controller;  // the script's, where it is one's
  JS::Heap<JSObject*> reader, closed;      // who holds it, and what tells that one of its end
};

Readable& make_readable(JSContext* cx, Window& window);
// All there is of `bytes`, in pieces, and then its end.
JSObject* stream_of_bytes(JSContext* cx, Window& window, std::string_view bytes);
void enqueue(JSContext* cx, Readable& stream, JS::HandleValue chunk);
void enqueue_bytes(JSContext* cx, Readable& stream, std::string_view bytes);
void end(JSContext* cx, Readable& stream);
void fail(JSContext* cx, Readable& stream, JS::HandleValue why);
// A promise of {value, done}.
JSObject* read_next(JSContext* cx, Readable& stream);
void cancel(JSContext* cx, Readable& stream, JS::HandleValue why);

// Reads it to its end, which takes turns of the page: one of the two is called. A chunk that is no bytes is a
// failure.
using BytesRead = std::function<void(JSContext* cx, std::string bytes)>;
using ReadFailed = std::function<void(JSContext* cx, JS::HandleValue why)>;
void read_all(JSContext* cx, Readable& stream, BytesRead done, ReadFailed failed);

// --- one that is written to

class Writable final : public Native {
 public:
  static constexpr Kind native_kind = Kind::writable;
  explicit Writable(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override;

  // What is done with a chunk, at the end, and when it is given up; each gives a promise.
  std::function<JSObject*(JSContext*cx, JS::HandleValue value)> write, close, abort;
  bool failed = false, closing = false;
  JS::Heap<JS::Value> failure;
  JS::Heap<JSObject*> sink, controller, writer;
  JS::Heap<JSObject*> last;    // of what is done one after another
  JS::Heap<JSObject*> closed;  // its end
};

Writable& make_writable(JSContext* cx, Window& window);
JSObject* write(JSContext* cx, Writable& stream, JS::HandleValue chunk);
JSObject* close(JSContext* cx, Writable& stream);
JSObject* abort(JSContext* cx, Writable& stream, JS::HandleValue why);
void pipe_to(Call& call);       // of ReadableStream
void pipe_through(Call& call);  // of ReadableStream

// --- both, and what happens between

class Transform final : public Native {
 public:
  static constexpr Kind native_kind = Kind::transform;
  explicit Transform(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override;

  JS::Heap<JSObject*> transformer, controller;
  Readable* readable = nullptr;
  Writable* writable = nullptr;
};
// `chunk` and `end` put what comes of it into `readable`; what they throw fails both sides.
struct Steps {
  std::function<void(JSContext* cx, Readable& out, JS::HandleValue chunk)> chunk;
  std::function<void(JSContext* cx, Readable& out)> end;
};
Transform& make_transform(JSContext* cx, Window& window, std::string_view interface, Steps steps);
void get_readable(Call& call);
void get_writable(Call& call);

// --- promises of what scripts' members do

// Calls a member of an object that may not have it: what it gives, or throws, as a promise.
JSObject* promise_of(JSContext* cx, JS::HandleObject object, const char* member,
                     const JS::HandleValueArray& arguments);
// What `body` throws as a promise of it; nullptr where it throws nothing.
JSObject* rejected_by(JSContext* cx, const std::function<void()>& body);
JSObject* rejected_with(JSContext* cx, JS::HandleValue why);
JSObject* nothing_promised(JSContext* cx);  // a promise of undefined
// Whoever hears nothing of a promise's failure is told nothing.
void nobody_waits_for(JSContext* cx, JS::HandleObject promise);

}  // namespace shikake::honeyclient::low::page
