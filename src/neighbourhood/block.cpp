#include "neighbourhood/block.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "neighbourhood/keys.h"

namespace shikake::neighbourhood {
namespace {

void put_varint(std::string& out, uint32_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Reads what put_varint writes; after a flaw everything is 0.
class VarintReader {
 public:
  explicit VarintReader(std::string_view bytes) : rest_(bytes) {}
  uint32_t next() {
    uint64_t value = 0;
    for (int shift = 0; shift <= 28; shift += 7) {
      if (rest_.empty()) break;
      auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value <= UINT32_MAX ? static_cast<uint32_t>(value) : flaw();
    }
    return flaw();
  }
  std::string_view take(size_t size) {
    if (size > rest_.size()) {
      flaw();
      return {};
    }
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  uint32_t flaw() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

// Columns, because like beside like compresses better:
//   count, base day, size of lengths, size of days
//   lengths  per entry: (bytes shared with the URL before) * 2 + starts_place, bytes of its own
//   days     per entry: first - base day (zigzag), last - first
//   text     per entry: its own bytes
void BlockBuilder::add(const Entry& entry) {
  SHIKAKE_CHECK(entry.first <= entry.last && entry.url.size() <= longest_url);
  if (count_ == 0) base_ = entry.first;
  size_t limit = std::min(previous_.size(), entry.url.size());
  auto shared = static_cast<size_t>(
      std::mismatch(previous_.begin(), previous_.begin() + static_cast<ptrdiff_t>(limit), entry.url.begin())
          .first -
      previous_.begin());
  put_varint(lengths_, static_cast<uint32_t>(shared * 2 + (entry.starts_place || count_ == 0)));
  put_varint(lengths_, static_cast<uint32_t>(entry.url.size() - shared));
  const int from_base = int{entry.first} - int{base_};
  put_varint(days_, static_cast<uint32_t>(from_base < 0 ? -2 * from_base - 1 : 2 * from_base));
  put_varint(days_, static_cast<uint32_t>(entry.last - entry.first));
  text_.append(entry.url.substr(shared));
  previous_.assign(entry.url);
  ++count_;
}

const std::string& BlockBuilder::finish() {
  out_.clear();
  put_varint(out_, static_cast<uint32_t>(count_));
  put_varint(out_, base_);
  put_varint(out_, static_cast<uint32_t>(lengths_.size()));
  put_varint(out_, static_cast<uint32_t>(days_.size()));
  out_.append(lengths_).append(days_).append(text_);
  count_ = 0;
  previous_.clear(), lengths_.clear(), days_.clear(), text_.clear();
  return out_;
}

Result<> BlockView::parse(std::string_view bytes) {
  auto damaged = [this] {
    entries_.clear();
    return fail(Module::neighbourhood, ErrorCode::corrupted, "a block of URLs is damaged");
  };
  entries_.clear();
  VarintReader head(bytes);
  const size_t count = head.next();
  const uint32_t base = head.next();
  const size_t lengths_size = head.next(), days_size = head.next();
  VarintReader lengths(head.take(lengths_size)), days(head.take(days_size));
  if (!head.ok() || count == 0 || count > block_entries || base > UINT16_MAX) return damaged();
  struct Piece {
    size_t shared, own;
  };
  std::array<Piece, block_entries> pieces;
  size_t total = 0, before = 0;
  entries_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t shared = lengths.next();
    pieces[i] = {shared / 2, lengths.next()};
    entries_[i].starts_place = shared % 2 != 0;
    const size_t size = pieces[i].shared + pieces[i].own;
    if (pieces[i].shared > before || size > longest_url) return damaged();
    before = size;
    total += size;
    const uint32_t zigzag = days.next();
    const int64_t from_base = zigzag % 2 ? -int64_t{zigzag / 2} - 1 : int64_t{zigzag / 2};
    const int64_t first = int64_t{base} + from_base, last = first + days.next();
    if (first < 0 || last > UINT16_MAX) return damaged();
    entries_[i].first = static_cast<Day>(first), entries_[i].last = static_cast<Day>(last);
  }
  text_.resize(total);
  char* at = text_.data();
  const char* previous = at;
  for (size_t i = 0; i < count; ++i) {
    std::string_view own = head.take(pieces[i].own);
    char* start = at;
    at = std::copy_n(previous, pieces[i].shared, at);
    at = std::copy(own.begin(), own.end(), at);
    entries_[i].url = {start, static_cast<size_t>(at - start)};
    previous = start;
    if (!head.ok()) return damaged();
  }
  if (!lengths.ok() || !lengths.at_end() || !days.ok() || !days.at_end() || !head.at_end()) return damaged();
  return {};
}

}  // namespace shikake::neighbourhood
