// ReadableStream, its readers and controllers. https://streams.spec.whatwg.org/#rs
#include "honeyclient/low/page/streams.h"

#include <js/Symbol.h>
#include <js/experimental/TypedData.h>

#include <memory>

#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

// --- promises
// -------------------------------------------------------------------------------------------------

JSObject* rejected_with(JSContext* cx, JS::HandleValue why) {
  JS::RootedObject promise(cx, must(JS::NewPromiseObject(cx, nullptr)));
  must(JS::RejectPromise(cx, promise, why));
  return promise;
}

JSObject* nothing_promised(JSContext* cx) {
  return resolved(cx, JS::UndefinedHandleValue);
}

void nobody_waits_for(JSContext* cx, JS::HandleObject promise) {
  must(JS::SetAnyPromiseIsHandled(cx, promise));
}

JSObject* rejected_by(JSContext* cx, const std::function<void()>& body) {
  if (guarded(cx, body)) return nullptr;
  JS::RootedValue why(cx);
  if (!JS_GetPendingException(cx, &why)) throw Thrown{};  // stopped for its time
  JS_ClearPendingException(cx);
  return rejected_with(cx, why);
}

JSObject* promise_of(JSContext* cx, JS::HandleObject object, const char* member,
                     const JS::HandleValueArray& arguments) {
  JS::RootedValue result(cx);
  JS::RootedObject failed(cx, rejected_by(cx, [&] {
                            JS::RootedValue function(cx);
                            if (!object) return;
                            must(JS_GetProperty(cx, object, member, &function));
                            if (!function.isNullOrUndefined())
                              must(JS::Call(cx, object, function, arguments, &result));
                          }));
  return failed ? failed.get() : resolved(cx, result);
}

namespace {

void trace_object(JSTracer* tracer, JS::Heap<JSObject*>& object) {
  JS::TraceEdge(tracer, &object, "of a stream");
}

JSObject* read_result(JSContext* cx, JS::HandleValue value, bool done) {
  JS::RootedObject result(cx, must(JS_NewPlainObject(cx)));
  must(JS_DefineProperty(cx, result, "value", value, JSPROP_ENUMERATE) &&
       JS_DefineProperty(cx, result, "done", done ? JS::TrueHandleValue : JS::FalseHandleValue,
                         JSPROP_ENUMERATE));
  return result;
}

void answer(JSContext* cx, JS::HandleObject promise, JS::HandleValue value, bool done) {
  JS::RootedValue result(cx, JS::ObjectValue(*read_result(cx, value, done)));
  must(JS::ResolvePromise(cx, promise, result));
}

// https://streams.spec.whatwg.org/#readable-stream-default-controller-call-pull-if-needed
void pull(JSContext* cx, Readable& stream) {
  if (!stream.source || !stream.started || stream.closing || stream.state != Readable::State::open) return;
  if (stream.waiting.empty() && static_cast<double>(stream.chunks.size()) >= stream.high_water) return;
  if (stream.pulling) {
    stream.pull_again = true;
    return;
  }
  stream.pulling = true;
  JS::RootedObject source(cx, stream.source);
  JS::RootedValueArray<1> arguments(cx);
  arguments[0].setObject(*stream.controller);
  JS::RootedValue promise(cx, JS::ObjectValue(*promise_of(cx, source, "pull", arguments)));
  when_settled(
      cx, promise,
      [&stream](JSContext* context, JS::HandleValue) {
        stream.pulling = false;
        if (std::exchange(stream.pull_again, false)) pull(context, stream);
      },
      [&stream](JSContext* context, JS::HandleValue why) { fail(context, stream, why); });
}

void ended(JSContext* cx, Readable& stream) {
  stream.state = Readable::State::closed;
  for (JS::Heap<JSObject*>& one : std::exchange(stream.waiting, {})) {
    JS::RootedObject promise(cx, one);
    answer(cx, promise, JS::UndefinedHandleValue, true);
  }
  JS::RootedObject closed(cx, stream.closed);
  if (closed) must(JS::ResolvePromise(cx, closed, JS::UndefinedHandleValue));
}

}  // namespace

void Readable::trace(JSTracer* tracer) {
  Native::trace(tracer);
  for (auto& one : chunks) JS::TraceEdge(tracer, &one, "chunk");
  for (auto& one : waiting) trace_object(tracer, one);
  JS::TraceEdge(tracer, &failure, "failure");
  for (auto* one : {&source, &controller, &reader, &closed}) trace_object(tracer, *one);
}

