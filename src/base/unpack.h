// A file's bytes, unpacked on the way: plain, gzip (all its members) or zstd (all its frames), told apart by
// their first bytes. In bounded memory, whatever the file says of itself.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"

namespace shikake::base {

enum class Packing : uint8_t { none, gzip, zstd };
std::string_view name(Packing packing);

class Unpacked {
 public:
  // Reads `fd` from where it stands, and leaves it open. The memory for unpacking is taken here, before any
  // hostile byte is seen. Fails with io.
  static Result<Unpacked> open(int fd);
  static Result<Unpacked> open(std::string_view bytes);  // which outlive it
  Unpacked(Unpacked&&) noexcept;
  Unpacked& operator=(Unpacked&&) noexcept;
  ~Unpacked();

  // Up to room.size() bytes; 0 at the end. After an error there is nothing more to read. Errors: io;
  // corrupted (packed bytes damaged or cut off; `offset` is the place in the packed file). Of damaged zstd
  // data up to a block (128 KiB) before the damage may be missing, as the library hands nothing out of a
  // failed call.
  Result<size_t> read(std::span<char> room);

  Packing packing() const;
  uint64_t bytes_in() const;  // read from the file

 private:
  class FileBytes;
  class Unpacker;
  class Plain;
  class Gzip;
  class Zstd;
  explicit Unpacked(std::unique_ptr<Unpacker> unpacker);
  static Result<Unpacked> open(FileBytes bytes);
  std::unique_ptr<Unpacker> unpacker_;
};

}  // namespace shikake::base
