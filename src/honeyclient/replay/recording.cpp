#include "honeyclient/replay/recording.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/wire.h"
#include "cell/forked.h"
#include "url/url.h"

namespace shikake::honeyclient::replay {

namespace {

enum class Message : uint8_t { exchange, done, failed };
// An exchange with a body of the largest size, its headers and its coded form.
constexpr uint32_t max_frame_bytes = 3 * max_body_bytes;

struct Failed {
  std::string what;
  uint64_t offset = 0;
  bool has_offset = false;
  static void wire(auto& codec, auto& self) { codec(self.what, self.offset, self.has_offset); }
};

// The file, the same unpacked, and what was read of it, each at its bound and in strings that grew to it.
// Half a gigabyte of JSON takes some ten seconds.
constexpr cell::Limits reader_limits{.data = uint64_t{4} << 30, .cpu_seconds = 300};

// In the confined child.
int tell(int fd, base::FrameChannel& parent) {
  auto send = [&parent](Message type, const std::string& body) {
    return parent.send(static_cast<uint8_t>(type), body, base::Deadline::never()).has_value();
  };
  std::string bytes;
  char buffer[64 * 1024];
  bool cut = false;
  for (ssize_t count; (count = ::read(fd, buffer, sizeof buffer)) > 0;) {
    bytes.append(buffer, static_cast<size_t>(count));
    if (bytes.size() > max_file_bytes) {
      cut = true;
      break;
    }
  }
  uint64_t total = 0;
  size_t number = 0;
  auto take = [&](Exchange exchange) {
    total += exchange.response.body.size();
    if (total > max_recording_bytes || ++number > max_exchanges) return false;
    std::string body = base::to_wire(exchange);
    return body.size() > max_frame_bytes || send(Message::exchange, body);
  };
  size_t start = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  bool json = start != std::string::npos && bytes[start] == '{';
  Result<ReadNote> note =
      json ? read_har(std::string_view(bytes).substr(start), take) : read_warc(bytes, take);
  if (note) {
    note->cut = note->cut || cut;
    return send(Message::done, base::to_wire(*note)) ? 0 : 1;
  }
  const Error& error = note.error();
  return send(Message::failed,
              base::to_wire(Failed{error.what, error.offset.value_or(0), error.offset.has_value()}))
             ? 0
             : 1;
}

std::string without_fragment(const std::string& url) {
  return url.substr(0, url.find('#'));
}

}  // namespace

void Recording::add(Exchange exchange) {
  if (exchanges_.empty()) first_url_ = exchange.request.url;
  Key key{exchange.request.method, without_fragment(exchange.request.url)};
  by_request_[std::move(key)].exchanges.push_back(exchanges_.size());
  exchanges_.push_back(std::move(exchange));
}

Result<Recording> Recording::open(const std::filesystem::path& path) {
  // ICU loads its tables when they are first asked for, which the child may not.
  static const bool warm = url::Url::parse("http://b\u00FCcher.example/").has_value();
  SHIKAKE_CHECK(warm);
  base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    auto failure = fail_errno(Module::honeyclient, "can't open the recording");
    return fail(std::move(failure.value()).in(path.string()));
  }
  SHIKAKE_ASSIGN(
      cell::ForkedChild child,
      cell::ForkedChild::start({.keep = {file.get()}, .max_frame_bytes = max_frame_bytes, .limits = reader_limits},
                               [&](base::FrameChannel& parent) { return tell(file.get(), parent); }));
  Recording recording;
  uint64_t total = 0;
  while (true) {
    auto frame = child.channel().receive(base::Deadline::never());
    if (!frame)
      return fail(Error{Module::honeyclient, ErrorCode::unavailable,
                        "the confined reader of the recording ended before its work was done",
                        path.string()});
    switch (static_cast<Message>(frame->type)) {
      case Message::exchange: {
        SHIKAKE_ASSIGN(Exchange exchange, base::from_wire<Exchange>(frame->body));
        total += exchange.response.body.size();
        if (total > max_recording_bytes || recording.size() >= max_exchanges) {
          recording.note_.cut = true;
          return recording;
        }
        recording.add(std::move(exchange));
        break;
      }
      case Message::done: {
        SHIKAKE_ASSIGN(recording.note_, base::from_wire<ReadNote>(frame->body));
        return recording;
      }
      default: {
        SHIKAKE_ASSIGN(Failed failed, base::from_wire<Failed>(frame->body));
        Error error{Module::honeyclient, ErrorCode::invalid_input, std::move(failed.what), path.string()};
        if (failed.has_offset) error.offset = failed.offset;
        return fail(std::move(error));
      }
    }
  }
}

base::TimePoint Recording::began() const {
  if (!note_.conditions.persona.empty()) return note_.conditions.began;
  return exchanges_.empty() ? base::TimePoint() : exchanges_[0].response.requested_at;
}

void Recording::rewind() {
  for (auto& [key, answers] : by_request_) answers.used.clear();
}

std::optional<net::FetchResponse> Recording::answer(const net::FetchRequest& request) {
  auto found = by_request_.find({request.method, without_fragment(request.url)});
  if (found == by_request_.end()) return std::nullopt;
  Answers& answers = found->second;
  std::vector<size_t> fitting;
  for (size_t index : answers.exchanges)
    if (exchanges_[index].request.body == request.body) fitting.push_back(index);
  const std::vector<size_t>& choice = fitting.empty() ? answers.exchanges : fitting;
  size_t& used = answers.used[fitting.empty() ? std::nullopt : std::optional(request.body)];
  size_t index = choice[std::min(used, choice.size() - 1)];
  ++used;
  return exchanges_[index].response;
}

}  // namespace shikake::honeyclient::replay
