#include "honeyclient/low/page/forced.h"

#include <js/CompilationAndEvaluation.h>
#include <js/Equality.h>
#include <js/Exception.h>
#include <js/SourceText.h>

#include <algorithm>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

using forced::Hook;

Forced::Forced(Page& page) : page_(page) {
  // A name that no page can know: it is of this run.
  static constexpr std::u16string_view letters = u"abcdefghijklmnopqrstuvwxyz";
  name_ = u"$";
  for (int i = 0; i < 12; ++i) name_ += letters[page.random() % letters.size()];
}

void Forced::trace(JSTracer* tracer) {
  for (Function& function : functions_) JS::TraceEdge(tracer, &function.closure, "forced closure");
  for (Branch& branch : branches_) JS::TraceEdge(tracer, &branch.value, "forced value");
}

void Forced::begin() {
  while (!branches_.empty()) drop_branch();
  decisions_.clear();
  exploring_ = 0;
  passed_.reset();
}

// --- texts ---------------------------------------------------------------------------------------------

Forced::Text* Forced::rewritten(std::u16string_view text, bool body) {
  std::u16string key(text);
  key += body ? u"b" : u"s";
  if (auto found = by_original_.find(key); found != by_original_.end()) return found->second;
  if (texts_.size() >= limits::max_rewritten) return nullptr;
  forced::Naming naming{name_, static_cast<uint32_t>(sites_.size()), static_cast<uint32_t>(functions_.size()),
                        static_cast<uint32_t>(sinks_.size()), body};
  auto made = forced::rewrite(text, naming);
  if (!made) return by_original_[key] = nullptr;
  Text& kept = texts_.emplace_back(Text{std::u16string(text), std::move(*made), body, naming.first_site,
                                        naming.first_function, naming.first_sink});
  for (const forced::Site& site : kept.made.sites) sites_.push_back({&kept, &site});
  for (const forced::Function& function : kept.made.functions) functions_.push_back({&kept, &function});
  for (const forced::Leaf& leaf : kept.made.leaves)
    if (leaf.sink) sinks_.push_back({&kept, &leaf});
  // Leaves stand in the order of the text, sinks by their number.
  std::sort(sinks_.begin() + naming.first_sink, sinks_.end(),
            [](const Sink& a, const Sink& b) { return *a.what->sink < *b.what->sink; });
  by_made_[kept.made.text] = &kept;
  return by_original_[key] = &kept;
}

void Forced::runs_as(Text& text, Window& window, const Source& source, uint32_t line, uint32_t column) {
  text.source = &source;
  text.window = &window;
  text.line = line;
  text.column = column;
}

std::u16string Forced::prepare(Window& window, const Source& source, std::u16string_view text, uint32_t line,
                               uint32_t column, bool body) {
  Text* made = rewritten(text, body);
  if (!made) return std::u16string(text);
  runs_as(*made, window, source, line, column);
  page_.positions.columns(source, {&made->made.shifts, line, column - 1, column - 1});
  return made->made.text;
}

const Forced::Text* Forced::body_in(std::u16string_view shown) const {
  for (auto text = texts_.rbegin(); text != texts_.rend(); ++text)
    if (text->body && shown.find(text->made.text) != std::u16string_view::npos) return &*text;
  return nullptr;
}

std::optional<std::u16string> Forced::original_of(std::u16string_view shown) const {
  if (shown.find(name_) == std::u16string_view::npos) return std::nullopt;
  if (auto found = by_made_.find(std::u16string(shown)); found != by_made_.end())
    return found->second->original;
  const Text* body = body_in(shown);
  if (!body) return std::nullopt;
  std::u16string text(shown);
  return text.replace(text.find(body->made.text), body->made.text.size(), body->original);
}

void Forced::bind(Window& window, const Source& source, std::u16string_view shown) {
  auto found = by_made_.find(std::u16string(shown));
  Text* text = found != by_made_.end() ? found->second : const_cast<Text*>(body_in(shown));
  if (!text) return;
  std::u16string_view before = shown.substr(0, shown.find(text->made.text));
  auto line = static_cast<uint32_t>(1 + std::ranges::count(before, u'\n'));
  runs_as(*text, window, source, line, 1);
  page_.positions.columns(source, {&text->made.shifts, line, 0, 0});
}

