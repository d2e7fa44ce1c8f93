// The second run of a page: its scripts rewritten (honeyclient/forced/rewrite.h), the branches that it would
// not take taken as well, the functions that nothing called called, and where a statement that leads
// elsewhere still was not reached, the part of its script that it needs run by itself.
//
// A branch explores its other arm first, once, and undoes how that one gets away; then runs as it would have.
// Where its own arm leaves (return, throw) and the other one goes on, it goes on: what a check keeps away
// stands behind it. So one run sees every arm once, in a time that grows with the script and not with the
// number of ways through it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "honeyclient/forced/rewrite.h"
#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/position.h"

namespace shikake::honeyclient::low::page {

namespace forced = honeyclient::forced;

class Forced {
 public:
  explicit Forced(Page& page);
  void trace(JSTracer* tracer);
  // The hook's name, toString and Function, in a new window.
  void define(Window& window);

  // What is compiled instead of the text; the text itself where it is not rewritten. `line` and `column`
  // (from 1) are where it begins; a body is a function's, as a handler has one.
  std::u16string prepare(Window& window, const Source& source, std::u16string_view text, uint32_t line,
                         uint32_t column, bool body = false);
  // What eval or Function was given, where the engine shows a rewritten text; makes known where it is run.
  std::optional<std::u16string> original_of(std::u16string_view shown) const;
  void bind(Window& window, const Source& source, std::u16string_view shown);
  // A function's text as it was written.
  std::u16string source_text(std::u16string shown) const;

  // The outermost script begins.
  void begin();
  // When the page has nothing left to do: one thing more. False: there is none.
  bool next();
  // Which check the running script hangs on; "" for none.
  std::string decided_by();
  // How the page's own checks of its environment went: told to the parent, each once.
  void tell_checks();
  // Around what runs later: timers.
  class Because {
   public:
    Because(Forced& forced, std::string reason) : forced_(forced) {
      forced_.reasons_.push_back(std::move(reason));
    }
    ~Because() { forced_.reasons_.pop_back(); }
    Because(const Because&) = delete;
    Because& operator=(const Because&) = delete;

   private:
    Forced& forced_;
  };

 private:
  struct Text {
    std::u16string original;
    forced::Rewritten made;
    bool body = false;
    uint32_t first_site = 0, first_function = 0, first_sink = 0;
    // Of its last run.
    const Source* source = nullptr;
    Window* window = nullptr;
    uint32_t line = 1, column = 1;
    // Which statements define a name; made when first asked for.
    std::unordered_map<std::u16string_view, std::vector<const forced::Leaf*>> definitions;
    bool indexed = false;
  };
  struct Site {
    Text* text;
    const forced::Site* what;
    uint32_t done = 0;     // arms that ran, a bit each
    uint32_t natural = 0;  // those that the page took by itself
    uint32_t told = 0;
    uint32_t iterations = 0;
    std::optional<std::string> asks;  // what its condition asks for, once somebody wanted to know
  };
  struct Function {
    const Text* text;
    const forced::Function* what;
    bool entered = false, called = false;
    JS::Heap<JSObject*> closure;  // the first that came into being
  };
  struct Sink {
    const Text* text;
    const forced::Leaf* what;
    bool reached = false;
  };
  // An if or switch under way.
  struct Branch {
    uint32_t site;
    uint32_t arms = 2, natural = 0;
    JS::Heap<JS::Value> value;  // of a switch
    size_t decisions;           // how many there were before it
    uint32_t arm = 0;
    bool exploring = false, explored = false, through = false, other_goes_on = false, over = false;
  };
  struct Decision {
    uint32_t site = 0, arm = 0;
    bool forced = false;
  };

  static bool hook(JSContext* cx, unsigned argc, JS::Value* vp);
  bool call(JSContext* cx, forced::Hook what, uint32_t number, const JS::CallArgs& args);
  bool branch_call(JSContext* cx, forced::Hook what, uint32_t number, const JS::CallArgs& args);
  bool value_call(JSContext* cx, forced::Hook what, uint32_t number, const JS::CallArgs& args);
  Branch* branch(uint32_t site);
  void drop_branch();
  void went(uint32_t site, uint32_t arm);  // by itself
  bool again(uint32_t site);
  bool leave(uint32_t site);
  bool first_time(uint32_t site, uint32_t arm);
  void explore(JSContext* cx, uint32_t site, uint32_t arm, JS::HandleValue closure,
               JS::MutableHandleValue result);
  bool run_arm(JSContext* cx, uint32_t site, uint32_t arm, JS::HandleValue closure,
               JS::MutableHandleValue result);
  bool choice(JSContext* cx, uint32_t site, const JS::CallArgs& args);
  bool label(JSContext* cx, uint32_t site, const JS::CallArgs& args);
  bool loop(uint32_t site, const JS::CallArgs& args);
  void code(JSContext* cx, const JS::CallArgs& args);

  Text* rewritten(std::u16string_view text, bool body);
  const Text* body_in(std::u16string_view shown) const;
  void runs_as(Text& text, Window& window, const Source& source, uint32_t line, uint32_t column);
  friend void construct_function(Call& call);

  // forced_steps.cpp
  bool act();
  void click_everything(Window& window);
  bool call_a_function();
  bool call_a_vbscript_procedure();
  bool run_a_slice();
  std::u16string slice_of(const Text& text, const forced::Leaf& sink) const;

  // forced_reasons.cpp
  std::string describe(const Decision& decision);
  const std::string& asked_by(uint32_t site);
  void environment(Text& text, forced::Span span, int depth, int& looked_into, std::string& found);
  const std::vector<const forced::Leaf*>& definitions(Text& text, std::u16string_view name);

  Page& page_;
  std::u16string name_;
  std::deque<Text> texts_;
  std::unordered_map<std::u16string, Text*> by_original_, by_made_;
  std::deque<Site> sites_;
  std::deque<Function> functions_;
  std::deque<Sink> sinks_;
  std::deque<Branch> branches_;
  std::vector<Decision> decisions_;
  std::vector<std::string> reasons_;
  std::optional<Decision> passed_;  // the last check that was passed against its own answer
  uint32_t exploring_ = 0, tolerant_ = 0;
  uint32_t calls_ = 0, slices_ = 0, checks_ = 0;
  std::vector<const Window*> acted_;
  size_t next_sink_ = 0;
};

// What Function.prototype.toString gives, of every run: as the persona's browser writes it.
void define_function_text(JSContext* cx);  // in the realm that is entered

}  // namespace shikake::honeyclient::low::page
