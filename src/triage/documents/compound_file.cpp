#include "triage/documents/compound_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"

namespace shikake::triage {
namespace {

constexpr uint32_t last_sector = 0xFFFF'FFFA;  // above: end of chain, free, the table itself
constexpr uint32_t small_stream_below = 4096;
constexpr size_t max_table = size_t{1} << 22;  // sectors: 2 GiB
constexpr size_t max_entries = 10'000;
constexpr size_t entry_bytes = 128;
constexpr unsigned small_shift = 6;

}  // namespace

CompoundFile::CompoundFile(base::ByteSpan bytes, DocumentNotes& notes) : bytes_(bytes), notes_(notes) {
  sector_shift_ = bytes_.u16(0x1E);
  if (sector_shift_ != 9 && sector_shift_ != 12) {
    notes_.malformed("sectors of an impossible size");
    sector_shift_ = 9;
  }
  read_table();
  read_directory();
}

void CompoundFile::read_table() {
  const uint64_t sector = uint64_t{1} << sector_shift_;
  // Where the parts of the table are: 109 in the header, then a chain of sectors with more.
  std::vector<uint32_t> parts;
  for (unsigned i = 0; i < 109; ++i) parts.push_back(bytes_.u32(0x4C + 4 * i));
  uint32_t next = bytes_.u32(0x44);
  for (size_t i = 0; next < last_sector && i < bytes_.size() / sector + 1; ++i) {
    const uint64_t at = offset_of(next);
    if (at >= bytes_.size()) break;
    for (uint64_t k = 0; k + 4 < sector; k += 4) parts.push_back(bytes_.u32(at + k));
    next = bytes_.u32(at + sector - 4);
  }
  for (uint32_t part : parts) {
    if (part >= last_sector) continue;
    const uint64_t at = offset_of(part);
    if (at >= bytes_.size() || table_.size() >= max_table ||
        table_.size() * sector > 2 * bytes_.size() + sector * sector)
      break;
    for (uint64_t k = 0; k < sector; k += 4) table_.push_back(bytes_.u32(at + k));
  }
}

std::string CompoundFile::chain(uint32_t first, uint64_t size) const {
  const uint64_t sector = uint64_t{1} << sector_shift_;
  std::string out;
  const uint64_t most = std::min<uint64_t>(size, max_stream_bytes);
  // No chain is longer than the file: one that is goes round.
  for (uint64_t i = 0; first < last_sector && out.size() < most && i <= bytes_.size() / sector; ++i) {
    const base::ByteSpan part = bytes_.at(offset_of(first), sector);
    if (part.empty()) break;
    out += base::as_text(part);
    first = first < table_.size() ? table_[first] : last_sector;
  }
  if (out.size() > most) out.resize(most);
  return out;
}

void CompoundFile::read_directory() {
  const std::string directory = chain(bytes_.u32(0x30), max_entries * entry_bytes);
  const Bytes in(base::as_bytes(directory));
  struct Node {
    uint32_t left, right, child;
  };
  std::vector<Node> nodes;
  std::vector<Entry> found;
  for (uint64_t at = 0; at + entry_bytes <= directory.size(); at += entry_bytes) {
    Entry entry;
    const uint16_t name_bytes = std::min<uint16_t>(in.u16(at + 0x40), 64);
    entry.path = utf8_of_utf16(in.at(at, name_bytes >= 2 ? name_bytes - 2u : 0u));
    const uint8_t kind = in.u8(at + 0x42);
    entry.stream = kind == 2;
    if (kind == 1 || kind == 5) {
      if (in.u32(at + 0x50) | in.u32(at + 0x54) | in.u32(at + 0x58) | in.u32(at + 0x5C)) {
        entry.class_id = fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-", in.u32(at + 0x50), in.u16(at + 0x54),
                                     in.u16(at + 0x56), in.u16_big(at + 0x58));
        for (unsigned i = 10; i < 16; ++i) entry.class_id += fmt::format("{:02x}", in.u8(at + 0x50 + i));
      }
    }
    entry.first = in.u32(at + 0x74);
    entry.size = in.u32(at + 0x78);  // files of over 4 GiB are none
    nodes.push_back({in.u32(at + 0x44), in.u32(at + 0x48), in.u32(at + 0x4C)});
    found.push_back(std::move(entry));
  }
  if (found.empty()) return notes_.malformed("it has no directory");
  // Each entry once, however they point at each other.
  std::vector<bool> seen(found.size());
  struct Task {
    uint32_t node;
    std::string folder;
  };
  std::vector<Task> tasks = {{0, ""}};
  while (!tasks.empty()) {
    Task task = std::move(tasks.back());
    tasks.pop_back();
    if (task.node >= found.size()) continue;
    if (seen[task.node]) {
      notes_.malformed("its directory goes round");
      continue;
    }
    seen[task.node] = true;
    Entry entry = found[task.node];
    const bool root = task.node == 0;
    constexpr size_t max_path = 1000;
    if (task.folder.size() > max_path) continue;
    entry.path = root ? "" : task.folder + entry.path;
    tasks.push_back({nodes[task.node].left, task.folder});
    tasks.push_back({nodes[task.node].right, task.folder});
    if (!entry.stream) tasks.push_back({nodes[task.node].child, root ? "" : entry.path + "/"});
    entries_.push_back(std::move(entry));
  }
  small_ = chain(found[0].first, found[0].size);
  const std::string table = chain(bytes_.u32(0x3C), uint64_t{bytes_.u32(0x40)} << sector_shift_);
  const Bytes small(base::as_bytes(table));
  for (uint64_t at = 0; at + 4 <= table.size(); at += 4) small_table_.push_back(small.u32(at));
}

const CompoundFile::Entry* CompoundFile::find(std::string_view path) const {
  for (const Entry& entry : entries_)
    if (entry.stream && base::equal_ignoring_case(entry.path, path)) return &entry;
  return nullptr;
}

std::string CompoundFile::read(const Entry& entry) const {
  if (entry.size >= small_stream_below) return chain(entry.first, entry.size);
  std::string out;
  uint32_t next = entry.first;
  constexpr size_t piece = size_t{1} << small_shift;
  for (size_t i = 0; next < last_sector && out.size() < entry.size && i <= small_.size() / piece; ++i) {
    const uint64_t at = uint64_t{next} << small_shift;
    if (at >= small_.size()) break;
    out += small_.substr(at, piece);
    next = next < small_table_.size() ? small_table_[next] : last_sector;
  }
  if (out.size() > entry.size) out.resize(entry.size);
  return out;
}

}  // namespace shikake::triage
