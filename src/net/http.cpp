#include "net/http.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

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

}  // namespace shikake::net
