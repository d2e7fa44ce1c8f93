// A TCP connection from its first byte to its last: which protocol it is, and who answers.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "gateway/client_hello.h"
#include "link.h"

namespace shikake::gateway {

// Runs as long as the connection does.
asio::awaitable<void> converse(std::shared_ptr<Link> link);

// A row of the replies is for this connection's place.
bool is_scripted(const Link& link);
// What a ClientHello says, into the flow.
void note_hello(Link& link, const ClientHello& hello);
// The flow's detail and host from a request that the input begins with, for protocols that begin with one.
void describe_first(Link& link);

}  // namespace shikake::gateway
