#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "cell/guest.h"
#include "cell/identities_embedded.h"

namespace shikake::cell {
namespace {

Error wrong(std::string what, const toml::source_region& at) {
  Error error{Module::cell, ErrorCode::invalid_input, std::move(what)};
  error.line = at.begin.line;
  return error;
}

// A name that is not known is a slip of the pen that would otherwise go unseen.
Result<> only(const toml::table& table, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, value] : table)
    if (std::find(keys.begin(), keys.end(), key.str()) == keys.end())
      return fail(wrong(fmt::format("a guest has no \"{}\"", key.str()), key.source()));
  return {};
}

Result<std::string> text_of(const toml::table& table, std::string_view key) {
  if (auto value = table[key].value<std::string>(); value && !value->empty()) return *value;
  return fail(wrong(fmt::format("a guest needs \"{}\", a text", key), table.source()));
}

// RFC 4648, section 4; line ends are passed over.
std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t held = 0;
  unsigned bits = 0;
  for (char letter : text) {
    if (letter == '\n' || letter == '=') continue;
    const size_t value = alphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    held = held << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(held >> bits & 0xff));
  }
  return bytes;
}

Result<GuestFile> file_of(const toml::table& table, const std::string& home) {
  SHIKAKE_TRY(only(table, {"path", "mode", "age_days", "content", "base64"}));
  GuestFile file;
  SHIKAKE_ASSIGN(file.path, text_of(table, "path"));
  if (file.path.starts_with("~/")) {
    file.path.replace(0, 1, home);
    file.users = true;
  }
  if (file.path[0] != '/' || file.path.back() == '/')
    return fail(wrong("a path begins with / or ~/ and ends with a name", table.source()));
  file.mode = static_cast<mode_t>(table["mode"].value_or<int64_t>(0644));
  if ((file.mode & ~mode_t{0777}) != 0) return fail(wrong("mode is one of 0o000 to 0o777", table.source()));
  const double days = table["age_days"].value_or(30.0);
  file.age = std::chrono::seconds(static_cast<int64_t>(days * 86400));
  file.content = table["content"].value_or(std::string());
  if (auto encoded = table["base64"].value<std::string>()) {
    auto bytes = from_base64(*encoded);
    if (!bytes) return fail(wrong("base64 has a letter that is none of its own", table.source()));
    file.content = std::move(*bytes);
  }
  return file;
}

Result<GuestUser> user_of(const toml::table& table) {
  SHIKAKE_TRY(only(table, {"name", "full_name", "id", "home", "shell"}));
  GuestUser user;
  SHIKAKE_ASSIGN(user.name, text_of(table, "name"));
  SHIKAKE_ASSIGN(user.full_name, text_of(table, "full_name"));
  user.id = static_cast<uid_t>(table["id"].value_or<int64_t>(1000));
  user.home = table["home"].value_or("/home/" + user.name);
  user.shell = table["shell"].value_or(user.shell);
  if (user.id >= 65534 || user.name.find_first_of(":\n/ ") != std::string::npos || user.home[0] != '/')
    return fail(wrong("a user is a name, a number below 65534 and a home", table.source()));
  return user;
}

Result<GuestIdentity> identity_of(const toml::table& table) {
  SHIKAKE_TRY(only(table, {"host_name", "uptime_hours", "environment", "user", "kernel", "files"}));
  GuestIdentity guest;
  SHIKAKE_ASSIGN(guest.host_name, text_of(table, "host_name"));
  const toml::table* user = table["user"].as_table();
  const toml::table* kernel = table["kernel"].as_table();
  if (!user || !kernel) return fail(wrong("a guest needs a [user] and a [kernel]", table.source()));
  SHIKAKE_ASSIGN(guest.user, user_of(*user));
  SHIKAKE_TRY(only(*kernel, {"release", "version", "banner", "command_line"}));
  SHIKAKE_ASSIGN(guest.kernel_release, text_of(*kernel, "release"));
  SHIKAKE_ASSIGN(guest.kernel_version, text_of(*kernel, "version"));
  SHIKAKE_ASSIGN(guest.kernel_banner, text_of(*kernel, "banner"));
  SHIKAKE_ASSIGN(guest.kernel_command_line, text_of(*kernel, "command_line"));
  guest.uptime = std::chrono::seconds(static_cast<int64_t>(table["uptime_hours"].value_or(100.0) * 3600));
  if (const toml::array* list = table["environment"].as_array())
    for (const toml::node& node : *list) guest.environment.push_back(node.value_or(std::string()));
  if (const toml::array* list = table["files"].as_array()) {
    for (const toml::node& node : *list) {
      const toml::table* row = node.as_table();
      if (!row) return fail(wrong("files are tables: [[files]]", node.source()));
      SHIKAKE_ASSIGN(GuestFile file, file_of(*row, guest.user.home));
      guest.files.push_back(std::move(file));
    }
  }
  return guest;
}

}  // namespace

Result<GuestIdentity> parse_identity(std::string_view text, std::string_view name) {
  try {
    const toml::table table = toml::parse(text, name);
    auto guest = identity_of(table);
    if (!guest) return tl::unexpected(std::move(guest).error().in(name));
    return guest;
  } catch (const toml::parse_error& error) {
    return tl::unexpected(wrong(std::string(error.description()), error.source()).in(name));
  }
}

std::vector<std::string> identity_names() {
  std::vector<std::string> names;
  for (const EmbeddedIdentity& row : embedded_identities()) names.emplace_back(row.name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<GuestIdentity> identity(std::string_view name) {
  for (const EmbeddedIdentity& row : embedded_identities())
    if (row.name == name) return parse_identity(row.text, fmt::format("{}.toml", name));
  return fail(
      Module::cell, ErrorCode::not_found,
      fmt::format("no guest is called \"{}\"; there are: {}", name, fmt::join(identity_names(), ", ")));
}

}  // namespace shikake::cell
