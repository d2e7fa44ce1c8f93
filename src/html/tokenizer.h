// The tokenizer. https://html.spec.whatwg.org/multipage/parsing.html#tokenization
//
// A state machine with one function a state (or a family of states). A function is called when the input
// is ready() and takes what it can; between two calls everything is in members, so that input may end
// after any character. Parse errors are not reported: browsers don't act on them, so neither does evidence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "html/conditional_comments.h"
#include "html/entities.h"
#include "html/input_stream.h"

namespace shikake::html {

struct TagToken {
  Atom name;
  std::vector<Attribute> attributes;  // of a start tag
  bool self_closing = false;
  Position position;
  uint32_t origin = 0;
};

struct DoctypeToken {
  std::u16string name, public_id, system_id;
  bool has_name = false, has_public_id = false, has_system_id = false;
  bool force_quirks = false;
  Position position;
  uint32_t origin = 0;
};

// Who takes the tokens: the tree builder.
class TokenSink {
 public:
  virtual ~TokenSink() = default;
  virtual void doctype(DoctypeToken& token) = 0;
  virtual void start_tag(TagToken& tag) = 0;  // may be taken apart
  virtual void end_tag(TagToken& tag) = 0;
  virtual void comment(std::u16string_view data, Position position, uint32_t origin) = 0;
  // Any part of a run of characters, never empty.
  virtual void characters(std::u16string_view text, Position position, uint32_t origin) = 0;
  virtual void end_of_file() = 0;
  // <![CDATA[ opens a section: there is an adjusted current node and it is not of HTML.
  virtual bool cdata_allowed() const = 0;
};

struct TokenLimits {
  size_t max_attributes = 1024;  // more than any page needs; each is compared with those before it
  // Code units a name or a value; overlong arguments are an attack's trait and must be seen whole, data:
  // URLs of real pages reach a few million.
  size_t max_attribute_length = 4 * 1024 * 1024;
};

class Tokenizer {
 public:
  enum class State : uint8_t {
    // text, and what a '<' or '-' in it leads to
    data,
    rcdata,
    rawtext,
    script_data,
    plaintext,
    cdata,
    cdata_bracket,
    cdata_end,
    text_less_than,
    text_end_tag_open,
    text_end_tag_name,
    script_escape_start,
    script_escape_start_dash,
    script_escaped,
    script_escaped_dash,
    script_escaped_dash_dash,
    script_escaped_less_than,
    script_double_escape_start,
    script_double_escaped,
    script_double_escaped_dash,
    script_double_escaped_dash_dash,
    script_double_escaped_less_than,
    script_double_escape_end,
    // tags
    tag_open,
    end_tag_open,
    tag_name,
    before_attribute_name,
    attribute_name,
    after_attribute_name,
    before_attribute_value,
    attribute_value_double,
    attribute_value_single,
    attribute_value_unquoted,
    after_attribute_value,
    self_closing_start_tag,
    // comments
    bogus_comment,
    markup_declaration_open,
    comment_start,
    comment_start_dash,
    comment,
    comment_less_than,
    comment_less_than_bang,
    comment_less_than_bang_dash,
    comment_end_dash,
    comment_end,
    comment_end_bang,
    conditional_hidden,  // a conditional comment's content, of a condition that does not hold
    // doctypes; one state stands for the two of PUBLIC and SYSTEM, and for the two quotes
    doctype,
    before_doctype_name,
    doctype_name,
    after_doctype_name,
    after_doctype_keyword,
    doctype_identifier,
    after_doctype_public_identifier,
    after_doctype_system_identifier,
    bogus_doctype,
    // character references; "ambiguous ampersand" does what the state returned to does
    character_reference,
    named_reference,
    numeric_reference,
    hex_reference_start,
    hex_reference,
    decimal_reference_start,
    decimal_reference,
  };

