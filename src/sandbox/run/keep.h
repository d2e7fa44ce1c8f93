// Where the bodies of a run go: dropped files, streams, the capture, output.
#pragma once

#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace shikake::sandbox::run {

class Keep {
 public:
  virtual ~Keep() = default;
  // The digest is the body's name from then on. An error (a full disk) makes the record incomplete, not the
  // run fail.
  virtual Result<base::Digest> put(std::string_view bytes) = 0;
};

// Names bodies and forgets them.
class KeepNothing final : public Keep {
 public:
  Result<base::Digest> put(std::string_view bytes) override { return base::sha256(bytes); }
};

}  // namespace shikake::sandbox::run
