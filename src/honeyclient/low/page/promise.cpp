#include "honeyclient/low/page/promise.h"

#include <js/Exception.h>
#include <js/Promise.h>

#include <memory>
#include <optional>
#include <utility>

#include "honeyclient/low/page/exception.h"
#include "honeyclient/low/page/page.h"

namespace shikake::honeyclient::low::page {

namespace {

class Jobs final : public JS::JobQueue {
 public:
  explicit Jobs(Page& page) : page_(page) {}
  JSObject* getIncumbentGlobal(JSContext* cx) override { return JS::CurrentGlobalOrNull(cx); }
  bool enqueuePromiseJob(JSContext*, JS::HandleObject, JS::HandleObject job, JS::HandleObject,
                         JS::HandleObject) override {
    page_.enqueue_job(job);
    return true;
  }
  void runJobs(JSContext*) override { page_.run_microtasks(); }
  bool empty() const override { return !page_.has_jobs(); }

 protected:
  class Saved final : public SavedJobQueue {};
  js::UniquePtr<SavedJobQueue> saveJobQueue(JSContext*) override { return js::MakeUnique<Saved>(); }

 private:
  Page& page_;
};

}  // namespace

void use_job_queue(JSContext* cx, Page& page) {
  // The engine does not own it. A process has one page at a time.
  static std::optional<Jobs> jobs;
  JS::SetJobQueue(cx, &jobs.emplace(page));
  JS::SetPromiseRejectionTrackerCallback(
      cx,
      [](JSContext*, bool, JS::HandleObject promise, JS::PromiseRejectionHandlingState state, void* data) {
        static_cast<Page*>(data)->rejected(promise, state == JS::PromiseRejectionHandlingState::Handled);
      },
      &page);
}

JSObject* resolved(JSContext* cx, JS::HandleValue value) {
  return must(JS::CallOriginalPromiseResolve(cx, value));
}

JSObject* rejected_with_type_error(JSContext* cx, const char* message) {
  JS::RootedObject promise(cx, must(JS::NewPromiseObject(cx, nullptr)));
  reject_with_type_error(cx, promise, message);
  return promise;
}

void reject_with_type_error(JSContext* cx, JS::HandleObject promise, const char* message) {
  JS::RootedValue error(cx);
  if (!guarded(cx, [&] { throw_type_error(cx, message); })) {
    must(JS_GetPendingException(cx, &error));
    JS_ClearPendingException(cx);
  }
  must(JS::RejectPromise(cx, promise, error));
}

void reject_with_dom_error(JSContext* cx, Window& window, JS::HandleObject promise, std::string_view name,
                           std::string_view message) {
  JS::RootedValue error(cx, JS::ObjectValue(*make_dom_exception(cx, window, name, message)));
  must(JS::RejectPromise(cx, promise, error));
}

namespace {

// Of both functions that wait for one promise; the one that is called ends it.
struct Waiting {
  SettledCall fulfilled, rejected;
};

template <SettledCall Waiting::*Which>
void settle(Call& call) {
  JSObject& self = call.args.callee();
  std::unique_ptr<Waiting> waiting(
      static_cast<Waiting*>(js::GetFunctionNativeReserved(&self, 0).toPrivate()));
  (*waiting.*Which)(call.cx, call.at(0));
  call.give();
}

}  // namespace

void when_settled(JSContext* cx, JS::HandleValue value, SettledCall fulfilled, SettledCall rejected) {
  JS::RootedObject promise(cx, resolved(cx, value));
  auto made = [cx](JSNative function) {
    return JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, function, 1, 0, "")));
  };
  JS::RootedObject on_value(cx, made(native<settle<&Waiting::fulfilled>>));
  JS::RootedObject on_error(cx, made(native<settle<&Waiting::rejected>>));
  auto* waiting = new Waiting{std::move(fulfilled), std::move(rejected)};
  js::SetFunctionNativeReserved(on_value, 0, JS::PrivateValue(waiting));
  js::SetFunctionNativeReserved(on_error, 0, JS::PrivateValue(waiting));
  must(JS::AddPromiseReactions(cx, promise, on_value, on_error));
}

}  // namespace shikake::honeyclient::low::page
