// Whole files in and out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::base {

// A whole file, pipe or device; `limit` when it has more than `max_bytes`. Errors name the path.
Result<std::string> read_file(const std::filesystem::path& path, uint64_t max_bytes);

// A file that appears whole or not at all: written beside its path under another name, synced, then
// renamed onto it. What stood there before stays until commit() succeeds; without commit() nothing is
// left behind. A full disk, a quota and every other failure names the path.
class AtomicFile {
 public:
  static Result<AtomicFile> open(const std::filesystem::path& path);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  Result<void> write(std::string_view bytes);  // buffered
  Result<void> commit();                       // once, last

 private:
  AtomicFile(std::filesystem::path path, std::string temporary, UniqueFd fd);
  Result<void> flush();

  std::filesystem::path path_;
  std::string temporary_;  // empty once committed or moved from
  UniqueFd fd_;
  std::string buffer_;
};

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// To a descriptor that may take it in parts; `name` is for the error.
Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& name);

}  // namespace shikake::base
