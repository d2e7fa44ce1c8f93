// What is done with a page that has nothing left to do: somebody moves, scrolls, types and clicks; functions
// that nothing called are called; and where a statement that leads elsewhere still was not reached, what it
// needs of its script is run by itself.
#include <js/CompilationAndEvaluation.h>
#include <js/Exception.h>
#include <js/SourceText.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/person.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

bool Forced::next() {
  if (!page_.scripts_run()) return false;
  return act() || call_a_function() || run_a_slice() || call_a_vbscript_procedure();
}

// --- a person --------------------------------------------------------------------------------------------

namespace {

constexpr std::array deeds = {Deed{u"focus", "FocusEvent", true},
                              Deed{u"mouseenter", "MouseEvent", false},
                              Deed{u"mouseover", "MouseEvent", false},
                              Deed{u"mousemove", "MouseEvent", false},
                              Deed{u"mousemove", "MouseEvent", false},
                              Deed{u"mousemove", "MouseEvent", false},
                              Deed{u"mousemove", "MouseEvent", false},
                              Deed{u"pointermove", "MouseEvent", false},
                              Deed{u"wheel", "WheelEvent", false},
                              Deed{u"scroll", "Event", true},
                              Deed{u"keydown", "KeyboardEvent", false},
                              Deed{u"keypress", "KeyboardEvent", false},
                              Deed{u"keyup", "KeyboardEvent", false},
                              Deed{u"touchstart", "Event", false},
                              Deed{u"touchmove", "Event", false},
                              Deed{u"touchend", "Event", false},
                              Deed{u"mousedown", "MouseEvent", false},
                              Deed{u"mouseup", "MouseEvent", false},
                              Deed{u"click", "MouseEvent", false},
                              Deed{u"contextmenu", "MouseEvent", false},
                              Deed{u"mouseout", "MouseEvent", false},
                              Deed{u"mouseleave", "MouseEvent", false},
                              Deed{u"copy", "Event", false},
                              Deed{u"resize", "Event", true},
                              Deed{u"blur", "FocusEvent", true},
                              Deed{u"visibilitychange", "Event", false},
                              Deed{u"beforeunload", "Event", true},
                              Deed{u"pagehide", "Event", true},
                              Deed{u"unload", "Event", true}};

}  // namespace

bool Forced::act() {
  for (Window* window : page_.windows()) {
    if (window->gone || !window->document || std::ranges::find(acted_, window) != acted_.end()) continue;
    acted_.push_back(window);
    html::Element* body = window->document->body();
    int step = 0;
    for (const Deed& deed : deeds) {
      ++step;
      if (!is_heard(*window, body, deed.type)) continue;
      Because because(*this, "somebody in front of the page: " + utf8(deed.type));
      Native& target =
          deed.of_window || !body ? static_cast<Native&>(*window) : native_of_node(page_.cx, *window, *body);
      happen(*window, target, deed.type, deed.interface, step);
    }
    click_everything(*window);
    return true;
  }
  return false;
}

// What has handlers of its own; no link is followed and no form sent by it.
void Forced::click_everything(Window& window) {
  constexpr size_t max_clicked = 100;
  std::vector<html::Element*> found;
  for (html::Node* node = window.document; node; node = html::next_in_tree(*node, *window.document))
    if (html::Element* element = node->as_element(); element && is_listened_to(*element))
      if (found.size() < max_clicked) found.push_back(element);
  int step = 0;
  for (html::Element* element : found)
    for (const char16_t* type : {u"mouseover", u"mousedown", u"mouseup", u"click", u"change"}) {
      if (window.gone || !window.page.scripts_run()) return;
      if (!is_heard(window, element, type)) continue;
      Because because(*this, "somebody in front of the page: " + utf8(type));
      happen(window, native_of_node(page_.cx, window, *element), type, "MouseEvent", ++step);
    }
}

// --- functions that nothing called -------------------------------------------------------------------------

namespace {

// A generator's body runs as its values are asked for.
void go_through(JSContext* cx, JS::HandleValue given) {
  constexpr int most = 20;
  if (!given.isObject()) return;
  JS::RootedObject generator(cx, &given.toObject());
  JS::RootedValue next(cx), step(cx);
  must(JS_GetProperty(cx, generator, "next", &next));
  if (!next.isObject() || !JS::IsCallable(&next.toObject())) return;
  for (int i = 0; i < most; ++i) {
    must(JS::Call(cx, given, next, JS::HandleValueArray::empty(), &step));
    if (!step.isObject()) return;
    JS::RootedObject result(cx, &step.toObject());
    JS::RootedValue done(cx);
    must(JS_GetProperty(cx, result, "done", &done));
    if (done.isUndefined() || JS::ToBoolean(done)) return;  // undefined: a promise, of an asynchronous one
  }
}

}  // namespace

bool Forced::call_a_function() {
  JSContext* cx = page_.cx;
  for (size_t i = 0; i < functions_.size(); ++i) {
    Function& function = functions_[i];
    if (function.called || function.entered || !function.closure || !function.what->leads) continue;
    function.called = true;
    Window* window = function.text->window;
    if (!window || window->gone) continue;
    if (++calls_ > limits::max_forced_calls) return false;
    std::u16string_view before =
        std::u16string_view(function.text->original).substr(0, function.what->text.start);
    auto line = function.text->line + static_cast<uint32_t>(std::ranges::count(before, u'\n'));
    Because because(*this, "a function that nothing called, line " + std::to_string(line));
    ++tolerant_;
    page_.run_script(*window, [&] {
      JS::RootedValue callee(cx, JS::ObjectValue(*function.closure)), ignored(cx);
      JS::RootedValue self(cx, JS::ObjectValue(*window->global()));
      // Most that nobody calls are handlers.
      JS::RootedValue event(cx, JS::ObjectValue(*make_event(cx, *window, u"click", "MouseEvent").wrapper));
      must(JS::Call(cx, self, callee, JS::HandleValueArray(event), &ignored));
      go_through(cx, ignored);
    });
    --tolerant_;
    window->loader->flush();
    return true;
  }
  return false;
}

