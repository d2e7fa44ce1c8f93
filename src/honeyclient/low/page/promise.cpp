#include "honeyclient/low/page/promise.h"

#include <js/Exception.h>
#include <js/Promise.h>

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
  JS::SetJobQueue(cx, new Jobs(page));
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

}  // namespace shikake::honeyclient::low::page
