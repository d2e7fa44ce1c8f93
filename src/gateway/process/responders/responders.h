// The functions of the responders' files, for the table.
#pragma once

#include "../responder.h"

namespace shikake::gateway {

Fit recognise_http(std::string_view bytes);
asio::awaitable<void> serve_http(Link& link);
Fit recognise_smtp(std::string_view bytes);
asio::awaitable<void> serve_smtp(Link& link);
Fit recognise_ftp(std::string_view bytes);
asio::awaitable<void> serve_ftp(Link& link);
Fit recognise_pop3(std::string_view bytes);
asio::awaitable<void> serve_pop3(Link& link);
Fit recognise_irc(std::string_view bytes);
asio::awaitable<void> serve_irc(Link& link);
Fit recognise_dns(std::string_view bytes);
asio::awaitable<void> serve_dns(Link& link);
Fit recognise_telnet(std::string_view bytes);
asio::awaitable<void> serve_telnet(Link& link);

std::string answer_ntp(Context& context, Flow& flow, std::string_view datagram);
bool recognise_quic(std::string_view datagram);

}  // namespace shikake::gateway
