#include "honeyclient/components/judge.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/bytes.h"

namespace shikake::honeyclient::components {

std::string_view own_name(std::string_view member) {
  while (member.ends_with("()")) member.remove_suffix(2);
  return member.substr(member.find_last_of('.') + 1);
}

namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool contains_one(std::span<const std::string> texts, std::string_view argument) {
  return std::ranges::any_of(texts, [whole = base::to_lower(argument)](const std::string& one) {
    return whole.find(one) != std::string::npos;
  });
}

// The widest that a printf-like format asks for: "%-5.3f" is 5.
uint32_t widest(std::string_view format) {
  uint32_t most = 0;
  constexpr uint32_t enough = 1'000'000'000;
  for (size_t at = 0; (at = format.find('%', at)) != std::string_view::npos;) {
    ++at;
    while (at < format.size() && std::string_view("+-# 0").find(format[at]) != std::string_view::npos) ++at;
    uint32_t width = 0;
    for (; at < format.size() && base::is_digit(format[at]); ++at)
      width = std::min(enough, width * 10 + static_cast<uint32_t>(format[at] - '0'));
    most = std::max(most, width);
  }
  return most;
}

bool argument_matches(const Misuse& misuse, const Use& use, size_t at) {
  const std::string& text = use.arguments[at];
  switch (misuse.trait) {
    case Trait::overlong:
      return at < use.lengths.size() && use.lengths[at] > misuse.length &&
             (misuse.texts.empty() || contains_one(misuse.texts, text));
    case Trait::number: {
      const std::optional<double> value = number(text);
      return value &&
             ((misuse.at_least && *value >= *misuse.at_least) || (misuse.below && *value < *misuse.below));
    }
    case Trait::path:
      return is_path(text);
    case Trait::address:
      return is_address(text);
    case Trait::contains:
      return contains_one(misuse.texts, text);
    case Trait::command:
      return !text.empty();
    case Trait::file:
      return use.wrote_file;
    case Trait::width:
      return widest(text) > misuse.length;
    case Trait::called:
      return true;
  }
  return false;
}

std::string shortened(std::string_view text) {
  constexpr size_t shown = 100;
  return text.size() <= shown ? std::string(text) : std::string(text.substr(0, shown)) + "…";
}

// "gave X.Y an argument of 4096 characters".
std::string clause(const Component& component, const Misuse& misuse, const Use& use, size_t at) {
  const std::string target = component.name + "." + std::string(use.member);
  const std::string text = at < use.arguments.size() ? shortened(use.arguments[at]) : "";
  switch (misuse.trait) {
    case Trait::overlong:
      return fmt::format("gave {} an argument of {} characters", target, use.lengths[at]);
    case Trait::number:
      return fmt::format("gave {} the number {}", target, text);
    case Trait::path:
      return fmt::format("gave {} the path {}", target, text);
    case Trait::address:
      return fmt::format("had {} fetch {}", target, text);
    case Trait::contains:
      return fmt::format("gave {} \"{}\"", target, text);
    case Trait::command:
      return fmt::format("had {} run \"{}\"", target, text);
    case Trait::file:
      return fmt::format("wrote a file by {}{}", target, text.empty() ? "" : ": " + text);
    case Trait::width:
      return fmt::format("had {} make a text {} characters wide", target, widest(use.arguments[at]));
    case Trait::called:
      return fmt::format("used {}", target);
  }
  return target;
}

// Which argument, for the clause; nothing: no match.
std::optional<size_t> matching_argument(const Misuse& misuse, const Use& use) {
  const bool named = std::ranges::any_of(
      misuse.members, [own = own_name(use.member)](const std::string& one) { return same_name(one, own); });
  if (!named || use.member.empty()) return std::nullopt;
  if (misuse.trait == Trait::called) return 0;
  if (misuse.trait == Trait::file) return use.wrote_file ? std::optional<size_t>(0) : std::nullopt;
  for (size_t i = 0; i < use.arguments.size(); ++i) {
    if (misuse.argument && *misuse.argument != i) continue;
    if (argument_matches(misuse, use, i)) return i;
  }
  return std::nullopt;
}

// -e, -enc, -EncodedCommand and what stands between: Base64 of UTF-16 (about_PowerShell_exe).
std::string decoded_command(std::string_view command) {
  const std::string low = base::to_lower(command);
  if (low.find("powershell") == std::string::npos) return {};
  for (size_t at = low.find("-e"); at != std::string::npos; at = low.find("-e", at + 2)) {
    const size_t space = low.find(' ', at);
    if (space == std::string::npos) break;
    if (!std::string_view("-encodedcommand").starts_with(std::string_view(low).substr(at, space - at)))
      continue;
    const size_t start = low.find_first_not_of(" \"'", space);
    if (start == std::string::npos) break;
    const size_t end = std::min(low.find_first_of(" \"'", start), command.size());
    const auto bytes = base::from_base64(command.substr(start, end - start));
    if (!bytes) continue;
    std::string text;
    for (size_t i = 0; i + 1 < bytes->size(); i += 2)
      if ((*bytes)[i + 1] == 0) text += (*bytes)[i];
    return text;
  }
  return {};
}

}  // namespace

bool is_path(std::string_view text) {
  if (text.size() >= 3 && std::isalpha(static_cast<unsigned char>(text[0])) && text[1] == ':' &&
      (text[2] == '\\' || text[2] == '/'))
    return true;
  return text.starts_with("\\\\") || text.find("..\\") != std::string_view::npos ||
         text.find("../") != std::string_view::npos || text.starts_with("file:") || text.starts_with('%');
}

bool is_address(std::string_view text) {
  const std::string start = base::to_lower(text.substr(0, 8));
  return start.starts_with("http://") || start.starts_with("https://") || start.starts_with("ftp://");
}

bool matches(const Misuse& misuse, const Use& use) {
  return matching_argument(misuse, use).has_value();
}

std::optional<Conviction> judge(const Component& component, const Use& use) {
  for (const Misuse& misuse : component.misuses) {
    if (misuse.source.empty()) continue;
    if (const std::optional<size_t> at = matching_argument(misuse, use))
      return Conviction{&misuse, clause(component, misuse, use, *at)};
  }
  return std::nullopt;
}

std::vector<std::string> addresses_in(std::string_view command) {
  std::vector<std::string> all;
  auto collect = [&all](std::string_view text) {
    const std::string low = base::to_lower(text);
    for (size_t at = 0; at < low.size();) {
      const size_t found =
          std::min({low.find("http://", at), low.find("https://", at), low.find("ftp://", at)});
      if (found == std::string::npos) break;
      // What ends an address in cmd, PowerShell and script: nothing of it stands in one unescaped.
      const size_t end = std::min(low.find_first_of(" \t\r\n\"'`<>|()^{},;", found), low.size());
      std::string address(text.substr(found, end - found));
      if (address.size() > 8 && std::ranges::find(all, address) == all.end())
        all.push_back(std::move(address));
      at = end;
    }
  };
  collect(command);
  collect(decoded_command(command));
  return all;
}

}  // namespace shikake::honeyclient::components
