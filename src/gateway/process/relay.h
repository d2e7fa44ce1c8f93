// Open mode: a connection of the cell to the real network, as far as the policy lets it.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "link.h"

namespace shikake::gateway {

// Asks the broker, then relays, hands over to the simulated Internet, or refuses with a reset. TLS is opened
// on both sides where the client lets us. Runs as long as the connection does.
asio::awaitable<void> converse_open(std::shared_ptr<Link> link);

}  // namespace shikake::gateway
