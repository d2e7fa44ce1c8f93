
#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/gzip.h"
#include "base/unpack.h"
#include "honeyclient/replay/recording.h"
#include "net/decode.h"
#include "url/url.h"

namespace shikake::honeyclient::replay {

namespace {

// All that can be unpacked; what follows damage, or a bound, is lost, and said to be.
std::string unpacked(std::string_view bytes, bool& cut) {
  std::string out;
  auto plain = base::Unpacked::open(bytes);
  char buffer[64 * 1024];
  while (plain && out.size() <= max_recording_bytes) {
    const auto got = plain->read(buffer);
    cut = !got;
    if (!got || *got == 0) return out;
    out.append(buffer, *got);
  }
  cut = true;
  return out;
}

// Lines "Name: value" up to an empty one; takes them off `rest`.
net::Headers take_headers(std::string_view& rest) {
  net::Headers headers;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (base::trimmed(line).empty()) break;
    size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      headers.push_back({std::string(base::trimmed(line.substr(0, colon))),
                         std::string(base::trimmed(line.substr(colon + 1)))});
  }
  return headers;
}

// RFC 9112, section 7.1.
std::string unchunked(std::string_view body) {
  std::string out;
  while (!body.empty()) {
    uint64_t length = 0;
    auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), length, 16);
    size_t line = body.find('\n');
    if (error != std::errc() || length == 0 || line == std::string_view::npos) break;
    body.remove_prefix(line + 1);
    out.append(body.substr(0, length));
    if (length + 2 > body.size()) break;
    body.remove_prefix(length + 2);
  }
  return out;
}

// --- a record's block --------------------------------------------------------------------------------------

std::string read_response(std::string_view block, net::FetchResponse& response) {
  size_t end = std::min(block.find('\n'), block.size());
  std::string_view line = base::trimmed(block.substr(0, end));
  block.remove_prefix(std::min(end + 1, block.size()));
  size_t first = line.find(' ');
  if (!line.starts_with("HTTP/") || first == std::string_view::npos) return "no answer of HTTP";
  response.http_version = line.substr(5, first - 5);
  std::string_view rest = line.substr(first + 1);
  std::from_chars(rest.data(), rest.data() + rest.size(), response.status);
  if (response.status < 100 || response.status > 999) return "no status";
  if (rest.size() > 4) response.reason = rest.substr(4);
  response.headers = take_headers(block);
  std::string body(block);
  if (net::joined_header(response.headers, "Transfer-Encoding").find("chunked") != std::string::npos) {
    body = unchunked(block);
    net::remove_header(response.headers, "Transfer-Encoding");
  }
  std::string coding = net::joined_header(response.headers, "Content-Encoding");
  if (!coding.empty()) {
    net::DecodedBody decoded = net::decode_content(body, coding, max_body_bytes);
    response.wire_body = std::move(body);
    response.body = std::move(decoded.body);
    response.decode_error = std::move(decoded.error);
  } else {
    response.body = std::move(body);
  }
  if (response.body.size() > max_body_bytes) response.body.resize(max_body_bytes);
  return {};
}

void read_request(std::string_view block, net::FetchRequest& request) {
  size_t end = std::min(block.find('\n'), block.size());
  std::string_view line = base::trimmed(block.substr(0, end));
  block.remove_prefix(std::min(end + 1, block.size()));
  request.method = line.substr(0, line.find(' '));
  request.headers = take_headers(block);
  request.body = block;
}

Conditions read_conditions(std::string_view block) {
  const net::Headers fields = take_headers(block);
  auto began = base::from_rfc3339(net::joined_header(fields, "Shikake-Began"));
  if (!began) return {};
  Conditions conditions{net::joined_header(fields, "Shikake-Persona"),
                        net::joined_header(fields, "Shikake-Referrer"), 1, *began};
  const std::string seed = net::joined_header(fields, "Shikake-Seed");
  std::from_chars(seed.data(), seed.data() + seed.size(), conditions.seed);
  return conditions;
}

// --- writing
// -------------------------------------------------------------------------------------------------