std::u16string Forced::source_text(std::u16string shown) const {
  if (shown.find(name_) == std::u16string::npos) return shown;
  if (const Text* body = body_in(shown))
    return shown.replace(shown.find(body->made.text), body->made.text.size(), body->original);
  std::u16string marker = name_ + u"(6,";
  static_assert(static_cast<int>(Hook::entered) == 6);
  size_t at = shown.find(marker);
  if (at == std::u16string::npos) return shown;
  auto number =
      static_cast<size_t>(std::strtoul(utf8(shown.substr(at + marker.size(), 10)).c_str(), nullptr, 10));
  if (number >= functions_.size()) return shown;
  const Function& function = functions_[number];
  bool of_class = function.what->of_class && shown.starts_with(u"class");
  forced::Span span = of_class ? *function.what->of_class : function.what->text;
  return function.text->original.substr(span.start, span.end - span.start);
}

void Forced::code(JSContext* cx, const JS::CallArgs& args) {
  args.rval().set(args.get(2));
  if (!args.get(2).isString()) return;
  Text* text = rewritten(to_text(cx, args.get(2).toString()), false);
  if (!text) return;
  JS::CompileOptions options(cx);
  JS::SourceText<char16_t> source;
  const std::u16string& made = text->made.text;
  must(source.init(cx, made.data(), made.size(), JS::SourceOwnership::Borrowed));
  // What only stands inside a function (new.target, super) is left as it is.
  if (!JS::Compile(cx, options, source)) return JS_ClearPendingException(cx);
  args.rval().setString(to_string(cx, made));
}

// --- the hook --------------------------------------------------------------------------------------------

bool Forced::hook(JSContext* cx, unsigned argc, JS::Value* vp) {
  JS::CallArgs args = JS::CallArgsFromVp(argc, vp);
  auto* self = static_cast<Forced*>(js::GetFunctionNativeReserved(&args.callee(), 0).toPrivate());
  args.rval().setUndefined();
  if (args.length() < 2 || !args[0].isInt32() || !args[1].isInt32()) return true;
  auto what = static_cast<Hook>(args[0].toInt32());
  auto number = static_cast<uint32_t>(args[1].toInt32());
  try {
    return self->call(cx, what, number, args);
  } catch (...) {
    pass_on(cx);
    return false;
  }
}

// A page that has learnt the name may call it with any number.
bool Forced::call(JSContext* cx, Hook what, uint32_t number, const JS::CallArgs& args) {
  JS::HandleValue last = args[args.length() - 1];
  switch (what) {
    case Hook::entered:
      if (number < functions_.size()) functions_[number].entered = true;
      return true;
    case Hook::made:
      args.rval().set(last);
      if (number < functions_.size() && last.isObject() && !functions_[number].closure)
        functions_[number].closure = &last.toObject();
      return true;
    case Hook::sink:
      if (number < sinks_.size()) sinks_[number].reached = true;
      return true;
    case Hook::tolerate:
      if (exploring_ > 0 || tolerant_ > 0 || passed_) return true;
      JS_SetPendingException(cx, last);
      return false;
    case Hook::code:
      code(cx, args);
      return true;
    default:
      if (number >= sites_.size()) return true;
      return what <= Hook::leave || (what >= Hook::selection && what <= Hook::label)
                 ? branch_call(cx, what, number, args)
                 : value_call(cx, what, number, args);
  }
}

