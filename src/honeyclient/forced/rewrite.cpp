#include "honeyclient/forced/rewrite.h"

#include <algorithm>
#include <tuple>

#include "honeyclient/forced/parser.h"

namespace shikake::honeyclient::forced {

// --- tokens --------------------------------------------------------------------------------------------

void Parser::advance() {
  last_end_ = current_.end;
  current_ = lexer_.next(current_.end);
}

bool Parser::accept(std::u16string_view wanted) {
  if (!sign(wanted)) return false;
  advance();
  return true;
}

size_t Parser::expect(std::u16string_view wanted) {
  size_t at = current_.start;
  if (!accept(wanted)) throw Failed{};
  return at;
}

// https://tc39.es/ecma262/#sec-automatic-semicolon-insertion
void Parser::end_of_statement() {
  if (accept(u";") || sign(u"}") || current_.kind == TokenKind::end || current_.after_newline) return;
  throw Failed{};
}

// --- notes ---------------------------------------------------------------------------------------------

void Parser::open(Edit::Level level, size_t at, size_t end, std::u16string text) {
  edits_.push_back({at, 0, Edit::Order::open, level, end, edits_.size(), std::move(text)});
}
void Parser::close(Edit::Level level, size_t at, size_t start, std::u16string text) {
  edits_.push_back({at, 0, Edit::Order::close, level, start, edits_.size(), std::move(text)});
}
void Parser::replace(size_t at, size_t removed, std::u16string text) {
  edits_.push_back(
      {at, removed, Edit::Order::replace, Edit::Level::statement, 0, edits_.size(), std::move(text)});
}

std::u16string digits(uint32_t number) {
  std::u16string text;
  for (char c : std::to_string(number)) text += static_cast<char16_t>(c);
  return text;
}

std::u16string Parser::hook(Hook hook, uint32_t number) const {
  return naming_.hook + u"(" + digits(static_cast<uint32_t>(hook)) + u"," + digits(number);
}
std::u16string Parser::hook_of(Hook kind, uint32_t number) const {
  return hook(kind, number) + u",";
}
std::u16string Parser::label(uint32_t number) const {
  return naming_.hook + u"_" + digits(number);
}

uint32_t Parser::new_site(Hook kind, size_t start, size_t end) {
  if (start < line_at_) line_at_ = 0, line_ = 1;
  for (; line_at_ < start; ++line_at_)
    if (text_[line_at_] == '\n') ++line_;
  made_.sites.push_back({kind, {static_cast<uint32_t>(start), static_cast<uint32_t>(end)}, line_});
  return naming_.first_site + static_cast<uint32_t>(made_.sites.size() - 1);
}

void Parser::name(const Token& token, bool defines) {
  made_.names.push_back({{static_cast<uint32_t>(token.start), static_cast<uint32_t>(token.end)}, defines});
}

void Parser::define(const Expression& target) {
  if (target.base) made_.names[*target.base].defines = true;
  if (target.pattern)
    for (size_t i = target.first_name; i < made_.names.size(); ++i) made_.names[i].defines = true;
}

Parser::Counts Parser::since(const Counts& before) const {
  return {counts_.effects - before.effects, counts_.strings - before.strings, counts_.pauses - before.pauses,
          counts_.evals - before.evals, counts_.escapes - before.escapes};
}

void Parser::script() {
  current_ = lexer_.next(0);
  size_t at = directives();
  scopes_.push_back({at, {}});
  while (current_.kind != TokenKind::end) statement();
  end_scope();
}

// --- the new text ----------------------------------------------------------------------------------------

namespace {

bool before(const Edit& a, const Edit& b) {
  if (a.at != b.at) return a.at < b.at;
  if (a.order != b.order) return a.order < b.order;
  switch (a.order) {
    case Edit::Order::close:  // the inner one first
      return std::tuple(b.other_end, a.level, a.sequence) < std::tuple(a.other_end, b.level, b.sequence);
    case Edit::Order::open:  // the outer one first
      return std::tuple(b.other_end, b.level, b.sequence) < std::tuple(a.other_end, a.level, a.sequence);
    case Edit::Order::replace:
      return a.sequence < b.sequence;
  }
  return false;
}

// Appends pieces and notes where they came from.
class Writer {
 public:
  Writer(std::u16string_view original, Rewritten& made) : original_(original), made_(made) {}

  void keep(size_t start, size_t end) {
    if (start == end) return;
    shift(false);
    for (size_t i = start; i < end; ++i) {
      made_.text += original_[i];
      ++generated_, ++column_;
      if (original_[i] == '\n') {
        ++line_;
        generated_ = column_ = 0;
      }
    }
  }
  void put(std::u16string_view text) {
    if (text.empty()) return;
    shift(true);
    made_.text += text;
    generated_ += static_cast<uint32_t>(text.size());
  }
  // Taken out; its line ends stay.
  void skip(size_t start, size_t end) {
    for (size_t i = start; i < end; ++i) {
      ++column_;
      if (original_[i] != '\n') continue;
      made_.text += u'\n';
      ++line_;
      generated_ = column_ = 0;
    }
  }

 private:
  void shift(bool inserted) { made_.shifts.push_back({line_, generated_, column_, inserted}); }

  std::u16string_view original_;
  Rewritten& made_;
  uint32_t line_ = 1, generated_ = 0, column_ = 0;
};

}  // namespace

Rewritten Parser::finish() {
  std::ranges::sort(edits_, before);
  made_.text.reserve(text_.size() + edits_.size() * 20);
  Writer writer(text_, made_);
  size_t at = 0;
  for (const Edit& edit : edits_) {
    writer.keep(at, edit.at);
    writer.put(edit.text);
    writer.skip(edit.at, edit.at + edit.removed);
    at = edit.at + edit.removed;
  }
  writer.keep(at, text_.size());
  std::ranges::sort(made_.leaves, {}, [](const Leaf& leaf) { return leaf.text.start; });
  return std::move(made_);
}

std::optional<Rewritten> rewrite(std::u16string_view text, const Naming& naming) {
  if (text.size() > max_text) return std::nullopt;
  try {
    Parser parser(text, naming);
    parser.script();
    return parser.finish();
  } catch (const Failed&) {
    return std::nullopt;
  }
}

uint32_t original_column(const std::vector<Shift>& shifts, uint32_t line, uint32_t column) {
  auto after = std::ranges::upper_bound(shifts, std::pair(line, column), {}, [](const Shift& shift) {
    return std::pair(shift.line, shift.generated);
  });
  if (after == shifts.begin() || std::prev(after)->line != line) return column;
  const Shift& shift = *std::prev(after);
  return shift.inserted ? shift.original : shift.original + (column - shift.generated);
}

std::u16string only(std::u16string_view text, const std::vector<Span>& spans) {
  std::u16string made(text);
  size_t at = 0;
  auto blank = [&](size_t end) {
    for (; at < end && at < made.size(); ++at)
      if (!is_newline(made[at])) made[at] = u' ';
  };
  for (const Span& span : spans) {
    blank(span.start);
    at = std::max<size_t>(at, span.end);
  }
  blank(made.size());
  return made;
}

}  // namespace shikake::honeyclient::forced
