#include "range/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/bytes.h"

namespace shikake::range {
namespace {

std::string now() {
  return base::to_rfc3339(base::system_clock().now(), 6);
}

// Clients send what they like; JSON holds UTF-8.
boost::json::string text(std::string_view bytes) {
  return boost::json::string(base::to_valid_utf8(bytes));
}

}  // namespace

Result<AccessLog> AccessLog::open(const std::string& path) {
  base::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  if (!file) {
    auto error = fail_errno(Module::range, "the access log cannot be written");
    return fail(std::move(error.value()).in(path));
  }
  return AccessLog(std::move(file));
}

void AccessLog::write(std::string line) {
  line += '\n';
  // A full disk costs log lines, not the range.
  (void)!::write(file_.get(), line.data(), line.size());
}

void AccessLog::http(const Http& entry) {
  if (!file_) return;
  boost::json::object line = {
      {"time", now()},
      {"kind", "http"},
      {"client", entry.request.client},
      {"address", entry.address},
      {"port", entry.port},
      {"tls", entry.tls},
      {"host", text(entry.host)},
      {"method", text(entry.request.method)},
      {"target", text(entry.target)},
      {"user_agent", text(entry.request.user_agent)},
      {"referrer", text(entry.request.referrer)},
      {"cookie", text(entry.request.cookie)},
      {"request_bytes", entry.request_bytes},
      {"status", entry.status},
      {"response_bytes", entry.response_bytes},
  };
  write(boost::json::serialize(line));
}

void AccessLog::dns(std::string_view client, std::string_view transport, std::string_view name, uint16_t type,
                    uint8_t rcode, size_t answers) {
  if (!file_) return;
  boost::json::object line = {
      {"time", now()},      {"kind", "dns"}, {"client", client}, {"transport", transport},
      {"name", text(name)}, {"type", type},  {"rcode", rcode},   {"answers", answers},
  };
  write(boost::json::serialize(line));
}

}  // namespace shikake::range
