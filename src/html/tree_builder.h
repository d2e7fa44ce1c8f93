// Tree construction. https://html.spec.whatwg.org/multipage/parsing.html#tree-construction
//
// One function a kind of token and insertion mode, in the files tree_*.cpp; each is the standard's list for
// that mode in its order. "Reprocess the token" is a call to start(), end() or text() with the new mode.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "html/active_formatting.h"
#include "html/open_elements.h"
#include "html/tokenizer.h"

namespace shikake::html {

enum class Mode : uint8_t {
  initial,
  before_html,
  before_head,
  in_head,
  in_head_noscript,
  after_head,
  in_body,
  text,
  in_table,
  in_table_text,
  in_caption,
  in_column_group,
  in_table_body,
  in_row,
  in_cell,
  in_select,
  in_select_in_table,
  in_template,
  after_body,
  in_frameset,
  after_frameset,
  after_after_body,
  after_after_frameset,
};

class TreeBuilder final : public TokenSink {
 public:
  struct Options {
    bool scripting = true;
    bool iframe_srcdoc = false;
    Element* context = nullptr;  // of a fragment
  };

  TreeBuilder(Document& document, Options options);
  void set_tokenizer(Tokenizer& tokenizer) { tokenizer_ = &tokenizer; }
  // The fragment case: builds the root and sets modes and the tokenizer's state by the context.
  Element& begin_fragment();

  // The tokens.
  void doctype(DoctypeToken& token) override;
  void start_tag(TagToken& tag) override;
  void end_tag(TagToken& tag) override;
  void comment(std::u16string_view data, Position position, uint32_t origin) override;
  void characters(std::u16string_view text, Position position, uint32_t origin) override;
  void end_of_file() override;
  bool cdata_allowed() const override;

  Element* script() const { return script_; }
  void clear_script() { script_ = nullptr; }
  void freeze() { formatting_.freeze(); }
  void stop_parsing();  // pops everything

  ScanBudget& budget() { return budget_; }
  uint64_t scans_cut() const { return budget_.refused(); }
  uint64_t looks() const { return budget_.looks(); }
  const std::string& declared_encoding() const { return declared_encoding_; }
  uint64_t depth_cuts() const { return depth_cuts_; }
  bool arena_full() const { return arena_full_; }

 private:
  struct Place {  // "adjusted insertion location"
    Node* parent;
    Node* before;
  };

  // Dispatch by insertion mode (tree_builder.cpp)
  void start(Mode mode, TagToken& tag);
  void end(Mode mode, TagToken& tag);
  void text(Mode mode, std::u16string_view text);
  void text_else(Mode mode, std::u16string_view rest);
  void frameset_end(Mode mode, Name name);
  void end_of_file(Mode mode);
  Element* adjusted_current() const;
  bool start_is_foreign(const TagToken& tag) const;
  bool text_is_foreign() const;
  void begin_token(Position position, uint32_t origin);
  void restart(Mode mode, TagToken& tag) { mode_ = mode, start(mode, tag); }
  void restart_end(Mode mode, TagToken& tag) { mode_ = mode, end(mode, tag); }
  void restart_text(Mode mode, std::u16string_view rest) { mode_ = mode, text(mode, rest); }

  // Making and placing nodes (tree_insert.cpp)
  Place place_for_node(Element* override_target = nullptr);
  Place place_for_element();
  Element& create(TagToken& tag, Atom ns, Node& parent);
  Element& insert_element(TagToken& tag, Atom ns = Name::ns_html);
  Element& insert_implied(Name name);
  void insert_void(TagToken& tag);
  void insert_text(std::u16string_view text);
  void insert_comment(std::u16string_view data, Node* parent = nullptr);
  void associate_form(Element& element, Node& parent);
  void add_missing_attributes(Element& element, TagToken& tag);
  void raw_text(TagToken& tag, Tokenizer::State state);
  void script_ends(Element& script);

  // Shared rules (tree_rules.cpp)
  void close_p();
  void close_p_in_button_scope();
  void reconstruct_formatting();
  void adoption_agency(TagToken& tag);
  bool adopt_once(TagToken& tag);
  bool deepens(size_t formatting_at, size_t furthest_at);
  Element& copy_formatting(size_t entry, Node& parent);
  void end_formatting_scope();  // clears the list to the last marker
  void reset_mode();
  Mode mode_for(Name name, size_t index, bool last);
  void close_select();
  void note_encoding(const Element& meta);