bool Forced::branch_call(JSContext* cx, Hook what, uint32_t number, const JS::CallArgs& args) {
  JS::HandleValue last = args[args.length() - 1];
  switch (what) {
    case Hook::branch: {
      Branch made{.site = number, .decisions = decisions_.size()};
      made.natural = JS::ToBoolean(last) ? 0 : 1;
      branches_.push_back(std::move(made));
      return true;
    }
    case Hook::selection: {
      Branch made{.site = number, .decisions = decisions_.size()};
      made.arms = args.get(2).isInt32() ? static_cast<uint32_t>(args[2].toInt32()) : 1;
      made.natural = made.arms;  // none: its labels will tell
      made.value = last;
      branches_.push_back(std::move(made));
      return true;
    }
    case Hook::again:
      args.rval().setBoolean(again(number));
      return true;
    case Hook::arm: {
      Branch* found = branch(number);
      args.rval().setBoolean(found && found->arm == 0);
      return true;
    }
    case Hook::selected:
      if (Branch* found = branch(number)) args.rval().set(found->value);
      return true;
    case Hook::label:
      return label(cx, number, args);
    case Hook::through:
      if (Branch* found = branch(number)) found->through = true;
      return true;
    case Hook::caught: {
      Branch* found = branch(number);
      if (found && found->exploring) return true;
      JS_SetPendingException(cx, last);
      return false;
    }
    case Hook::leave:
      args.rval().setBoolean(leave(number));
      return true;
    default:
      return true;
  }
}

void Forced::drop_branch() {
  Branch& last = branches_.back();
  if (last.exploring && exploring_ > 0) --exploring_;
  decisions_.resize(std::min(decisions_.size(), last.decisions));
  branches_.pop_back();
}

// The innermost one of this site; those inside it that were left by no way that is known are over.
Forced::Branch* Forced::branch(uint32_t site) {
  auto found =
      std::find_if(branches_.rbegin(), branches_.rend(), [&](const Branch& one) { return one.site == site; });
  if (found == branches_.rend()) return nullptr;
  while (branches_.back().site != site) drop_branch();
  return &branches_.back();
}

// What an arm that was taken by force decides is not the page's own doing.
void Forced::went(uint32_t site, uint32_t arm) {
  if (exploring_ == 0 && tolerant_ == 0 && !passed_)
    sites_[site].natural |= uint32_t{1} << std::min(arm, uint32_t{31});
}

bool Forced::first_time(uint32_t site, uint32_t arm) {
  // Deeper, and every arm would be tried in a state that ever less led to.
  constexpr uint32_t max_exploring = 40;
  uint32_t bit = uint32_t{1} << std::min(arm, uint32_t{31});
  if ((sites_[site].done & bit) || exploring_ >= max_exploring || !page_.scripts_run()) return false;
  sites_[site].done |= bit;
  return true;
}

bool Forced::again(uint32_t site) {
  Branch* one = branch(site);
  if (!one) return false;
  if (one->over) {
    drop_branch();
    return false;
  }
  one->through = false;
  for (uint32_t arm = 0; arm < one->arms && arm < 32; ++arm) {
    if (arm == one->natural || !first_time(site, arm)) continue;
    one->arm = arm;
    one->exploring = one->explored = true;
    ++exploring_;
    decisions_.push_back({site, arm, true});
    return true;
  }
  one->arm = one->natural;
  if (sites_[site].what->kind == Hook::branch) went(site, one->natural);
  if (one->natural < 32) sites_[site].done |= uint32_t{1} << one->natural;
  // Of a switch the labels will tell.
  decisions_.push_back({site, sites_[site].what->kind == Hook::selection ? UINT32_MAX : one->natural, false});
  return true;
}

bool Forced::leave(uint32_t site) {
  Branch* one = branch(site);
  if (!one) return false;
  decisions_.resize(std::min(decisions_.size(), one->decisions));
  if (one->exploring) {
    --exploring_;
    one->exploring = false;
    one->other_goes_on = one->other_goes_on || one->through;
    return true;
  }
  if (one->through) {
    one->over = true;
    return false;
  }
  if (one->explored && one->other_goes_on) {
    one->over = true;
    passed_ = Decision{site, one->natural == 0 ? 1u : 0u, true};
    return true;
  }
  drop_branch();
  return false;
}

