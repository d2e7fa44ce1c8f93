#include "honeyclient/low/page/clone.h"

#include <js/StructuredClone.h>

namespace shikake::honeyclient::low::page {

struct Clone::Held {
  JSAutoStructuredCloneBuffer buffer{JS::StructuredCloneScope::SameProcess, nullptr, nullptr};
  std::vector<Native*> natives;  // live as long as their page (bind.h)
};

namespace {

using Natives = std::vector<Native*>;

constexpr uint32_t native_tag = JS_SCTAG_USER_MIN;

bool write_native(JSContext* cx, JSStructuredCloneWriter* writer, JS::HandleObject object, bool*,
                  void* closure) {
  return guarded(cx, [&] {
    Native* native = native_of(object);
    const bool moves = native && (native->kind == Kind::blob || native->kind == Kind::port);
    if (!moves) throw_type_error(cx, "The object could not be cloned.");
    auto& natives = *static_cast<Natives*>(closure);
    natives.push_back(native);
    must(JS_WriteUint32Pair(writer, native_tag, static_cast<uint32_t>(natives.size() - 1)));
  });
}

JSObject* read_native(JSContext*, JSStructuredCloneReader*, const JS::CloneDataPolicy&, uint32_t tag,
                      uint32_t index, void* closure) {
  const auto& natives = *static_cast<Natives*>(closure);
  return tag == native_tag && index < natives.size() ? natives[index]->wrapper.get() : nullptr;
}

constexpr JSStructuredCloneCallbacks callbacks = {.read = read_native, .write = write_native};

}  // namespace

Clone::Clone() : held_(std::make_unique<Held>()) {}
Clone::~Clone() = default;

std::shared_ptr<Clone> Clone::of(JSContext* cx, JS::HandleValue value) {
  auto made = std::make_shared<Clone>();
  must(made->held_->buffer.write(cx, value, &callbacks, &made->held_->natives));
  return made;
}

JS::Value Clone::read(JSContext* cx) {
  JS::RootedValue value(cx);
  must(held_->buffer.read(cx, &value, {}, &callbacks, &held_->natives));
  return value;
}

}  // namespace shikake::honeyclient::low::page
