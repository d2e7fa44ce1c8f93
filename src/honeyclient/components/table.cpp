#include "honeyclient/components/table.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/check.h"
#include "honeyclient/components/embedded.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace shikake::honeyclient::components {
namespace {

constexpr std::array<std::string_view, 9> trait_names = {
    "overlong", "number", "path", "address", "contains", "command", "file", "called", "width"};
constexpr std::array<std::string_view, 13> behaviour_names = {
    "absorbs", "xml_http", "dictionary", "stream",    "file_system", "shell",      "application",
    "xml",     "creator",  "management", "scheduler", "office",      "interpreter"};
constexpr std::array<Behaviour, 13> behaviours = {
    Behaviour::absorbs,     Behaviour::xml_http,   Behaviour::dictionary,  Behaviour::stream,
    Behaviour::file_system, Behaviour::shell,      Behaviour::application, Behaviour::xml,
    Behaviour::creator,     Behaviour::management, Behaviour::scheduler,   Behaviour::office,
    Behaviour::interpreter};

// Where no misuse says otherwise: no version, path or identifier that a page passes innocently is longer.
constexpr uint32_t usual_length = 1000;

bool is_class_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !digit) return false;
  }
  return true;
}

// CVE-2006-3730: https://www.cve.org/About/Process
bool is_cve(std::string_view text) {
  if (!text.starts_with("CVE-") || text.size() < 13 || text[8] != '-') return false;
  return std::ranges::all_of(text.substr(4, 4), [](char c) { return c >= '0' && c <= '9'; }) &&
         std::ranges::all_of(text.substr(9), [](char c) { return c >= '0' && c <= '9'; });
}

// Reads one row; the first thing that is wrong is kept.
class Row {
 public:
  Row(const toml::table& table, std::string_view file) : table_(table), file_(file) {}

  std::optional<Error> error;

  void refuse(std::string_view column, std::string_view why, const toml::node* at = nullptr) {
    if (error) return;
    error = Error{Module::honeyclient, ErrorCode::invalid_input,
                  fmt::format("the component table's column {} {}", column, why), std::string(file_)};
    error->line = (at ? at->source() : table_.source()).begin.line;
  }
  // Every column is one that there is: a misspelt one would be silently without effect.
  void only(std::span<const std::string_view> columns) {
    for (const auto& [key, value] : table_)
      if (std::ranges::find(columns, key.str()) == columns.end())
        refuse(key.str(), "is none that there is", &value);
  }
  std::string text(std::string_view column, bool needed) {
    const toml::node* node = table_.get(column);
    if (!node && !needed) return {};
    const auto value = node ? node->value<std::string>() : std::nullopt;
    if (!value || value->empty()) refuse(column, "must be a text", node);
    return value.value_or("");
  }
  std::vector<std::string> texts(std::string_view column) {
    std::vector<std::string> all;
    const toml::node* node = table_.get(column);
    if (!node) return all;
    const toml::array* array = node->as_array();
    if (!array || array->empty()) refuse(column, "must be a list of texts", node);
    for (size_t i = 0; array && i < array->size(); ++i) {
      const auto value = array->get(i)->value<std::string>();
      if (!value || value->empty()) refuse(column, "must be a list of texts", node);
      all.push_back(value.value_or(""));
    }
    return all;
  }
  std::optional<double> number(std::string_view column) {
    const toml::node* node = table_.get(column);
    if (!node) return std::nullopt;
    const auto value = node->value<double>();
    if (!value) refuse(column, "must be a number", node);
    return value;
  }
  std::optional<uint32_t> count(std::string_view column, int64_t most) {
    const toml::node* node = table_.get(column);
    if (!node) return std::nullopt;
    const auto value = node->value_exact<int64_t>();
    if (!value || *value < 0 || *value > most) {
      refuse(column, fmt::format("must be a whole number from 0 to {}", most), node);
      return std::nullopt;
    }
    return static_cast<uint32_t>(*value);
  }
  const toml::table& table() const { return table_; }
  std::string_view file() const { return file_; }