Readable& make_readable(JSContext* cx, Window& window) {
  auto* stream = new Readable(window);
  JS::RootedObject made(cx, wrap_native(cx, *stream, "ReadableStream")), prototype(cx);
  // Browsers that know the iteration at all know it of the prototype.
  must(JS_GetPrototype(cx, made, &prototype));
  JS::RootedValue values(cx);
  JS::RootedId key(cx, JS::GetWellKnownSymbolKey(cx, JS::SymbolCode::asyncIterator));
  bool iterates = true;
  must(JS_HasPropertyById(cx, prototype, key, &iterates));
  if (!iterates) must(JS_GetProperty(cx, prototype, "values", &values));
  if (values.isObject()) must(JS_DefinePropertyById(cx, prototype, key, values, 0));
  return *stream;
}

void enqueue(JSContext* cx, Readable& stream, JS::HandleValue chunk) {
  if (stream.state != Readable::State::open || stream.closing) return;
  if (stream.waiting.empty()) {
    stream.chunks.emplace_back(chunk);
  } else {
    JS::RootedObject promise(cx, stream.waiting.front());
    stream.waiting.pop_front();
    answer(cx, promise, chunk, false);
  }
  pull(cx, stream);
}

void enqueue_bytes(JSContext* cx, Readable& stream, std::string_view bytes) {
  JS::RootedObject buffer(cx, array_buffer(cx, bytes));
  JS::RootedValue chunk(
      cx,
      JS::ObjectValue(*must(JS_NewUint8ArrayWithBuffer(cx, buffer, 0, static_cast<int64_t>(bytes.size())))));
  enqueue(cx, stream, chunk);
}

void end(JSContext* cx, Readable& stream) {
  if (stream.state != Readable::State::open || stream.closing) return;
  stream.closing = true;
  if (stream.chunks.empty()) ended(cx, stream);
}

void fail(JSContext* cx, Readable& stream, JS::HandleValue why) {
  if (stream.state != Readable::State::open) return;
  stream.state = Readable::State::failed;
  stream.failure = why;
  stream.chunks.clear();
  for (JS::Heap<JSObject*>& one : std::exchange(stream.waiting, {})) {
    JS::RootedObject promise(cx, one);
    must(JS::RejectPromise(cx, promise, why));
  }
  JS::RootedObject closed(cx, stream.closed);
  if (closed) {
    must(JS::RejectPromise(cx, closed, why));
    nobody_waits_for(cx, closed);
  }
}

JSObject* read_next(JSContext* cx, Readable& stream) {
  JS::RootedObject promise(cx, must(JS::NewPromiseObject(cx, nullptr)));
  if (stream.state == Readable::State::failed) {
    JS::RootedValue why(cx, stream.failure);
    must(JS::RejectPromise(cx, promise, why));
  } else if (stream.state == Readable::State::closed) {
    answer(cx, promise, JS::UndefinedHandleValue, true);
  } else if (!stream.chunks.empty()) {
    JS::RootedValue chunk(cx, stream.chunks.front());
    stream.chunks.pop_front();
    answer(cx, promise, chunk, false);
    if (stream.closing && stream.chunks.empty()) ended(cx, stream);
    pull(cx, stream);
  } else {
    stream.waiting.emplace_back(promise);
    pull(cx, stream);
  }
  return promise;
}

void cancel(JSContext* cx, Readable& stream, JS::HandleValue why) {
  if (stream.state != Readable::State::open) return;
  stream.chunks.clear();
  ended(cx, stream);
  JS::RootedObject source(cx, stream.source);
  JS::RootedObject promise(cx, promise_of(cx, source, "cancel", JS::HandleValueArray(why)));
  nobody_waits_for(cx, promise);
}

JSObject* stream_of_bytes(JSContext* cx, Window& window, std::string_view bytes) {
  constexpr size_t piece = 65'536;  // as browsers hand out what they have
  Readable& stream = make_readable(cx, window);
  for (size_t at = 0; at < bytes.size(); at += piece) enqueue_bytes(cx, stream, bytes.substr(at, piece));
  end(cx, stream);
  return stream.wrapper;
}

