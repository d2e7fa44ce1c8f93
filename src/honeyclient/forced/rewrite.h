// A script's text rewritten so that a second run can take the branches and call the functions that the first
// one did not. A pass over the grammar of ECMAScript that builds no tree: it notes where statements,
// functions and conditions begin and end, and puts calls of a hook there.
//
//   if (C) A else B     →  for(H(branch,7,C);H(again,7);)try{if(H(arm,7))A else B;H(through,7);}
//                          catch(e){H(caught,7,e)}finally{if(H(leave,7))continue}
//   C ? a() : b()       →  H(choice,8,C,()=>a(),()=>b())
//   C && a()            →  H(both,9,C,()=>a())
//   while (C) S         →  while(H(loop,10,C)) S
//   function f() { … }  →  function f() { H(entered,3); … }, and H(made,3,f) where it comes into being
//   a.b(c);             →  try{a.b(c);}catch(e){H(tolerate,0,e)}
//
// What each hook does is page/forced.cpp's business. Lines stay where they are, and columns can be traced
// back. What the grammar here does not know is left to the engine unchanged: then nothing is forced in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shikake::honeyclient::forced {

enum class Hook : uint8_t {
  branch,     // (site, condition): of an if, before its arms
  again,      // (site): is an arm to be run (again)?
  arm,        // (site): the first arm?
  through,    // (site): the arm ran to its end
  caught,     // (site, exception)
  leave,      // (site): true: whatever the arm did to get away is undone
  entered,    // (function): its body begins
  made,       // (function, closure): gives the closure
  choice,     // (site, condition, first, second): of ?:
  both,       // (site, left, right): of &&
  either,     // (site, left, right): of ||
  truthy,     // (site, value): true once where the value would not be
  falsy,      // (site, value)
  loop,       // (site, condition): of a loop
  selection,  // (site, arms, value): of a switch, before its arms
  selected,   // (site): the value
  label,      // (site, index, value): of a case
  completed,  // (site): a try block ran to its end
  tolerate,   // (0, exception): a statement failed
  sink,       // (sink): a statement that leads elsewhere is about to run
  code,       // (0, text): that eval is given
};

struct Span {
  uint32_t start = 0, end = 0;  // UTF-16 units of the original text
};

struct Site {
  Hook kind = Hook::branch;
  Span condition;
  uint32_t line = 1;
};

struct Function {
  Span text;
  std::optional<Span> of_class;  // that it is a method of
  bool leads = false;            // holds a sink
};

// A statement without statements inside, or the head of one: what slices are made of.
struct Leaf {
  Span text;
  uint32_t function = 0;                   // index into functions, plus one; 0: the script itself
  uint32_t first_name = 0, last_name = 0;  // into names, past the last
  std::optional<uint32_t> sink;            // its number
};
struct Name {
  Span text;
  bool defines = false;  // assigned here, or its object changed
};

// From generated to original columns, both from 0: the last row of the line that is not past the column
// tells. Inside text that was put in, the original column stands still.
struct Shift {
  uint32_t line, generated, original;
  bool inserted;
};

struct Rewritten {
  std::u16string text;
  std::vector<Shift> shifts;
  std::vector<Site> sites;  // numbered from Naming::first_site on, as functions and sinks are
  std::vector<Function> functions;
  std::vector<Leaf> leaves;  // in the order of the text
  std::vector<Name> names;
  uint32_t sinks = 0;
};

struct Naming {
  std::u16string hook;  // a name that no page has
  uint32_t first_site = 0, first_function = 0, first_sink = 0;
  bool body = false;  // the text is a function's body: it may return
};

// Longer texts and deeper nesting are left alone: machine-made tables are longer, and no person nests so
// deep.
inline constexpr size_t max_text = 2u << 20;
inline constexpr int max_depth = 400;

std::optional<Rewritten> rewrite(std::u16string_view text, const Naming& naming);

uint32_t original_column(const std::vector<Shift>& shifts, uint32_t line, uint32_t column);

// The text with everything but these spans blanked: positions stay.
std::u16string only(std::u16string_view text, const std::vector<Span>& spans);

}  // namespace shikake::honeyclient::forced
