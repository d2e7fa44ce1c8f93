// Questions to a run that taint followed: what did these bytes influence, and which bytes influenced that?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "intel/run.h"

namespace shikake::sandbox::run {

inline constexpr intel::RunBytes all_bytes{0, UINT64_MAX};

// Bytes that have labels: of a flow's incoming stream, or of a labelled file.
struct Origin {
  std::optional<uint32_t> flow;  // id in the record
  std::string file;              // without a flow: the file's path, or the end of it ("~/.netrc", ".ssh/id_rsa")
  intel::RunBytes bytes = all_bytes;
};

// Something that was done.
struct Deed {
  std::optional<uint32_t> flow;  // what was sent on it
  std::string text;              // without a flow: in a path, an address, a command line or what was sent
  intel::RunBytes bytes = all_bytes;  // of the flow's outgoing stream, or of the file that was written
};

// Bytes and one thing that they had a part in.
struct Influence {
  std::optional<uint32_t> flow;  // id in the record; none: they lie in a file
  std::string file;              // a labelled one's path
  std::vector<intel::RunBytes> bytes;
  std::string how;    // "argument", "content", "program", "decided"
  std::string place;  // decided: module+offset of the instruction
  intel::RunEffect effect;
  // content: where it went, in the flow's outgoing stream or in the file.
  std::optional<uint32_t> to_flow;
  std::vector<intel::RunBytes> to_bytes;
};

// More are cut: a loop over received bytes decides thousands of times.
inline constexpr size_t max_influences = 2000;

// `events`: the run's taint_events, in their order.
std::vector<Influence> influenced_by(const intel::RunRecord& record, std::string_view events, const Origin& origin);
std::vector<Influence> influences_on(const intel::RunRecord& record, std::string_view events, const Deed& deed);

}  // namespace shikake::sandbox::run