  // Insertion modes
  void doctype_token(DoctypeToken& token);
  void before_html_start(TagToken& tag);
  void before_html_else();
  void before_head_start(TagToken& tag);
  void head_start(TagToken& tag);
  void head_end(TagToken& tag);
  void head_noscript_start(TagToken& tag);
  void head_noscript_else();
  void after_head_start(TagToken& tag);
  void after_head_end(TagToken& tag);
  void template_start(TagToken& tag);
  void template_end();
  bool early_end(TagToken& tag);

  void body_start(TagToken& tag);
  bool body_start_block(TagToken& tag);
  bool body_start_inline(TagToken& tag);
  bool body_start_replaced(TagToken& tag);
  bool body_start_raw(TagToken& tag);
  void body_start_body(TagToken& tag);
  void body_start_frameset(TagToken& tag);
  void body_start_list_item(TagToken& tag);
  void body_start_foreign(TagToken& tag);
  void body_end(TagToken& tag);
  void body_end_form();
  void body_end_other(TagToken& tag);
  void body_text(std::u16string_view text);

  void text_end(TagToken& tag);
  void table_start(TagToken& tag);
  void table_end(TagToken& tag);
  void table_else_start(TagToken& tag);
  void table_text(std::u16string_view text);
  void flush_table_text();
  void caption_start(TagToken& tag);
  void caption_end(TagToken& tag);
  bool leave_caption();
  void column_start(TagToken& tag);
  void column_end(TagToken& tag);
  bool leave_columns();
  void table_body_start(TagToken& tag);
  void table_body_end(TagToken& tag);
  bool leave_table_body();
  void row_start(TagToken& tag);
  void row_end(TagToken& tag);
  bool leave_row();
  void cell_start(TagToken& tag);
  void cell_end(TagToken& tag);
  void close_cell();
  void select_start(TagToken& tag);
  void select_end(TagToken& tag);
  void select_table_start(TagToken& tag);
  void select_table_end(TagToken& tag);
  void in_template_start(TagToken& tag);
  void frameset_start(TagToken& tag);
  void after_frameset_start(TagToken& tag);

  // Foreign content (tree_foreign.cpp)
  void foreign_start(TagToken& tag);
  void foreign_end(TagToken& tag);
  void foreign_text(std::u16string_view text);
  void insert_foreign(TagToken& tag, Atom ns);
  void leave_foreign();

  Document& document_;
  Options options_;
  Node* top_;  // the document; of a fragment a node that is thrown away
  Tokenizer* tokenizer_ = nullptr;
  ScanBudget budget_;
  OpenElements open_;
  ActiveFormatting formatting_;
  std::vector<Mode> template_modes_;
  Mode mode_ = Mode::initial;
  Mode original_mode_ = Mode::initial;
  Element* head_ = nullptr;
  Element* form_ = nullptr;
  bool frameset_ok_ = true;
  bool foster_parenting_ = false;
  bool skip_newline_ = false;
  bool arena_full_ = false;
  std::u16string pending_table_text_;
  Element* script_ = nullptr;
  std::string declared_encoding_;
  uint64_t depth_cuts_ = 0;
  Position position_;  // of the token at hand
  uint32_t origin_ = 0;
};

// Blanks as tree construction counts them: no form feed is missing, no CR comes here.
inline size_t leading_space(std::u16string_view text) {
  size_t count = 0;
  while (count < text.size() && is_space(text[count])) ++count;
  return count;
}

// https://html.spec.whatwg.org/multipage/parsing.html#the-initial-insertion-mode (quirks.cpp)
DocumentMode mode_of(const DoctypeToken& token, bool iframe_srcdoc);

// Names and attributes that lower-casing has spoilt (foreign_names.cpp).
std::u16string_view svg_element_name(std::u16string_view lower);  // as it should be, or empty
void adjust_mathml_attributes(std::vector<Attribute>& attributes, AtomTable& atoms);
void adjust_svg_attributes(std::vector<Attribute>& attributes, AtomTable& atoms);
void adjust_foreign_attributes(std::vector<Attribute>& attributes, AtomTable& atoms);

}  // namespace shikake::html
