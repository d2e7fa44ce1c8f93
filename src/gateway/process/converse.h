// A TCP connection from its first byte to its last: which protocol it is, and who answers.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "gateway/client_hello.h"
#include "link.h"

namespace shikake::gateway {

// Runs as long as the connection does.
asio::awaitable<void> converse(std::shared_ptr<Link> link);

// The same for a connection that was taken over in the middle, by a proxy's CONNECT. Closes nothing.
asio::awaitable<void> choose_and_serve(Link& link);
// After a go-ahead (STARTTLS and its like): waits for the client's hello and answers it.
asio::awaitable<bool> upgrade_to_tls(Link& link);
// Reads until the ClientHello that the input begins with is whole, and notes it. True: TLS it is.
asio::awaitable<bool> hear_hello(Link& link);
// A row of the replies is for this connection's place.
bool is_scripted(const Link& link);
// What a ClientHello says, into the flow.
void note_hello(Link& link, const ClientHello& hello);
// The flow's detail and host from a request that the input begins with, for protocols that begin with one.
void describe_first(Link& link);

}  // namespace shikake::gateway
