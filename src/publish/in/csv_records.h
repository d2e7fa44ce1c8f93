// CSV as RFC 4180 has it, record by record: quotes, doubled quotes, line ends inside quotes.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "publish/in/input.h"

namespace shikake::publish {

// A record may span lines; past that a quote that never closes is more likely than a field that long.
inline constexpr size_t max_csv_record_bytes = size_t{1} << 20;

struct CsvRecord {
  std::vector<std::string> fields;
  std::string text;    // as it stands in the file
  uint64_t line = 0;   // that it begins on
  uint64_t lines = 1;  // that it spans
  uint64_t offset = 0;
  std::string malformed;  // why it can't be read; then there are no fields, and it is one line
};

class CsvRecords {
 public:
  CsvRecords(Input& input, char delimiter) : input_(input), delimiter_(delimiter) {}

  // Nothing at the end. A comment or blank line comes as a record whose text says so.
  Result<std::optional<CsvRecord>> next();

 private:
  struct HeldLine {
    std::string text;
    uint64_t number, offset;
    bool too_long;
  };
  Result<bool> hold_lines(size_t count);  // false when the input has no more
  CsvRecord give_up(std::string why);

  Input& input_;
  char delimiter_;
  std::deque<HeldLine> held_;  // read ahead while a quote was open
};

// One line's (or several joined lines') fields; nothing while a quote is open at its end.
// `malformed` is set where the quotes break the rules.
std::optional<std::vector<std::string>> split_csv(std::string_view text, char delimiter,
                                                  std::string& malformed);

}  // namespace shikake::publish
