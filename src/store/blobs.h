// Bodies by their SHA-256: pages, scripts, downloaded files, streams.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"

namespace shikake::store {

// Largest blob. Larger bodies are cut by whoever records them, with a limit_hit.
inline constexpr size_t max_blob_bytes = size_t{256} << 20;

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // On disk for good when it returns. The same bytes again cost nothing but make the blob young again.
  virtual Result<base::Digest> put(std::string_view bytes) = 0;
  // The bytes, verified: corrupted where they are not what their name says, not_found where there are none.
  virtual Result<std::string> get(const base::Digest& name) const = 0;
  virtual bool contains(const base::Digest& name) const = 0;

  // Removes every blob that was put before `before` and that `keep` refuses. A blob being put meanwhile by
  // another process stays. Returns how many went.
  virtual Result<uint64_t> collect(base::TimePoint before,
                                   const std::function<Result<bool>(const base::Digest&)>& keep) = 0;
};

// One file a blob: root/ab/cdef…, its name the digest of its content, so that `sha256sum` can check it.
// Mode 0400 and no .exe anywhere: what is kept here is hostile and only ever read.
Result<std::unique_ptr<BlobStore>> open_blob_files(const std::filesystem::path& root,
                                                   const base::Clock& clock);

}  // namespace shikake::store
