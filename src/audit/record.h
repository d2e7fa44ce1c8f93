// What one log line says, whatever the format: who, when, what was seen, and what came of it. Views into the
// line or into the record's own arena; valid until the next clear().
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace shikake::audit {

// How the client had to do with the thing seen. From strongest to weakest, but for file.
enum class Contact : uint8_t {
  request,     // asked for it by HTTP or FTP
  tunnel,      // CONNECT or a TLS handshake
  connection,  // a transport connection
  lookup,      // asked DNS about it, or DNS answered with it
  mention,     // stands in a header, a certificate, a mail, or a line that no format explains
  inbound,     // the thing seen is where the connection came from
  file,        // a file with this digest came over the wire
};

// What came of it, as far as the line tells.
enum class Outcome : uint8_t {
  content,   // an answer with something in it
  answered,  // an answer without: 404, a connection without bytes
  failed,    // no answer: refused, timed out, unknown name
  denied,    // the proxy, the resolver or the firewall said no
};

struct Observable {
  enum class What : uint8_t { url, authority, target, endpoint, host, digest };
  What what = What::url;
  Contact contact = Contact::mention;
  std::string_view text;
  std::string_view rest = {};  // target: the request target; text is the host header
  uint16_t port = 0;           // authority, target, endpoint: where text has none; 0: not known
};

class Record {
 public:
  std::string_view client;  // address or name, as logged; "" where the line names none
  std::string_view peer;    // where an inbound observable was received, when that isn't the client
  std::string_view user;
  std::string_view time;  // as written: time_text.h reads it
  Outcome outcome = Outcome::content;
  std::vector<Observable> seen;

  void clear() {
    client = peer = user = time = {};
    outcome = Outcome::content;
    seen.clear();
    used_ = 0;
  }

  // The longest number that is written anew: 1e18 in full.
  static constexpr size_t max_number_bytes = 20;

  // Room for at most `size` bytes of text made from the line, of which keep() then takes what was used. Text
  // is unescaped at most twice (JSON, then Zeek's own \x), and no escape is shorter than what it stands for;
  // a number of five bytes ("1e18,") may become one of nineteen. So four times the line's length is all that
  // it can ask for, and the views stay where they are.
  char* room(size_t size);
  std::string_view keep(const char* begin, size_t size) {
    used_ = static_cast<size_t>(begin - arena_.get()) + size;
    return {begin, size};
  }
  void reserve(size_t line_bytes);  // before the line is read

 private:
  std::unique_ptr<char[]> arena_;
  size_t capacity_ = 0;
  size_t used_ = 0;
};

}  // namespace shikake::audit
