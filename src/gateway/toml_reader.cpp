#include "gateway/toml_reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace shikake::gateway {

void bad(const toml::node& node, std::string what) {
  throw BadToml{line_of(node), std::move(what)};
}

TomlRow::TomlRow(const toml::table& table, std::initializer_list<std::string_view> keys) : table_(table) {
  for (const auto& [key, value] : table) {
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    throw BadToml{key.source().begin.line,
                  fmt::format("unknown key \"{}\"; known here: {}", key.str(), fmt::join(keys, ", "))};
  }
}

void TomlRow::blame(std::string_view key, std::string what) const {
  const toml::node* at = table_.get(key);
  throw BadToml{at ? line_of(*at) : line(), fmt::format("\"{}\" {}", key, what)};
}

std::optional<std::string> TomlRow::text(std::string_view key) const {
  const toml::node* at = table_.get(key);
  if (!at) return std::nullopt;
  auto value = at->value_exact<std::string>();
  if (!value) blame(key, "wants text in quotes");
  return value;
}

std::vector<std::string> TomlRow::texts(std::string_view key) const {
  const toml::node* at = table_.get(key);
  const toml::array* list = at ? at->as_array() : nullptr;
  std::vector<std::string> found;
  if (!list) {
    if (auto value = text(key)) found.push_back(std::move(*value));
    return found;
  }
  for (const toml::node& item : *list) {
    auto value = item.value_exact<std::string>();
    if (!value) bad(item, fmt::format("\"{}\" wants texts in quotes", key));
    found.push_back(std::move(*value));
  }
  return found;
}

std::vector<int64_t> TomlRow::numbers(std::string_view key, int64_t least, int64_t most) const {
  const toml::node* at = table_.get(key);
  std::vector<int64_t> found;
  auto take = [&](const toml::node& item) {
    auto value = item.value_exact<int64_t>();
    if (!value || *value < least || *value > most)
      bad(item, fmt::format("\"{}\" wants a whole number from {} to {}", key, least, most));
    found.push_back(*value);
  };
  if (at && at->is_array()) {
    for (const toml::node& item : *at->as_array()) take(item);
  } else if (at) {
    take(*at);
  }
  return found;
}

std::optional<int64_t> TomlRow::number(std::string_view key, int64_t least, int64_t most) const {
  const toml::node* at = table_.get(key);
  if (!at) return std::nullopt;
  if (at->is_array()) blame(key, "wants one number");
  return numbers(key, least, most).front();
}

bool TomlRow::flag(std::string_view key) const {
  const toml::node* at = table_.get(key);
  if (!at) return false;
  if (!at->is_boolean()) blame(key, "wants true or false");
  return at->as_boolean()->get();
}

std::vector<const toml::table*> TomlRow::tables(std::string_view key) const {
  const toml::node* at = table_.get(key);
  std::vector<const toml::table*> found;
  if (!at) return found;
  if (!at->is_array()) blame(key, fmt::format("wants to be written [[{}]], or as a list of tables", key));
  for (const toml::node& item : *at->as_array()) {
    if (!item.is_table()) bad(item, fmt::format("\"{}\" wants tables", key));
    found.push_back(item.as_table());
  }
  return found;
}

const toml::table* TomlRow::table(std::string_view key) const {
  const toml::node* at = table_.get(key);
  if (!at) return nullptr;
  if (!at->is_table()) blame(key, "wants a table");
  return at->as_table();
}

}  // namespace shikake::gateway
