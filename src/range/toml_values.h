// Values out of a TOML document, each with the line that is to blame when it is not as it should be.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

namespace shikake::range {

// Thrown here and in the files that read a document, and caught there: toml++ reports its errors the
// same way.
struct BadToml {
  uint32_t line;
  std::string what;
};

inline uint32_t line_of(const toml::node& node) {
  return node.source().begin.line;
}
[[noreturn]] void bad(const toml::node& node, std::string what);

// A key that nobody reads is a typing error.
void only_keys(const toml::table& table, std::initializer_list<std::string_view> keys);

std::optional<std::string> text(const toml::table& table, std::string_view key);
// One text or a list of them, each with the place that it stands at.
std::vector<std::pair<std::string, const toml::node*>> texts(const toml::table& table, std::string_view key);

std::optional<int64_t> number(const toml::table& table, std::string_view key, int64_t least, int64_t most);
// One number or a list of them.
std::vector<int64_t> numbers(const toml::table& table, std::string_view key, int64_t least, int64_t most);
bool flag(const toml::table& table, std::string_view key);  // false when it is not there

const toml::table& table_of(const toml::node& node, std::string_view key);
// The tables of [[key]].
std::vector<const toml::table*> tables(const toml::table& table, std::string_view key);

}  // namespace shikake::range
