// A large JSON document taken apart without holding it: {"type": …, "objects": [ …, …, … ]} gives its
// members one by one, and of one member, an array, each element by itself.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <string_view>

#include "publish/in/input.h"

namespace shikake::publish {

// Largest single member or element; STIX artifacts with a payload are the largest real ones.
inline constexpr size_t max_json_piece_bytes = size_t{16} << 20;

struct JsonPiece {
  std::string_view member;  // of the document
  uint64_t index = 0;       // in the array, from 0; 0 for a member that is not taken apart
  bool element = false;     // of the array
  std::string_view text;    // JSON, not yet checked; valid during the call
  bool too_long = false;    // past max_json_piece_bytes: `text` is its beginning
  uint64_t line = 0;        // where it begins, from 1
  uint64_t offset = 0;
};

// Fails with invalid_input, with line and byte, where the document is no object, is cut off, or its brackets
// do not match; whatever `each` returns as an error ends it too. Members called `array` that are arrays come
// element by element.
Result<> read_json_pieces(Input& input, std::string_view array,
                          const std::function<Result<>(const JsonPiece&)>& each);

// A whole document at once; errors name line and byte.
Result<boost::json::value> parse_document(std::string_view text);

}  // namespace shikake::publish
