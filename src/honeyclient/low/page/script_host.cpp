#include "honeyclient/low/page/script_host.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/encoded_script.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"
#include "html/decoder.h"
#include "html/encoding.h"

namespace shikake::honeyclient::low::page {

namespace {

const std::u16string folder = u"C:\\Users\\User\\Downloads\\";  // where such a file lies

// Ends the script: nothing catches what has no exception.
[[noreturn]] void end_script(JSContext* cx) {
  JS_ClearPendingException(cx);
  throw Thrown{};
}

// StdIn, StdOut and StdErr: what is written is an event.
class Console final : public StandIn {
 public:
  explicit Console(Window& window) : window_(window) {}
  bool get(JSContext*, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name != u"atendofstream" && name != u"atendofline") return false;
    return out.setBoolean(true), true;
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"write" || name == u"writeline") {
      window_.page.happened(window_, "console", args.length() > 0 ? to_text(cx, args[0]) : std::u16string());
      return true;
    }
    if (name == u"readline" || name == u"readall" || name == u"read")
      return args.rval().setString(to_string(cx, u"")), true;
    return name == u"close" || name == u"writeblanklines";
  }

 private:
  Window& window_;
};

// The file was opened by a click: there are no arguments.
class HostArguments final : public StandIn {
 public:
  explicit HostArguments(Window& window) : window_(window) {}
  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"length" || name == u"count") return out.setInt32(0), true;
    if (name != u"named" && name != u"unnamed") return false;
    out.setObject(*wrap_stand_in(cx, window_, "WshArguments", std::make_shared<HostArguments>(window_)));
    return true;
  }
  std::u16string default_member() const override { return u"item"; }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    if (name == u"count") return args.rval().setInt32(0), true;
    if (name == u"exists") return args.rval().setBoolean(false), true;
    if (name != u"item") return false;
    JS_ReportErrorUTF8(cx, "Subscript out of range");
    throw Thrown{};
  }

 private:
  Window& window_;
};

class ScriptHost final : public StandIn {
 public:
  ScriptHost(Window& window, std::u16string file) : window_(window), file_(std::move(file)) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    auto give = [&](std::u16string_view text) { return out.setString(to_string(cx, text)), true; };
    if (name == u"scriptname") return give(file_);
    if (name == u"scriptfullname") return give(folder + file_);
    if (name == u"name") return give(u"Windows Script Host");
    if (name == u"fullname") return give(u"C:\\Windows\\System32\\WScript.exe");
    if (name == u"path") return give(u"C:\\Windows\\System32");
    if (name == u"version") return give(u"5.8");
    if (name == u"buildversion") return give(u"18702");
    if (name == u"interactive") return out.setBoolean(true), true;
    if (name == u"timeout") return out.setInt32(0), true;
    if (name == u"arguments") {
      out.setObject(*wrap_stand_in(cx, window_, "WshArguments", std::make_shared<HostArguments>(window_)));
      return true;
    }
    if (name == u"stdout" || name == u"stderr" || name == u"stdin") {
      out.setObject(*wrap_stand_in(cx, window_, "TextStream", std::make_shared<Console>(window_)));
      return true;
    }
    return false;
  }
  bool put(JSContext*, std::u16string_view name, JS::HandleValue) override {
    return name == u"interactive" || name == u"timeout";
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    // A forced run goes on behind it, as behind any guard.
    if (name == u"quit" && !window_.page.forced) end_script(cx);
    if (name == u"echo") {
      std::u16string text;
      for (unsigned i = 0; i < args.length(); ++i) text += (i ? u" " : u"") + to_text(cx, args[i]);
      window_.page.happened(window_, "dialog", u"Echo: " + text);
      return true;
    }
    if (name == u"sleep") {
      double milliseconds = 0;
      must(JS::ToNumber(cx, args.get(0), &milliseconds));
      sleep_page(milliseconds);
      return true;
    }
    if (name == u"createobject" || name == u"getobject") {
      args.rval().setObject(*make_component(cx, window_, to_text(cx, args.get(0))));
      return true;
    }
    return name == u"connectobject" || name == u"disconnectobject";
  }

 private:
  Window& window_;
  const std::u16string file_;
};

void get_object(Call& call) {
  call.give(make_component(call.cx, call.window, call.text_or(0, call.text_or(1, u""))));
}

// What a browser's window has and a script host has not; scripts ask for these to tell the two apart.
constexpr std::array browser_names = {"document",       "navigator",    "location",
                                      "history",        "screen",       "alert",
                                      "confirm",        "prompt",       "setTimeout",
                                      "clearTimeout",   "setInterval",  "clearInterval",
                                      "XMLHttpRequest", "localStorage", "sessionStorage",
                                      "execScript",     "attachEvent",  "addEventListener",
                                      "frames",         "parent",       "top",
                                      "opener",         "window",       "self",
                                      "event",          "Image",        "open",
                                      "close",          "print",        "external"};

void make_host(Window& window, const Document& document) {
  JSContext* cx = window.page.cx;
  JS::RootedObject global(cx, window.global());
  take_browser_away(cx, window);
  std::u16string file = wide(document.url);
  file = file.substr(file.find_last_of(u'/') + 1);
  JS::RootedObject host(cx, wrap_stand_in(cx, window, "WScript", std::make_shared<ScriptHost>(window, file)));
  // Some read themselves: what they do stands behind their script.
  window.page.disk.write(folder + file, document.body);
  must(JS_DefineProperty(cx, global, "WScript", host, JSPROP_ENUMERATE));
  must(JS_DefineProperty(cx, global, "WSH", host, 0));
  must(JS_DefineFunction(cx, global, "GetObject", native<get_object>, 2, 0));
}