 private:
  const toml::table& table_;
  std::string_view file_;
};

Misuse read_misuse(Row& row) {
  static constexpr std::string_view columns[] = {"members", "trait", "argument", "length", "at_least",
                                                 "below",   "texts", "cves",     "source"};
  row.only(columns);
  Misuse misuse;
  misuse.members = row.texts("members");
  if (misuse.members.empty()) row.refuse("members", "is missing");
  const std::string trait = row.text("trait", true);
  const auto found = std::ranges::find(trait_names, trait);
  if (found == trait_names.end())
    row.refuse("trait", fmt::format("must be one of {}", fmt::join(trait_names, ", ")));
  else
    misuse.trait = static_cast<Trait>(found - trait_names.begin());
  misuse.argument = row.count("argument", 15);
  misuse.length = row.count("length", 1 << 20).value_or(usual_length);
  misuse.at_least = row.number("at_least");
  misuse.below = row.number("below");
  for (const std::string& one : row.texts("texts")) misuse.texts.push_back(base::to_lower(one));
  misuse.cves = row.texts("cves");
  misuse.source = row.text("source", false);
  if ((misuse.trait == Trait::number) != (misuse.at_least || misuse.below))
    row.refuse("at_least", "or below goes with the trait number, and it with one of them");
  if ((misuse.trait == Trait::contains && misuse.texts.empty()) ||
      (misuse.trait != Trait::contains && misuse.trait != Trait::overlong && !misuse.texts.empty()))
    row.refuse("texts", "goes with the trait contains, which needs it, and with overlong");
  if (row.table().get("length") && misuse.trait != Trait::overlong && misuse.trait != Trait::width)
    row.refuse("length", "goes with the traits overlong and width");
  for (const std::string& cve : misuse.cves)
    if (!is_cve(cve)) row.refuse("cves", "holds \"" + cve + "\", which is no CVE id");
  if (!misuse.source.empty() && !misuse.source.starts_with("https://"))
    row.refuse("source", "must be an https address");
  if (misuse.source.empty() && !misuse.cves.empty()) row.refuse("source", "is missing for its CVE");
  return misuse;
}

void read_browsers(Row& row, Component& made) {
  if (const toml::node* node = row.table().get("browsers")) {
    const toml::array* range = node->as_array();
    const auto at = [&](size_t i) {
      return range && range->size() == 2 ? range->get(i)->value_exact<int64_t>().value_or(0) : 0;
    };
    if (at(0) < 5 || at(1) < at(0) || at(1) > 11)
      row.refuse("browsers", "must be [first, last] version of Internet Explorer", node);
    made.first_browser = static_cast<uint32_t>(at(0));
    made.last_browser = static_cast<uint32_t>(at(1));
  }
  const toml::node* node = row.table().get("versions");
  const toml::array* versions = node ? node->as_array() : nullptr;
  if (node && !versions) row.refuse("versions", "must be a list of [browser, version]", node);
  for (size_t i = 0; versions && i < versions->size(); ++i) {
    const toml::array* pair = versions->get(i)->as_array();
    const auto from = pair && pair->size() == 2 ? pair->get(0)->value_exact<int64_t>() : std::nullopt;
    const auto version = pair && pair->size() == 2 ? pair->get(1)->value<std::string>() : std::nullopt;
    if (!from || !version || (i > 0 && *from <= made.versions.back().first)) {
      row.refuse("versions", "must be a list of [browser, version], the oldest browser first", node);
      break;
    }
    made.versions.emplace_back(static_cast<uint32_t>(*from), *version);
  }
}

void read_names(Row& row, Component& made) {
  made.program_ids = row.texts("program_ids");
  for (std::string& given : made.class_ids = row.texts("class_ids")) {
    given = base::to_lower(given);
    if (!is_class_id(given)) row.refuse("class_ids", "holds \"" + given + "\", which is no CLSID");
  }
  for (std::string& type : made.types = row.texts("types")) type = base::to_lower(type);
  if (made.program_ids.empty() && made.class_ids.empty() && made.types.empty())
    row.refuse("program_ids", "is missing, and so are class_ids and types: nothing could ask for it");
}

