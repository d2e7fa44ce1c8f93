#include "honeyclient/low/page/vbscript.h"

#include <array>
#include <cmath>
#include <ctime>

#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/evaluated.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/machine_code.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/vbscript_values.h"
#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/interpreter.h"
#include "html/dom.h"

namespace shikake::honeyclient::low::page {

namespace {

using vbscript::ObjectRef;
using vbscript::Value;

// What is JScript's own is no member of the window: VBScript has names like these itself.
constexpr std::array<std::u16string_view, 24> engine_names = {
    u"Object",   u"Function",   u"Array",   u"String",   u"Boolean",   u"Number",
    u"Date",     u"RegExp",     u"Error",   u"Math",     u"JSON",      u"Symbol",
    u"Map",      u"Set",        u"Promise", u"Proxy",    u"Reflect",   u"eval",
    u"parseInt", u"parseFloat", u"isNaN",   u"isFinite", u"undefined", u"globalThis"};

// A browser's window around a VBScript interpreter.
class WindowHost final : public vbscript::Host {
 public:
  explicit WindowHost(Window& window) : interpreter(*this), window_(window) {}

  std::optional<Value> global(std::u16string_view name) override {
    JSContext* cx = window_.page.cx;
    JS::RootedObject global(cx, window_.global());
    std::u16string there = spelled_as_there(cx, global, name);
    for (std::u16string_view own : engine_names)
      if (there == own) return std::nullopt;
    bool found = false;
    JS::RootedValue value(cx);
    if (!JS_HasUCProperty(cx, global, there.data(), there.size(), &found)) raise_pending(cx);
    if (!found) return std::nullopt;
    if (!JS_GetUCProperty(cx, global, there.data(), there.size(), &value)) raise_pending(cx);
    return to_vbscript(cx, window_, value);
  }

  bool assign_global(std::u16string_view name, const Value& given) override {
    JSContext* cx = window_.page.cx;
    JS::RootedObject global(cx, window_.global());
    std::u16string there = spelled_as_there(cx, global, name);
    bool found = false;
    if (!JS_HasUCProperty(cx, global, there.data(), there.size(), &found)) raise_pending(cx);
    if (!found) return false;
    JS::RootedValue value(cx);
    from_vbscript(cx, window_, given, &value);
    Positions::Within vbscript(window_.page.positions, place());
    if (!JS_SetUCProperty(cx, global, there.data(), there.size(), value)) raise_pending(cx);
    window_.loader->flush();
    return true;
  }

  // JScript sees procedures as functions, and variables as properties that are looked up when they are used.
  void defined(std::u16string_view name, bool procedure) override {
    JSContext* cx = window_.page.cx;
    JS::RootedObject global(cx, window_.global());
    bool found = false;
    if (!JS_AlreadyHasOwnUCProperty(cx, global, name.data(), name.size(), &found)) raise_pending(cx);
    if (procedure) {
      procedures_.push_back(std::u16string(name));
      if (found) return;
      JS::RootedValue function(cx);
      from_vbscript(cx, window_, interpreter.procedure(name), &function);
      if (!JS_DefineUCProperty(cx, global, name.data(), name.size(), function, JSPROP_ENUMERATE))
        raise_pending(cx);
      return;
    }
    variables.push_back(std::u16string(name));
    if (!found) define_variable(cx, global, name);
  }

  ObjectRef create_object(std::u16string_view program_id) override {
    JSContext* cx = window_.page.cx;
    Positions::Within vbscript(window_.page.positions, place());
    return script_object(window_, make_component(cx, window_, program_id));
  }
  ObjectRef get_object(std::u16string_view path, std::u16string_view class_name) override {
    return create_object(path.empty() ? class_name : path);
  }

  int32_t message_box(std::u16string_view text, int32_t buttons, std::u16string_view) override {
    window_.page.happened(window_, "dialog", u"MsgBox: " + std::u16string(text));
    // OK, OK, Retry, Yes, Yes, Retry: dialogs are answered so that things go on.
    static constexpr std::array<int32_t, 6> answers = {1, 1, 4, 6, 6, 4};
    return answers[static_cast<size_t>(std::min(buttons & 7, 5))];
  }
  std::u16string input_box(std::u16string_view prompt, std::u16string_view,
                           std::u16string_view otherwise) override {
    window_.page.happened(window_, "dialog", u"InputBox: " + std::u16string(prompt));
    return std::u16string(otherwise);
  }

  uint32_t evaluated(std::u16string_view how, std::u16string_view text) override {
    if (window_.page.positions.full()) {
      window_.page.limit("sources");
      return 0;
    }
    std::optional<Place> by = place();
    std::string file = by ? by->source->url : window_.url.href();
    return add(keep_source(window_, text, file, by, utf8(how)), 1, 1, text);
  }

