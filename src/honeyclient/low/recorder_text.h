// For the recorder's own files: what workers say, as the record holds it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/protocol.h"
#include "intel/visit.h"

namespace shikake::honeyclient::low {

// Whatever a worker says becomes well-formed and bounded text.
inline std::string text(std::string_view from, size_t longest) {
  return base::to_valid_utf8(from.substr(0, longest));
}

// Names of what is not emulated; names of limits, which are fewer.
inline constexpr size_t max_names = 500, max_limits = 100;
// URLs as the record holds them; data: URLs carry whole files.
inline constexpr size_t max_url = 8192;
inline constexpr size_t max_reason = 400;  // of an edge's decided_by

inline intel::ScriptPosition position(const Position& from) {
  intel::ScriptPosition made;
  made.url = text(from.url, max_url);
  if (from.sha256.size() == made.sha256.bytes.size())
    std::ranges::transform(from.sha256, made.sha256.bytes.begin(),
                           [](char c) { return static_cast<uint8_t>(c); });
  made.line = from.line;
  made.column = from.column;
  return made;
}

// Each once, and so many; false: there was no room for it.
inline bool once(std::vector<std::string>& list, std::string_view value, size_t most) {
  if (std::ranges::find(list, value) != list.end()) return true;
  if (list.size() >= most) return false;
  list.emplace_back(value);
  return true;
}

inline std::vector<std::string> texts(const std::vector<std::string>& from, size_t longest) {
  std::vector<std::string> out;
  for (const std::string& one : from) out.push_back(text(one, longest));
  return out;
}

inline intel::ScriptOrigin script_origin(const Origin& origin) {
  intel::ScriptOrigin script{position(origin.position), text(origin.written_by, 100), {}};
  for (const Position& one : origin.ancestry) {
    if (script.ancestry.size() >= limits::max_positions) break;
    script.ancestry.push_back(position(one));
  }
  return script;
}

}  // namespace shikake::honeyclient::low
