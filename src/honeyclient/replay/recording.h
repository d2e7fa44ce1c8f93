// What a visit asked and was answered, as files that other tools read too: HAR 1.2 and WARC 1.1. A visit can
// be replayed from one: then it is answered from the recording and by nothing else.
//
// Sources: "HAR 1.2 Spec" (W3C Web Performance Working Group, 2012); ISO 28500:2017, "The WARC File Format".
#pragma once

#include <compare>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "net/http.h"

namespace shikake::honeyclient::replay {

// What a visit was beside what it asked: a replay under the same conditions asks the same again.
struct Conditions {
  std::string persona, referrer;  // of the first request
  uint64_t seed = 1;
  base::TimePoint began;  // what the pages' clock began at

  static void wire(auto& codec, auto& self) { codec(self.persona, self.referrer, self.seed, self.began); }
};

struct Exchange {
  net::FetchRequest request;
  net::FetchResponse response;

  static void wire(auto& codec, auto& self) { codec(self.request, self.response); }
};

// Bounds of what is read; a recording past them is cut, and says so.
inline constexpr uint64_t max_file_bytes = uint64_t{512} << 20;
inline constexpr uint64_t max_recording_bytes = uint64_t{512} << 20;  // of all bodies, decoded
inline constexpr uint64_t max_body_bytes = uint64_t{32} << 20;        // of one, as a visit has it
inline constexpr size_t max_exchanges = 100'000;

// Calls `take` for each exchange of the text, which begins as one of the formats does; stops where it answers
// false. Errors: invalid_input, with the place, where nothing of the file can be read; what is wrong with
// single entries is counted and passed over.
struct ReadNote {
  uint64_t skipped = 0;       // entries that are no whole exchange over HTTP
  std::string first_skipped;  // why
  bool cut = false;           // at a bound
  Conditions conditions;      // without a persona: a foreign file, which says nothing of them

  static void wire(auto& codec, auto& self) {
    codec(self.skipped, self.first_skipped, self.cut, self.conditions);
  }
};
Result<ReadNote> read_har(std::string_view text, const std::function<bool(Exchange)>& take);
// `max_bytes`: of all bodies, decoded and as they were sent; they wait until their requests are found.
Result<ReadNote> read_warc(std::string_view bytes, const std::function<bool(Exchange)>& take,
                           uint64_t max_bytes = max_recording_bytes);

// A recording in memory, its file parsed by a confined child.
class Recording {
 public:
  // By the file's first bytes, not its name: HAR is JSON, WARC begins with its version, also gzipped.
  static Result<Recording> open(const std::filesystem::path& path);

  // The answer to a request: of those recorded for its method, URL (without fragment) and body the next one,
  // the last one again when they are used up; of another body where that one was never sent.
  std::optional<net::FetchResponse> answer(const net::FetchRequest& request);
  void rewind();  // for another visit

  const std::string& first_url() const { return first_url_; }  // "" when it holds nothing
  // When the visit began; in a foreign file, when its first answer was asked for; the epoch when it holds
  // nothing.
  base::TimePoint began() const;
  size_t size() const { return exchanges_.size(); }
  const ReadNote& note() const { return note_; }

 private:
  void add(Exchange exchange);

  std::vector<Exchange> exchanges_;
  struct Key {
    std::string method, url;
    auto operator<=>(const Key&) const = default;
  };
  struct Answers {
    std::vector<size_t> exchanges;
    std::map<std::optional<std::string>, size_t> used;  // by body; nothing: of bodies that were never sent
  };
  std::map<Key, Answers> by_request_;
  std::string first_url_;
  ReadNote note_;
};

// Whoever writes a recording down. put() keeps the order of the answers. What HAR and WARC have no place for
// (bytes that are no UTF-8, fetches that failed and why, the conditions) stands in fields of our own, beside
// what others read: "_shikake" in HAR, "Shikake-…" in WARC.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual Result<> put(const Exchange& exchange) = 0;
  virtual Result<> finish() = 0;  // once, last; without it nothing is left behind
};
Result<std::unique_ptr<Writer>> write_har(const std::filesystem::path& path, const Conditions& conditions);
// Gzipped, a member a record.
Result<std::unique_ptr<Writer>> write_warc(const std::filesystem::path& path, const Conditions& conditions);

}  // namespace shikake::honeyclient::replay
