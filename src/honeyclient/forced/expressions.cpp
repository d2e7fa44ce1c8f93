// Expressions: https://tc39.es/ecma262/#sec-ecmascript-language-expressions
#include <algorithm>
#include <array>
#include <utility>

#include "honeyclient/forced/parser.h"

namespace shikake::honeyclient::forced {

namespace {

int precedence(const Token& token, bool no_in) {
  struct Row {
    std::u16string_view sign;
    int rank;
  };
  static constexpr Row rows[] = {{u"??", 1}, {u"||", 1}, {u"&&", 2},  {u"|", 3},   {u"^", 4},   {u"&", 5},
                                 {u"==", 6}, {u"!=", 6}, {u"===", 6}, {u"!==", 6}, {u"<", 7},   {u">", 7},
                                 {u"<=", 7}, {u">=", 7}, {u"<<", 8},  {u">>", 8},  {u">>>", 8}, {u"+", 9},
                                 {u"-", 9},  {u"*", 10}, {u"/", 10},  {u"%", 10},  {u"**", 11}};
  if (token.kind == TokenKind::name)
    return token.text == u"instanceof" || (token.text == u"in" && !no_in) ? 7 : 0;
  if (token.kind != TokenKind::sign) return 0;
  for (const Row& row : rows)
    if (row.sign == token.text) return row.rank;
  return 0;
}

template <size_t N>
bool one_of(std::u16string_view word, const std::array<std::u16string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

constexpr std::array<std::u16string_view, 16> assigning = {u"=",   u"+=",  u"-=",  u"*=",   u"/=", u"%=",
                                                           u"**=", u"<<=", u">>=", u">>>=", u"&=", u"|=",
                                                           u"^=",  u"&&=", u"||=", u"?\?="};
// Stands for a member of the browser's objects whose name is put together of texts: self['loc' + 'ation'].
constexpr std::u16string_view made_of_parts = u"[+]";
// Members whose assignment, and methods whose call, lead elsewhere or run code.
constexpr std::array<std::u16string_view, 11> sink_members = {
    u"location",  u"href",   u"src",   u"action", u"data",      u"innerHTML",
    u"outerHTML", u"srcdoc", u"movie", u"url",    made_of_parts};
constexpr std::array<std::u16string_view, 22> sink_calls = {
    u"write",        u"import",       u"writeln",      u"open",
    u"assign",       u"navigate",     u"eval",         u"execScript",
    u"fetch",        u"sendBeacon",   u"submit",       u"setTimeout",
    u"setInterval",  u"Function",     u"setAttribute", u"insertAdjacentHTML",
    u"appendChild",  u"insertBefore", u"append",       u"insertAdjacentElement",
    u"replaceChild", made_of_parts};

}  // namespace

Parser::Expression Parser::expression() {
  Expression first = assignment();
  if (!sign(u",")) return first;
  Expression all{.start = first.start, .first_name = first.first_name};
  while (accept(u",")) assignment();
  all.end = last_end_;
  return all;
}

Parser::Expression Parser::assignment() {
  Deeper deeper(*this);
  size_t start = current_.start;
  if (around_.is_generator && word(u"yield")) {
    ++counts_.pauses;
    advance();
    if (!current_.after_newline) {
      accept(u"*");
      if (!sign(u")") && !sign(u"]") && !sign(u"}") && !sign(u",") && !sign(u";") && !sign(u":") &&
          current_.kind != TokenKind::end)
        assignment();
    }
    return {.start = start, .end = last_end_, .first_name = made_.names.size()};
  }
  if (word(u"async")) {  // async x => …
    Token next = ahead();
    if (next.kind == TokenKind::name && !next.after_newline && next.text != u"function" &&
        lexer_.next(next.end).text == u"=>") {
      Expression head{.start = start, .first_name = made_.names.size()};
      advance();
      name(current_, true);
      advance();
      arrow(head, true);
      return {.start = start, .end = last_end_, .first_name = head.first_name};
    }
  }
  bool is_async = word(u"async");
  Expression left = conditional();
  if (sign(u"=>") && !current_.after_newline) {
    arrow(left, is_async && !left.parenthesised);
    return {.start = start, .end = last_end_, .first_name = left.first_name};
  }
  if (current_.kind == TokenKind::sign && one_of(current_.text, assigning)) {
    assigned(left);
    bool named = left.base && !left.member && !left.parenthesised && !left.pattern;
    advance();
    named ? named_value(left.last) : void(assignment());
    return {.start = start, .end = last_end_, .first_name = left.first_name};
  }
  return left;
}

void Parser::assigned(const Expression& target) {
  define(target);
  bool location = !target.member && target.last == u"location";
  if (target.member || location) ++counts_.effects;
  if (location || (target.member && one_of(target.last, sink_members))) around_.sink = true;
  // location.hash and its like lead elsewhere too.
  if (target.member && target.base && made_.names[*target.base].text.end <= target.end) {
    Span span = made_.names[*target.base].text;
    if (text_.substr(span.start, span.end - span.start) == u"location") around_.sink = true;
  }
}

void Parser::called(const Expression& callee) {
  ++counts_.effects;
  if (callee.member) define(callee);
  bool leads = one_of(callee.last, sink_calls);
  if (callee.last == u"replace") {
    std::u16string_view text = text_.substr(callee.start, callee.end - callee.start);
    leads = text.find(u"location") != std::u16string_view::npos;
  }
  if (leads) around_.sink = true;
}

Parser::Expression Parser::conditional() {
  Expression condition = binary(1);
  if (!sign(u"?")) return condition;
  size_t question = current_.start;
  advance();
  Counts before = counts_;
  bool no_in = std::exchange(no_in_, false);
  assignment();
  no_in_ = no_in;
  size_t colon = expect(u":");
  assignment();
  Counts arms = since(before);
  Expression whole{.start = condition.start, .end = last_end_, .first_name = condition.first_name};
  if (arms.effects + arms.strings == 0) return whole;
  uint32_t site = new_site(arms.specials() ? Hook::truthy : Hook::choice, condition.start, condition.end);
  if (arms.specials()) {
    open(Edit::Level::expression, condition.start, condition.end, hook_of(Hook::truthy, site));
    close(Edit::Level::expression, condition.end, condition.start, u")");
    return whole;
  }
  open(Edit::Level::expression, whole.start, whole.end, hook_of(Hook::choice, site));
  replace(question, 1, u",()=>(");
  replace(colon, 1, u"),()=>(");
  close(Edit::Level::expression, whole.end, whole.start, u"))");
  return whole;
}

void Parser::short_circuit(bool both, const Expression& left, size_t sign_at, size_t right_end,
                           const Counts& right) {
  if (right.effects == 0) return;
  Hook plain = both ? Hook::truthy : Hook::falsy;
  uint32_t site = new_site(right.specials() ? plain : both ? Hook::both : Hook::either, left.start, left.end);
  if (right.specials()) {
    open(Edit::Level::expression, left.start, left.end, hook_of(plain, site));
    close(Edit::Level::expression, left.end, left.start, u")");
    return;
  }
  open(Edit::Level::expression, left.start, right_end, hook_of(both ? Hook::both : Hook::either, site));
  replace(sign_at, 2, u",()=>(");
  close(Edit::Level::expression, right_end, left.start, u"))");
}

Parser::Expression Parser::binary(int lowest) {
  Expression left = unary();
  for (;;) {
    int rank = precedence(current_, no_in_);
    if (rank < lowest || rank == 0) return left;
    Token op = current_;
    advance();
    Counts before = counts_;
    binary(op.text == u"**" ? rank : rank + 1);
    if (op.text == u"&&" || op.text == u"||")
      short_circuit(op.text == u"&&", left, op.start, last_end_, since(before));
    left = {.start = left.start, .end = last_end_, .first_name = left.first_name};
  }
}

Parser::Expression Parser::unary() {
  Deeper deeper(*this);
  size_t start = current_.start, first_name = made_.names.size();
  bool await = word(u"await") && around_.is_async;
  bool changes = sign(u"++") || sign(u"--");
  if (await) ++counts_.pauses;
  if (await || changes || sign(u"!") || sign(u"-") || sign(u"+") || sign(u"~") || word(u"typeof") ||
      word(u"void") || word(u"delete")) {
    advance();
    Expression operand = unary();
    if (changes) define(operand);
    return {.start = start, .end = last_end_, .first_name = first_name};
  }
  Expression made = chain(word(u"new") ? creation() : primary(false));
  if ((sign(u"++") || sign(u"--")) && !current_.after_newline) {
    define(made);
    advance();
    return {.start = start, .end = last_end_, .first_name = first_name};
  }
  return made;
}

bool Parser::of_browser(size_t name) const {
  static constexpr std::array<std::u16string_view, 8> objects = {
      u"window", u"self", u"top", u"parent", u"frames", u"globalThis", u"document", u"location"};
  const Span span = made_.names[name].text;
  return one_of(text_.substr(span.start, span.end - span.start), objects);
}

Parser::Expression Parser::chain(Expression made) {
  for (;;) {
    if (sign(u".") || sign(u"?.")) {
      bool optional = sign(u"?.");
      advance();
      if (optional && (sign(u"(") || sign(u"["))) continue;
      if (current_.kind != TokenKind::name) throw Failed{};
      made.member = true;
      made.last = current_.text;
      made.parenthesised = made.pattern = false;
      advance();
    } else if (accept(u"[")) {
      bool no_in = std::exchange(no_in_, false);
      made.member = true;
      made.parenthesised = made.pattern = false;
      // window["location"] is no different from window.location; one that is made of parts may be anything.
      made.last = current_.kind == TokenKind::string && current_.text.size() > 1
                      ? current_.text.substr(1, current_.text.size() - 2)
                      : std::u16string_view();
      const bool literal = !made.last.empty() && ahead().text == u"]";
      const uint32_t strings = counts_.strings;
      expression();
      if (!literal && counts_.strings > strings && made.base && of_browser(*made.base))
        made.last = made_of_parts;
      expect(u"]");
      no_in_ = no_in;
    } else if (sign(u"(")) {
      made.end = last_end_;
      called(made);
      bool of_eval = !made.member && made.last == u"eval";
      if (of_eval) ++counts_.evals;
      arguments(of_eval);
      made.member = true;  // of what it gave
      made.last = {};
      made.parenthesised = made.pattern = false;
    } else if (current_.kind == TokenKind::text_template) {
      ++counts_.effects;
      template_text();
    } else {
      made.end = last_end_;
      return made;
    }
  }
}

void Parser::arguments(bool of_eval) {
  bool no_in = std::exchange(no_in_, false);
  expect(u"(");
  for (bool first = true; !sign(u")"); first = false) {
    if (accept(u"...")) of_eval = false;
    Expression one = assignment();
    if (of_eval && first) {
      open(Edit::Level::expression, one.start, one.end, hook_of(Hook::code, 0));
      close(Edit::Level::expression, one.end, one.start, u")");
    }
    if (!sign(u")")) expect(u",");
  }
  expect(u")");
  no_in_ = no_in;
}

Parser::Expression Parser::creation() {
  Deeper deeper(*this);
  Expression made{.start = current_.start, .first_name = made_.names.size()};
  advance();
  if (accept(u".")) {
    advance();  // new.target
    made.end = last_end_;
    return made;
  }
  Expression callee = word(u"new") ? creation() : primary(true);
  for (;;) {
    if (accept(u".")) {
      if (current_.kind != TokenKind::name) throw Failed{};
      callee.last = current_.text;
      advance();
    } else if (accept(u"[")) {
      expression();
      expect(u"]");
    } else if (current_.kind == TokenKind::text_template) {
      template_text();
    } else {
      break;
    }
  }
  ++counts_.effects;
  if (callee.last == u"Function") around_.sink = true;
  if (sign(u"(")) arguments(false);
  made.end = last_end_;
  return made;
}

Parser::Expression Parser::primary(bool created) {
  Expression made{.start = current_.start, .first_name = made_.names.size()};
  switch (current_.kind) {
    case TokenKind::end:
      throw Failed{};
    case TokenKind::string:
      ++counts_.strings;
      advance();
      break;
    case TokenKind::number:
      advance();
      break;
    case TokenKind::text_template:
      ++counts_.strings;
      template_text();
      break;
    case TokenKind::name: {
      Token next = word(u"async") ? ahead() : Token{};
      bool async_function = next.text == u"function" && !next.after_newline;
      if (word(u"function") || async_function) {
        function_expression(!created);
      } else if (word(u"class")) {
        advance();
        class_rest();
      } else {
        if (word(u"import")) {
          Token behind = ahead();
          if (behind.text != u"(" && behind.text != u".") throw Failed{};
          made.last = current_.text;
        } else if (!word(u"this") && !word(u"null") && !word(u"true") && !word(u"false") && !word(u"super")) {
          made.base = made_.names.size();
          made.last = current_.text;
          name(current_);
        }
        advance();
      }
      break;
    }
    case TokenKind::sign:
      if (sign(u"(")) {
        bool no_in = std::exchange(no_in_, false);
        advance();
        while (!sign(u")")) {  // of an arrow function too: (), (a, ...b)
          accept(u"...");
          assignment();
          if (!sign(u")")) expect(u",");
        }
        advance();
        no_in_ = no_in;
        made.parenthesised = true;
      } else if (sign(u"[")) {
        array();
        made.pattern = true;
      } else if (sign(u"{")) {
        object();
        made.pattern = true;
      } else if (sign(u"/") || sign(u"/=")) {
        current_.end = lexer_.regular_expression_end(current_.start);
        advance();
      } else {
        throw Failed{};
      }
      break;
  }
  made.end = last_end_;
  return made;
}

void Parser::template_text() {
  Deeper deeper(*this);
  for (size_t at = current_.end;;) {
    Lexer::TemplatePart part = lexer_.template_part(at);
    if (!part.closed) throw Failed{};
    current_.end = part.end;
    if (!part.substitution) return advance();
    advance();
    bool no_in = std::exchange(no_in_, false);
    expression();
    no_in_ = no_in;
    if (!sign(u"}")) throw Failed{};
    at = current_.end;
  }
}

void Parser::array() {
  bool no_in = std::exchange(no_in_, false);
  expect(u"[");
  while (!sign(u"]")) {
    if (accept(u",")) continue;
    accept(u"...");
    assignment();
    if (!sign(u"]")) expect(u",");
  }
  expect(u"]");
  no_in_ = no_in;
}

void Parser::object() {
  bool no_in = std::exchange(no_in_, false);
  expect(u"{");
  while (!sign(u"}")) {
    size_t start = current_.start;
    if (accept(u"...")) {
      assignment();
    } else {
      bool is_async = false, generator = accept(u"*");
      // get, set and async are modifiers where a key follows.
      auto modifies = [&] {
        Token next = ahead();
        return next.kind == TokenKind::name || next.kind == TokenKind::string ||
               next.kind == TokenKind::number || next.text == u"[" || next.text == u"*";
      };
      if ((word(u"get") || word(u"set") || word(u"async")) && modifies()) {
        is_async = word(u"async");
        advance();
        generator = accept(u"*") || generator;
      }
      Token key = current_;
      if (accept(u"[")) {
        assignment();
        expect(u"]");
      } else if (key.kind == TokenKind::sign || key.kind == TokenKind::end) {
        throw Failed{};
      } else {
        advance();
      }
      if (sign(u"(")) {
        function_rest(start, is_async, generator);
      } else if (accept(u":")) {
        key.text == u"[" ? void(assignment()) : named_value(key.text);
      } else {
        name(key);
        if (accept(u"=")) named_value(key.text);
      }
    }
    if (!sign(u"}")) expect(u",");
  }
  expect(u"}");
  no_in_ = no_in;
}

}  // namespace shikake::honeyclient::forced
