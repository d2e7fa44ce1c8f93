#include "sandbox/debug/script.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/checked.h"
#include "sandbox/trace/calls.h"

namespace shikake::sandbox::debug {
namespace {

tl::unexpected<Error> wrong(const toml::node& node, std::string what) {
  Error error{Module::sandbox, ErrorCode::invalid_input, "debugger script: " + std::move(what)};
  error.line = node.source().begin.line;
  return fail(std::move(error));
}

Error at_line(Error error, const toml::node& node) {
  error.what = "debugger script: " + error.what;
  error.line = node.source().begin.line;
  return error;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return words;
    const size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

Result<LogItem> parse_log(std::string_view text) {
  const auto words = words_of(text);
  auto bad = [&](std::string_view why) {
    return fail(Module::sandbox, ErrorCode::invalid_input, fmt::format("log \"{}\": {}", text, why));
  };
  if (words.empty()) return bad("it is empty");
  LogItem item;
  const std::string_view kind = words[0];
  const size_t operands = kind == "registers" || kind == "arguments" ? 0 : kind == "memory" ? 2 : 1;
  if (kind == "registers")
    item.kind = LogItem::Kind::registers;
  else if (kind == "arguments")
    item.kind = LogItem::Kind::arguments;
  else if (kind == "value")
    item.kind = LogItem::Kind::value;
  else if (kind == "string")
    item.kind = LogItem::Kind::string;
  else if (kind == "memory")
    item.kind = LogItem::Kind::memory;
  else
    return bad("there are: registers, arguments, value X, string X, memory X BYTES");
  if (words.size() != operands + 1) return bad(fmt::format("{} takes {} words", kind, operands));
  if (operands > 0) {
    SHIKAKE_ASSIGN(item.operand, parse_operand(words[1]));
  }
  if (operands == 2) {
    const auto size = base::parse_integer<uint64_t>(words[2]);
    if (!size || *size == 0 || *size > max_logged_memory)
      return bad(fmt::format("the number of bytes is 1 to {}", max_logged_memory));
    item.size = *size;
  }
  return item;
}

Result<DumpItem> parse_dump(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != 2)
    return fail(Module::sandbox, ErrorCode::invalid_input,
                fmt::format("dump \"{}\": it takes an address and a size", text));
  DumpItem item;
  SHIKAKE_ASSIGN(item.address, parse_operand(words[0]));
  SHIKAKE_ASSIGN(item.size, parse_operand(words[1]));
  return item;
}

template <class Item>
Result<std::vector<Item>> parse_list(const toml::node& node, Result<Item> (*parse)(std::string_view)) {
  std::vector<Item> out;
  const toml::array* list = node.as_array();
  if (!list) return wrong(node, "a list of texts is wanted here");
  for (const toml::node& element : *list) {
    const auto text = element.value<std::string_view>();
    if (!text) return wrong(element, "a text is wanted here");
    auto item = parse(*text);
    if (!item) return fail(at_line(std::move(item).error(), element));
    out.push_back(std::move(*item));
  }
  return out;
}

// A number, or the name of an error: "ECONNREFUSED".
Result<int64_t> parse_result(const toml::node& node) {
  if (const auto number = node.value_exact<int64_t>()) return *number;
  const auto text = node.value_exact<std::string_view>();
  constexpr int max_errno = 133;  // EHWPOISON, the last that Linux has
  for (int i = 1; text && i <= max_errno; ++i) {
    const char* name = ::strerrorname_np(i);
    if (name && *text == name) return -i;
  }
  return wrong(node, "result is a number or the name of an error, such as \"ECONNREFUSED\"");
}

Result<> take_action(std::string_view key, const toml::node& node, Actions& out, bool& known) {
  known = true;
  if (key == "log") {
    SHIKAKE_ASSIGN(out.log, parse_list<LogItem>(node, parse_log));
  } else if (key == "dump") {
    SHIKAKE_ASSIGN(out.dump, parse_list<DumpItem>(node, parse_dump));
  } else if (key == "result") {
    SHIKAKE_ASSIGN(out.result, parse_result(node));
  } else if (key == "stop") {
    const auto stop = node.value_exact<bool>();
    if (!stop) return wrong(node, "stop is true or false");
    out.stop = *stop;
  } else if (key == "count") {
    const auto count = node.value_exact<int64_t>();
    if (!count || *count < 1) return wrong(node, "count is a number from 1");
    out.count = static_cast<uint64_t>(*count);
  } else {
    known = false;
  }
  return {};
}

Result<When> parse_when(const toml::node& node, std::string_view first, std::string_view last) {
  const auto text = node.value_exact<std::string_view>();
  if (text && *text == first) return When::entry;
  if (text && *text == last) return When::end;
  return wrong(node, fmt::format("when is \"{}\" or \"{}\"", first, last));
}

Result<Break> parse_break(const toml::table& table) {
  Break out;
  out.actions.count = default_count;
  for (const auto& [name, node] : table) {
    const std::string_view key = name.str();
    bool known = false;
    SHIKAKE_TRY(take_action(key, node, out.actions, known));
    if (known) continue;
    if (key == "at") {
      const auto text = node.value_exact<std::string_view>();
      if (!text) return wrong(node, "at is a text: a function or an address");
      auto location = parse_location(*text);
      if (!location) return fail(at_line(std::move(location).error(), node));
      out.at = std::move(*location);
    } else if (key == "when") {
      SHIKAKE_ASSIGN(out.when, parse_when(node, "entry", "end"));
    } else {
      return wrong(node, fmt::format("\"{}\" is no key of [[break]]", key));
    }
  }
  if (out.at.text.empty()) return wrong(table, "[[break]] needs \"at\"");
  return out;
}

Result<CallBreak> parse_call(const toml::table& table) {
  CallBreak out;
  out.actions.count = default_count;
  for (const auto& [name, node] : table) {
    const std::string_view key = name.str();
    bool known = false;
    SHIKAKE_TRY(take_action(key, node, out.actions, known));
    if (known) continue;
    if (key == "name") {
      const auto text = node.value_exact<std::string>();
      if (!text ||
          (!trace::call_number(trace::Abi::x86_64, *text) && !trace::call_number(trace::Abi::i386, *text)))
        return wrong(node, "name is that of a system call, as in \"connect\"");
      out.name = *text;
    } else if (key == "when") {
      SHIKAKE_ASSIGN(out.when, parse_when(node, "before", "after"));
    } else {
      return wrong(node, fmt::format("\"{}\" is no key of [[call]]", key));
    }
  }
  if (out.name.empty()) return wrong(table, "[[call]] needs \"name\"");
  return out;
}

Result<> parse_trace(const toml::table& table, std::vector<Location>& out) {
  for (const auto& [name, node] : table) {
    if (name.str() != "functions")
      return wrong(node, fmt::format("\"{}\" is no key of [[trace]]", name.str()));
    SHIKAKE_ASSIGN(auto list, parse_list<Location>(node, parse_location));
    for (Location& location : list) out.push_back(std::move(location));
  }
  return {};
}

Result<> parse_rows(const toml::node& node, std::string_view key, Script& out) {
  const toml::array* rows = node.as_array();
  if (!rows) return wrong(node, fmt::format("write it as [[{}]]", key));
  for (const toml::node& row : *rows) {
    const toml::table* table = row.as_table();
    if (!table) return wrong(row, fmt::format("write it as [[{}]]", key));
    if (key == "break") {
      SHIKAKE_ASSIGN(auto one, parse_break(*table));
      out.breaks.push_back(std::move(one));
    } else if (key == "call") {
      SHIKAKE_ASSIGN(auto one, parse_call(*table));
      out.calls.push_back(std::move(one));
    } else {
      SHIKAKE_TRY(parse_trace(*table, out.traced));
    }
  }
  if (out.breaks.size() + out.calls.size() + out.traced.size() > max_script_rows)
    return wrong(node, fmt::format("there are more than {} places to stop at", max_script_rows));
  return {};
}

}  // namespace

Result<Location> parse_location(std::string_view text) {
  Location out;
  out.text = text;
  auto bad = [&] {
    return fail(
        Module::sandbox, ErrorCode::invalid_input,
        fmt::format("\"{}\" is no place: write function, module!function, module+0x1139 or 0x401139", text));
  };
  auto number = [](std::string_view digits) -> std::optional<uint64_t> {
    if (!digits.starts_with("0x")) return std::nullopt;
    return base::parse_integer<uint64_t>(digits.substr(2), 16);
  };
  if (text.empty() || text.find(' ') != text.npos) return bad();
  if (const auto address = number(text)) {
    out.address = *address;
    return out;
  }
  if (const size_t bang = text.find('!'); bang != text.npos) {
    out.module = text.substr(0, bang);
    out.symbol = text.substr(bang + 1);
    if (out.module.empty() || out.symbol.empty()) return bad();
    return out;
  }
  if (const size_t plus = text.rfind("+0x"); plus != text.npos && plus > 0) {
    const auto address = number(text.substr(plus + 1));
    if (!address) return bad();
    out.module = text.substr(0, plus);
    out.address = *address;
    return out;
  }
  out.symbol = text;
  return out;
}

Result<Script> parse_script(std::string_view text) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    Error out{Module::sandbox, ErrorCode::invalid_input,
              "debugger script: " + std::string(error.description())};
    out.line = error.source().begin.line;
    return fail(std::move(out));
  }
  Script script;
  for (const auto& [name, node] : table) {
    const std::string_view key = name.str();
    if (key != "break" && key != "call" && key != "trace")
      return wrong(node, fmt::format("\"{}\" is no key: there are break, call and trace", key));
    SHIKAKE_TRY(parse_rows(node, key, script));
  }
  return script;
}

}  // namespace shikake::sandbox::debug
