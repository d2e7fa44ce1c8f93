// Packed logs: any bytes behind gzip's or zstd's magic. Small rooms and small limits, so that every seam
// between file, unpacker and lines is met; what is read whole must not depend on the size of the room.
#include <algorithm>

#include "audit_fuzz.h"

#include "base/unpack.h"

namespace {

// The bytes, and whether the end was a clean one.
std::pair<std::string, bool> unpack(std::string_view packed, size_t room_bytes) {
  constexpr size_t enough = size_t{4} << 20;  // a bomb only costs time
  const auto file = shikake::audit::file_of(packed);
  auto source = shikake::base::Unpacked::open(file.get());
  SHIKAKE_CHECK(source.has_value());
  std::string out, room(room_bytes, '\0');
  while (out.size() < enough) {
    auto got = source->read(room);
    if (!got) {
      SHIKAKE_CHECK(got.error().code == shikake::ErrorCode::corrupted);
      SHIKAKE_CHECK(got.error().offset && *got.error().offset <= packed.size());
      return {out, false};
    }
    if (*got == 0) return {out, true};
    out.append(room, 0, *got);
  }
  out.resize(enough);
  return {out, true};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake::audit;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto large = unpack(bytes, 64 << 10), small = unpack(bytes, 7);
  SHIKAKE_CHECK(large.second == small.second);
  if (large.second || !bytes.starts_with("\x28\xB5\x2F\xFD")) {
    SHIKAKE_CHECK(large == small);
  } else {  // up to a block before the damage may be missing from either
    constexpr size_t block = size_t{128} << 10;
    const auto& [longer, shorter] = std::minmax(
        large.first, small.first, [](const auto& a, const auto& b) { return a.size() > b.size(); });
    SHIKAKE_CHECK(longer.starts_with(shorter) && longer.size() - shorter.size() <= block);
  }
  const FileStats stats = read_whole(bytes, nullptr, {.max_line_bytes = 64, .max_unpacked_bytes = 1 << 20});
  SHIKAKE_CHECK(stats.bytes <= 1 << 20);
  SHIKAKE_CHECK(stats.bytes_in <= size);
  return 0;
}
