#include "range/toml_values.h"

#include <algorithm>

#include <fmt/format.h>

namespace shikake::range {
namespace {

std::string text_of(const toml::node& node, std::string_view key) {
  auto value = node.value_exact<std::string>();
  if (!value) bad(node, fmt::format("\"{}\" wants text in quotes", key));
  return *value;
}

int64_t number_of(const toml::node& node, std::string_view key, int64_t least, int64_t most) {
  auto value = node.value_exact<int64_t>();
  if (!value || *value < least || *value > most) {
    bad(node, fmt::format("\"{}\" wants a whole number from {} to {}", key, least, most));
  }
  return *value;
}

}  // namespace

void bad(const toml::node& node, std::string what) {
  throw BadToml{line_of(node), std::move(what)};
}

void only_keys(const toml::table& table, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, value] : table) {
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    throw BadToml{key.source().begin.line,
                  fmt::format("unknown key \"{}\"; known here: {}", key.str(), fmt::join(keys, ", "))};
  }
}

std::optional<std::string> text(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  return node ? std::optional(text_of(*node, key)) : std::nullopt;
}

std::vector<std::pair<std::string, const toml::node*>> texts(const toml::table& table, std::string_view key) {
  std::vector<std::pair<std::string, const toml::node*>> found;
  const toml::node* node = table.get(key);
  if (!node) return found;
  if (const toml::array* list = node->as_array()) {
    for (const toml::node& item : *list) found.emplace_back(text_of(item, key), &item);
  } else {
    found.emplace_back(text_of(*node, key), node);
  }
  return found;
}

std::optional<int64_t> number(const toml::table& table, std::string_view key, int64_t least, int64_t most) {
  const toml::node* node = table.get(key);
  return node ? std::optional(number_of(*node, key, least, most)) : std::nullopt;
}

const toml::table& table_of(const toml::node& node, std::string_view key) {
  if (!node.is_table()) bad(node, fmt::format("\"{}\" wants a table", key));
  return *node.as_table();
}

std::vector<const toml::table*> tables(const toml::table& table, std::string_view key) {
  std::vector<const toml::table*> found;
  const toml::node* node = table.get(key);
  if (!node) return found;
  const toml::array* list = node->as_array();
  if (!list) bad(*node, fmt::format("\"{0}\" wants to be written [[{0}]]", key));
  for (const toml::node& item : *list) found.push_back(&table_of(item, key));
  return found;
}

std::vector<int64_t> numbers(const toml::table& table, std::string_view key, int64_t least, int64_t most) {
  std::vector<int64_t> found;
  const toml::node* node = table.get(key);
  if (!node) return found;
  if (const toml::array* list = node->as_array()) {
    for (const toml::node& item : *list) found.push_back(number_of(item, key, least, most));
  } else {
    found.push_back(number_of(*node, key, least, most));
  }
  return found;
}

bool flag(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (!node) return false;
  if (!node->is_boolean()) bad(*node, fmt::format("\"{}\" wants true or false", key));
  return node->as_boolean()->get();
}

}  // namespace shikake::range