namespace {

struct Reading {
  std::string bytes;
  BytesRead done;
  ReadFailed failed;
};

void go_on(JSContext* cx, Readable& stream, const std::shared_ptr<Reading>& reading) {
  JS::RootedValue next(cx, JS::ObjectValue(*read_next(cx, stream)));
  when_settled(
      cx, next,
      [&stream, reading](JSContext* context, JS::HandleValue found) {
        JS::RootedObject result(context, &found.toObject());
        JS::RootedValue value(context), done(context);
        must(JS_GetProperty(context, result, "done", &done) &&
             JS_GetProperty(context, result, "value", &value));
        if (JS::ToBoolean(done)) return reading->done(context, std::move(reading->bytes));
        auto bytes = value.isObject() ? bytes_of(&value.toObject()) : std::nullopt;
        if (!bytes) {
          JS::RootedObject promise(context,
                                   rejected_with_type_error(context, "Received non-Uint8Array chunk"));
          JS::RootedValue why(context, JS::GetPromiseResult(promise));
          nobody_waits_for(context, promise);
          return reading->failed(context, why);
        }
        reading->bytes += *bytes;
        go_on(context, stream, reading);
      },
      [reading](JSContext* context, JS::HandleValue why) { reading->failed(context, why); });
}

}  // namespace

void read_all(JSContext* cx, Readable& stream, BytesRead done, ReadFailed failed) {
  stream.reader = stream.wrapper.get();  // nobody else reads on
  go_on(cx, stream, std::make_shared<Reading>(Reading{{}, std::move(done), std::move(failed)}));
}

namespace {

// --- controllers
// ------------------------------------------------------------------------------------------------

class Controller final : public Native {
 public:
  static constexpr Kind native_kind = Kind::stream_controller;
  Controller(Window& the_window, Readable& the_stream)
      : Native(the_window, native_kind), stream(the_stream) {}
  Readable& stream;
};

void controller_enqueue(Call& call) {
  Readable& stream = call.self<Controller>().stream;
  if (stream.state != Readable::State::open || stream.closing)
    call.type_error(
        "Failed to execute 'enqueue' on 'ReadableStreamDefaultController': Stream is not readable");
  enqueue(call.cx, stream, call.at(0));
  call.give();
}
void controller_close(Call& call) {
  Readable& stream = call.self<Controller>().stream;
  if (stream.state != Readable::State::open || stream.closing)
    call.type_error(
        "Failed to execute 'close' on 'ReadableStreamDefaultController': Cannot close a closed stream");
  end(call.cx, stream);
  call.give();
}
void controller_error(Call& call) {
  fail(call.cx, call.self<Controller>().stream, call.at(0));
  call.give();
}
void get_desired(Call& call) {
  const Readable& stream = call.self<Controller>().stream;
  if (stream.state == Readable::State::failed) return call.give_null();
  if (stream.state == Readable::State::closed) return call.give(int32_t{0});
  call.give(stream.high_water - static_cast<double>(stream.chunks.size()));
}
void get_null(Call& call) {
  call.give_null();
}

// --- the stream
// -------------------------------------------------------------------------------------------------

double high_water_of(Call& call, unsigned i, double otherwise) {
  if (!call.object(i)) return otherwise;
  JS::RootedObject strategy(call.cx, call.object(i));
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, strategy, "highWaterMark", &value));
  if (value.isUndefined()) return otherwise;
  double number = 0;
  must(JS::ToNumber(call.cx, value, &number));
  if (!(number >= 0))
    call.type_error("A queuing strategy's highWaterMark must be a nonnegative, non-NaN number");
  return number;
}

void construct(Call& call) {
  Readable& stream = make_readable(call.cx, call.window);
  JS::RootedObject source(call.cx, call.object(0)), made(call.cx, stream.wrapper);
  stream.high_water = high_water_of(call, 1, 1);
  JS::RootedValue type(call.cx), given(call.cx);
  if (source) must(JS_GetProperty(call.cx, source, "type", &type));
  const bool bytes = !type.isUndefined();
  if (bytes && to_text(call.cx, type) != u"bytes") call.type_error("Invalid type is specified");
  auto* controller = new Controller(call.window, stream);
  stream.source = source;
  stream.controller = wrap_native(call.cx, *controller,
                                  bytes ? "ReadableByteStreamController" : "ReadableStreamDefaultController");
  if (source) {
    JS::RootedValue start(call.cx);
    must(JS_GetProperty(call.cx, source, "start", &start));
    JS::RootedValueArray<1> arguments(call.cx);
    arguments[0].setObject(*stream.controller);
    if (!start.isUndefined()) must(JS::Call(call.cx, source, start, arguments, &given));
  }
  when_settled(
      call.cx, given,
      [&stream](JSContext* cx, JS::HandleValue) {
        stream.started = true;
        pull(cx, stream);
      },
      [&stream](JSContext* cx, JS::HandleValue why) { fail(cx, stream, why); });
  call.give(made);
}

