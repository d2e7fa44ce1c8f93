#include <charconv>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "honeyclient/replay/recording.h"
#include "intel/json.h"
#include "url/url.h"

namespace shikake::honeyclient::replay {

namespace {

namespace json = boost::json;

const json::object* object(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(key);
  return value ? value->if_object() : nullptr;
}
std::string text(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(key);
  const json::string* found = value ? value->if_string() : nullptr;
  return found ? std::string(*found) : std::string();
}
int64_t number(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(key);
  if (value && value->is_int64()) return value->get_int64();
  if (value && value->is_uint64()) return static_cast<int64_t>(value->get_uint64());
  if (value && value->is_double() && value->get_double() >= 0 && value->get_double() < 1e15)
    return static_cast<int64_t>(value->get_double());
  return 0;
}

// Text that may be no UTF-8: what others read stands under its own name, the bytes themselves beside it.
constexpr std::string_view exact = "_shikake_base64";
std::string bytes(const json::object& from, std::string_view key) {
  if (auto whole = from.contains(exact) ? base::from_base64(text(from, exact)) : std::nullopt) return *whole;
  return text(from, key);
}
void put_bytes(json::object& to, std::string_view key, const std::string& value) {
  to[key] = base::to_valid_utf8(value);
  if (!base::is_valid_utf8(value)) to[exact] = base::to_base64(base::as_bytes(value));
}

net::Headers headers(const json::object& from) {
  net::Headers all;
  const json::value* list = from.if_contains("headers");
  if (!list || !list->is_array()) return all;
  for (const json::value& one : list->get_array())
    if (const json::object* header = one.if_object()) {
      std::string name = text(*header, "name");
      // HTTP/2's own: ":status" is no header of the message.
      if (!name.empty() && name[0] != ':') all.push_back({std::move(name), bytes(*header, "value")});
    }
  return all;
}

// Why an entry is no exchange; "" where it is one.
std::string read_entry(const json::object& entry, Exchange& exchange) {
  const json::object* request = object(entry, "request");
  const json::object* response = object(entry, "response");
  if (!request || !response) return "no request or no response";
  auto url = url::Url::parse(text(*request, "url"));
  if (!url || !url->is_http()) return "not a URL of HTTP";
  exchange.request.url = url->href();
  exchange.request.method = text(*request, "method");
  if (exchange.request.method.empty()) return "no method";
  exchange.request.headers = headers(*request);
  if (const json::object* posted = object(*request, "postData"))
    exchange.request.body = bytes(*posted, "text");

  net::FetchResponse& answer = exchange.response;
  answer.url = exchange.request.url;
  int64_t status = number(*response, "status");
  if (const json::object* failed = object(*response, "_shikake")) {
    answer.failure = net::failure_named(text(*failed, "failure"));
    answer.why = text(*failed, "why");
  }
  const bool none = status == 0 && answer.failure != net::FetchFailure::none;
  if (!none && (status < 100 || status > 999)) return "no answer";
  answer.status = static_cast<int>(status);
  answer.reason = text(*response, "statusText");
  std::string version = text(*response, "httpVersion");
  answer.http_version =
      version.starts_with("HTTP/") || version.starts_with("http/") ? version.substr(5) : version;
  answer.headers = headers(*response);
  answer.remote_ip = text(entry, "serverIPAddress");
  if (auto time = base::from_rfc3339(text(entry, "startedDateTime"))) answer.requested_at = *time;
  if (const json::object* content = object(*response, "content")) {
    answer.body = text(*content, "text");
    if (text(*content, "encoding") == "base64") {
      auto bytes = base::from_base64(answer.body);
      if (!bytes) return "a body that is not base64";
      answer.body = std::move(*bytes);
    }
  }
  if (answer.body.size() > max_body_bytes) answer.body.resize(max_body_bytes);
  return {};
}

json::array to_json(const net::Headers& headers) {
  json::array all;
  for (const net::Header& header : headers) {
    json::object one{{"name", base::to_valid_utf8(header.name)}};
    put_bytes(one, "value", header.value);
    all.push_back(std::move(one));
  }
  return all;
}

std::string version_of(const net::FetchResponse& response) {
  return "HTTP/" + (response.http_version.empty() ? std::string("1.1") : response.http_version);
}

json::object to_json(const Exchange& exchange) {
  const net::FetchRequest& request = exchange.request;
  const net::FetchResponse& response = exchange.response;
  const std::string* type = net::find_header(response.headers, "Content-Type");
  const std::string* location = net::find_header(response.headers, "Location");
  json::object content{{"size", response.body.size()},
                       {"mimeType", type ? base::to_valid_utf8(*type) : "x-unknown"}};
  if (base::is_valid_utf8(response.body)) {
    content["text"] = response.body;
  } else {
    content["text"] = base::to_base64(base::as_bytes(response.body));
    content["encoding"] = "base64";
  }
  json::object asked{{"method", request.method},
                     {"url", request.url},
                     {"httpVersion", version_of(response)},
                     {"cookies", json::array()},
                     {"headers", to_json(request.headers)},
                     {"queryString", json::array()},
                     {"headersSize", -1},
                     {"bodySize", request.body.size()}};
  if (!request.body.empty()) {
    const std::string* posted = net::find_header(request.headers, "Content-Type");
    json::object body{{"mimeType", posted ? base::to_valid_utf8(*posted) : ""}};
    put_bytes(body, "text", request.body);
    asked["postData"] = std::move(body);
  }
  auto milliseconds = [](std::chrono::microseconds time) {
    return static_cast<double>(time.count()) / 1000.0;
  };
  double wait = milliseconds(response.timing.first_byte), total = milliseconds(response.timing.total);
  json::object answered{{"status", response.status},
                        {"statusText", base::to_valid_utf8(response.reason)},
                        {"httpVersion", version_of(response)},
                        {"cookies", json::array()},
                        {"headers", to_json(response.headers)},
                        {"content", std::move(content)},
                        {"redirectURL", location ? base::to_valid_utf8(*location) : ""},
                        {"headersSize", -1},
                        {"bodySize", response.received_body().size()}};
  if (response.failure != net::FetchFailure::none)
    answered["_shikake"] =
        json::object{{"failure", net::name(response.failure)}, {"why", base::to_valid_utf8(response.why)}};
  return {{"startedDateTime", base::to_rfc3339(response.requested_at, 3)},
          {"time", total},
          {"request", std::move(asked)},
          {"response", std::move(answered)},
          {"cache", json::object()},
          {"timings", json::object{{"send", 0}, {"wait", wait}, {"receive", std::max(total - wait, 0.0)}}},
          {"serverIPAddress", response.remote_ip}};
}

json::object to_json(const Conditions& conditions) {
  return {{"persona", conditions.persona},
          {"referrer", base::to_valid_utf8(conditions.referrer)},
          {"seed", std::to_string(conditions.seed)},  // a number of JSON's has 53 bits
          {"began", base::to_rfc3339(conditions.began, 6)}};
}
Conditions read_conditions(const json::object& log) {
  const json::object* from = object(log, "_shikake");
  auto began = from ? base::from_rfc3339(text(*from, "began")) : std::nullopt;
  if (!began) return {};
  Conditions conditions{text(*from, "persona"), text(*from, "referrer"), 1, *began};
  const std::string seed = text(*from, "seed");
  std::from_chars(seed.data(), seed.data() + seed.size(), conditions.seed);
  return conditions;
}

class HarWriter final : public Writer {
 public:
  HarWriter(base::AtomicFile file, const Conditions& conditions)
      : file_(std::move(file)),
        opening_(R"({"log":{"version":"1.2","creator":{"name":"shikake","version":"1"},"_shikake":)" +
                 json::serialize(to_json(conditions)) + ",\"entries\":[\n") {}