bool Forced::call_a_vbscript_procedure() {
  if (++calls_ > limits::max_forced_calls) return false;
  for (Window* window : page_.windows())
    if (call_uncalled_vbscript(*window)) return true;
  return false;
}

// --- slices ------------------------------------------------------------------------------------------------

namespace {

bool holds(const forced::Span& outer, const forced::Span& inner) {
  return outer.start <= inner.start && inner.end <= outer.end;
}

}  // namespace

// Backwards from the statement: what defines a name that is needed is needed itself, with all its names.
std::u16string Forced::slice_of(const Text& text, const forced::Leaf& sink) const {
  const forced::Rewritten& made = text.made;
  std::u16string_view original = text.original;
  auto word = [&](const forced::Name& name) {
    return original.substr(name.text.start, name.text.end - name.text.start);
  };
  std::vector<std::u16string_view> needed;
  auto need = [&](const forced::Leaf& leaf) {
    for (uint32_t i = leaf.first_name; i < leaf.last_name; ++i)
      if (std::ranges::find(needed, word(made.names[i])) == needed.end())
        needed.push_back(word(made.names[i]));
  };
  auto defines_needed = [&](const forced::Leaf& leaf) {
    for (uint32_t i = leaf.first_name; i < leaf.last_name; ++i)
      if (made.names[i].defines && std::ranges::find(needed, word(made.names[i])) != needed.end())
        return true;
    return false;
  };
  // Of the script itself or of a function around the statement.
  auto reaches = [&](const forced::Leaf& leaf) {
    return leaf.function == 0 || holds(made.functions[leaf.function - 1].text, sink.text);
  };
  std::vector<const forced::Leaf*> candidates;
  for (const forced::Leaf& leaf : made.leaves) {
    std::u16string_view statement = original.substr(leaf.text.start, leaf.text.end - leaf.text.start);
    bool declares = statement.starts_with(u"function") || statement.starts_with(u"async function");
    bool before = leaf.text.end <= sink.text.start;
    if (reaches(leaf) && (before || (declares && leaf.text.start >= sink.text.end)))
      candidates.push_back(&leaf);
  }
  // The last first; what holds others before those.
  std::ranges::sort(candidates, [](const forced::Leaf* a, const forced::Leaf* b) {
    return a->text.end != b->text.end ? a->text.end > b->text.end : a->text.start < b->text.start;
  });
  std::vector<forced::Span> spans = {sink.text};
  need(sink);
  constexpr int max_rounds = 4;  // declarations behind the statement need what stands before it
  for (int round = 0; round < max_rounds; ++round) {
    size_t before = spans.size();
    for (const forced::Leaf* leaf : candidates) {
      auto inside = [&](const forced::Span& span) { return holds(span, leaf->text); };
      if (spans.size() >= limits::max_slice || std::ranges::any_of(spans, inside) || !defines_needed(*leaf))
        continue;
      spans.push_back(leaf->text);
      need(*leaf);
    }
    if (spans.size() == before) break;
  }
  std::ranges::sort(spans, {}, &forced::Span::start);
  return forced::only(original, spans);
}

bool Forced::run_a_slice() {
  JSContext* cx = page_.cx;
  for (; next_sink_ < sinks_.size(); ++next_sink_) {
    const Sink& sink = sinks_[next_sink_];
    const Text& text = *sink.text;
    Window* window = text.window;
    if (sink.reached || !text.source || !window || window->gone) continue;
    if (++slices_ > limits::max_slices) return false;
    ++next_sink_;
    std::u16string slice = slice_of(text, *sink.what);
    const size_t known = sinks_.size();
    const Text* rewritten_slice = rewritten(slice, true);
    if (!rewritten_slice) return true;
    for (size_t i = known; i < sinks_.size(); ++i) sinks_[i].reached = true;  // no slices of slices
    const forced::Rewritten& made = rewritten_slice->made;
    std::u16string_view before = std::u16string_view(text.original).substr(0, sink.what->text.start);
    auto line = text.line + static_cast<uint32_t>(std::ranges::count(before, u'\n'));
    Because because(*this, "never reached: computed from what line " + std::to_string(line) + " needs");
    std::u16string run = u"(function(){\n" + made.text + u"\n})()";
    ++tolerant_;
    page_.run_script(*window, [&] {
      const Source& source = page_.positions.expect(*text.source);
      // A line of its own goes before, so that columns stay.
      page_.positions.columns(source, {&made.shifts, text.line, 0, text.column - 1});
      JS::CompileOptions options(cx);
      options.setFileAndLine(source.url.c_str(), text.line - 1);
      JS::SourceText<char16_t> buffer;
      JS::RootedValue ignored(cx);
      must(buffer.init(cx, run.data(), run.size(), JS::SourceOwnership::Borrowed));
      must(JS::Evaluate(cx, options, buffer, &ignored));
    });
    --tolerant_;
    window->loader->flush();
    return true;
  }
  return false;
}

}  // namespace shikake::honeyclient::low::page
