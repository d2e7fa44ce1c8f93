#include "html/parser.h"

#include <algorithm>

#include "base/check.h"
#include "html/tree_builder.h"

namespace shikake::html {

struct Parser::State {
  State(Document& the_document, const ParserOptions& the_options, Element* context)
      : document(the_document),
        options(the_options),
        builder(the_document, {the_options.scripting, the_options.iframe_srcdoc, context}),
        tokenizer(input, the_document.arena().atoms(), builder,
                  {the_options.limits.max_attributes, the_options.limits.max_attribute_length}) {
    builder.set_tokenizer(tokenizer);
    if (options.script_created) input.push_insertion_point_at_end();
  }

  // As much of `text` as the limit on input allows.
  std::u16string_view admit(std::u16string_view text) {
    size_t room = options.limits.max_input - taken;
    if (text.size() > room) {
      input_cut += text.size() - room;
      text = text.substr(0, room);
    }
    taken += text.size();
    builder.budget().earn(text.size());
    return text;
  }

  Document& document;
  ParserOptions options;
  InputStream input;
  TreeBuilder builder;
  Tokenizer tokenizer;
  size_t taken = 0;  // code units
  uint64_t input_cut = 0;
  size_t depth = 0;  // of scripts
  bool closed = false;
  bool blocked = false;
  bool running = false;
  bool stopped = false;
};

Parser::Parser(Document& document, ParserOptions options)
    : state_(std::make_unique<State>(document, options, nullptr)) {}
Parser::Parser(Document& document, ParserOptions options, Element& context)
    : state_(std::make_unique<State>(document, options, &context)) {}
Parser::~Parser() = default;

void Parser::append(std::u16string_view text) {
  SHIKAKE_CHECK(!state_->closed && !state_->options.script_created);
  if (!state_->stopped) state_->input.append(state_->admit(text));
}

void Parser::finish() {
  State& s = *state_;
  if (s.closed) return;
  s.closed = true;
  if (s.options.script_created) s.input.pop_insertion_point_at_end();
  s.input.close();
}

Step Parser::run() {
  State& s = *state_;
  SHIKAKE_CHECK(!s.running);  // an observer must not parse
  s.builder.clear_script();
  if (s.stopped) return Step::finished;
  if (s.blocked) return Step::blocked;
  s.running = true;
  s.tokenizer.run();
  s.builder.freeze();
  if (s.tokenizer.finished() && !s.stopped) {
    s.builder.stop_parsing();
    s.input.clear();
    s.stopped = true;
  }
  s.running = false;
  if (s.stopped) return Step::finished;
  return s.builder.script() ? Step::script : Step::need_input;
}

Element* Parser::script() const {
  return state_->builder.script();
}

void Parser::begin_script() {
  ++state_->depth;
  state_->input.push_insertion_point();
}

void Parser::end_script() {
  SHIKAKE_CHECK(state_->depth > 0);
  --state_->depth;
  state_->input.pop_insertion_point();
}

size_t Parser::script_depth() const {
  return state_->depth;
}
void Parser::block() {
  state_->blocked = true;
}
void Parser::unblock() {
  state_->blocked = false;
}
bool Parser::has_insertion_point() const {
  return !state_->stopped && state_->input.insertion_points() > 0;
}

bool Parser::write(std::u16string_view text, uint32_t origin) {
  if (!has_insertion_point()) return false;
  state_->input.write(state_->admit(text), origin);
  return true;
}

void Parser::abort() {
  State& s = *state_;
  if (s.stopped) return;
  s.stopped = true;
  s.input.clear();
  s.tokenizer.stop();
  s.builder.stop_parsing();
}

bool Parser::finished() const {
  return state_->stopped;
}
const std::string& Parser::declared_encoding() const {
  return state_->builder.declared_encoding();
}

ParserCuts Parser::cuts() const {
  const State& s = *state_;
  ParserCuts cuts;
  cuts.attributes = s.tokenizer.attributes_cut();
  cuts.attribute_text = s.tokenizer.attribute_text_cut();
  cuts.input = s.input_cut;
  cuts.depth = s.builder.depth_cuts();
  cuts.scans = s.builder.scans_cut();
  cuts.looks = s.builder.looks();
  cuts.nodes = s.builder.arena_full();
  return cuts;
}

ParserCuts parse_document(Document& document, std::u16string_view text, ParserOptions options) {
  Parser parser(document, options);
  parser.append(text);
  parser.finish();
  while (parser.run() != Step::finished) {}
  return parser.cuts();
}

Fragment& parse_fragment(Element& context, std::u16string_view text, uint32_t origin, ParserOptions options,
                         ParserCuts* cuts) {
  Parser parser(context.document(), options, context);
  Element& root = parser.state_->builder.begin_fragment();
  parser.state_->input.append(parser.state_->admit(text), origin);
  parser.finish();
  while (parser.run() != Step::finished) {}
  if (cuts) *cuts = parser.cuts();
  Fragment& fragment = context.document().create_fragment();
  while (Node* child = root.first_child()) append(fragment, *child);
  return fragment;
}

ParserCuts set_inner_html(Element& element, std::u16string_view text, uint32_t origin,
                          ParserOptions options) {
  ParserCuts cuts;
  Fragment& fragment = parse_fragment(element, text, origin, options, &cuts);
  Node& target = element.template_content() ? *element.template_content() : element;
  remove_children(target);
  append(target, fragment);
  return cuts;
}

}  // namespace shikake::html
