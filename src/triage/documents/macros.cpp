#include "triage/documents/macros.h"

#include <algorithm>
#include <bit>

#include "base/ascii.h"

namespace shikake::triage {
namespace {

constexpr size_t chunk_bytes = 4096;
constexpr size_t max_modules = 500;

// 2.3.4.2: records of a number, a size and a body; of each module its stream's name and where its text
// begins.
struct Module {
  std::string stream;
  uint32_t offset = 0;
};
std::vector<Module> modules_of(base::ByteSpan dir) {
  constexpr uint16_t project_version = 0x09, stream_name = 0x1A, text_offset = 0x31, module_end = 0x2B;
  std::vector<Module> out;
  Module module;
  Bytes bytes(dir);
  for (uint64_t at = 0; at + 6 <= dir.size() && out.size() < max_modules;) {
    const uint16_t number = bytes.u16(at);
    uint32_t size = bytes.u32(at + 2);
    if (number == project_version) size = 6;  // its size field is a constant 4
    const base::ByteSpan body = bytes.at(at + 6, size);
    if (number == stream_name) module.stream = base::as_text(body);
    if (number == text_offset) module.offset = Bytes(body).u32(0);
    if (number == module_end) {
      if (!module.stream.empty()) out.push_back(std::move(module));
      module = {};
    }
    at += 6 + uint64_t{size};
  }
  return out;
}

}  // namespace

std::optional<std::string> unpack_macros(base::ByteSpan packed) {
  constexpr uint8_t signature = 0x01;
  if (packed.empty() || packed[0] != signature) return std::nullopt;
  std::string out;
  Bytes bytes(packed);
  size_t at = 1;
  while (at + 2 <= packed.size() && out.size() < max_source_bytes) {
    const uint16_t head = bytes.u16(at);
    if ((head >> 12 & 7) != 3) break;  // every chunk bears this mark
    const size_t end = std::min(packed.size(), at + (head & 0xFFF) + 3u);
    const size_t begin = out.size();
    at += 2;
    if (!(head & 0x8000)) {  // as it is
      out += base::as_text(bytes.at(at, chunk_bytes));
      at += chunk_bytes;
      continue;
    }
    while (at < end) {
      const uint8_t flags = packed[at++];
      for (unsigned bit = 0; bit < 8 && at < end; ++bit) {
        if (!(flags >> bit & 1)) {
          out += static_cast<char>(packed[at++]);
          continue;
        }
        if (at + 2 > end) return out;
        const uint16_t token = bytes.u16(at);
        at += 2;
        // The further into the chunk, the more bits the distance has.
        const size_t done = out.size() - begin;
        const unsigned distance_bits =
            std::max(4u, static_cast<unsigned>(std::bit_width(done > 0 ? done - 1 : 0)));
        if (distance_bits > 12) return out;
        const size_t length = (token & (0xFFFFu >> distance_bits)) + 3u;
        const size_t distance = (static_cast<size_t>(token) >> (16 - distance_bits)) + 1;
        if (distance > done) return out;
        for (size_t i = 0; i < length && out.size() - begin < chunk_bytes; ++i)
          out += out[out.size() - distance];
      }
    }
  }
  return out;
}

void read_macros(const CompoundFile& file, DocumentNotes& notes) {
  for (const CompoundFile::Entry& entry : file.entries()) {
    const bool is_dir = entry.stream && (base::equal_ignoring_case(entry.path, "dir") ||
                                         base::to_lower(entry.path).ends_with("/dir"));
    if (!is_dir) continue;
    const std::string packed = file.read(entry);
    auto dir = unpack_macros(base::as_bytes(packed));
    if (!dir) continue;
    const std::string folder = entry.path.substr(0, entry.path.size() - 3);
    for (const Module& module : modules_of(base::as_bytes(*dir))) {
      const CompoundFile::Entry* stream = file.find(folder + module.stream);
      if (!stream) {
        notes.malformed("a macro's stream is missing: " + module.stream);
        continue;
      }
      const std::string bytes = file.read(*stream);
      auto source = unpack_macros(
          base::as_bytes(std::string_view(bytes).substr(std::min<size_t>(module.offset, bytes.size()))));
      if (!source) {
        notes.malformed("a macro's text can't be unpacked: " + module.stream);
        continue;
      }
      judge_macros(*source, notes);
      notes.script("VBA", folder + module.stream, std::move(*source));
    }
    notes.trait("macros", folder.empty() ? "VBA" : folder);
  }
}

}  // namespace shikake::triage
