#include "cell/report.h"

#include <sys/socket.h>

#include <array>
#include <cstring>

namespace shikake::cell {
namespace {

struct Report {
  ErrorCode code;
  int system_errno;
  std::array<char, 600> what;
};
static_assert(sizeof(Report) <= most_report_bytes);

}  // namespace

void send_failure(const base::UniqueFd& channel, const Error& error) {
  Report report{error.code, error.system_errno, {}};
  error.what.copy(report.what.data(), report.what.size() - 1);
  (void)!::send(channel.get(), &report, sizeof report, MSG_NOSIGNAL);
}

std::optional<Error> received_failure(std::string_view message) {
  if (message.size() != sizeof(Report)) return std::nullopt;
  Report said{};
  std::memcpy(&said, message.data(), sizeof said);
  return Error{Module::cell, said.code, said.what.data(), {}, {}, {}, said.system_errno};
}

}  // namespace shikake::cell
