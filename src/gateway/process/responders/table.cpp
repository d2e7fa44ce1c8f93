#include <algorithm>

#include "responders.h"

namespace shikake::gateway {

std::span<const Responder> responders() {
  // In the order in which they are asked.
  static const Responder rows[] = {
      {"http", {80, 81, 8000, 8008, 8080, 8081, 8888}, {443, 8443, 4443}, false, recognise_http, serve_http},
      {"smtp", {25, 587, 2525}, {465}, true, recognise_smtp, serve_smtp},
      {"ftp", {21, 2121}, {990}, true, recognise_ftp, serve_ftp},
      {"pop3", {110}, {995}, true, recognise_pop3, serve_pop3},
      {"irc",
       {6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 7000},
       {6697},
       false,
       recognise_irc,
       serve_irc},
      {"dns", {53}, {853}, false, recognise_dns, serve_dns},
      {"telnet", {23, 2323}, {992}, true, recognise_telnet, serve_telnet},
  };
  return rows;
}

std::span<const DatagramResponder> datagram_responders() {
  static const DatagramResponder rows[] = {
      {"dns", {53, 5353, 5355}, nullptr, nullptr},  // answered by answer_dns_query()
      {"ntp", {123}, nullptr, answer_ntp},
      // Refused, so that clients fall back to TCP, where we can look inside.
      {"quic", {}, recognise_quic, nullptr},
  };
  return rows;
}

Choice choose_responder(std::string_view bytes, uint16_t port, bool tls) {
  const Responder* by_port = nullptr;
  bool more = false;
  for (const Responder& row : responders()) {
    const auto& ports = tls ? row.tls_ports : row.ports;
    if (std::find(ports.begin(), ports.end(), port) != ports.end()) by_port = &row;
  }
  if (bytes.empty()) return {by_port, false};
  if (by_port && by_port->recognise(bytes) == Fit::yes) return {by_port, false};
  for (const Responder& row : responders()) {
    const Fit fit = row.recognise(bytes);
    if (fit == Fit::yes) return {&row, false};
    more = more || fit == Fit::more;
  }
  return {by_port, more};
}

const DatagramResponder* choose_datagram_responder(std::string_view datagram, uint16_t port) {
  for (const DatagramResponder& row : datagram_responders()) {
    if (row.recognise ? row.recognise(datagram)
                      : std::find(row.ports.begin(), row.ports.end(), port) != row.ports.end())
      return &row;
  }
  return nullptr;
}

Fit begins_with_word(std::string_view bytes, std::span<const std::string_view> words) {
  bool more = false;
  for (std::string_view word : words) {
    const size_t common = std::min(word.size(), bytes.size());
    const bool same = std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(common),
                                 word.begin(), [](char a, char b) { return (a & ~0x20) == (b & ~0x20); });
    if (!same) continue;
    if (bytes.size() <= word.size()) {
      more = true;
    } else if (bytes[common] == ' ' || bytes[common] == '\r' || bytes[common] == '\n') {
      return Fit::yes;
    }
  }
  return more ? Fit::more : Fit::no;
}

}  // namespace shikake::gateway