  void unescaped(std::u16string_view text) override {
    Positions::Within vbscript(window_.page.positions, place());
    look_for_code(window_, text, "unescape");
  }

  double now() override {
    double seconds = std::floor(window_.page.now() / 1000);
    auto whole = static_cast<time_t>(seconds);
    struct tm local {};
    localtime_r(&whole, &local);
    return vbscript::date_from(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                               local.tm_hour * 3600.0 + local.tm_min * 60.0 + local.tm_sec)
        .days;
  }
  uint32_t seed() override { return static_cast<uint32_t>(window_.page.random()); }
  bool keep_going() override { return window_.page.scripts_run() && !window_.page.cpu_spent(); }

  bool explores() override { return window_.page.forced != nullptr; }
  void exploring(uint32_t source, uint32_t line, bool begins) override {
    if (!begins) return because_.pop_back();
    const Known* known = source > 0 && source <= sources_.size() ? &sources_[source - 1] : nullptr;
    std::string reason = "VBScript";
    if (known) {
      reason += ", line " + std::to_string(line + known->line - 1);
      if (std::u16string text = line_of(known->text, line); !text.empty()) reason += ": " + utf8(text);
    }
    because_.emplace_back(std::make_unique<Forced::Because>(*window_.page.forced, std::move(reason)));
  }

  // The number of a source for the interpreter; its first line and column lie in a page.
  uint32_t add(const Source& source, uint32_t line, uint32_t column, std::u16string_view text) {
    // Its lines are told as reasons, of a forced run alone.
    sources_.push_back({&source, line, column, explores() ? std::u16string(text) : std::u16string()});
    return static_cast<uint32_t>(sources_.size());
  }
  std::optional<Place> place() const {
    vbscript::Whereabouts at = interpreter.whereabouts();
    if (at.line == 0 || at.source == 0 || at.source > sources_.size()) return std::nullopt;
    const Known& known = sources_[at.source - 1];
    uint32_t column = at.line == 1 ? at.column + known.column - 1 : at.column;
    return Place{known.source, at.line + known.line - 1, column};
  }

  void report(const vbscript::Outcome& outcome, const Window::Text& text) {
    if (!outcome.error) return;
    uint32_t line = outcome.error->line + text.line - 1;
    window_.page.happened(window_, "error",
                          u"VBScript: " + outcome.error->description + u" (" + wide(text.file) + u":" +
                              wide(std::to_string(line)) + u")");
  }

  void bind_event_procedures();

  vbscript::Interpreter interpreter;
  std::vector<std::u16string> variables;  // of the global scope, as they appeared
  uint32_t handlers = 0;                  // made of attributes so far

 private:
  struct Known {
    const Source* source;
    uint32_t line, column;
    std::u16string text;
  };
  static std::u16string line_of(std::u16string_view text, uint32_t line) {
    constexpr size_t longest = 200;
    while (line > 1 && !text.empty()) {
      size_t end = text.find(u'\n');
      text = end == text.npos ? std::u16string_view() : text.substr(end + 1);
      --line;
    }
    return std::u16string(trim(text.substr(0, std::min(text.find(u'\n'), longest))));
  }

  void define_variable(JSContext* cx, JS::HandleObject global, std::u16string_view name);
  Native* target_named(JSContext* cx, std::u16string_view name);

