#include "honeyclient/low/page/script_host.h"

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
    if (name == u"scriptfullname") return give(u"C:\\Users\\User\\Downloads\\" + file_);
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
  must(JS_DefineProperty(cx, global, "WScript", host, JSPROP_ENUMERATE));
  must(JS_DefineProperty(cx, global, "WSH", host, 0));
  must(JS_DefineFunction(cx, global, "GetObject", native<get_object>, 2, 0));
}

std::u16string decoded(const std::string& body) {
  return decode_script(html::decode_page(base::as_bytes(body), "windows-1252"));
}

}  // namespace

std::vector<ScriptPart> scripts_of_wsf(std::u16string_view text) {
  std::vector<ScriptPart> parts;
  std::u16string low = lower(text);
  constexpr size_t most = 1000;  // a file of more is no person's
  for (size_t at = 0; parts.size() < most;) {
    size_t open = low.find(u"<script", at);
    size_t end = open == low.npos ? open : low.find(u'>', open);
    if (end == low.npos) break;
    size_t close = low.find(u"</script", end);
    if (close == low.npos) close = low.size();
    std::u16string_view tag = std::u16string_view(low).substr(open, end - open);
    std::u16string_view inside = text.substr(end + 1, close - end - 1);
    ScriptPart part;
    part.vbscript = tag.find(u"vbs") != tag.npos;
    part.line = 1;
    for (char16_t c : text.substr(0, end + 1)) part.line += c == u'\n';
    if (size_t data = inside.find(u"<![CDATA["); data != inside.npos) {
      for (char16_t c : inside.substr(0, data)) part.line += c == u'\n';
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
  for (const ScriptPart& part : parts) {
    Window::Text one{part.text, window.url.href(), part.line, 1, std::nullopt, ""};
    if (part.vbscript)
      run_vbscript(window, one);
    else
      window.run(one);
  }
  window.loader->flush();
}

}  // namespace shikake::honeyclient::low::page
