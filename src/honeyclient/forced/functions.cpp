// Functions and classes: https://tc39.es/ecma262/#sec-ecmascript-language-functions-and-classes
#include <utility>

#include "honeyclient/forced/parser.h"

namespace shikake::honeyclient::forced {

uint32_t Parser::new_function(size_t start) {
  made_.functions.push_back({.text = {static_cast<uint32_t>(start), 0}, .of_class = {}});
  return static_cast<uint32_t>(made_.functions.size() - 1);
}

void Parser::function_expression(bool registered) {
  size_t start = current_.start;
  bool is_async = word(u"async");
  if (is_async) advance();
  advance();  // function
  bool generator = accept(u"*");
  bool anonymous = current_.kind != TokenKind::name;
  if (!anonymous) advance();
  uint32_t number = function_rest(start, is_async, generator);
  if (!registered) return;
  Wrap wrap = wrap_of(number, anonymous && ends_value() ? name_at(start) : std::u16string_view());
  open(Edit::Level::expression, start, last_end_, std::move(wrap.before));
  close(Edit::Level::expression, last_end_, start, std::move(wrap.after));
}

Parser::Wrap Parser::wrap_of(uint32_t function, std::u16string_view key) const {
  Wrap wrap{hook_of(Hook::made, naming_.first_function + function), u")"};
  if (key.empty()) return wrap;
  // A property of an object that is there for no more than that.
  bool quoted = key[0] == u'"' || key[0] == u'\'' || (key[0] >= u'0' && key[0] <= u'9');
  wrap.before += u"{" + std::u16string(key) + u":";
  wrap.after = u"}[" + (quoted ? std::u16string(key) : u"\"" + std::u16string(key) + u"\"") + u"])";
  return wrap;
}

void Parser::named_value(std::u16string_view key) {
  // "__proto__: x" gives no name.
  if (key.find(u"__proto__") == std::u16string_view::npos) names_at_[current_.start] = key;
  assignment();
}

std::u16string_view Parser::name_at(size_t start) const {
  auto found = names_at_.find(start);
  return found == names_at_.end() ? std::u16string_view() : found->second;
}

// What goes on behind a function calls it or reads a member: then it is not the value itself.
bool Parser::ends_value() const {
  if (current_.kind == TokenKind::end || current_.after_newline)
    return !sign(u"(") && !sign(u"[") && !sign(u".");
  if (current_.kind != TokenKind::sign) return false;
  for (std::u16string_view one : {u";", u",", u")", u"]", u"}", u":"})
    if (current_.text == one) return true;
  return false;
}

void Parser::function_declaration() {
  size_t start = current_.start, first_name = made_.names.size();
  bool is_async = word(u"async");
  if (is_async) advance();
  advance();
  bool generator = accept(u"*");
  if (current_.kind != TokenKind::name) throw Failed{};
  std::u16string called(current_.text);
  name(current_, true);
  advance();
  bool sink = around_.sink;
  uint32_t number = function_rest(start, is_async, generator);
  around_.sink = false;
  leaf(start, last_end_, first_name, false, {});
  around_.sink = sink;
  if (!scopes_.empty()) scopes_.back().functions.emplace_back(number, std::move(called));
}

void Parser::arrow(const Expression& head, bool is_async) {
  for (size_t i = head.first_name; i < made_.names.size(); ++i) made_.names[i].defines = true;
  expect(u"=>");
  uint32_t function = new_function(head.start);
  Counts counts = counts_;
  Around around = std::exchange(around_, Around{});
  around_.is_async = is_async;
  around_.function = function + 1;
  if (sign(u"{")) {
    function_body(function);
  } else {
    Expression body = assignment();
    made_.functions[function].leads = around_.sink;
    open(Edit::Level::expression, body.start, body.end,
         u"(" + hook(Hook::entered, naming_.first_function + function) + u"),");
    close(Edit::Level::expression, body.end, body.start, u")");
  }
  bool leads = made_.functions[function].leads;
  around_ = std::move(around);
  if (leads && around_.function) made_.functions[around_.function - 1].leads = true;
  counts_ = counts;
  made_.functions[function].text.end = static_cast<uint32_t>(last_end_);
  Wrap wrap = wrap_of(function, name_at(head.start));
  open(Edit::Level::expression, head.start, last_end_, std::move(wrap.before));
  close(Edit::Level::expression, last_end_, head.start, std::move(wrap.after));
}

uint32_t Parser::function_rest(size_t start, bool is_async, bool is_generator) {
  Deeper deeper(*this);
  uint32_t function = new_function(start);
  Counts counts = counts_;
  Around around = std::exchange(around_, Around{});
  bool no_in = std::exchange(no_in_, false);
  around_.is_async = is_async;
  around_.is_generator = is_generator;
  around_.function = function + 1;
  size_t first_name = made_.names.size();
  expect(u"(");
  while (!sign(u")")) {
    accept(u"...");
    assignment();
    if (!sign(u")")) expect(u",");
  }
  for (size_t i = first_name; i < made_.names.size(); ++i) made_.names[i].defines = true;
  advance();
  function_body(function);
  bool leads = made_.functions[function].leads;
  around_ = std::move(around);
  if (leads && around_.function) made_.functions[around_.function - 1].leads = true;
  no_in_ = no_in;
  counts_ = counts;
  made_.functions[function].text.end = static_cast<uint32_t>(last_end_);
  return function;
}

size_t Parser::directives() {
  size_t end = last_end_;
  while (current_.kind == TokenKind::string) {
    Token next = ahead();
    if (next.text != u";" && next.text != u"}" && !next.after_newline) break;
    if (next.after_newline && next.kind == TokenKind::sign && next.text != u"}" && next.text != u"{") break;
    advance();
    accept(u";");
    end = last_end_;
  }
  return end;
}

void Parser::function_body(uint32_t function) {
  expect(u"{");
  size_t at = directives();
  // Behind "use strict" without a semicolon it needs one of its own.
  replace(at, 0, u";" + hook(Hook::entered, naming_.first_function + function) + u");");
  scopes_.push_back({at, {}});
  while (!sign(u"}")) statement();
  end_scope();
  advance();
}

void Parser::end_scope() {
  Scope scope = std::move(scopes_.back());
  scopes_.pop_back();
  if (scope.functions.empty()) return;
  std::u16string all;
  for (const auto& [number, called] : scope.functions)
    all += u"void " + hook_of(Hook::made, naming_.first_function + number) + called + u");";
  replace(scope.at, 0, all);
}

// From the name on.
void Parser::class_rest() {
  Deeper deeper(*this);
  size_t start = last_end_ - 5;  // "class"
  if (current_.kind == TokenKind::name && !word(u"extends")) {
    name(current_, true);
    advance();
  }
  if (word(u"extends")) {
    advance();
    chain(word(u"new") ? creation() : primary(true));
  }
  expect(u"{");
  std::vector<uint32_t> methods;
  while (!sign(u"}"))
    if (!accept(u";")) class_member(start, methods);
  advance();
  for (uint32_t method : methods)
    made_.functions[method].of_class = Span{static_cast<uint32_t>(start), static_cast<uint32_t>(last_end_)};
}

void Parser::class_member(size_t, std::vector<uint32_t>& methods) {
  size_t start = current_.start;
  bool is_async = false, generator = false;
  auto modifies = [&] {
    Token next = ahead();
    return next.kind == TokenKind::name || next.kind == TokenKind::string || next.kind == TokenKind::number ||
           next.text == u"[" || next.text == u"*" || (next.text == u"{" && word(u"static"));
  };
  while ((word(u"static") || word(u"get") || word(u"set") || word(u"async")) && modifies()) {
    is_async = is_async || word(u"async");
    advance();
  }
  if (sign(u"{")) return block();  // static
  generator = accept(u"*");
  Token key = current_;
  bool computed = sign(u"[");
  if (accept(u"[")) {
    assignment();
    expect(u"]");
  } else if (current_.kind == TokenKind::sign || current_.kind == TokenKind::end) {
    throw Failed{};
  } else {
    advance();
  }
  if (sign(u"(")) {
    methods.push_back(function_rest(start, is_async, generator));
    return;
  }
  if (accept(u"=")) computed || key.text.starts_with(u'#') ? void(assignment()) : named_value(key.text);
  end_of_statement();
}

}  // namespace shikake::honeyclient::forced