bool Forced::label(JSContext* cx, uint32_t site, const JS::CallArgs& args) {
  Branch* one = branch(site);
  args.rval().set(args[args.length() - 1]);
  if (!one || !args.get(2).isInt32()) return true;
  auto arm = static_cast<uint32_t>(args[2].toInt32());
  if (one->exploring) {
    if (arm == one->arm)
      args.rval().set(one->value);
    else
      args.rval().setObject(*must(JS_NewPlainObject(cx)));  // like nothing else
    return true;
  }
  JS::RootedValue value(cx, one->value);
  bool same = false;
  if (!JS::StrictlyEqual(cx, args[args.length() - 1], value, &same)) return false;
  if (same && !decisions_.empty() && decisions_.back().site == site) {
    decisions_.back().arm = arm;
    went(site, arm);
  }
  return true;
}

// --- values ----------------------------------------------------------------------------------------------

bool Forced::run_arm(JSContext* cx, uint32_t site, uint32_t arm, JS::HandleValue closure,
                     JS::MutableHandleValue result) {
  decisions_.push_back({site, arm, exploring_ > 0});
  size_t depth = decisions_.size();
  bool ok = JS::Call(cx, JS::UndefinedHandleValue, closure, JS::HandleValueArray::empty(), result);
  if (decisions_.size() >= depth) decisions_.resize(depth - 1);
  return ok;
}

void Forced::explore(JSContext* cx, uint32_t site, uint32_t arm, JS::HandleValue closure,
                     JS::MutableHandleValue result) {
  ++exploring_;
  if (!run_arm(cx, site, arm, closure, result)) {
    if (!JS_IsExceptionPending(cx)) throw Thrown{};  // stopped
    JS_ClearPendingException(cx);
  }
  if (exploring_ > 0) --exploring_;
}

bool Forced::choice(JSContext* cx, uint32_t site, const JS::CallArgs& args) {
  uint32_t natural = JS::ToBoolean(args[2]) ? 0 : 1, other = 1 - natural;
  JS::RootedValue found(cx), explored(cx);
  bool first = first_time(site, other);
  sites_[site].done |= 1u << natural;
  went(site, natural);
  if (first) explore(cx, site, other, args.get(3 + other), &explored);
  if (!run_arm(cx, site, natural, args.get(3 + natural), &found)) return false;
  // Of two texts the other one goes on, once: where its own leads the first run has seen.
  bool other_goes_on = first && found.isString() && explored.isString();
  if (other_goes_on) passed_ = Decision{site, other, true};
  args.rval().set(other_goes_on ? explored : found);
  return true;
}

bool Forced::loop(uint32_t site, const JS::CallArgs& args) {
  bool goes_on = args.length() < 3 || JS::ToBoolean(args[args.length() - 1]);
  Site& it = sites_[site];
  if (goes_on) {
    it.done |= 1;
    return ++it.iterations < limits::max_forced_iterations;
  }
  return first_time(site, 0);
}

bool Forced::value_call(JSContext* cx, Hook what, uint32_t site, const JS::CallArgs& args) {
  JS::HandleValue last = args[args.length() - 1];
  switch (what) {
    case Hook::choice:
      return args.length() < 5 || choice(cx, site, args);
    case Hook::both:
    case Hook::either: {
      if (args.length() < 4) return true;
      JS::RootedValue left(cx, args[2]), ignored(cx);
      bool is = JS::ToBoolean(left), goes_on = is == (what == Hook::both);
      went(site, is ? 0 : 1);
      if (goes_on) {
        sites_[site].done |= 1;
        return run_arm(cx, site, what == Hook::both ? 0 : 1, last, args.rval());
      }
      if (first_time(site, 0)) explore(cx, site, what == Hook::both ? 0 : 1, last, &ignored);
      args.rval().set(left);
      return true;
    }
    case Hook::truthy:
    case Hook::falsy: {
      bool is = JS::ToBoolean(last), wanted = what == Hook::truthy;
      went(site, is ? 0 : 1);
      if (is == wanted) sites_[site].done |= 1;
      if (is != wanted && first_time(site, 0))
        args.rval().setBoolean(wanted);
      else
        args.rval().set(last);
      return true;
    }
    case Hook::loop:
      args.rval().setBoolean(loop(site, args));
      return true;
    case Hook::completed:
      if (!first_time(site, 0)) return true;
      JS_ReportErrorASCII(cx, "undefined is not a function");
      return false;
    default:
      return true;
  }
}

