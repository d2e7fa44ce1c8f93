#include "publish/in/csv_records.h"

#include <algorithm>

namespace shikake::publish {

std::optional<std::vector<std::string>> split_csv(std::string_view text, char delimiter,
                                                  std::string& malformed) {
  std::vector<std::string> fields;
  size_t at = 0;
  for (;;) {
    // Blanks before a quote are common in real feeds, and nobody's data.
    size_t quote = at;
    while (quote < text.size() && text[quote] == ' ') ++quote;
    if (quote == text.size() || text[quote] != '"') {
      size_t end = std::min(text.find(delimiter, at), text.size());
      fields.emplace_back(text.substr(at, end - at));
      if (end == text.size()) return fields;
      at = end + 1;
      continue;
    }
    std::string field;
    at = quote + 1;
    for (;;) {
      size_t end = text.find('"', at);
      if (end == std::string_view::npos) return std::nullopt;
      field += text.substr(at, end - at);
      at = end + 1;
      if (at == text.size() || text[at] != '"') break;
      field += '"';
      ++at;
    }
    fields.push_back(std::move(field));
    while (at < text.size() && text[at] == ' ') ++at;
    if (at == text.size()) return fields;
    if (text[at] != delimiter) {
      malformed = "something follows a closing quote";
      return std::vector<std::string>{};
    }
    ++at;
  }
}

Result<bool> CsvRecords::hold_lines(size_t count) {
  while (held_.size() < count) {
    SHIKAKE_ASSIGN(std::optional<Line> line, input_.next_line());
    if (!line) return false;
    held_.push_back({std::string(line->text), line->number, line->offset, line->too_long});
  }
  return true;
}

// The first line alone is lost; what was read behind it is read again as records of its own.
CsvRecord CsvRecords::give_up(std::string why) {
  CsvRecord record;
  record.text = std::move(held_.front().text);
  record.line = held_.front().number;
  record.offset = held_.front().offset;
  record.malformed = std::move(why);
  held_.pop_front();
  return record;
}

Result<std::optional<CsvRecord>> CsvRecords::next() {
  SHIKAKE_ASSIGN(bool more, hold_lines(1));
  if (!more) return std::nullopt;
  if (held_.front().too_long) return give_up("the line is longer than 1 MiB");

  CsvRecord record;
  record.line = held_.front().number;
  record.offset = held_.front().offset;
  record.text = held_.front().text;
  size_t lines = 1;
  size_t first = record.text.find_first_not_of(" \t");
  if (first == std::string::npos || record.text[first] == '#') {  // its quotes mean nothing
    held_.pop_front();
    std::string ignored;
    if (first != std::string::npos) {
      if (auto fields = split_csv(record.text, delimiter_, ignored)) record.fields = *std::move(fields);
    }
    return record;
  }
  bool open = std::count(record.text.begin(), record.text.end(), '"') % 2 == 1;
  for (;;) {
    // Only an odd number of quotes leaves one open; splitting again at each line would be quadratic.
    if (!open) {
      std::string malformed;
      auto fields = split_csv(record.text, delimiter_, malformed);
      if (!malformed.empty()) return give_up(std::move(malformed));
      if (fields) {
        record.fields = *std::move(fields);
        break;
      }
    }
    SHIKAKE_ASSIGN(more, hold_lines(lines + 1));
    if (!more) return give_up("a quote opens here and never closes");
    const HeldLine& next = held_[lines];
    if (next.too_long || record.text.size() + next.text.size() > max_csv_record_bytes)
      return give_up("a quote opens here and doesn't close within 1 MiB");
    record.text += '\n';
    record.text += next.text;
    if (std::count(next.text.begin(), next.text.end(), '"') % 2 == 1) open = !open;
    ++lines;
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(lines));
  record.lines = lines;
  return record;
}

}  // namespace shikake::publish