void get_locked(Call& call) {
  call.give(call.self<Readable>().reader != nullptr);
}

void cancel_stream(Call& call) {
  Readable& stream = call.self<Readable>();
  if (stream.reader) return call.give(rejected_with_type_error(call.cx, "Cannot cancel a locked stream"));
  cancel(call.cx, stream, call.at(0));
  call.give(nothing_promised(call.cx));
}

class Reader final : public Native {
 public:
  static constexpr Kind native_kind = Kind::stream_reader;
  Reader(Window& the_window, Readable& the_stream) : Native(the_window, native_kind), stream(&the_stream) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    trace_object(tracer, closed);
  }
  Readable* stream;  // nullptr: released
  JS::Heap<JSObject*> closed;
};

JSObject* hold(Call& call, Readable& stream, std::string_view interface) {
  if (stream.reader)
    call.type_error(
        "ReadableStreamDefaultReader constructor can only accept readable streams that are not yet locked to "
        "a reader");
  auto* reader = new Reader(call.window, stream);
  JS::RootedObject made(call.cx, wrap_native(call.cx, *reader, interface));
  JS::RootedObject closed(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  reader->closed = closed;
  stream.closed = closed;
  stream.reader = made;
  if (stream.state == Readable::State::closed)
    must(JS::ResolvePromise(call.cx, closed, JS::UndefinedHandleValue));
  if (stream.state == Readable::State::failed) {
    JS::RootedValue why(call.cx, stream.failure);
    must(JS::RejectPromise(call.cx, closed, why));
    nobody_waits_for(call.cx, closed);
  }
  return made;
}

void get_reader(Call& call) {
  Readable& stream = call.self<Readable>();
  if (call.object(0)) {
    JS::RootedObject options(call.cx, call.object(0));
    JS::RootedValue mode(call.cx);
    must(JS_GetProperty(call.cx, options, "mode", &mode));
    if (!mode.isUndefined()) {
      call.page.unemulated("ReadableStreamBYOBReader", true);
      call.type_error(
          "Failed to execute 'getReader' on 'ReadableStream': Cannot use a BYOB reader with a non-byte "
          "stream");
    }
  }
  call.give(hold(call, stream, "ReadableStreamDefaultReader"));
}
void construct_reader(Call& call) {
  Readable* stream = native_as<Readable>(call.at(0));
  if (!stream) call.type_error("parameter 1 is not of type 'ReadableStream'.");
  call.give(hold(call, *stream, "ReadableStreamDefaultReader"));
}

void read(Call& call) {
  const Reader& reader = call.self<Reader>();
  if (!reader.stream)
    return call.give(rejected_with_type_error(call.cx, "This readable stream reader has been released"));
  call.give(read_next(call.cx, *reader.stream));
}
void get_closed(Call& call) {
  call.give(call.self<Reader>().closed.get());
}
void cancel_reader(Call& call) {
  const Reader& reader = call.self<Reader>();
  if (reader.stream) cancel(call.cx, *reader.stream, call.at(0));
  call.give(nothing_promised(call.cx));
}
void let_go(Reader& reader) {
  if (!reader.stream) return;
  reader.stream->reader = nullptr;
  reader.stream->closed = nullptr;
  reader.stream = nullptr;
}
void release(Call& call) {
  let_go(call.self<Reader>());
  call.give();
}

// https://streams.spec.whatwg.org/#rs-asynciterator
void values(Call& call) {
  call.give(hold(call, call.self<Readable>(), "ReadableStream AsyncIterator"));
}
void next(Call& call) {
  Reader& reader = call.self<Reader>();
  if (!reader.stream)
    return call.give(resolved(
        call.cx,
        JS::RootedValue(call.cx, JS::ObjectValue(*read_result(call.cx, JS::UndefinedHandleValue, true)))));
  call.give(read_next(call.cx, *reader.stream));
}
void give_up(Call& call) {
  Reader& reader = call.self<Reader>();
  if (reader.stream) cancel(call.cx, *reader.stream, call.at(0));
  let_go(reader);
  JS::RootedValue result(call.cx, JS::ObjectValue(*read_result(call.cx, call.at(0), true)));
  call.give(resolved(call.cx, result));
}
void give_self(Call& call) {
  call.give(call.args.thisv());
}

// https://streams.spec.whatwg.org/#readable-stream-tee: both are filled as the first of them is read.
void fill_both(JSContext* cx, Readable& from, Readable& a, Readable& b) {
  JS::RootedValue found(cx, JS::ObjectValue(*read_next(cx, from)));
  when_settled(
      cx, found,
      [&](JSContext* context, JS::HandleValue one) {
        JS::RootedObject result(context, &one.toObject());
        JS::RootedValue value(context), done(context);
        must(JS_GetProperty(context, result, "done", &done) &&
             JS_GetProperty(context, result, "value", &value));
        if (JS::ToBoolean(done)) {
          end(context, a);
          return end(context, b);
        }
        enqueue(context, a, value);
        enqueue(context, b, value);
        fill_both(context, from, a, b);
      },
      [&](JSContext* context, JS::HandleValue why) {
        fail(context, a, why);
        fail(context, b, why);
      });
}
void tee(Call& call) {
  Readable& stream = call.self<Readable>();
  if (stream.reader)
    call.type_error("Failed to execute 'tee' on 'ReadableStream': Cannot tee a locked stream");
  stream.reader = stream.wrapper.get();
  Readable &a = make_readable(call.cx, call.window), &b = make_readable(call.cx, call.window);
  JS::RootedValueArray<2> both(call.cx);
  both[0].setObject(*a.wrapper);
  both[1].setObject(*b.wrapper);
  fill_both(call.cx, stream, a, b);
  call.give(must(JS::NewArrayObject(call.cx, both)));
}

constexpr JSFunctionSpec stream_methods[] = {SHIKAKE_METHOD("cancel", cancel_stream, 0),
                                             SHIKAKE_METHOD("getReader", get_reader, 0),
                                             SHIKAKE_METHOD("pipeThrough", pipe_through, 1),
                                             SHIKAKE_METHOD("pipeTo", pipe_to, 1),
                                             SHIKAKE_METHOD("tee", tee, 0),
                                             SHIKAKE_METHOD("values", values, 0),
                                             JS_FS_END};
constexpr JSPropertySpec stream_properties[] = {SHIKAKE_GETTER("locked", get_locked), JS_PS_END};
constexpr JSFunctionSpec reader_methods[] = {SHIKAKE_METHOD("cancel", cancel_reader, 0),
                                             SHIKAKE_METHOD("read", read, 0),
                                             SHIKAKE_METHOD("releaseLock", release, 0), JS_FS_END};
constexpr JSPropertySpec reader_properties[] = {SHIKAKE_GETTER("closed", get_closed), JS_PS_END};
constexpr JSFunctionSpec iterator_methods[] = {SHIKAKE_METHOD("next", next, 0),
                                               SHIKAKE_METHOD("return", give_up, 1),
                                               JS_SYM_FN(asyncIterator, native<give_self>, 0, 0), JS_FS_END};
constexpr JSFunctionSpec controller_methods[] = {SHIKAKE_METHOD("close", controller_close, 0),
                                                 SHIKAKE_METHOD("enqueue", controller_enqueue, 0),
                                                 SHIKAKE_METHOD("error", controller_error, 0), JS_FS_END};
constexpr JSPropertySpec controller_properties[] = {SHIKAKE_GETTER("desiredSize", get_desired), JS_PS_END};
constexpr JSPropertySpec byte_properties[] = {SHIKAKE_GETTER("byobRequest", get_null),
                                              SHIKAKE_GETTER("desiredSize", get_desired), JS_PS_END};
constexpr uint8_t nobody = 0;  // only met as what next() stands on
constexpr Interface table[] = {
    {.name = "ReadableStream",
     .parent = "",
     .methods = stream_methods,
     .properties = stream_properties,
     .construct = native<construct>,
     .engines = on_modern},
    {.name = "ReadableStreamDefaultReader",
     .parent = "",
     .methods = reader_methods,
     .properties = reader_properties,
     .construct = native<construct_reader>,
     .construct_arguments = 1,
     .engines = on_modern},
    {.name = "ReadableStreamDefaultController",
     .parent = "",
     .methods = controller_methods,
     .properties = controller_properties,
     .engines = on_modern},
    {.name = "ReadableByteStreamController",
     .parent = "",
     .methods = controller_methods,
     .properties = byte_properties,
     .engines = on_modern},
    {.name = "ReadableStream AsyncIterator", .parent = "", .methods = iterator_methods, .engines = nobody}};

}  // namespace

std::span<const Interface> readable_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
