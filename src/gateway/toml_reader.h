// Values out of a TOML document, each with the line that is to blame when it is not as it should be. For the
// files that read one: replies.cpp and policy.cpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"

namespace shikake::gateway {

// Thrown while a document is read, and caught by read_toml(); toml++ reports its errors the same way.
struct BadToml {
  uint32_t line;
  std::string what;
};
[[noreturn]] void bad(const toml::node& node, std::string what);
inline uint32_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

// Parses `text` and hands it to `read`, which may throw BadToml; invalid_input with the line otherwise.
template <class Read>
Result<> read_toml(std::string_view text, const Read& read) {
  try {
    toml::table document = toml::parse(text);
    read(document);
    return {};
  } catch (const BadToml& error) {
    return fail(Error{Module::gateway, ErrorCode::invalid_input, error.what, {}, error.line});
  } catch (const toml::parse_error& error) {
    return fail(Error{Module::gateway,
                      ErrorCode::invalid_input,
                      std::string(error.description()),
                      {},
                      error.source().begin.line});
  }
}

// One table, whose keys are all known: a key that nobody reads is a typing error.
class TomlRow {
 public:
  TomlRow(const toml::table& table, std::initializer_list<std::string_view> keys);

  uint32_t line() const { return line_of(table_); }
  const toml::node* node(std::string_view key) const { return table_.get(key); }
  [[noreturn]] void blame(std::string_view key, std::string what) const;

  std::optional<std::string> text(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;  // one or a list
  std::optional<int64_t> number(std::string_view key, int64_t least, int64_t most) const;
  std::vector<int64_t> numbers(std::string_view key, int64_t least, int64_t most) const;  // one or a list
  bool flag(std::string_view key) const;                                                  // false if absent
  std::vector<const toml::table*> tables(std::string_view key) const;  // [[key]] or a list of { }
  const toml::table* table(std::string_view key) const;

 private:
  const toml::table& table_;
};

}  // namespace shikake::gateway