  Tokenizer(InputStream& input, AtomTable& atoms, TokenSink& sink, TokenLimits limits)
      : in_(input), atoms_(atoms), sink_(sink), limits_(limits) {}

  // Until the input is not ready, pause() was called, or the end of file was handed over.
  void run();
  // From within a token's delivery: run() returns when the sink has.
  void pause() { paused_ = true; }
  void stop() { finished_ = true; }
  bool finished() const { return finished_; }

  // What the tree builder switches to after certain start tags.
  void switch_to(State state) { state_ = state; }

  // What the limits cut.
  uint64_t attributes_cut() const { return attributes_cut_; }
  uint64_t attribute_text_cut() const { return attribute_text_cut_; }

 private:
  void step();
  void go(State state) { state_ = state; }
  void again(int taken, State state) {  // "reconsume in"
    in_.untake(taken);
    state_ = state;
  }

  // Text (tokenizer.cpp)
  void step_text();
  void text_run(bool references);
  void emit_run(size_t count);
  void emit(std::u16string_view text) { sink_.characters(text, markup_position_, markup_origin_); }
  void emit(int c);
  void begin_markup();
  void emit_end_of_file();
  void text_less_than();
  void text_end_tag_open();
  void text_end_tag_name();
  void cdata();

  // Script text within <!-- (tokenizer_script.cpp)
  void step_script();
  void script_escape_start();
  void script_escaped();
  void script_escaped_less_than();
  void script_double_escape(State if_script, State otherwise, State back);

  // Tags (tokenizer_tag.cpp)
  void step_tag();
  void tag_open();
  void end_tag_open();
  void tag_name();
  void before_attribute_name();
  void attribute_name();
  void after_attribute_name();
  void before_attribute_value();
  void attribute_value_quoted(char16_t quote);
  void attribute_value_unquoted();
  void after_attribute_value();
  void self_closing_start_tag();
  void begin_tag(bool end);
  void finish_attribute_name();
  void append_value(std::u16string_view text);
  void emit_tag();

  // Comments and doctypes (tokenizer_markup.cpp)
  void step_comment();
  void markup_declaration_open();
  void bogus_comment();
  void comment_start();
  void comment_text();
  void comment_less_than();
  void comment_end();
  bool conditional(std::u16string_view opening);
  void conditional_hidden();
  void emit_comment();
  void step_doctype();
  void before_doctype_name();
  void doctype_name();
  void after_doctype_name();
  void before_doctype_identifier(bool quirks_if_missing);
  void doctype_identifier();
  void emit_doctype(bool force_quirks);

  // Character references (tokenizer_reference.cpp)
  void step_reference();
  void begin_reference(State return_state);
  void named_reference();
  void finish_named_reference(int next);
  void number(int base);
  void finish_number();
  void flush_reference(std::u16string_view text);

  InputStream& in_;
  AtomTable& atoms_;
  TokenSink& sink_;
  TokenLimits limits_;
  State state_ = State::data;
  State text_state_ = State::data;    // what a '<' in raw text returns to
  State return_state_ = State::data;  // what a character reference returns to
  bool paused_ = false;
  bool finished_ = false;

  TagToken tag_;
  bool end_tag_ = false;
  bool dropping_ = false;  // the attribute at hand is not kept: a duplicate, an end tag's, past a limit
  std::u16string name_;    // of a tag or an attribute
  Atom last_start_tag_;

  std::u16string buffer_;  // what may yet prove to be text: </scr, &am, <!doct
  std::u16string comment_;
  DoctypeToken doctype_;
  const double conditional_ = conditional_comments();
  bool system_identifier_ = false;  // which keyword or identifier of the doctype is at hand
  char16_t quote_ = 0;
  EntityMatcher matcher_;
  uint32_t number_ = 0;

  Position markup_position_;  // of the last '<' or '&'
  uint32_t markup_origin_ = 0;
  uint64_t attributes_cut_ = 0;
  uint64_t attribute_text_cut_ = 0;
};

}  // namespace shikake::html
