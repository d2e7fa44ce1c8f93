#include "honeyclient/low/page/storage.h"

#include <map>

#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Storage final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::storage;
  Storage(Window& the_window, bool of_session) : Exotic(the_window, native_kind), session(of_session) {
    Answer answer = window->page.ask({Question::storage_snapshot, window->origin(), {}, {}, session});
    for (Header& pair : answer.pairs) values[wide(pair.name)] = wide(pair.value);
  }

  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    auto found = values.find(key);
    if (found != values.end()) value.setString(to_string(cx, found->second));
    return found != values.end();
  }
  bool set(JSContext* cx, std::u16string_view key, JS::HandleValue value) override {
    put(key, to_text(cx, value));
    return true;
  }
  bool remove(JSContext*, std::u16string_view key) override {
    auto found = values.find(key);
    if (found == values.end()) return false;
    values.erase(found);
    window->page.ask({Question::storage_remove, window->origin(), utf8(key), {}, session});
    return true;
  }
  std::vector<std::u16string> names(JSContext*) override {
    std::vector<std::u16string> all;
    for (const auto& pair : values) all.push_back(pair.first);
    return all;
  }
  void put(std::u16string_view key, const std::u16string& value) {
    values[std::u16string(key)] = value;
    window->page.ask({Question::storage_set, window->origin(), utf8(key), utf8(value), session});
  }
  void clear() {
    values.clear();
    window->page.ask({Question::storage_clear, window->origin(), {}, {}, session});
  }

  std::map<std::u16string, std::u16string, std::less<>> values;
  const bool session;
};

void get_item(Call& call) {
  Storage& self = call.self<Storage>();
  auto found = self.values.find(call.text(0));
  if (found == self.values.end()) return call.give_null();
  call.give(std::u16string_view(found->second));
}
void set_item(Call& call) {
  call.self<Storage>().put(call.text(0), call.text(1)), call.give();
}
void remove_item(Call& call) {
  call.self<Storage>().remove(call.cx, call.text(0)), call.give();
}
void clear(Call& call) {
  call.self<Storage>().clear(), call.give();
}
void key(Call& call) {
  Storage& self = call.self<Storage>();
  double index = call.number(0);
  if (!(index >= 0 && index < static_cast<double>(self.values.size()))) return call.give_null();
  call.give(std::u16string_view(std::next(self.values.begin(), static_cast<long>(index))->first));
}
void get_length(Call& call) {
  call.give(static_cast<uint32_t>(call.self<Storage>().values.size()));
}

void get_storage(Call& call, bool session) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, session ? "sessionStorage" : "localStorage",
                      [&] { return wrap_exotic(call.cx, *new Storage(window, session), "Storage"); }));
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("getItem", get_item, 1),
                                      SHIKAKE_METHOD("setItem", set_item, 2),
                                      SHIKAKE_METHOD("removeItem", remove_item, 1),
                                      SHIKAKE_METHOD("clear", clear, 0),
                                      SHIKAKE_METHOD("key", key, 1),
                                      JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("length", get_length), JS_PS_END};
constexpr Interface table[] = {
    {.name = "Storage", .parent = "", .methods = methods, .properties = properties}};

}  // namespace

void get_local_storage(Call& call) {
  get_storage(call, false);
}
void get_session_storage(Call& call) {
  get_storage(call, true);
}

std::span<const Interface> storage_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