// --- what a window gets ------------------------------------------------------------------------------------

void construct_function(Call& call) {
  JSContext* cx = call.cx;
  auto original = call.window.singletons.find("Function");
  if (original == call.window.singletons.end()) return call.give();
  JS::RootedValue constructor(cx, JS::ObjectValue(*original->second.get()));
  JS::RootedObject made(cx);
  JS::RootedValueVector arguments(cx);
  for (unsigned i = 0; i < call.count(); ++i) must(arguments.append(call.args[i]));
  Forced& forced = *call.page.forced;
  if (call.count() > 0) {
    std::u16string body = call.text(call.count() - 1);
    if (Forced::Text* text = forced.rewritten(body, true)) {
      arguments[call.count() - 1].setString(to_string(cx, text->made.text));
      if (JS::Construct(cx, constructor, JS::HandleValueArray(arguments), &made)) return call.give(made);
      if (!JS_IsExceptionPending(cx)) throw Thrown{};
      JS_ClearPendingException(cx);
    }
    arguments[call.count() - 1].setString(to_string(cx, body));
  }
  must(JS::Construct(cx, constructor, JS::HandleValueArray(arguments), &made));
  call.give(made);
}

void Forced::define(Window& window) {
  JSContext* cx = page_.cx;
  JS::RootedObject global(cx, window.global());
  JS::RootedObject function(
      cx, JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, hook, 0, 0, "anonymous"))));
  js::SetFunctionNativeReserved(function, 0, JS::PrivateValue(this));
  JS::RootedValue value(cx, JS::ObjectValue(*function));
  must(
      JS_DefineUCProperty(cx, global, name_.data(), name_.size(), value, JSPROP_READONLY | JSPROP_PERMANENT));

  must(JS_GetProperty(cx, global, "Function", &value));
  JS::RootedObject original(cx, &value.toObject());
  window.singletons.emplace("Function", original);
  JS::RootedObject made(cx, JS_GetFunctionObject(must(JS_NewFunction(cx, native<construct_function>, 1,
                                                                     JSFUN_CONSTRUCTOR, "Function"))));
  must(JS_GetProperty(cx, original, "prototype", &value));
  JS::RootedObject prototype(cx, &value.toObject());
  must(JS_DefineProperty(cx, made, "prototype", value, JSPROP_READONLY | JSPROP_PERMANENT));
  must(JS_DefineProperty(cx, global, "Function", made, 0));
  must(JS_DefineProperty(cx, prototype, "constructor", made, 0));
}

namespace {

void function_text(Call& call) {
  JSContext* cx = call.cx;
  JS::RootedValue original(cx, js::GetFunctionNativeReserved(&call.args.callee(), 0));
  JS::RootedValue result(cx);
  must(JS::Call(cx, call.args.thisv(), original, JS::HandleValueArray::empty(), &result));
  std::u16string text = to_text(cx, result);
  // https://tc39.es/ecma262/#prod-NativeFunction leaves the blanks to each engine.
  constexpr std::u16string_view gecko = u"() {\n    [native code]\n}";
  Engine engine = call.page.persona().engine;
  if (text.ends_with(gecko)) {
    if (engine == Engine::blink || engine == Engine::edge)
      text.replace(text.size() - gecko.size(), gecko.size(), u"() { [native code] }");
    if (engine == Engine::trident) text = u"\n" + text + u"\n";
  } else if (call.page.forced) {
    text = call.page.forced->source_text(std::move(text));
  }
  call.give(std::u16string_view(text));
}

}  // namespace

void define_function_text(JSContext* cx) {
  JS::RootedObject prototype(cx, JS::GetRealmFunctionPrototype(cx));
  must(prototype.get());
  JS::RootedValue original(cx);
  must(JS_GetProperty(cx, prototype, "toString", &original));
  JS::RootedObject made(
      cx,
      JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, native<function_text>, 0, 0, "toString"))));
  js::SetFunctionNativeReserved(made, 0, original);
  must(JS_DefineProperty(cx, prototype, "toString", made, 0));
}

}  // namespace shikake::honeyclient::low::page
