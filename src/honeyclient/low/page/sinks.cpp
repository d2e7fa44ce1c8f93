// WritableStream, TransformStream and what is piped. https://streams.spec.whatwg.org/#ws
#include <memory>

#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/streams.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

void Writable::trace(JSTracer* tracer) {
  Native::trace(tracer);
  JS::TraceEdge(tracer, &failure, "failure");
  for (auto* one : {&sink, &controller, &writer, &last, &closed}) JS::TraceEdge(tracer, one, "of a stream");
}

void Transform::trace(JSTracer* tracer) {
  Native::trace(tracer);
  for (auto* one : {&transformer, &controller}) JS::TraceEdge(tracer, one, "of a stream");
}

namespace {

void fail(JSContext* cx, Writable& stream, JS::HandleValue why) {
  if (stream.failed) return;
  stream.failed = true;
  stream.failure = why;
  JS::RootedObject closed(cx, stream.closed);
  must(JS::RejectPromise(cx, closed, why));
  nobody_waits_for(cx, closed);
}

void settle_as(JSContext* cx, JSObject* of, JS::HandleObject promise, std::function<void(JSContext*)> done,
               std::function<void(JSContext*, JS::HandleValue)> failed) {
  auto kept = std::make_shared<JS::PersistentRootedObject>(cx, promise);
  JS::RootedValue waited_for(cx, JS::ObjectValue(*of));
  when_settled(
      cx, waited_for,
      [kept, done = std::move(done)](JSContext* context, JS::HandleValue) {
        JS::RootedObject waiting(context, *kept);
        done(context);
        must(JS::ResolvePromise(context, waiting, JS::UndefinedHandleValue));
      },
      [kept, failed = std::move(failed)](JSContext* context, JS::HandleValue why) {
        JS::RootedObject waiting(context, *kept);
        failed(context, why);
        must(JS::RejectPromise(context, waiting, why));
      });
}

// One step after what was begun before it.
JSObject* then(JSContext* cx, Writable& stream, std::function<JSObject*(JSContext*)> step) {
  JS::RootedObject promise(cx, must(JS::NewPromiseObject(cx, nullptr)));
  JS::RootedValue before(cx, JS::ObjectValue(*stream.last));
  auto kept = std::make_shared<JS::PersistentRootedObject>(cx, promise);
  auto run = [&stream, kept, step = std::move(step)](JSContext* context, JS::HandleValue) {
    JS::RootedObject waiting(context, *kept), result(context);
    if (stream.failed) {
      JS::RootedValue why(context, stream.failure);
      must(JS::RejectPromise(context, waiting, why));
      return;
    }
    JS::RootedObject thrown(context, rejected_by(context, [&] { result = step(context); }));
    settle_as(
        context, thrown ? thrown : result, waiting, [](JSContext*) {},
        [&stream](JSContext* later, JS::HandleValue why) { fail(later, stream, why); });
  };
  when_settled(cx, before, run, run);
  stream.last = promise;
  return promise;
}

}  // namespace

Writable& make_writable(JSContext* cx, Window& window) {
  auto* stream = new Writable(window);
  wrap_native(cx, *stream, "WritableStream");
  stream->last = nothing_promised(cx);
  stream->closed = must(JS::NewPromiseObject(cx, nullptr));
  return *stream;
}

JSObject* write(JSContext* cx, Writable& stream, JS::HandleValue chunk) {
  if (stream.closing) return rejected_with_type_error(cx, "Cannot write to a closing writable stream");
  auto kept = std::make_shared<JS::PersistentRootedValue>(cx, chunk);
  return then(cx, stream, [&stream, kept](JSContext* context) { return stream.write(context, *kept); });
}

JSObject* close(JSContext* cx, Writable& stream) {
  if (stream.closing)
    return rejected_with_type_error(cx, "Cannot close a writable stream that is already closing");
  JS::RootedObject done(cx, then(cx, stream, [&stream](JSContext* context) {
                          return stream.close(context, JS::UndefinedHandleValue);
                        }));
  stream.closing = true;
  JS::RootedValue promise(cx, JS::ObjectValue(*done));
  when_settled(
      cx, promise,
      [&stream](JSContext* context, JS::HandleValue) {
        JS::RootedObject closed(context, stream.closed);
        must(JS::ResolvePromise(context, closed, JS::UndefinedHandleValue));
      },
      [](JSContext*, JS::HandleValue) {});
  return done;
}

