// The pass over the grammar behind rewrite(): expressions.cpp, functions.cpp and statements.cpp hold its
// rules, rewrite.cpp puts the changes that they note into the text.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "honeyclient/forced/lexer.h"
#include "honeyclient/forced/rewrite.h"

namespace shikake::honeyclient::forced {

std::u16string digits(uint32_t number);

struct Failed {};  // thrown where the text is not of this grammar; caught in rewrite()

// One change of the text. At one place closing parts come first, then what replaces a token, then opening
// parts; of two that begin at one place the one that ends later is the outer one.
struct Edit {
  enum class Order : uint8_t { close, replace, open };
  enum class Level : uint8_t { expression, statement };
  size_t at = 0, removed = 0;
  Order order = Order::replace;
  Level level = Level::expression;
  size_t other_end = 0;  // of the span that it opens or closes
  size_t sequence = 0;
  std::u16string text;
};

class Parser {
 public:
  Parser(std::u16string_view text, const Naming& naming) : text_(text), lexer_(text), naming_(naming) {}
  void script();  // throws Failed
  Rewritten finish();

 private:
  // What an expression turned out to be, for who uses it.
  struct Expression {
    size_t start = 0, end = 0;
    std::optional<size_t> base;  // index of the name that it begins with
    bool member = false;         // base.x, base[x]
    std::u16string_view last;    // the last name of it: x
    bool parenthesised = false;
    bool pattern = false;  // an array or object literal: on the left of "=" its names are defined
    size_t first_name = 0;
  };
  // Counted while going along; differences tell what stands between two places.
  struct Counts {
    uint32_t effects = 0;  // calls, assignments to members
    uint32_t strings = 0;  // literals
    uint32_t pauses = 0;   // yield, await: other code runs before what follows
    uint32_t evals = 0;    // direct ones
    uint32_t escapes = 0;  // return, throw, break, continue
    // What an arrow function around it would change.
    uint32_t specials() const { return pauses + evals; }
  };
  struct Around {  // of the function that is being parsed
    bool is_async = false, is_generator = false;
    std::vector<uint32_t> breaks, continues;  // labels of the loops and switches around
    uint32_t function = 0;                    // index plus one
    bool sink = false;                        // in the statement that is being parsed
  };
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > max_depth) throw Failed{};
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser& parser_;
  };

  // --- tokens (rewrite.cpp)
  void advance();
  bool sign(std::u16string_view wanted) const {
    return current_.kind == TokenKind::sign && current_.text == wanted;
  }
  bool word(std::u16string_view wanted) const {
    return current_.kind == TokenKind::name && current_.text == wanted;
  }
  bool accept(std::u16string_view wanted);
  size_t expect(std::u16string_view wanted);  // where it began
  Token ahead() const { return lexer_.next(current_.end); }
  void end_of_statement();  // a semicolon, or what may stand for it

  // --- notes (rewrite.cpp)
  void open(Edit::Level level, size_t at, size_t end, std::u16string text);
  void close(Edit::Level level, size_t at, size_t start, std::u16string text);
  void replace(size_t at, size_t removed, std::u16string text);
  std::u16string hook(Hook hook, uint32_t number) const;     // "H(3,7"
  std::u16string hook_of(Hook hook, uint32_t number) const;  // "H(3,7,"
  uint32_t new_site(Hook kind, size_t start, size_t end);    // its number
  std::u16string label(uint32_t number) const;
  uint32_t new_label() { return next_label_++; }
  void name(const Token& token, bool defines = false);
  void define(const Expression& target);
  Counts since(const Counts& before) const;

  // --- expressions.cpp
  Expression expression();  // with commas
  Expression assignment();
  Expression conditional();
  Expression binary(int lowest);
  Expression unary();
  Expression chain(Expression made);
  bool of_browser(size_t name) const;  // window, document and their like
  void arguments(bool of_eval);
  Expression creation();  // new
  Expression primary(bool created);
  void template_text();
  void array();
  void object();
  void assigned(const Expression& target);
  void called(const Expression& callee);
  void short_circuit(bool both, const Expression& left, size_t sign_at, size_t right_end,
                     const Counts& right);

  // --- functions.cpp
  void function_expression(bool registered);
  // What a closure is handed to the hook in: as it is, or where the grammar gives it a name, in that name.
  struct Wrap {
    std::u16string before, after;
  };
  Wrap wrap_of(uint32_t function, std::u16string_view key) const;
  // A value that has a name where it stands: an anonymous function takes it for its own.
  // https://tc39.es/ecma262/#sec-runtime-semantics-namedevaluation
  void named_value(std::u16string_view key);
  std::u16string_view name_at(size_t start) const;  // "" for none
  bool ends_value() const;
  void function_declaration();
  void arrow(const Expression& head, bool is_async);
  // From its parameters on; the number of the function.
  uint32_t function_rest(size_t start, bool is_async, bool is_generator);
  void function_body(uint32_t function);
  void class_rest();
  void class_member(size_t class_start, std::vector<uint32_t>& methods);
  uint32_t new_function(size_t start);
  size_t directives();  // where they end
  struct Scope {
    size_t at;  // where what it declares is told of
    std::vector<std::pair<uint32_t, std::u16string>> functions;
  };
  void end_scope();

  // --- statements.cpp
  void statement();
  void import_declaration();
  void export_declaration();
  void declarations();  // of var, let and const
  void watched_condition();
  void block();
  void simple(bool tolerant);  // an expression, a variable statement
  void leaf(size_t start, size_t end, size_t first_name, bool tolerant, const Counts& counts);
  void if_statement();
  void for_statement();
  void while_statement();
  void do_statement();
  void switch_statement();
  void try_statement();
  void jump(bool is_break);
  void loop_body(uint32_t number);
  void whole(size_t start, size_t first_name);  // a loop is a leaf as a whole
  void arms_around(uint32_t site, size_t start);

  std::u16string_view text_;
  Lexer lexer_;
  const Naming& naming_;
  Token current_;
  size_t last_end_ = 0;
  bool no_in_ = false;
  int depth_ = 0;
  Counts counts_;
  Around around_;
  std::vector<Scope> scopes_;
  std::unordered_map<size_t, std::u16string_view> names_at_;  // of values, by where those begin
  std::vector<Edit> edits_;
  uint32_t next_label_ = 0;
  size_t line_at_ = 0;  // for new_site: lines are counted once
  uint32_t line_ = 1;
  Rewritten made_;
};

}  // namespace shikake::honeyclient::forced