// A name for a record that is the same for the same content: recordings can be compared.
std::string record_id(std::string_view kind, size_t number, std::string_view block) {
  std::string hex = base::sha256(std::string(kind) + std::to_string(number) + std::string(block)).hex();
  // RFC 9562, section 5.8: a UUID of version 8, whose bits are the maker's.
  hex[12] = '8';
  hex[16] = 'a';
  return "<urn:uuid:" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20, 12) + ">";
}

std::string one_line(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

std::string block_of(const net::FetchResponse& response) {
  std::string block = "HTTP/" + (response.http_version.empty() ? std::string("1.1") : response.http_version) +
                      " " + std::to_string(response.status) + " " + one_line(response.reason) + "\r\n";
  for (const net::Header& header : response.headers)
    // Chunks are undone already.
    if (!net::is_named(header, "Transfer-Encoding"))
      block += one_line(header.name) + ": " + one_line(header.value) + "\r\n";
  return block + "\r\n" + response.received_body();
}

std::string block_of(const net::FetchRequest& request) {
  auto url = url::Url::parse(request.url);
  std::string target = url ? std::string(url->pathname()) + std::string(url->search()) : "/";
  std::string block = request.method + " " + target + " HTTP/1.1\r\n";
  if (url) block += "Host: " + std::string(url->host()) + "\r\n";
  for (const net::Header& header : request.headers)
    block += one_line(header.name) + ": " + one_line(header.value) + "\r\n";
  return block + "\r\n" + request.body;
}

class WarcWriter final : public Writer {
 public:
  explicit WarcWriter(base::AtomicFile file) : file_(std::move(file)) {}

  Result<> start(const Conditions& conditions) {
    return record("warcinfo", "application/warc-fields", "", conditions.began, "",
                  "software: shikake\r\nformat: WARC File Format 1.1\r\nShikake-Persona: " +
                      one_line(conditions.persona) + "\r\nShikake-Referrer: " +
                      one_line(conditions.referrer) + "\r\nShikake-Seed: " + std::to_string(conditions.seed) +
                      "\r\nShikake-Began: " + base::to_rfc3339(conditions.began, 6) + "\r\n",
                  {});
  }
  Result<> put(const Exchange& exchange) override {
    const net::FetchResponse& response = exchange.response;
    // What never was answered has no response to keep: that it was asked, and what became of it.
    const bool answered = response.answered();
    std::string block = answered ? block_of(response) : "";
    std::string id = record_id("response", number_, block);
    std::string fields;
    if (response.failure != net::FetchFailure::none)
      fields = "Shikake-Failure: " + std::string(net::name(response.failure)) +
               "\r\nShikake-Why: " + one_line(response.why) + "\r\n";
    if (answered && response.failure != net::FetchFailure::none) fields += "WARC-Truncated: unspecified\r\n";
    SHIKAKE_TRY(record(answered ? "response" : "metadata",
                       answered ? "application/http;msgtype=response" : "application/warc-fields",
                       exchange.request.url, response.requested_at, response.remote_ip, block, id, fields));
    return record("request", "application/http;msgtype=request", exchange.request.url, response.requested_at,
                  "", block_of(exchange.request), {}, "WARC-Concurrent-To: " + id + "\r\n");
  }
  Result<> finish() override { return file_.commit(); }

 private:
  Result<> record(std::string_view type, std::string_view content_type, const std::string& url,
                  base::TimePoint time, const std::string& address, const std::string& block, std::string id,
                  const std::string& fields = {}) {
    if (id.empty()) id = record_id(type, number_, block);
    ++number_;
    std::string text = "WARC/1.1\r\nWARC-Type: " + std::string(type) + "\r\nWARC-Record-ID: " + id +
                       "\r\nWARC-Date: " + base::to_rfc3339(time, 3) + "\r\n";
    if (!url.empty()) text += "WARC-Target-URI: " + url + "\r\n";
    if (!address.empty()) text += "WARC-IP-Address: " + address + "\r\n";
    text += fields + "Content-Type: " + std::string(content_type) +
            "\r\nContent-Length: " + std::to_string(block.size()) + "\r\n\r\n";
    return file_.write(base::gzip(text + block + "\r\n\r\n"));
  }

  base::AtomicFile file_;
  size_t number_ = 0;
};

}  // namespace