JSObject* abort(JSContext* cx, Writable& stream, JS::HandleValue why) {
  if (stream.failed) return nothing_promised(cx);
  fail(cx, stream, why);
  return stream.abort(cx, why);
}

namespace {

// --- WritableStream
// ---------------------------------------------------------------------------------------------

class SinkController final : public Native {
 public:
  static constexpr Kind native_kind = Kind::sink_controller;
  SinkController(Window& the_window, Writable& the_stream)
      : Native(the_window, native_kind), stream(the_stream) {}
  Writable& stream;
};
void sink_error(Call& call) {
  fail(call.cx, call.self<SinkController>().stream, call.at(0));
  call.give();
}

// What the script's sink does with it.
std::function<JSObject*(JSContext*, JS::HandleValue)> sinks(Writable& stream, const char* member) {
  return [&stream, member](JSContext* cx, JS::HandleValue value) {
    JS::RootedObject sink(cx, stream.sink);
    JS::RootedValueArray<2> arguments(cx);
    arguments[0].set(value);
    arguments[1].setObjectOrNull(stream.controller);
    return promise_of(cx, sink, member, arguments);
  };
}

void construct_writable(Call& call) {
  Writable& stream = make_writable(call.cx, call.window);
  JS::RootedObject sink(call.cx, call.object(0)), made(call.cx, stream.wrapper);
  stream.sink = sink;
  stream.controller =
      wrap_native(call.cx, *new SinkController(call.window, stream), "WritableStreamDefaultController");
  stream.write = sinks(stream, "write");
  stream.close = sinks(stream, "close");
  stream.abort = sinks(stream, "abort");
  if (sink) {
    JS::RootedValueArray<1> arguments(call.cx);
    arguments[0].setObject(*stream.controller);
    JS::RootedValue start(call.cx), given(call.cx);
    must(JS_GetProperty(call.cx, sink, "start", &start));
    if (!start.isUndefined()) must(JS::Call(call.cx, sink, start, arguments, &given));
    stream.last = resolved(call.cx, given);
  }
  call.give(made);
}

class Writer final : public Native {
 public:
  static constexpr Kind native_kind = Kind::writer;
  Writer(Window& the_window, Writable& the_stream) : Native(the_window, native_kind), stream(&the_stream) {}
  Writable* stream;  // nullptr: released
};

JSObject* hold(Call& call, Writable& stream) {
  if (stream.writer) call.type_error("Cannot create writer when WritableStream is locked");
  JSObject* made = wrap_native(call.cx, *new Writer(call.window, stream), "WritableStreamDefaultWriter");
  stream.writer = made;
  return made;
}
void get_writer(Call& call) {
  call.give(hold(call, call.self<Writable>()));
}
void construct_writer(Call& call) {
  Writable* stream = native_as<Writable>(call.at(0));
  if (!stream) call.type_error("parameter 1 is not of type 'WritableStream'.");
  call.give(hold(call, *stream));
}
void get_sink_locked(Call& call) {
  call.give(call.self<Writable>().writer != nullptr);
}
JSObject* locked(Call& call) {
  return rejected_with_type_error(call.cx, "The stream is locked to a writer");
}
void close_sink(Call& call) {
  Writable& stream = call.self<Writable>();
  call.give(stream.writer ? locked(call) : close(call.cx, stream));
}
void abort_sink(Call& call) {
  Writable& stream = call.self<Writable>();
  call.give(stream.writer ? locked(call) : abort(call.cx, stream, call.at(0)));
}

JSObject* released(Call& call) {
  return rejected_with_type_error(call.cx,
                                  "This writable stream writer has been released and cannot be used");
}
void write_chunk(Call& call) {
  Writable* stream = call.self<Writer>().stream;
  call.give(stream ? write(call.cx, *stream, call.at(0)) : released(call));
}
void close_writer(Call& call) {
  Writable* stream = call.self<Writer>().stream;
  call.give(stream ? close(call.cx, *stream) : released(call));
}
void abort_writer(Call& call) {
  Writable* stream = call.self<Writer>().stream;
  call.give(stream ? abort(call.cx, *stream, call.at(0)) : released(call));
}
void release_writer(Call& call) {
  Writer& self = call.self<Writer>();
  if (self.stream) self.stream->writer = nullptr;
  self.stream = nullptr;
  call.give();
}
void get_writer_closed(Call& call) {
  Writable* stream = call.self<Writer>().stream;
  call.give(stream ? stream->closed.get() : released(call));
}
void get_ready(Call& call) {
  call.give(nothing_promised(call.cx));
}
void get_writer_desired(Call& call) {
  const Writable* stream = call.self<Writer>().stream;
  if (!stream || stream->failed) return call.give_null();
  call.give(int32_t{stream->closing ? 0 : 1});
}

// --- pipes
// ------------------------------------------------------------------------------------------------------

struct Pipe {
  Readable& from;
  Writable& to;
  JS::PersistentRootedObject done;
  bool keeps_open = false;
};

void settle_pipe(JSContext* cx, const std::shared_ptr<Pipe>& pipe) {
  JS::RootedObject done(cx, pipe->done);
  pipe->from.reader = nullptr;
  pipe->to.writer = nullptr;
  if (pipe->keeps_open) {
    must(JS::ResolvePromise(cx, done, JS::UndefinedHandleValue));
    return;
  }
  settle_as(
      cx, close(cx, pipe->to), done, [](JSContext*) {}, [](JSContext*, JS::HandleValue) {});
}

void break_pipe(JSContext* cx, const std::shared_ptr<Pipe>& pipe, JS::HandleValue why) {
  JS::RootedObject done(cx, pipe->done), aborted(cx, abort(cx, pipe->to, why));
  nobody_waits_for(cx, aborted);
  cancel(cx, pipe->from, why);
  must(JS::RejectPromise(cx, done, why));
}

void flow(JSContext* cx, const std::shared_ptr<Pipe>& pipe) {
  JS::RootedValue next(cx, JS::ObjectValue(*read_next(cx, pipe->from)));
  auto broken = [pipe](JSContext* context, JS::HandleValue why) { break_pipe(context, pipe, why); };
  when_settled(
      cx, next,
      [pipe, broken](JSContext* context, JS::HandleValue found) {
        JS::RootedObject result(context, &found.toObject());
        JS::RootedValue value(context), done(context);
        must(JS_GetProperty(context, result, "done", &done) &&
             JS_GetProperty(context, result, "value", &value));
        if (JS::ToBoolean(done)) return settle_pipe(context, pipe);
        JS::RootedValue written(context, JS::ObjectValue(*write(context, pipe->to, value)));
        when_settled(
            context, written, [pipe](JSContext* later, JS::HandleValue) { flow(later, pipe); }, broken);
      },
      broken);
}

JSObject* pipe(Call& call, Readable& from, Writable& to, unsigned options_at) {
  if (from.reader) call.type_error("Cannot pipe a locked stream");
  if (to.writer) call.type_error("Cannot pipe to a locked stream");
  JS::RootedObject done(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  auto made = std::make_shared<Pipe>(Pipe{from, to, JS::PersistentRootedObject(call.cx, done)});
  if (call.object(options_at)) {
    JS::RootedObject options(call.cx, call.object(options_at));
    JS::RootedValue keeps(call.cx);
    must(JS_GetProperty(call.cx, options, "preventClose", &keeps));
    made->keeps_open = JS::ToBoolean(keeps);
  }
  from.reader = from.wrapper.get();
  to.writer = to.wrapper.get();
  flow(call.cx, made);
  return done;
}

}  // namespace

void pipe_to(Call& call) {
  Writable* to = native_as<Writable>(call.at(0));
  if (!to)
    return call.give(rejected_with_type_error(call.cx, "parameter 1 is not of type 'WritableStream'."));
  call.give(pipe(call, call.self<Readable>(), *to, 1));
}

void pipe_through(Call& call) {
  Readable& from = call.self<Readable>();
  if (!call.object(0)) call.type_error("The provided value is not of type 'ReadableWritablePair'.");
  JS::RootedObject pair(call.cx, call.object(0));
  JS::RootedValue readable(call.cx), writable(call.cx);
  must(JS_GetProperty(call.cx, pair, "readable", &readable) &&
       JS_GetProperty(call.cx, pair, "writable", &writable));
  Writable* to = native_as<Writable>(writable);
  if (!to || !native_as<Readable>(readable))
    call.type_error("The provided value is not of type 'ReadableWritablePair'.");
  JS::RootedObject done(call.cx, pipe(call, from, *to, 1));
  nobody_waits_for(call.cx, done);
  call.give(JS::HandleValue(readable));
}

// --- TransformStream
// --------------------------------------------------------------------------------------------

namespace {

class TransformController final : public Native {
 public:
  static constexpr Kind native_kind = Kind::transform_controller;
  TransformController(Window& the_window, Transform& the_transform)
      : Native(the_window, native_kind), transform(the_transform) {}
  Transform& transform;
};
void transform_enqueue(Call& call) {
  enqueue(call.cx, *call.self<TransformController>().transform.readable, call.at(0));
  call.give();
}
void transform_error(Call& call) {
  Transform& self = call.self<TransformController>().transform;
  fail(call.cx, *self.readable, call.at(0));
  fail(call.cx, *self.writable, call.at(0));
  call.give();
}
void transform_terminate(Call& call) {
  end(call.cx, *call.self<TransformController>().transform.readable);
  call.give();
}
void get_transform_desired(Call& call) {
  call.give(-static_cast<double>(call.self<TransformController>().transform.readable->chunks.size()));
}

Transform& make_sides(JSContext* cx, Window& window, std::string_view interface) {
  auto* transform = new Transform(window);
  wrap_native(cx, *transform, interface);
  transform->readable = &make_readable(cx, window);
  transform->writable = &make_writable(cx, window);
  transform->writable->abort = [transform](JSContext* context, JS::HandleValue why) {
    fail(context, *transform->readable, why);
    return nothing_promised(context);
  };
  return *transform;
}

// What fails on its way fails for those who read, too.
JSObject* failing(JSContext* cx, Transform& transform, JSObject* step) {
  JS::RootedObject promise(cx, step);
  JS::RootedValue waited_for(cx, JS::ObjectValue(*promise));
  when_settled(
      cx, waited_for, [](JSContext*, JS::HandleValue) {},
      [&transform](JSContext* context, JS::HandleValue why) { fail(context, *transform.readable, why); });
  return promise;
}

JSObject* transformed(JSContext* cx, Transform& self, JS::HandleValue chunk) {
  JS::RootedObject transformer(cx, self.transformer);
  JS::RootedValue function(cx);
  if (transformer) must(JS_GetProperty(cx, transformer, "transform", &function));
  if (function.isUndefined()) {
    enqueue(cx, *self.readable, chunk);
    return nothing_promised(cx);
  }
  JS::RootedValueArray<2> arguments(cx);
  arguments[0].set(chunk);
  arguments[1].setObject(*self.controller);
  return failing(cx, self, promise_of(cx, transformer, "transform", arguments));
}

JSObject* flushed(JSContext* cx, Transform& self) {
  JS::RootedObject transformer(cx, self.transformer), done(cx, must(JS::NewPromiseObject(cx, nullptr)));
  JS::RootedValueArray<1> arguments(cx);
  arguments[0].setObject(*self.controller);
  settle_as(
      cx, promise_of(cx, transformer, "flush", arguments), done,
      [&self](JSContext* context) { end(context, *self.readable); },
      [&self](JSContext* context, JS::HandleValue why) { fail(context, *self.readable, why); });
  return done;
}

void construct_transform(Call& call) {
  Transform& self = make_sides(call.cx, call.window, "TransformStream");
  JS::RootedObject transformer(call.cx, call.object(0));
  self.transformer = transformer;
  self.controller =
      wrap_native(call.cx, *new TransformController(call.window, self), "TransformStreamDefaultController");
  self.writable->write = [&self](JSContext* cx, JS::HandleValue chunk) {
    return transformed(cx, self, chunk);
  };
  self.writable->close = [&self](JSContext* cx, JS::HandleValue) { return flushed(cx, self); };
  if (transformer) {
    JS::RootedValueArray<1> arguments(call.cx);
    arguments[0].setObject(*self.controller);
    self.writable->last = promise_of(call.cx, transformer, "start", arguments);
  }
  call.give(self.wrapper);
}

}  // namespace

Transform& make_transform(JSContext* cx, Window& window, std::string_view interface, Steps steps) {
  Transform& self = make_sides(cx, window, interface);
  auto kept = std::make_shared<Steps>(std::move(steps));
  auto done = [&self](JSContext* context, const std::function<void()>& step) {
    JSObject* thrown = rejected_by(context, step);
    return thrown ? failing(context, self, thrown) : nothing_promised(context);
  };
  self.writable->write = [&self, kept, done](JSContext* context, JS::HandleValue chunk) {
    return done(context, [&] { kept->chunk(context, *self.readable, chunk); });
  };
  self.writable->close = [&self, kept, done](JSContext* context, JS::HandleValue) {
    return done(context, [&] {
      kept->end(context, *self.readable);
      end(context, *self.readable);
    });
  };
  return self;
}

void get_readable(Call& call) {
  call.give(call.self<Transform>().readable->wrapper.get());
}
void get_writable(Call& call) {
  call.give(call.self<Transform>().writable->wrapper.get());
}

namespace {

constexpr JSFunctionSpec sink_methods[] = {SHIKAKE_METHOD("abort", abort_sink, 0),
                                           SHIKAKE_METHOD("close", close_sink, 0),
                                           SHIKAKE_METHOD("getWriter", get_writer, 0), JS_FS_END};
constexpr JSPropertySpec sink_properties[] = {SHIKAKE_GETTER("locked", get_sink_locked), JS_PS_END};
constexpr JSFunctionSpec controller_methods[] = {SHIKAKE_METHOD("error", sink_error, 0), JS_FS_END};
constexpr JSFunctionSpec writer_methods[] = {
    SHIKAKE_METHOD("abort", abort_writer, 0), SHIKAKE_METHOD("close", close_writer, 0),
    SHIKAKE_METHOD("releaseLock", release_writer, 0), SHIKAKE_METHOD("write", write_chunk, 0), JS_FS_END};
constexpr JSPropertySpec writer_properties[] = {SHIKAKE_GETTER("closed", get_writer_closed),
                                                SHIKAKE_GETTER("desiredSize", get_writer_desired),
                                                SHIKAKE_GETTER("ready", get_ready), JS_PS_END};
constexpr JSPropertySpec transform_properties[] = {SHIKAKE_GETTER("readable", get_readable),
                                                   SHIKAKE_GETTER("writable", get_writable), JS_PS_END};
constexpr JSFunctionSpec transform_methods[] = {
    SHIKAKE_METHOD("enqueue", transform_enqueue, 0), SHIKAKE_METHOD("error", transform_error, 0),
    SHIKAKE_METHOD("terminate", transform_terminate, 0), JS_FS_END};
constexpr JSPropertySpec transform_controller_properties[] = {
    SHIKAKE_GETTER("desiredSize", get_transform_desired), JS_PS_END};
constexpr Interface table[] = {{.name = "WritableStream",
                                .parent = "",
                                .methods = sink_methods,
                                .properties = sink_properties,
                                .construct = native<construct_writable>,
                                .engines = on_modern},
                               {.name = "WritableStreamDefaultController",
                                .parent = "",
                                .methods = controller_methods,
                                .engines = on_modern},
                               {.name = "WritableStreamDefaultWriter",
                                .parent = "",
                                .methods = writer_methods,
                                .properties = writer_properties,
                                .construct = native<construct_writer>,
                                .construct_arguments = 1,
                                .engines = on_modern},
                               {.name = "TransformStream",
                                .parent = "",
                                .properties = transform_properties,
                                .construct = native<construct_transform>,
                                .engines = on_modern},
                               {.name = "TransformStreamDefaultController",
                                .parent = "",
                                .methods = transform_methods,
                                .properties = transform_controller_properties,
                                .engines = on_modern}};

}  // namespace

std::span<const Interface> sink_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