  Result<> put(const Exchange& exchange) override {
    SHIKAKE_TRY(
        file_.write(std::exchange(first_, false) ? std::string_view(opening_) : std::string_view(",\n")));
    return file_.write(json::serialize(to_json(exchange)));
  }
  Result<> finish() override {
    if (first_) SHIKAKE_TRY(file_.write(opening_));
    SHIKAKE_TRY(file_.write("\n]}}\n"));
    return file_.commit();
  }

 private:
  base::AtomicFile file_;
  const std::string opening_;
  bool first_ = true;
};

}  // namespace

Result<ReadNote> read_har(std::string_view text, const std::function<bool(Exchange)>& take) {
  SHIKAKE_ASSIGN(const json::value document, intel::parse_json(text));
  const json::object* root = document.if_object();
  const json::object* log = root ? object(*root, "log") : nullptr;
  const json::value* entries = log ? log->if_contains("entries") : nullptr;
  if (!entries || !entries->is_array())
    return fail(Module::honeyclient, ErrorCode::invalid_input,
                "this JSON is no HAR file: it has no /log/entries");
  ReadNote note;
  note.conditions = read_conditions(*log);
  for (const json::value& one : entries->get_array()) {
    Exchange exchange;
    const json::object* entry = one.if_object();
    std::string flaw = entry ? read_entry(*entry, exchange) : "not an object";
    if (flaw.empty()) {
      if (!take(std::move(exchange))) {
        note.cut = true;
        break;
      }
      continue;
    }
    if (note.skipped++ == 0) note.first_skipped = flaw;
  }
  return note;
}

Result<std::unique_ptr<Writer>> write_har(const std::filesystem::path& path, const Conditions& conditions) {
  SHIKAKE_ASSIGN(base::AtomicFile file, base::AtomicFile::open(path));
  return std::make_unique<HarWriter>(std::move(file), conditions);
}

}  // namespace shikake::honeyclient::replay
