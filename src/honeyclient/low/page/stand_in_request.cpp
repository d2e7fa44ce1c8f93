// Microsoft.XMLHTTP and its like: the page's XMLHttpRequest under COM's rules. Names are found without
// regard to case, and the answer can be had as an array of bytes.
// https://learn.microsoft.com/en-us/previous-versions/windows/desktop/ms760305(v=vs.85)
#include <algorithm>

#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class XmlHttp final : public StandIn {
 public:
  XmlHttp(JSContext* cx, Window& window)
      : window_(window), request_(cx, make_request(cx, window)), members_(cx, request_members(cx, window)) {}

  // Pages ask whether a member is there.
  bool knows(JSContext*, std::u16string_view name) override {
    static constexpr std::u16string_view own[] = {u"responsebody", u"settimeouts",    u"setoption",
                                                  u"setproxy",     u"setcredentials", u"setautologonpolicy",
                                                  u"option",       u"waitforresponse"};
    return std::ranges::find(own, name) != std::end(own) || !request_member(name).empty();
  }

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"responsebody") {
      out.setObject(*make_bytes(cx, window_, request_body(request_)));
      return true;
    }
    if (!member(cx, name, out)) return false;
    // Methods are the component's own, so that their use is seen.
    return !out.isObject() || !JS::IsCallable(&out.toObject()) || name.starts_with(u"on");
  }
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    if (name == u"option") return true;
    JS::RootedId id(cx);
    if (!find(cx, name, &id)) return false;
    JS::RootedValue self(cx, JS::ObjectValue(*request_));
    JS::ObjectOpResult ignored;
    must(JS_ForwardSetPropertyTo(cx, members_, id, value, self, ignored));
    return true;
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"settimeouts" || name == u"setoption" || name == u"setproxy" || name == u"setcredentials" ||
        name == u"setautologonpolicy" || name == u"option")
      return true;
    if (name == u"waitforresponse") return args.rval().setBoolean(true), true;
    JS::RootedValue method(cx), self(cx, JS::ObjectValue(*request_));
    if (!member(cx, name, &method)) return false;
    if (!method.isObject() || !JS::IsCallable(&method.toObject())) {
      args.rval().set(method);
      return true;
    }
    JS::RootedValueVector values(cx);
    for (unsigned i = 0; i < args.length(); ++i) must(values.append(args[i]));
    must(JS::Call(cx, self, method, values, args.rval()));
    return true;
  }

 private:
  static bool find(JSContext* cx, std::u16string_view name, JS::MutableHandleId id) {
    const std::string_view there = request_member(name);
    if (there.empty()) return false;
    JS::RootedString text(cx, must(JS_AtomizeStringN(cx, there.data(), there.size())));
    must(JS_StringToId(cx, text, id));
    return true;
  }
  bool member(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) {
    JS::RootedId id(cx);
    if (!find(cx, name, &id)) return false;
    JS::RootedValue self(cx, JS::ObjectValue(*request_));
    must(JS_ForwardGetPropertyTo(cx, members_, id, self, out));
    return true;
  }

  Window& window_;
  JS::PersistentRootedObject request_, members_;
};

// Scripting.Dictionary, over one of the engine's own objects without a prototype.
class Dictionary final : public StandIn {
 public:
  Dictionary(JSContext* cx) : values_(cx, must(JS_NewObjectWithGivenProto(cx, nullptr, nullptr))) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"count") return out.setNumber(static_cast<double>(keys(cx).size())), true;
    if (name == u"comparemode") return out.setInt32(0), true;
    return false;
  }
  bool put(JSContext*, std::u16string_view name, JS::HandleValue) override { return name == u"comparemode"; }
  bool put_item(JSContext* cx, std::u16string_view key, JS::HandleValue value) override {
    return set(cx, std::u16string(key), value);
  }
  std::u16string default_member() const override { return u"item"; }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"keys" || name == u"items") return list(cx, name == u"keys", args);
    if (name == u"removeall") return values_ = must(JS_NewObjectWithGivenProto(cx, nullptr, nullptr)), true;
    std::u16string key = to_text(cx, args.get(0));
    bool found = false;
    must(JS_HasUCProperty(cx, values_, key.data(), key.size(), &found));
    if (name == u"exists") return args.rval().setBoolean(found), true;
    if (name == u"add") return set(cx, key, args.get(1));
    if (name == u"item" && args.length() > 1) return set(cx, key, args.get(1));
    if (name == u"item") {
      if (found) must(JS_GetUCProperty(cx, values_, key.data(), key.size(), args.rval()));
      return true;
    }
    if (name == u"remove") {
      JS::ObjectOpResult ignored;
      must(JS_DeleteUCProperty(cx, values_, key.data(), key.size(), ignored));
      return true;
    }
    return false;
  }

 private:
  bool set(JSContext* cx, const std::u16string& key, JS::HandleValue value) {
    must(JS_DefineUCProperty(cx, values_, key.data(), key.size(), value, JSPROP_ENUMERATE));
    return true;
  }
  std::vector<std::u16string> keys(JSContext* cx) {
    JS::Rooted<JS::IdVector> ids(cx, JS::IdVector(cx));
    must(JS_Enumerate(cx, values_, &ids));
    std::vector<std::u16string> all;
    for (size_t i = 0; i < ids.length(); ++i) {
      JS::RootedValue key(cx);
      must(JS_IdToValue(cx, ids[i], &key));
      all.push_back(to_text(cx, key));
    }
    return all;
  }
  bool list(JSContext* cx, bool of_keys, const JS::CallArgs& args) {
    JS::RootedValueVector all(cx);
    JS::RootedValue value(cx);
    for (const std::u16string& key : keys(cx)) {
      if (of_keys)
        value.setString(to_string(cx, key));
      else
        must(JS_GetUCProperty(cx, values_, key.data(), key.size(), &value));
      must(all.append(value));
    }
    args.rval().setObject(*must(JS::NewArrayObject(cx, all)));
    return true;
  }

  JS::PersistentRootedObject values_;
};

}  // namespace

std::shared_ptr<StandIn> make_xml_http(JSContext* cx, Window& window) {
  return std::make_shared<XmlHttp>(cx, window);
}
std::shared_ptr<StandIn> make_dictionary(JSContext* cx) {
  return std::make_shared<Dictionary>(cx);
}

}  // namespace shikake::honeyclient::low::page