std::u16string decoded(const std::string& body) {
  return decode_script(html::decode_page(base::as_bytes(body), "windows-1252"));
}

}  // namespace

namespace {

// Of `tag` ("<script language='x' src=y/>"); empty where it has none of that name.
std::u16string attribute_in(std::u16string_view tag, std::u16string_view name) {
  const std::u16string low = lower(tag);
  for (size_t at = low.find(name); at != low.npos; at = low.find(name, at + 1)) {
    if (at == 0 || !html::is_space(low[at - 1])) continue;
    std::u16string_view rest = trim(tag.substr(at + name.size()));
    if (rest.empty() || rest[0] != u'=') continue;
    rest = trim(rest.substr(1));
    if (rest.empty()) return {};
    const bool quoted = rest[0] == u'"' || rest[0] == u'\'';
    if (quoted) return std::u16string(rest.substr(1, std::min(rest.find(rest[0], 1), rest.size()) - 1));
    return std::u16string(rest.substr(0, rest.find_first_of(u" \t\r\n/")));
  }
  return {};
}

uint32_t lines_in(std::u16string_view text) {
  return static_cast<uint32_t>(std::ranges::count(text, u'\n'));
}

}  // namespace

std::vector<ScriptPart> scripts_of_wsf(std::u16string_view text) {
  std::vector<ScriptPart> parts;
  const std::u16string low = lower(text);
  constexpr size_t most = 1000;  // a file of more is no person's
  for (size_t at = 0; parts.size() < most;) {
    const size_t script = low.find(u"<script", at), object = low.find(u"<object", at);
    const size_t open = std::min(script, object);
    const size_t end = open == low.npos ? open : low.find(u'>', open);
    if (end == low.npos) break;
    const std::u16string_view tag = text.substr(open, end - open);
    ScriptPart part;
    if (object < script) {
      part.object = attribute_in(tag, u"id");
      part.object_class = attribute_in(tag, u"progid");
      if (part.object_class.empty()) part.object_class = attribute_in(tag, u"classid");
      if (!part.object.empty() && !part.object_class.empty()) parts.push_back(std::move(part));
      at = end;
      continue;
    }
    part.vbscript = lower(attribute_in(tag, u"language")).starts_with(u"vbs");
    part.source = attribute_in(tag, u"src");
    const bool closed = tag.ends_with(u'/');
    size_t close = closed ? end + 1 : low.find(u"</script", end);
    if (close == low.npos) close = low.size();
    std::u16string_view inside = text.substr(end + 1, close - end - 1);
    part.line = 1 + lines_in(text.substr(0, end + 1));
    if (size_t data = inside.find(u"<![CDATA["); data != inside.npos) {
      part.line += lines_in(inside.substr(0, data));
      inside = inside.substr(data + 9);
      inside = inside.substr(0, inside.rfind(u"]]>"));
    }
    part.text = inside;
    parts.push_back(std::move(part));
    at = close;
  }
  return parts;
}

void take_browser_away(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global());
  for (const char* name : browser_names) {
    JS::ObjectOpResult ignored;  // some of a window's can't go
    must(JS_DeleteProperty(cx, global, name, ignored));
  }
}

namespace {

// Where a file or scriptlet lies elsewhere; nothing: none came.
std::optional<std::u16string> script_text_at(Window& window, const url::Url& url) {
  Asked asked = window.asked(intel::Mechanism::script, url);
  asked.origin = window.page.in_script() ? window.page.positions.origin_here() : std::nullopt;
  const Loaded loaded = window.page.fetch_now(std::move(asked));
  if (!loaded.ok || loaded.status >= 400) return std::nullopt;
  return decoded(loaded.body);
}

void run_part(Window& window, const ScriptPart& part, const url::Url& file) {
  JSContext* cx = window.page.cx;
  if (!part.object.empty()) {
    window.page.run_script(window, [&] {
      JSAutoRealm realm(cx, window.global());
      JS::RootedObject global(cx, window.global());
      JS::RootedValue made(cx, JS::ObjectValue(*make_component(cx, window, part.object_class)));
      must(JS_DefineUCProperty(cx, global, part.object.data(), part.object.size(), made, JSPROP_ENUMERATE));
    });
    return;
  }
  Window::Text one{part.text, std::string(file.href()), part.line, 1, std::nullopt, ""};
  std::u16string fetched;
  auto url = url::Url::parse(utf8(trim(part.source)), &file);
  if (!part.source.empty() && url && url->is_http()) {
    auto text = script_text_at(window, *url);
    if (!text) return;
    fetched = std::move(*text);
    one = {fetched, std::string(url->href()), 1, 1, std::nullopt, ""};
  }
  if (part.vbscript)
    run_vbscript(window, one);
  else
    window.run(one);
}

}  // namespace

void run_scriptlet(Window& window, const url::Url& url) {
  auto text = script_text_at(window, url);
  if (!text) return;
  for (const ScriptPart& part : scripts_of_wsf(*text)) run_part(window, part, url);
}

void run_script_file(Window& window, const Document& document) {
  JSContext* cx = window.page.cx;
  window.page.run_script(window, [&] {
    JSAutoRealm realm(cx, window.global());
    make_host(window, document);
  });
  std::u16string text = decoded(document.body);
  std::vector<ScriptPart> parts;
  if (document.content_type == "application/x-wsh-wsf")
    parts = scripts_of_wsf(text);
  else
    parts.push_back({document.content_type == "application/x-wsh-vbscript", std::move(text), 1});
  for (const ScriptPart& part : parts) run_part(window, part, window.url);
  window.loader->flush();
}

}  // namespace shikake::honeyclient::low::page
