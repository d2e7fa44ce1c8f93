// Archives and compressed files, opened by libarchive within bounds.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

struct OpenedArchive {
  Archive archive;
  std::vector<std::string> limits_hit;
};

// Nothing where the bytes are of no format that is opened. `passwords` are tried in turn where members are
// encrypted; `sink` may be empty. An error is the sink's.
Result<std::optional<OpenedArchive>> open_archive(base::ByteSpan bytes,
                                                  std::span<const std::string> passwords,
                                                  const MemberSink& sink);

}  // namespace shikake::triage