  Window& window_;
  std::vector<Known> sources_;
  std::vector<std::unique_ptr<Forced::Because>> because_;
  std::vector<std::u16string> procedures_;  // not yet looked at as handlers
};

WindowHost& host_of(Window& window) {
  if (!window.vbscript) window.vbscript = std::make_shared<WindowHost>(window);
  return *static_cast<WindowHost*>(window.vbscript.get());
}

std::u16string accessor_name(Call& call) {
  std::u16string name = to_text(call.cx, must(JS_GetFunctionId(JS_GetObjectFunction(&call.args.callee()))));
  return name;
}
void read_variable(Call& call) {
  with_vbscript_errors(call.cx, [&] {
    Value value = host_of(call.window).interpreter.variable(accessor_name(call)).value_or(Value());
    from_vbscript(call.cx, call.window, value, call.args.rval());
  });
}
void write_variable(Call& call) {
  with_vbscript_errors(call.cx, [&] {
    host_of(call.window)
        .interpreter.set_variable(accessor_name(call), to_vbscript(call.cx, call.window, call.at(0)));
  });
  call.give();
}

void WindowHost::define_variable(JSContext* cx, JS::HandleObject global, std::u16string_view name) {
  std::string plain = utf8(name);
  JS::RootedObject getter(cx), setter(cx);
  getter = JS_GetFunctionObject(must(JS_NewFunction(cx, native<read_variable>, 0, 0, plain.c_str())));
  setter = JS_GetFunctionObject(must(JS_NewFunction(cx, native<write_variable>, 1, 0, plain.c_str())));
  if (!JS_DefineUCProperty(cx, global, name.data(), name.size(), getter, setter, JSPROP_ENUMERATE))
    raise_pending(cx);
}

Native* WindowHost::target_named(JSContext* cx, std::u16string_view name) {
  if (equals_ignoring_case(name, u"window")) return &window_;
  if (!window_.document) return nullptr;
  if (equals_ignoring_case(name, u"document")) return &native_of_node(cx, window_, *window_.document);
  for (html::Node* node = window_.document; node; node = html::next_in_tree(*node, *window_.document)) {
    html::Element* element = node->as_element();
    if (!element) continue;
    for (html::Name attribute : {html::Name::id, html::Name::name})
      if (const std::u16string* given = element->attribute(attribute))
        if (equals_ignoring_case(*given, name)) return &native_of_node(cx, window_, *element);
  }
  return nullptr;
}

void WindowHost::bind_event_procedures() {
  JSContext* cx = window_.page.cx;
  std::erase_if(procedures_, [&](const std::u16string& name) {
    size_t mark = lower(name).rfind(u"_on");
    if (mark == std::u16string::npos || mark == 0) return true;
    Native* target = target_named(cx, std::u16string_view(name).substr(0, mark));
    if (!target) return false;
    JS::RootedValue function(cx);
    from_vbscript(cx, window_, interpreter.procedure(name), &function);
    Listener listener{lower(std::u16string_view(name).substr(mark + 3)),
                      JS::Heap<JSObject*>(&function.toObject())};
    target->listeners.push_back(std::move(listener));
    return true;
  });
}

}  // namespace

std::optional<Place> vbscript_place(Window& window) {
  return window.vbscript ? host_of(window).place() : std::nullopt;
}

void run_vbscript(Window& window, const Window::Text& text) {
  window.page.run_script(window, [&] {
    WindowHost& host = host_of(window);
    const Source& source = keep_source(window, text.text, text.file, text.by, text.how, text.line);
    host.report(host.interpreter.run(text.text, host.add(source, text.line, text.column, text.text)), text);
    host.bind_event_procedures();
  });
}

JSObject* compile_vbscript_handler(JSContext* cx, Window& window, const Window::Text& text) {
  WindowHost& host = host_of(window);
  std::u16string name = u"shikake_handler" + wide(std::to_string(++host.handlers));
  std::u16string whole = u"Sub " + name + u"\n" + std::u16string(text.text) + u"\nEnd Sub";
  const Source& source = keep_source(window, text.text, text.file, text.by, text.how, text.line);
  host.report(host.interpreter.run(whole, host.add(source, text.line - 1, 1, whole)), text);
  vbscript::ObjectRef procedure = host.interpreter.procedure(name);
  if (!procedure) return nullptr;
  JS::RootedValue function(cx);
  from_vbscript(cx, window, procedure, &function);
  return &function.toObject();
}

bool call_uncalled_vbscript(Window& window) {
  if (!window.vbscript || window.gone) return false;
  bool did = false;
  window.page.run_script(window, [&] { did = host_of(window).interpreter.call_uncalled(); });
  window.loader->flush();
  return did;
}

void for_each_vbscript_text(Window& window, const std::function<void(std::u16string_view)>& take) {
  if (!window.vbscript) return;
  WindowHost& host = host_of(window);
  for (const std::u16string& name : host.variables) {
    const std::optional<Value> value = host.interpreter.variable(name);
    if (!value) continue;
    if (const vbscript::Text* text = value->get<vbscript::Text>()) take(**text);
    const vbscript::ArrayRef* array = value->get<vbscript::ArrayRef>();
    if (!array || !*array) continue;
    std::u16string units;
    for (const Value& item : (*array)->items) {
      if (const vbscript::Text* text = item.get<vbscript::Text>()) take(**text);
      if (auto* byte = item.get<uint8_t>()) units += *byte;
      if (auto* number = item.get<int16_t>()) units += static_cast<char16_t>(*number);
      if (auto* number = item.get<int32_t>()) units += static_cast<char16_t>(*number);
    }
    take(units);
  }
}

void bind_event_procedures(Window& window) {
  if (!window.vbscript) return;
  window.page.run_script(window, [&] { host_of(window).bind_event_procedures(); });
}

}  // namespace shikake::honeyclient::low::page
