// A TCP connection from its first byte to its last: which protocol it is, and who answers.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "link.h"

namespace shikake::gateway {

// Runs as long as the connection does.
asio::awaitable<void> converse(std::shared_ptr<Link> link);

}  // namespace shikake::gateway
