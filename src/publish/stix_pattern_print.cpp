#include <algorithm>

#include "publish/stix_pattern.h"

namespace shikake::publish {
namespace {

std::string_view symbol(PatternTest test) {
  switch (test) {
    case PatternTest::equal:
      return "=";
    case PatternTest::not_equal:
      return "!=";
    case PatternTest::greater:
      return ">";
    case PatternTest::less:
      return "<";
    case PatternTest::greater_equal:
      return ">=";
    case PatternTest::less_equal:
      return "<=";
    case PatternTest::in:
      return "IN";
    case PatternTest::like:
      return "LIKE";
    case PatternTest::matches:
      return "MATCHES";
    case PatternTest::is_subset:
      return "ISSUBSET";
    case PatternTest::is_superset:
      return "ISSUPERSET";
    case PatternTest::exists:
      return "EXISTS";
  }
  return "";
}

std::string print_literal(const PatternLiteral& literal) {
  switch (literal.kind) {
    case PatternLiteral::Kind::string:
      return quote_pattern_string(literal.text);
    case PatternLiteral::Kind::hex:
      return "h'" + literal.text + "'";
    case PatternLiteral::Kind::binary:
      return "b'" + literal.text + "'";
    case PatternLiteral::Kind::timestamp:
      return "t'" + literal.text + "'";
    case PatternLiteral::Kind::number:
    case PatternLiteral::Kind::boolean:
      return literal.text;
  }
  return "";
}

// What the grammar takes without quotes: an identifier that is no keyword. Quoting more is harmless.
bool is_plain_key(std::string_view key) {
  bool shape =
      !key.empty() && !(key[0] >= '0' && key[0] <= '9') && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9');
      });
  return shape && key != "true" && key != "false";
}

std::string print_path(const PatternNode& node) {
  std::string out = node.object_type + ":";
  bool first = true;
  for (const PatternStep& step : node.path) {
    if (step.kind != PatternStep::Kind::key) {
      out += "[" + step.text + "]";
    } else {
      if (!first) out += '.';
      out += is_plain_key(step.text) ? step.text : quote_pattern_string(step.text);
    }
    first = false;
  }
  return out;
}

std::string print_test(const PatternNode& node) {
  std::string negation = node.negated ? "NOT " : "";
  if (node.test == PatternTest::exists) return negation + "EXISTS " + print_path(node);
  std::string out = print_path(node) + " " + negation + std::string(symbol(node.test)) + " ";
  if (node.test != PatternTest::in) return out + print_literal(node.literals.front());
  out += '(';
  for (size_t i = 0; i < node.literals.size(); ++i) out += (i ? ", " : "") + print_literal(node.literals[i]);
  return out + ')';
}

// How tightly a node's own operator binds; a child needs parentheses unless it binds more tightly.
int binding(PatternKind kind) {
  switch (kind) {
    case PatternKind::any:
    case PatternKind::followed_by:
      return 1;
    case PatternKind::observed_any:
      return 2;
    case PatternKind::all:
      return 2;
    case PatternKind::observed_all:
      return 3;
    case PatternKind::start_stop:
    case PatternKind::within:
    case PatternKind::repeats:
      return 4;
    case PatternKind::test:
    case PatternKind::observation:
      return 5;
  }
  return 0;
}

void append(std::string& out, const PatternNode& node);

void append_child(std::string& out, const PatternNode& child, bool parentheses) {
  if (parentheses) out += '(';
  append(out, child);
  if (parentheses) out += ')';
}

void append_joined(std::string& out, const PatternNode& node, std::string_view word) {
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out.append(" ").append(word).append(" ");
    append_child(out, node.children[i], binding(node.children[i].kind) <= binding(node.kind));
  }
}

void append(std::string& out, const PatternNode& node) {
  switch (node.kind) {
    case PatternKind::test:
      out += print_test(node);
      return;
    case PatternKind::all:
      append_joined(out, node, "AND");
      return;
    case PatternKind::any:
      append_joined(out, node, "OR");
      return;
    case PatternKind::observed_all:
      append_joined(out, node, "AND");
      return;
    case PatternKind::observed_any:
      append_joined(out, node, "OR");
      return;
    case PatternKind::followed_by:
      append_joined(out, node, "FOLLOWEDBY");
      return;
    case PatternKind::observation:
      out += '[';
      append(out, node.children.front());
      out += ']';
      return;
    case PatternKind::start_stop:
    case PatternKind::within:
    case PatternKind::repeats: {
      const PatternNode& child = node.children.front();
      append_child(out, child, binding(child.kind) < binding(node.kind));
      if (node.kind == PatternKind::within)
        out += " WITHIN " + node.amount + " SECONDS";
      else if (node.kind == PatternKind::repeats)
        out += " REPEATS " + node.amount + " TIMES";
      else
        out += " START " + print_literal(node.literals[0]) + " STOP " + print_literal(node.literals[1]);
      return;
    }
  }
}

}  // namespace

std::string quote_pattern_string(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string print_pattern(const PatternNode& node) {
  std::string out;
  append(out, node);
  return out;
}

}  // namespace shikake::publish
