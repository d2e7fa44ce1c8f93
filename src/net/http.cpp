#include "net/http.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "url/percent.h"

namespace shikake::net {
namespace {

constexpr std::array failure_names = {
    "none",         "refused", "invalid_request", "name_not_found",    "connection",
    "proxy",        "tls",     "protocol",        "headers_too_large", "body_too_large",
    "closed_early", "timeout", "too_slow",        "visit_budget",      "fetcher_died",
};
static_assert(failure_names.size() == static_cast<size_t>(wire_last(FetchFailure{})) + 1);

}  // namespace

bool is_named(const Header& header, std::string_view name) {
  return base::equal_ignoring_case(header.name, name);
}

std::string_view name(FetchFailure failure) {
  return failure_names[static_cast<size_t>(failure)];
}

FetchFailure failure_named(std::string_view name) {
  auto found = std::ranges::find(failure_names, name);
  return found == std::end(failure_names) ? FetchFailure::none
                                          : static_cast<FetchFailure>(found - std::begin(failure_names));
}

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (is_named(header, name)) return &header.value;
  }
  return nullptr;
}

std::string joined_header(const Headers& headers, std::string_view name) {
  std::string value;
  for (const Header& header : headers) {
    if (!is_named(header, name)) continue;
    if (!value.empty()) value += ", ";
    value += header.value;
  }
  return value;
}

void remove_header(Headers& headers, std::string_view name) {
  std::erase_if(headers, [name](const Header& header) { return is_named(header, name); });
}

void set_header(Headers& headers, std::string_view name, std::string value) {
  for (size_t i = 0; i < headers.size(); ++i) {
    if (!is_named(headers[i], name)) continue;
    headers[i].value = std::move(value);
    auto rest = headers.begin() + static_cast<ptrdiff_t>(i) + 1;
    headers.erase(std::remove_if(rest, headers.end(), [name](const Header& h) { return is_named(h, name); }),
                  headers.end());
    return;
  }
  headers.push_back({std::string(name), std::move(value)});
}

std::optional<url::Url> redirect_location(const FetchResponse& response) {
  constexpr std::array redirects = {301, 302, 303, 307, 308};
  if (std::find(redirects.begin(), redirects.end(), response.status) == redirects.end()) return std::nullopt;
  const std::string* location = find_header(response.headers, "Location");
  if (!location) return std::nullopt;
  auto base = url::Url::parse(response.url);
  if (!base) return std::nullopt;
  auto target = url::Url::parse(*location, &*base);
  if (!target) return std::nullopt;
  if (!target->fragment() && base->fragment()) target->set_hash(base->hash());
  return std::move(*target);
}

std::optional<std::string> attachment_name(const Headers& headers) {
  const std::string* disposition = find_header(headers, "Content-Disposition");
  if (!disposition) return std::nullopt;
  std::string_view rest = *disposition;
  const std::string_view type = base::trimmed(rest.substr(0, rest.find(';')));
  if (base::to_lower(type) != "attachment") return std::nullopt;
  std::string plain, extended;
  for (size_t at = rest.find(';'); at != rest.npos;) {
    rest.remove_prefix(at + 1);
    const size_t equals = rest.find('=');
    if (equals == rest.npos) break;
    const std::string name = base::to_lower(base::trimmed(rest.substr(0, equals)));
    rest = rest.substr(rest.find_first_not_of(" \t", equals + 1) == rest.npos
                           ? rest.size()
                           : rest.find_first_not_of(" \t", equals + 1));
    std::string value;
    if (rest.starts_with('"')) {  // a quoted string: RFC 9110, section 5.6.4
      size_t i = 1;
      for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        value += rest[i];
      }
      at = rest.find(';', i);
    } else {
      at = rest.find(';');
      value = base::trimmed(rest.substr(0, at));
    }
    if (name == "filename" && plain.empty()) plain = value;
    // RFC 8187: charset'language'value
    if (const size_t quote = value.find('\'', value.find('\'') + 1);
        name == "filename*" && quote != value.npos)
      extended = url::percent_decode(std::string_view(value).substr(quote + 1));
  }
  const std::string& given = extended.empty() ? plain : extended;
  return given.substr(given.find_last_of("/\\") + 1);  // npos + 1 is 0
}

}  // namespace shikake::net
