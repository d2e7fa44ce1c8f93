// Statements: https://tc39.es/ecma262/#sec-ecmascript-language-statements-and-declarations
#include <utility>

#include "honeyclient/forced/parser.h"

namespace shikake::honeyclient::forced {

void Parser::statement() {
  Deeper deeper(*this);
  if (current_.kind == TokenKind::end) throw Failed{};
  if (sign(u"{")) return block();
  if (accept(u";")) return;
  if (current_.kind != TokenKind::name) return simple(true);
  Token next = ahead();
  if (next.text == u":" && next.kind == TokenKind::sign && !word(u"default") && !word(u"case")) {
    advance(), advance();
    return statement();
  }
  bool async_function = word(u"async") && next.text == u"function" && !next.after_newline;
  if (word(u"function") || async_function) return function_declaration();
  if (word(u"if")) return if_statement();
  if (word(u"for")) return for_statement();
  if (word(u"while")) return while_statement();
  if (word(u"do")) return do_statement();
  if (word(u"switch")) return switch_statement();
  if (word(u"try")) return try_statement();
  if (word(u"break") || word(u"continue")) return jump(word(u"break"));
  if (word(u"import") && next.text != u"(" && next.text != u".") return import_declaration();
  if (word(u"export")) return export_declaration();
  if (word(u"class")) {
    advance();
    return class_rest();
  }
  if (word(u"debugger")) {
    advance();
    return end_of_statement();
  }
  if (word(u"with")) {
    advance();
    expect(u"(");
    expression();
    expect(u")");
    return statement();
  }
  if (word(u"return") || word(u"throw")) {
    ++counts_.escapes;
    bool sink = std::exchange(around_.sink, false);
    advance();
    if (!current_.after_newline && !sign(u";") && !sign(u"}") && current_.kind != TokenKind::end)
      expression();
    end_of_statement();
    if (around_.sink && around_.function) made_.functions[around_.function - 1].leads = true;
    around_.sink = sink;
    return;
  }
  bool declares = next.kind == TokenKind::name || next.text == u"[" || next.text == u"{";
  if (word(u"const") || (word(u"let") && declares && next.text != u"in" && next.text != u"instanceof"))
    return simple(false);
  simple(true);
}

void Parser::block() {
  expect(u"{");
  scopes_.push_back({last_end_, {}});
  while (!sign(u"}")) statement();
  end_scope();
  advance();
}

namespace {

bool begins_declaration(const Token& token) {
  return token.text == u"var" || token.text == u"let" || token.text == u"const";
}

}  // namespace

// From the keyword on: "var a = 1, {b} = c".
void Parser::declarations() {
  advance();
  do {
    size_t first = made_.names.size();
    bool plain = current_.kind == TokenKind::name;
    std::u16string_view called = current_.text;
    primary(true);
    for (size_t i = first; i < made_.names.size(); ++i) made_.names[i].defines = true;
    if (accept(u"=")) plain ? named_value(called) : void(assignment());
  } while (accept(u","));
}

// Modules: https://tc39.es/ecma262/#sec-imports, #sec-exports. They may await outside of functions.
void Parser::import_declaration() {
  around_.is_async = true;
  while (current_.kind != TokenKind::string) {
    if (current_.kind == TokenKind::end || sign(u";")) throw Failed{};
    advance();
  }
  advance();
  if (word(u"assert") || word(u"with")) advance(), object();
  end_of_statement();
}

void Parser::export_declaration() {
  around_.is_async = true;
  advance();
  if (sign(u"*") || sign(u"{")) {
    bool list = sign(u"{");
    while (!sign(u"}") && current_.kind != TokenKind::string) {
      if (current_.kind == TokenKind::end) throw Failed{};
      advance();
    }
    advance();
    if (list && word(u"from")) advance(), advance();
    return end_of_statement();
  }
  if (word(u"var") || word(u"let") || word(u"const")) return simple(false);
  if (!word(u"default")) return statement();
  advance();
  if (word(u"function") || word(u"async") || word(u"class")) {
    primary(true);  // may be without a name, and is not told of
    accept(u";");
    return;
  }
  assignment();
  end_of_statement();
}

// "var a = 1, {b} = c;" or an expression.
void Parser::simple(bool tolerant) {
  size_t start = current_.start, first_name = made_.names.size();
  Counts before = counts_;
  bool sink = std::exchange(around_.sink, false);
  if (current_.kind == TokenKind::name && begins_declaration(current_) && (!tolerant || word(u"var"))) {
    declarations();
  } else {
    expression();
  }
  end_of_statement();
  leaf(start, last_end_, first_name, tolerant, since(before));
  around_.sink = sink;
}

void Parser::leaf(size_t start, size_t end, size_t first_name, bool tolerant, const Counts& counts) {
  Leaf made{.text = {static_cast<uint32_t>(start), static_cast<uint32_t>(end)},
            .function = around_.function,
            .first_name = static_cast<uint32_t>(first_name),
            .last_name = static_cast<uint32_t>(made_.names.size()),
            .sink = {}};
  if (around_.sink && around_.function) made_.functions[around_.function - 1].leads = true;
  if (tolerant && counts.effects > 0) {
    std::u16string marker;
    if (around_.sink) {
      made.sink = naming_.first_sink + made_.sinks++;
      marker = hook(Hook::sink, *made.sink) + u");";
    }
    std::u16string caught = naming_.hook + u"e";
    open(Edit::Level::statement, start, end, u"try{" + marker);
    close(Edit::Level::statement, end, start,
          u"}catch(" + caught + u"){" + hook_of(Hook::tolerate, 0) + caught + u")}");
  }
  made_.leaves.push_back(made);
}

// Behind the arms: what an exploring pass needs.
void Parser::arms_around(uint32_t site, size_t start) {
  std::u16string caught = naming_.hook + u"e";
  close(Edit::Level::statement, last_end_, start,
        u";" + hook(Hook::through, site) + u");}catch(" + caught + u"){" + hook_of(Hook::caught, site) +
            caught + u")}finally{if(" + hook(Hook::leave, site) + u"))continue}");
}

void Parser::if_statement() {
  size_t start = current_.start;
  advance();
  size_t opened = expect(u"(") + 1;
  Expression condition = expression();
  size_t closed = expect(u")");
  Counts before = counts_;
  statement();
  if (word(u"else")) {
    advance();
    statement();
  }
  Counts arms = since(before);
  if (arms.effects + arms.strings + arms.escapes == 0) return;
  if (arms.pauses) {
    uint32_t site = new_site(Hook::truthy, condition.start, condition.end);
    open(Edit::Level::expression, condition.start, condition.end, hook_of(Hook::truthy, site));
    return close(Edit::Level::expression, condition.end, condition.start, u")");
  }
  uint32_t site = new_site(Hook::branch, condition.start, condition.end);
  replace(start, opened - start, u"for(" + hook_of(Hook::branch, site));
  replace(closed, 1, u");" + hook(Hook::again, site) + u");)try{if(" + hook(Hook::arm, site) + u"))");
  arms_around(site, start);
}

void Parser::loop_body(uint32_t number) {
  around_.breaks.push_back(number);
  around_.continues.push_back(number);
  statement();
  around_.breaks.pop_back();
  around_.continues.pop_back();
}

void Parser::whole(size_t start, size_t first_name) {
  bool sink = std::exchange(around_.sink, false);
  leaf(start, last_end_, first_name, false, {});
  around_.sink = sink;
}

// "(condition)" of a loop.
void Parser::watched_condition() {
  expect(u"(");
  Expression condition = expression();
  expect(u")");
  uint32_t site = new_site(Hook::loop, condition.start, condition.end);
  open(Edit::Level::expression, condition.start, condition.end, hook_of(Hook::loop, site));
  close(Edit::Level::expression, condition.end, condition.start, u")");
}

void Parser::while_statement() {
  size_t start = current_.start, first_name = made_.names.size();
  uint32_t number = new_label();
  advance();
  watched_condition();
  loop_body(number);
  open(Edit::Level::statement, start, last_end_, label(number) + u":");
  whole(start, first_name);
}

void Parser::do_statement() {
  size_t start = current_.start, first_name = made_.names.size();
  uint32_t number = new_label();
  advance();
  loop_body(number);
  if (!word(u"while")) throw Failed{};
  advance();
  watched_condition();
  accept(u";");
  open(Edit::Level::statement, start, last_end_, label(number) + u":");
  whole(start, first_name);
}

void Parser::for_statement() {
  size_t start = current_.start, first_name = made_.names.size();
  uint32_t number = new_label();
  advance();
  if (word(u"await")) advance();
  expect(u"(");
  no_in_ = true;
  bool declared = current_.kind == TokenKind::name && begins_declaration(current_);
  if (declared) {
    declarations();
  } else if (!sign(u";")) {
    define(expression());
  }
  no_in_ = false;
  if (word(u"in") || word(u"of")) {
    advance();
    expression();
  } else {
    expect(u";");
    uint32_t site;
    if (sign(u";")) {
      site = new_site(Hook::loop, current_.start, current_.start);
      replace(current_.start, 0, hook(Hook::loop, site) + u")");
    } else {
      Expression condition = expression();
      site = new_site(Hook::loop, condition.start, condition.end);
      open(Edit::Level::expression, condition.start, condition.end, hook_of(Hook::loop, site));
      close(Edit::Level::expression, condition.end, condition.start, u")");
    }
    expect(u";");
    if (!sign(u")")) expression();
  }
  expect(u")");
  loop_body(number);
  open(Edit::Level::statement, start, last_end_, label(number) + u":");
  whole(start, first_name);
}

void Parser::switch_statement() {
  size_t start = current_.start;
  uint32_t number = new_label();
  advance();
  size_t opened = expect(u"(") + 1;
  Expression value = expression();
  size_t closed = expect(u")");
  expect(u"{");
  Counts before = counts_;
  around_.breaks.push_back(number);
  scopes_.push_back({0, {}});  // what it declares is told of nowhere
  std::vector<Expression> labels;
  while (!sign(u"}")) {
    if (word(u"case")) {
      advance();
      labels.push_back(expression());
      expect(u":");
    } else if (word(u"default")) {
      advance();
      expect(u":");
    } else {
      statement();
    }
  }
  advance();
  scopes_.pop_back();
  around_.breaks.pop_back();
  Counts arms = since(before);
  if (arms.pauses || arms.effects + arms.strings == 0)
    return open(Edit::Level::statement, start, last_end_, label(number) + u":");
  uint32_t site = new_site(Hook::selection, value.start, value.end);
  auto arms_in_all = static_cast<uint32_t>(labels.size() + 1);
  replace(start, opened - start, u"for(" + hook_of(Hook::selection, site) + digits(arms_in_all) + u",");
  replace(closed, 1,
          u");" + hook(Hook::again, site) + u");)try{" + label(number) + u":switch(" +
              hook(Hook::selected, site) + u"))");
  for (uint32_t i = 0; i < labels.size(); ++i) {
    open(Edit::Level::expression, labels[i].start, labels[i].end,
         hook_of(Hook::label, site) + digits(i) + u",");
    close(Edit::Level::expression, labels[i].end, labels[i].start, u")");
  }
  arms_around(site, start);
}

void Parser::try_statement() {
  size_t start = current_.start, first_name = made_.names.size();
  advance();
  block();
  size_t end = last_end_ - 1;
  if (word(u"catch")) {
    advance();
    if (accept(u"(")) {
      size_t first = made_.names.size();
      primary(true);
      for (size_t i = first; i < made_.names.size(); ++i) made_.names[i].defines = true;
      expect(u")");
    }
    Counts before = counts_;
    block();
    Counts handler = since(before);
    if (handler.effects + handler.strings + handler.escapes > 0) {
      uint32_t site = new_site(Hook::completed, start, start + 3);
      replace(end, 0, u";" + hook(Hook::completed, site) + u");");
    }
  }
  if (word(u"finally")) {
    advance();
    block();
  }
  whole(start, first_name);
}

void Parser::jump(bool is_break) {
  ++counts_.escapes;
  Token keyword = current_;
  advance();
  if (current_.kind == TokenKind::name && !current_.after_newline) {
    advance();
  } else {
    const std::vector<uint32_t>& targets = is_break ? around_.breaks : around_.continues;
    if (targets.empty()) throw Failed{};
    replace(keyword.start, keyword.text.size(), std::u16string(keyword.text) + u" " + label(targets.back()));
  }
  end_of_statement();
}

}  // namespace shikake::honeyclient::forced
