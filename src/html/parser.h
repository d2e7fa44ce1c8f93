// The HTML parser: the standard's tokenizer and tree construction, fed in pieces of any size.
// https://html.spec.whatwg.org/multipage/parsing.html
//
// The tree is the same whatever the pieces. The parser never calls script: it stops and says so, and the
// owner runs the script, which may write() into the parser, and lets it go on. One loop serves the document
// itself and document.write at any depth (a script that writes a script that writes):
//
//   void pump(Page& page) {                                  // call after append(), finish(), write()
//     Parser& parser = page.parser;
//     for (;;) {
//       switch (parser.run()) {
//         case Step::script: {                               // a </script> has been met
//           ScriptScope scope(parser);                       // an insertion point at the cursor
//           page.prepare(*parser.script());                  // runs it now, or makes it wait:
//           if (page.must_wait_for_fetch) parser.block();    // "pending parsing-blocking script"
//           break;
//         }
//         case Step::blocked: {
//           if (parser.script_depth() > 0) return;           // the outer script ends first
//           page.wait_for_fetch();
//           parser.unblock();
//           ScriptScope scope(parser);
//           page.run_pending_script();
//           break;
//         }
//         case Step::need_input:                             // append() more, or all that was written is
//         read case Step::finished: return;
//       }
//     }
//   }
//   void document_write(Page& page, std::u16string_view text) {
//     if (page.parser.write(text, page.origin_of_running_script())) pump(page);
//     else …                                                 // no insertion point: document.open() comes
//     first
//   }
//
// Depth: an element that would stand more than max_tree_depth deep becomes a sibling of the one that would
// have been its parent, as in browsers; the stack of open elements goes on as the standard says. Time is
// linear in the input, depth included (open_elements.h, ScanBudget).
//
// The standard's classic rules for select apply (modes "in select" and "in select in table"); declarative
// shadow roots are plain templates.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "html/dom.h"

namespace shikake::html {

inline constexpr size_t max_tree_depth = 512;  // elements below the document, as in Blink and WebKit

struct ParserLimits {
  size_t max_attributes = 1024;  // an element; more than any page needs, each is compared with those before
  // Code units a name or value. Overlong arguments are an attack's trait and must be seen whole; the data:
  // URLs of real pages reach a few million.
  size_t max_attribute_length = 4 * 1024 * 1024;
  // Code units in all, network and document.write together: a loop that writes for ever ends here.
  size_t max_input = 256 * 1024 * 1024;
};

struct ParserOptions {
  bool scripting = true;       // the scripting flag: noscript is raw text, scripts are reported
  bool iframe_srcdoc = false;  // no doctype is not quirks there
  // By document.open(): all input comes by write(), whoever runs; finish() is document.close().
  bool script_created = false;
  ParserLimits limits;
};

// What limits cut off; all zero on nearly every page. (The arena's own limit ends the document: `nodes`.)
struct ParserCuts {
  uint64_t attributes = 0;      // dropped
  uint64_t attribute_text = 0;  // code units
  uint64_t input = 0;           // code units not taken in
  uint64_t depth = 0;           // elements that became siblings
  uint64_t scans = 0;           // rules cut short by ScanBudget
  uint64_t looks = 0;           // no cut: open and formatting elements that all rules looked at
  bool nodes = false;           // the arena was full: the document ends there
  bool any() const { return attributes || attribute_text || input || depth || scans || nodes; }
};

enum class Step : uint8_t {
  need_input,  // everything up to the insertion point, or to the end of what was appended, is parsed
  script,      // a script element is complete: script(); the parser stands behind its end tag
  blocked,     // between block() and unblock()
  finished,    // the end of the document is parsed, or abort() was called
};

class Parser {
 public:
  // `document` is empty and outlives the parser.
  explicit Parser(Document& document, ParserOptions options = {});
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  void append(std::u16string_view text);  // the next piece of the document's own text (html/decoder.h)
  void finish();                          // there is no more of it
  Step run();

  // After Step::script, until the next run(). An HTML or SVG script element that is connected.
  Element* script() const;
  // Around each script that runs in the parser's time: sets the insertion point to the cursor.
  void begin_script();
  void end_script();
  size_t script_depth() const;
  void block();
  void unblock();

  // Puts text at the insertion point; run() then parses it. `origin` (not 0) is carried to each node made
  // from it. False, and nothing done, where there is no insertion point.
  bool write(std::u16string_view text, uint32_t origin);
  bool has_insertion_point() const;

  void abort();  // window.stop(), navigation, document.open(): drops the rest of the input
  bool finished() const;

  // What a meta element said of the encoding, as it said it, the first time; empty if none did. If the
  // decoder had only guessed and this names another encoding, the owner decodes and parses anew.
  const std::string& declared_encoding() const;
  ParserCuts cuts() const;

 private:
  friend Fragment& parse_fragment(Element&, std::u16string_view, uint32_t, ParserOptions, ParserCuts*);
  Parser(Document& document, ParserOptions options, Element& context);
  struct State;
  std::unique_ptr<State> state_;
};

class ScriptScope {
 public:
  explicit ScriptScope(Parser& parser) : parser_(parser) { parser_.begin_script(); }
  ~ScriptScope() { parser_.end_script(); }
  ScriptScope(const ScriptScope&) = delete;
  ScriptScope& operator=(const ScriptScope&) = delete;

 private:
  Parser& parser_;
};

// All at once, running no script: scripts end up in the tree as text.
ParserCuts parse_document(Document& document, std::u16string_view text, ParserOptions options = {});

// The fragment parsing algorithm, as innerHTML uses it on `context`: a fragment of the context's document.
// Scripts in it are "already started" and never run. Nodes carry `origin`, and positions within `text`.
Fragment& parse_fragment(Element& context, std::u16string_view text, uint32_t origin = 0,
                         ParserOptions options = {}, ParserCuts* cuts = nullptr);

// The innerHTML setter: parses, then replaces the children (of a template: its content's).
ParserCuts set_inner_html(Element& element, std::u16string_view text, uint32_t origin = 0,
                          ParserOptions options = {});

}  // namespace shikake::html
