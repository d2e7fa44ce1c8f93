// STIX 2.1 patterns, the whole grammar: https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
// section 9 and the STIXPattern.g4 beside the schemas.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intel/model.h"

namespace shikake::publish {

// Deepest nesting of parentheses: a parser that recurses must stop somewhere; real patterns stay under 5.
inline constexpr int max_pattern_depth = 60;
inline constexpr size_t max_pattern_bytes = size_t{1} << 20;

struct PatternLiteral {
  enum class Kind : uint8_t { number, string, boolean, hex, binary, timestamp };
  Kind kind = Kind::string;
  std::string text;  // a string's value without quotes and escapes; of others, the text between the quotes
  bool operator==(const PatternLiteral&) const = default;
};

struct PatternStep {
  enum class Kind : uint8_t { key, index, any };
  Kind kind = Kind::key;
  std::string text;  // a key's name, an index' digits
  bool operator==(const PatternStep&) const = default;
};

enum class PatternTest : uint8_t {
  equal,
  not_equal,
  greater,
  less,
  greater_equal,
  less_equal,
  in,
  like,
  matches,
  is_subset,
  is_superset,
  exists,
};

enum class PatternKind : uint8_t {
  // inside an observation
  test,
  all,
  any,
  // of observations
  observation,
  observed_all,
  observed_any,
  followed_by,
  start_stop,
  within,
  repeats,
};

struct PatternNode {
  PatternKind kind = PatternKind::test;
  // test
  bool negated = false;
  PatternTest test = PatternTest::equal;
  std::string object_type;
  std::vector<PatternStep> path;         // at least one
  std::vector<PatternLiteral> literals;  // one; of `in` any number; of exists none; of start_stop two
  // others
  std::vector<PatternNode> children;  // observation and qualifiers: one; the rest: two or more
  std::string amount;                 // within: seconds; repeats: times
  bool operator==(const PatternNode&) const = default;

  // "hashes.SHA-256", "dst_ref.value", "[*]" for indexes: the path without quotes.
  std::string path_text() const;
};

// Fails with invalid_input and the byte offset in the pattern.
Result<PatternNode> parse_pattern(std::string_view text);

// The same pattern in one spelling: parse_pattern(print_pattern(n)) == n.
std::string print_pattern(const PatternNode& node);
// 'it\'s': quoted as the grammar asks.
std::string quote_pattern_string(std::string_view text);

// A value that a pattern convicts by itself, not yet canonical.
struct PatternValue {
  intel::IndicatorType type = intel::IndicatorType::url;
  std::string value;
  std::vector<std::string> aliases;  // md5, sha1 of a file
};

// The values of a simple pattern: comparisons of a value joined with OR; and, joined with AND, an address
// with its port, or the hashes of one file. Fails with unsupported and a clause that says what is not simple.
Result<std::vector<PatternValue>> simple_values(const PatternNode& pattern);

}  // namespace shikake::publish
