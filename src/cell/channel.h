// A socket between an owner and the children that it forks, which keeps messages apart, carries descriptors,
// and says who sent what.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::cell {

struct Message {
  std::string bytes;  // empty: the other end is closed
  pid_t sender = -1;  // as the receiver counts
  std::vector<base::UniqueFd> descriptors;
};

// The owner's end, then the children's; both close-on-exec.
Result<std::pair<base::UniqueFd, base::UniqueFd>> make_channel();
// Allocates nothing. A peer that is gone is found out by receiving.
void send_message(const base::UniqueFd& channel, std::string_view bytes,
                  std::span<const int> descriptors = {});
// On the owner's end. `timeout` when the deadline comes first; a failure that was sent (report.h) is the
// error.
Result<Message> receive_message(const base::UniqueFd& channel, const base::Deadline& deadline);

}  // namespace shikake::cell
