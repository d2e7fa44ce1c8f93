#include "honeyclient/low/page/engine.h"

#include <jsapi.h>

#include <js/Date.h>
#include <js/GCAPI.h>
#include <js/HelperThreadAPI.h>
#include <js/Initialization.h>
#include <js/Interrupt.h>
#include <js/LocaleSensitive.h>
#include <js/MemoryCallbacks.h>
#include <js/Principals.h>
#include <js/Stack.h>
#include <js/Warnings.h>

#include <mozilla/Assertions.h>

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/absence.h"
#include "honeyclient/low/page/evaluated.h"
#include "honeyclient/low/page/modules.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/window.h"
#include "honeyclient/low/zygote.h"

namespace shikake::honeyclient::low::page {

namespace {

Page* the_page = nullptr;  // a worker has one
JSContext* the_context = nullptr;

const JSSecurityCallbacks security = {[](JSContext* cx, JS::RuntimeCode kind, JS::HandleString code) {
                                        // WebAssembly has no text; without a JIT there is none of it anyway.
                                        return kind != JS::RuntimeCode::JS || on_eval(cx, code);
                                      },
                                      nullptr};

// The bound on private memory is reached outside the engine. A reserve lets the page say so and end its
// scripts; when that is gone too, the process ends.
char* reserve = nullptr;
constexpr size_t reserve_bytes = 4u << 20;

void on_memory_spent() {
  if (!reserve || !the_page) _exit(memory_spent_status);
  delete[] std::exchange(reserve, nullptr);
  the_page->memory_spent();
  the_page->stop_scripts("memory");
}

// Where the engine cannot go on without an allocation that fails (a collection of its own, say), it notes
// this reason and writes to address 0 (js::AutoEnterOOMUnsafeRegion::crash). Any other fault is as it was.
void on_fault(int) {
  constexpr char spent[] = "[unhandlable oom]";
  if (gMozCrashReason && std::strncmp(gMozCrashReason, spent, sizeof spent - 1) == 0)
    _exit(memory_spent_status);
  signal(SIGSEGV, SIG_DFL);  // and back to the instruction, which faults again
}

}  // namespace

void on_cpu_tick() {
  Page::on_cpu_tick();
  if (!the_context || !the_page) return;
  // Only sets flags: fit for a signal handler.
  JS_RequestInterruptCallbackCanWait(the_context);
  // Regular expressions heed the urgent request alone. It takes a lock, which is held by others only in
  // Atomics.wait and notify; no realm here has them.
  if (the_page->overdue()) JS_RequestInterruptCallback(the_context);
}

bool Engine::start() {
  signal(SIGSEGV, on_fault);
  // No executable page is ever made: script is interpreted.
  JS::DisableJitBackend();
  if (!JS_Init()) return false;
  // Tasks for helper threads are left lying: threads do not survive a fork, and whoever needs such a task
  // done does it itself when nobody has begun it.
  JS::SetHelperThreadTaskCallback([](JS::DispatchReason) {}, 1, 512 * 1024);
  cx_ = JS_NewContext(limits::max_engine_heap);
  if (!cx_) return false;
  JS_SetNativeStackQuota(cx_, limits::max_script_stack);
  JS_SetGCParameter(cx_, JSGC_MAX_BYTES, limits::max_engine_heap);
  JS_SetGCParameter(cx_, JSGC_INCREMENTAL_GC_ENABLED, 0);
  JS_SetSecurityCallbacks(cx_, &security);
  JS_AddInterruptCallback(cx_, [](JSContext*) { return !the_page || the_page->may_go_on(); });
  JS::SetWarningReporter(cx_, [](JSContext*, JSErrorReport* report) {
    if (the_page) the_page->positions.on_warning(report->sourceId, report->lineno, report->column);
  });
  JS::SetReduceMicrosecondTimePrecisionCallback(
      [](double now, JSContext*) { return the_page ? the_page->clock_read() * 1000 : now; });
  JS::SetOutOfMemoryCallback(
      cx_,
      [](JSContext*, void*) {
        if (the_page) the_page->memory_spent();
      },
      nullptr);
  if (!JS::InitSelfHostedCode(cx_)) return false;
  use_modules(cx_);
  // Costs several milliseconds, which a worker of this zone is spared: that of most personas.
  set_time_zone("America/New_York");
  know_absent_members(cx_);
  find_interface("Window");  // builds the index of interfaces
  return true;
}

void Engine::set_time_zone(const std::string& zone) {
  if (zone == zone_) return;
  zone_ = zone;
  setenv("TZ", zone.c_str(), 1);
  tzset();
  JS::ResetTimeZone();
  // The engine reads the zone's data and names when it is first asked: ask now, while files can be read.
  JS::RealmOptions options;
  static constexpr JSClass empty_global = {"global", JSCLASS_GLOBAL_FLAGS, &JS::DefaultGlobalClassOps};
  JS::RootedObject global(
      cx_, JS_NewGlobalObject(cx_, &empty_global, nullptr, JS::DontFireOnNewGlobalHook, options));
  if (!global) return;
  JSAutoRealm realm(cx_, global);
  JS::RootedObject date(cx_, JS::NewDateObject(cx_, JS::TimeClip(0)));
  JS::RootedValue ignored(cx_);
  if (date) JS_CallFunctionName(cx_, date, "toString", JS::HandleValueArray::empty(), &ignored);
  JS_ClearPendingException(cx_);
}

namespace {

void trace_page(JSTracer* tracer, void* page) {
  static_cast<Page*>(page)->trace(tracer);
}

}  // namespace

Engine::Engine() = default;
Engine::~Engine() = default;

void Engine::run_page(base::FrameChannel channel, Start start) {
  JS_SetDefaultLocale(JS_GetRuntime(cx_), start.persona.language.c_str());
  page_ = std::make_unique<Page>(cx_, std::move(channel), std::move(start));
  if (!reserve) reserve = new char[reserve_bytes];
  std::set_new_handler(on_memory_spent);
  the_page = page_.get();
  the_context = cx_;
  JS_AddExtraGCRootsTracer(cx_, trace_page, page_.get());
  use_job_queue(cx_, *page_);
  try {
    Window& window = page_->open_window(page_->start.document, 0, nullptr, nullptr);
    window.name = window.told_name = page_->start.window_name;
    if (!window.gone) window.loader->start(page_->start.document);
    page_->run();
  } catch (const std::bad_alloc&) {
    page_->stop_scripts("memory");
    page_->run();
  } catch (const std::exception& wrong) {
    page_->flaw(wrong.what());
    page_->run();
  }
}

void Engine::forget_page() {
  the_page = nullptr;
  JS_RemoveExtraGCRootsTracer(cx_, trace_page, page_.get());
  page_.reset();
}

}  // namespace shikake::honeyclient::low::page