Result<ReadNote> read_warc(std::string_view bytes, const std::function<bool(Exchange)>& take,
                           uint64_t max_bytes) {
  ReadNote note;
  std::string plain;
  if (!bytes.starts_with("WARC/")) {
    plain = unpacked(bytes, note.cut);
    bytes = plain;
  }
  if (!bytes.starts_with("WARC/"))
    return fail(Module::honeyclient, ErrorCode::invalid_input,
                "this is no WARC file: it does not begin with WARC/");
  auto skip = [&note](std::string why) {
    if (note.skipped++ == 0) note.first_skipped = std::move(why);
  };
  // A response waits for the request beside it: the next record, in every order that writers use.
  std::map<std::string, net::FetchRequest> requests;  // by the response's id
  std::vector<std::pair<std::string, Exchange>> responses;
  uint64_t held = 0;  // a small file may unpack to any size
  while (bytes.starts_with("WARC/")) {
    size_t line = std::min(bytes.find('\n'), bytes.size() - 1);
    bytes.remove_prefix(line + 1);
    net::Headers headers = take_headers(bytes);
    uint64_t length = 0;
    std::string stated = net::joined_header(headers, "Content-Length");
    std::from_chars(stated.data(), stated.data() + stated.size(), length);
    if (length > bytes.size()) note.cut = true;
    std::string_view block = bytes.substr(0, length);
    bytes.remove_prefix(std::min<uint64_t>(length, bytes.size()));
    while (!bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) bytes.remove_prefix(1);
    std::string type = net::joined_header(headers, "WARC-Type");
    std::string target = net::joined_header(headers, "WARC-Target-URI");
    if (target.starts_with('<') && target.ends_with('>')) target = target.substr(1, target.size() - 2);
    if (type == "request") {
      read_request(block, requests[net::joined_header(headers, "WARC-Concurrent-To")]);
      continue;
    }
    if (type == "warcinfo" && note.conditions.persona.empty()) note.conditions = read_conditions(block);
    Exchange exchange;
    exchange.response.failure = net::failure_named(net::joined_header(headers, "Shikake-Failure"));
    exchange.response.why = net::joined_header(headers, "Shikake-Why");
    const bool never_answered = type == "metadata" && exchange.response.failure != net::FetchFailure::none;
    if (type != "response" && !never_answered) continue;
    auto url = url::Url::parse(target);
    std::string flaw = !url || !url->is_http() ? "not a URL of HTTP"
                       : never_answered        ? ""
                                               : read_response(block, exchange.response);
    if (!flaw.empty()) {
      skip(std::move(flaw));
      continue;
    }
    exchange.request.url = exchange.response.url = url->href();
    exchange.response.remote_ip = net::joined_header(headers, "WARC-IP-Address");
    if (auto time = base::from_rfc3339(net::joined_header(headers, "WARC-Date")))
      exchange.response.requested_at = *time;
    held += exchange.response.body.size() + (exchange.response.wire_body ? exchange.response.wire_body->size() : 0);
    if (held > max_bytes || responses.size() >= max_exchanges) {
      note.cut = true;
      break;
    }
    responses.emplace_back(net::joined_header(headers, "WARC-Record-ID"), std::move(exchange));
  }
  if (!bytes.empty() && !note.cut) note.cut = true;
  for (auto& [id, exchange] : responses) {
    if (auto asked = requests.find(id); asked != requests.end()) {
      exchange.request.method = asked->second.method;
      exchange.request.headers = std::move(asked->second.headers);
      exchange.request.body = std::move(asked->second.body);
    }
    if (!take(std::move(exchange))) {
      note.cut = true;
      break;
    }
  }
  return note;
}

Result<std::unique_ptr<Writer>> write_warc(const std::filesystem::path& path, const Conditions& conditions) {
  SHIKAKE_ASSIGN(base::AtomicFile file, base::AtomicFile::open(path));
  auto writer = std::make_unique<WarcWriter>(std::move(file));
  SHIKAKE_TRY(writer->start(conditions));
  return writer;
}

}  // namespace shikake::honeyclient::replay
