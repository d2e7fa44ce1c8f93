#include "base/result.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace shikake::base {
namespace {

constexpr std::array module_names = {
    "base",  "url",    "html",        "net",      "cell",    "taint",      "intel",         "match",
    "triage", "gateway", "range",      "store",    "honeyclient", "honeypot", "sandbox", "honeytoken",
    "neighbourhood", "audit", "jobs", "publish", "console", "app",
};
static_assert(module_names.size() == static_cast<size_t>(Module::app) + 1);

constexpr std::array code_names = {
    "invalid_input", "invalid_usage", "not_found", "io",      "limit",       "unsupported", "corrupted",
    "too_new",       "timeout",       "refused",   "unavailable", "conflict", "cancelled",
};
static_assert(code_names.size() == static_cast<size_t>(ErrorCode::cancelled) + 1);

}  // namespace

std::string_view name(Module module) { return module_names[static_cast<size_t>(module)]; }
std::string_view name(ErrorCode code) { return code_names[static_cast<size_t>(code)]; }

std::string Error::message() const {
  std::string text = fmt::format("{}: {}", name(module), what);
  std::string place = where;
  auto add = [&place](std::string_view part) {
    if (!place.empty()) place += ", ";
    place += part;
  };
  if (line) add(fmt::format("line {}", *line));
  if (offset) add(fmt::format("byte {}", *offset));
  if (!place.empty()) text += fmt::format(" ({})", place);
  if (system_errno != 0) text += fmt::format(": {}", std::strerror(system_errno));
  return text;
}

Error&& Error::in(std::string_view place) && {
  if (where.empty()) where = place;
  return std::move(*this);
}

tl::unexpected<Error> fail_errno(Module module, std::string what) {
  int saved = errno;
  Error error{module, ErrorCode::io, std::move(what)};
  error.system_errno = saved;
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace shikake::base
