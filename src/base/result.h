// Our own failures as values. See docs/architecture.md, "Three kinds of went wrong".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace shikake::base {

// Who reports the failure; one value a folder under src/.
enum class Module : uint8_t {
  base, url, html, net, cell, taint, intel, match, triage, gateway, range, store, honeyclient,
  honeypot, sandbox, honeytoken, neighbourhood, audit, jobs, publish, console, app,
};

// What kind of failure it is: enough for a caller to decide, never enough to explain; `what` explains.
enum class ErrorCode : uint8_t {
  invalid_input,  // bytes or values that their format does not allow
  invalid_usage,  // the user asked for something that makes no sense (exit status 2)
  not_found,
  io,             // the operating system said no; `system_errno` says how
  limit,          // a named limit was reached
  unsupported,    // understood, but this build or this machine can't
  corrupted,      // our own data is damaged
  too_new,        // our own data was written by a later version
  timeout,
  refused,        // a policy said no
  unavailable,    // a peer, worker or service is gone
  conflict,       // someone else changed or holds it
  cancelled,
};

struct [[nodiscard]] Error {
  Module module = Module::base;
  ErrorCode code = ErrorCode::invalid_input;
  std::string what;                // a sentence for the user: what happened and, where known, what to do
  std::string where = {};          // file, URL or name that it happened in; may be empty
  std::optional<uint64_t> line = {};    // counted from 1
  std::optional<uint64_t> offset = {};  // in bytes, counted from 0
  int system_errno = 0;            // 0: none

  // "net: connection refused (proxy.log, line 12, byte 40): Connection refused"
  std::string message() const;

  // Puts a file, URL or name around an error on its way up; keeps an inner one.
  Error&& in(std::string_view place) &&;
};

std::string_view name(Module module);
std::string_view name(ErrorCode code);

template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Module module, ErrorCode code, std::string what) {
  return tl::unexpected<Error>(Error{module, code, std::move(what)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// For a failed system call: takes errno as it stands when called.
tl::unexpected<Error> fail_errno(Module module, std::string what);

}  // namespace shikake::base

namespace shikake {
using base::Error;
using base::ErrorCode;
using base::fail;
using base::fail_errno;
using base::Module;
using base::Result;
}  // namespace shikake

// Returns the error of a Result-valued expression to the caller, or goes on.
#define SHIKAKE_TRY(expression)                                            \
  do {                                                                     \
    auto shikake_try_result = (expression);                                \
    if (!shikake_try_result)                                               \
      return ::tl::unexpected<::shikake::Error>(std::move(shikake_try_result).error()); \
  } while (false)

#define SHIKAKE_CONCAT_(a, b) a##b
#define SHIKAKE_CONCAT(a, b) SHIKAKE_CONCAT_(a, b)

// SHIKAKE_ASSIGN(auto value, may_fail()): value, or the error to the caller.
#define SHIKAKE_ASSIGN(declaration, expression)                                     \
  auto SHIKAKE_CONCAT(shikake_result_, __LINE__) = (expression);                    \
  if (!SHIKAKE_CONCAT(shikake_result_, __LINE__))                                   \
    return ::tl::unexpected<::shikake::Error>(                                      \
        std::move(SHIKAKE_CONCAT(shikake_result_, __LINE__)).error());              \
  declaration = std::move(*SHIKAKE_CONCAT(shikake_result_, __LINE__))
