// One log from its first byte to its last: unpack, cut into lines, parse, match, and hand hits on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/correlate.h"
#include "audit/format.h"
#include "audit/intelligence.h"
#include "base/result.h"
#include "base/unpack.h"

namespace shikake::audit {

struct ReadLimits {
  // Longer lines are read up to here and counted. A proxy's own bound on a URL is far below (Squid: 8 KiB).
  size_t max_line_bytes = size_t{1} << 20;
  // Of one file, unpacked. A large network's log of a day is tens of GiB; a bomb of gzip's best ratio ends
  // here.
  uint64_t max_unpacked_bytes = uint64_t{256} << 30;
};

// What became of one file. lines = parsed + lenient + unreadable + other.
struct FileStats {
  std::string name;
  std::string formats;  // those found, in the order found, with commas between; "" for none
  std::string packing;  // "none", "gzip", "zstd"
  uint64_t lines = 0;
  uint64_t parsed = 0;      // well-formed
  uint64_t lenient = 0;     // damaged, but read
  uint64_t unreadable = 0;  // of no known format; looked through as plain text
  uint64_t other = 0;       // headers, comments, empty lines
  uint64_t too_long = 0;    // of the above, read up to max_line_bytes
  uint64_t bytes = 0;       // unpacked
  uint64_t bytes_in = 0;    // of the file
  uint64_t hits = 0;        // (line, indicator) pairs that count
  uint64_t guarded = 0;     // that a guard list keeps from counting
  std::string error;        // why reading stopped early, or ""; the findings up to there stand
  static void wire(auto& codec, auto& self) {
    codec(self.name, self.formats, self.packing, self.lines, self.parsed, self.lenient, self.unreadable,
          self.other, self.too_long, self.bytes, self.bytes_in, self.hits, self.guarded, self.error);
  }
};

class Reader {
 public:
  // `forced`: the only format, or null to find it line by line.
  Reader(const Intelligence& intelligence, Correlator& correlator, const ReadLimits& limits,
         const Format* forced)
      : intelligence_(intelligence), correlator_(correlator), limits_(limits), forced_(forced) {}

  // Never fails as a whole: stats.error says what went wrong.
  FileStats read(int fd, std::string name, uint32_t file_index);
  // Called about every progress_bytes with the packed bytes read since the last call.
  std::function<void(uint64_t)> on_progress;
  static constexpr uint64_t progress_bytes = uint64_t{16} << 20;

  // One line into the record, with all that is done about it. For tests and fuzzers too.
  enum class How : uint8_t { parsed, lenient, unreadable, other };
  How parse(std::string_view line, bool damaged);
  const Record& record() const { return record_; }
  const Format* format() const { return current_; }
  void start_file();

 private:
  Result<> read_lines(base::Unpacked& source, uint32_t file_index);
  void match(const LinePlace& place);
  void look_up(const Observable& seen);
  void add_hits(const Observable& seen);

  const Intelligence& intelligence_;
  Correlator& correlator_;
  ReadLimits limits_;
  const Format* forced_;

  const Format* current_ = nullptr;  // that explained the last line
  std::vector<const Format*> found_;
  FileState state_;
  Record record_;
  match::Hits hits_;
  std::vector<LineHit> line_hits_, peer_hits_;
  std::vector<match::EntryId> guarded_hits_;
  FileStats stats_;
};

}  // namespace shikake::audit
