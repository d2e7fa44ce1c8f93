// A call as a person reads it: openat(AT_FDCWD, "/etc/cron.d/x", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3
#pragma once

#include <optional>
#include <string>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

// Texts longer than this are cut in a proof, with "...".
inline constexpr size_t max_proof_text = 256;

// Without a result: at its entry. Strings are escaped; memory that is gone shows as its address.
std::string describe(trace::Thread& thread, const trace::Call& call, std::optional<int64_t> result = {});
// "0", "3", "-1 EACCES"
std::string describe_result(int64_t result);
// "execve("/bin/sh", ["sh", "-c", …])", from what the kernel made of it.
std::string describe(const trace::Execution& execution);
// In double quotes, control bytes as \n, \t, \xNN, cut at max_proof_text.
std::string in_quotes(std::string_view text);

}  // namespace shikake::sandbox::monitor
