// Why a forked child gave up before its work began, told to the process that waits for it: one message over a
// socket that keeps messages apart.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::cell {

// Allocates nothing. A peer that is gone is no failure here.
void send_failure(const base::UniqueFd& channel, const Error& error);
// The failure that `message` says, if it is one.
std::optional<Error> received_failure(std::string_view message);

// Longer than any message that the above or its users send.
inline constexpr size_t most_report_bytes = 1024;

}  // namespace shikake::cell
