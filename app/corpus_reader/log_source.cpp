#include "log_source.h"

#include "audit/format.h"
#include "audit/lines.h"
#include "audit/time_text.h"
#include "base/unpack.h"

namespace shikake::app {
namespace {

using audit::Observable;

constexpr uint64_t most_unpacked = uint64_t{256} << 30;  // as audit reads at most of one log

// The URL that an observable names; "" for what is none (a digest, an address without a name).
std::string url_of(const Observable& seen) {
  const std::string port =
      seen.port != 0 && seen.port != 80 && seen.port != 443 ? ":" + std::to_string(seen.port) : "";
  const std::string scheme = seen.port == 443 ? "https://" : "http://";
  switch (seen.what) {
    case Observable::What::url:
      return std::string(seen.text);
    case Observable::What::target:
      return scheme + std::string(seen.text) + port + std::string(seen.rest);
    case Observable::What::authority:
      return seen.text.find("://") == seen.text.npos ? scheme + std::string(seen.text) + "/"
                                                     : std::string(seen.text);
    case Observable::What::host:
      return "http://" + std::string(seen.text) + "/";
    case Observable::What::endpoint:
    case Observable::What::digest:
      return {};
  }
  return {};
}

// The format that read the last line first; logs keep to one.
const audit::Format* parse(std::string_view line, const audit::Format* last, audit::FileState& state,
                           audit::Record& record, bool& nothing) {
  auto attempt = [&](const audit::Format& format) {
    record.clear();
    const audit::Parsed parsed = format.strict(line, state, record);
    nothing = parsed == audit::Parsed::nothing;
    return parsed != audit::Parsed::refused;
  };
  if (last && attempt(*last)) return last;
  for (const audit::Format& format : audit::formats())
    if (&format != last && attempt(format)) return &format;
  return nullptr;
}

}  // namespace

Result<std::string> read_log(int fd, neighbourhood::Day today, neighbourhood::RowSink& sink) {
  SHIKAKE_ASSIGN(base::Unpacked source, base::Unpacked::open(fd));
  audit::LineReader lines(source, neighbourhood::longest_line, most_unpacked);
  audit::FileState state;
  audit::Record record;
  const audit::Format* format = nullptr;
  while (true) {
    audit::Line line;
    SHIKAKE_ASSIGN(bool more, lines.next(line));
    if (!more) return format ? std::string(format->name) : std::string(log_format);
    if (line.text.empty()) continue;
    record.clear();
    record.reserve(line.text.size());
    bool nothing = false;
    const audit::Format* found = parse(line.text, format, state, record, nothing);
    if (!found) {
      SHIKAKE_TRY(sink.skip("a line of no known log format", line.number));
      continue;
    }
    format = found;
    if (nothing) continue;
    neighbourhood::Day day = today;
    if (const auto time = audit::time_from_log(record.time))
      day = neighbourhood::day_of(*time).value_or(UINT16_MAX);
    if (day > today) {
      SHIKAKE_TRY(sink.skip("a time in the future", line.number));
      continue;
    }
    for (const Observable& seen : record.seen) {
      if (seen.contact == audit::Contact::inbound || seen.contact == audit::Contact::mention) continue;
      const std::string url = url_of(seen);
      if (!url.empty()) SHIKAKE_TRY(sink.url(url, day, day, line.number));
    }
  }
}

}  // namespace shikake::app