void read_members(Row& row, Component& made) {
  made.methods = row.texts("methods");
  made.properties = row.texts("properties");
  made.fetches = row.texts("fetches");
  if (const toml::node* node = row.table().get("answers")) {
    const toml::table* answers = node->as_table();
    if (!answers) row.refuse("answers", "must be a table of texts", node);
    if (answers)
      for (const auto& [key, value] : *answers) {
        const auto text = value.value<std::string>();
        if (!text) row.refuse("answers", "must be a table of texts", node);
        made.answers.emplace_back(std::string(key.str()), text.value_or(""));
      }
  }
  if (const toml::node* node = row.table().get("misuse")) {
    const toml::array* misuses = node->as_array();
    if (!misuses) row.refuse("misuse", "must be a list of tables", node);
    for (size_t i = 0; misuses && i < misuses->size(); ++i) {
      const toml::table* table = misuses->get(i)->as_table();
      if (!table) {
        row.refuse("misuse", "must be a list of tables", node);
        break;
      }
      Row inner(*table, row.file());
      made.misuses.push_back(read_misuse(inner));
      if (inner.error && !row.error) row.error = inner.error;
    }
  }
}

// What is said of a member is said of one that the component has.
void check_members(Row& row, const Component& made) {
  auto known = [&](const std::string& member) {
    auto same = [&](const std::string& one) { return same_name(one, member); };
    return std::ranges::any_of(made.methods, same) || std::ranges::any_of(made.properties, same);
  };
  auto check = [&](std::string_view column, const std::string& member) {
    if (!known(member))
      row.refuse(column, "names " + member + ", which is neither among the methods nor the properties");
  };
  for (const std::string& member : made.fetches) check("fetches", member);
  for (const auto& [member, text] : made.answers) check("answers", member);
  for (const Misuse& misuse : made.misuses)
    for (const std::string& member : misuse.members) check("misuse", member);
}

Component read_component(Row& row) {
  static constexpr std::string_view columns[] = {
      "name",     "program_ids", "class_ids", "types",      "behaviour", "browsers", "versions",
      "numbered", "documents",   "methods",   "properties", "answers",   "fetches",  "misuse"};
  row.only(columns);
  Component made;
  made.name = row.text("name", true);
  made.file = row.file();
  made.line = row.table().source().begin.line;
  read_names(row, made);
  if (const std::string behaviour = row.text("behaviour", false); !behaviour.empty()) {
    const auto found = std::ranges::find(behaviour_names, behaviour);
    if (found == behaviour_names.end())
      row.refuse("behaviour", fmt::format("must be one of {}", fmt::join(behaviour_names, ", ")));
    else
      made.behaviour = behaviours[static_cast<size_t>(found - behaviour_names.begin())];
  }
  if (const toml::node* node = row.table().get("numbered")) {
    if (!node->is_boolean()) row.refuse("numbered", "must be true or false", node);
    made.numbered = node->value_or(false);
  }
  if (const toml::node* node = row.table().get("documents")) {
    if (!node->is_boolean()) row.refuse("documents", "must be true or false", node);
    made.in_documents = node->value_or(false);
  }
  read_browsers(row, made);
  read_members(row, made);
  check_members(row, made);
  return made;
}

// Rows and the names that lead to them.
struct Whole {
  std::vector<Component> rows;
  std::map<std::string, const Component*, std::less<>> by_name, by_type;
};

const Whole& whole() {
  static const Whole made = [] {
    Whole all;
    for (const EmbeddedTable& file : embedded_tables()) {
      auto rows = parse_table(file.text, std::string(file.name) + ".toml");
      SHIKAKE_CHECK(rows.has_value());  // the build's own data: tests read every file
      std::ranges::move(*rows, std::back_inserter(all.rows));
    }
    for (const Component& row : all.rows) {
      for (const std::string& one : row.program_ids) all.by_name.emplace(plain_name(one), &row);
      for (const std::string& one : row.class_ids) all.by_name.emplace(one, &row);
      for (const std::string& one : row.types) all.by_type.emplace(one, &row);
    }
    return all;
  }();
  return made;
}

