// A log's bytes, unpacked on the way: plain, gzip (all its members) or zstd (all its frames), told apart by
// their first bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shikake::audit {

enum class Packing : uint8_t { none, gzip, zstd };
std::string_view name(Packing packing);

class Source {
 public:
  // Reads `fd` from where it stands, and leaves it open. The memory for unpacking is taken here, before any
  // hostile byte is seen. Fails with io.
  static Result<Source> open(int fd);
  Source(Source&&) noexcept;
  Source& operator=(Source&&) noexcept;
  ~Source();

  // Up to room.size() bytes; 0 at the end. After an error there is nothing more to read. Errors: io;
  // corrupted (packed bytes damaged or cut off; `offset` is the place in the packed file). Of damaged zstd
  // data up to a block (128 KiB) before the damage may be missing, as the library hands nothing out of a
  // failed call.
  Result<size_t> read(std::span<char> room);

  Packing packing() const;
  uint64_t bytes_in() const;  // read from the file

 private:
  class Unpacker;
  class Plain;
  class Gzip;
  class Zstd;
  explicit Source(std::unique_ptr<Unpacker> unpacker);
  std::unique_ptr<Unpacker> unpacker_;
};

}  // namespace shikake::audit
