// For tests: a page worker in which hostile code has already won. Confined as every worker is, it then tries
// what its document names (cell/testing.h) and exits with what it met; or meets a flaw of our own; or ends as
// a worn-out engine does.
#include <jsapi.h>

#include <js/Utility.h>

#include <unistd.h>

#include <stdexcept>

#include "cell/testing.h"
#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/worker.h"

namespace {

// 0: the script has an exception, and the process is still there.
int throw_in_a_native(JSContext* cx) {
  using shikake::honeyclient::low::page::guarded;
  static constexpr JSClass empty = {"global", JSCLASS_GLOBAL_FLAGS, &JS::DefaultGlobalClassOps};
  JS::RootedObject global(
      cx, JS_NewGlobalObject(cx, &empty, nullptr, JS::DontFireOnNewGlobalHook, JS::RealmOptions()));
  if (!global) return 2;
  JSAutoRealm realm(cx, global);
  const bool passed = guarded(cx, [] { throw std::out_of_range("a test"); });
  return !passed && JS_IsExceptionPending(cx) ? 0 : 1;
}

}  // namespace

int main() {
  using namespace shikake;
  using namespace shikake::honeyclient::low;
  return page::serve_workers([](page::Engine& engine, base::FrameChannel, Start start) {
    if (start.document.body == "throws_in_a_native") ::_exit(throw_in_a_native(engine.context()));
    // How the engine ends when its memory is spent in the middle of a collection.
    if (start.document.body == "spends_the_engines_memory") js::AutoEnterOOMUnsafeRegion().crash("a test");
    const cell::Attempt* attempt = cell::find_attempt(start.document.body);
    ::_exit(attempt ? attempt->action() : 99);
  });
}