std::string filled(std::string text, const std::string& version) {
  std::string commas = version;
  std::ranges::replace(commas, '.', ',');
  for (auto [what, with] : {std::pair<std::string_view, const std::string&>("{version}", version),
                            std::pair<std::string_view, const std::string&>("{version,}", commas)})
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
      text.replace(at, what.size(), with);
  return text;
}

}  // namespace

Result<std::vector<Component>> parse_table(std::string_view text, std::string_view file) {
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    Error error{Module::honeyclient, ErrorCode::invalid_input, std::string(parsed.error().description()),
                std::string(file)};
    error.line = parsed.error().source().begin.line;
    return fail(std::move(error));
  }
  Row top(parsed.table(), file);
  static constexpr std::string_view columns[] = {"component"};
  top.only(columns);
  std::vector<Component> all;
  const toml::array* rows = parsed.table()["component"].as_array();
  if (!rows) top.refuse("component", "must be a list of tables");
  for (size_t i = 0; rows && i < rows->size(); ++i) {
    const toml::table* table = rows->get(i)->as_table();
    if (!table) {
      top.refuse("component", "must be a list of tables");
      break;
    }
    Row row(*table, file);
    all.push_back(read_component(row));
    if (row.error) return fail(std::move(*row.error));
  }
  if (top.error) return fail(std::move(*top.error));
  return all;
}

std::span<const Component> table() {
  return whole().rows;
}

const Component* find(std::string_view name) {
  const auto& names = whole().by_name;
  const auto found = names.find(plain_name(name));
  return found == names.end() ? nullptr : found->second;
}

const Component* find_by_type(std::string_view mime_type) {
  const auto& types = whole().by_type;
  const auto found = types.find(base::to_lower(mime_type));
  return found == types.end() ? nullptr : found->second;
}

bool installed(const Component& component, std::string_view name, uint32_t browser,
               std::span<const std::string> listed) {
  if (browser == 0) return false;
  const bool there =
      (browser >= component.first_browser && browser <= component.last_browser) ||
      std::ranges::any_of(listed, [&](const std::string& one) { return find(one) == &component; });
  if (!there || !component.numbered) return there;
  // ShockwaveFlash.ShockwaveFlash.9 stands for "9 or later".
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  const std::string own = version(component, browser);
  if (digits == name.size() || digits == 0 || name[digits - 1] != '.' || own.empty()) return true;
  return std::atoi(std::string(name.substr(digits)).c_str()) <= std::atoi(own.c_str());
}

std::string version(const Component& component, uint32_t browser) {
  std::string found;
  for (const auto& [from, version] : component.versions)
    if (browser >= from) found = version;
  return found;
}

std::optional<std::string> answer(const Component& component, std::string_view member, uint32_t browser) {
  for (const auto& [name, text] : component.answers)
    if (same_name(name, member)) return filled(text, version(component, browser));
  return std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) {
  return base::equal_ignoring_case(a, b);
}

std::string plain_name(std::string_view given) {
  std::string name = base::to_lower(given);
  std::erase_if(name, [](char c) { return c == '{' || c == '}' || c == ' ' || c == '\t' || c == '\n'; });
  if (name.starts_with("clsid:")) name.erase(0, 6);
  if (name.starts_with("new:")) name.erase(0, 4);  // a moniker
  if (is_class_id(name)) return name;
  const size_t end = name.find_last_not_of("0123456789.");
  // Digits at the end are a version only behind a point: "JetAudio.Interface.1", but "OWC10" is a name.
  const size_t point = end == std::string::npos ? end : name.find('.', end);
  return point == std::string::npos ? name : name.substr(0, point);
}

std::string_view name(Trait trait) {
  return trait_names[static_cast<size_t>(trait)];
}

}  // namespace shikake::honeyclient::components
