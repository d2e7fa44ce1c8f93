// JSON text in and out without loss: what is read and written again is the same, byte for byte.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shikake::intel {

// Deepest nesting that is read. STIX and MISP stay under 15; a parser that recurses must stop somewhere.
inline constexpr size_t max_json_depth = 100;

// Strict JSON (RFC 8259), numbers rounded correctly (Boost.JSON's own parser may be off by one unit in the
// last place). Fails with invalid_input and the byte offset.
Result<boost::json::value> parse_json(std::string_view text);

// Members sorted by their keys' bytes, no blanks, only the escapes that RFC 8785 asks for, ill-formed
// UTF-8 replaced, and numbers in the shortest form that reads back the same.
std::string canonical_json(const boost::json::value& value);
void append_canonical_json(std::string& out, const boost::json::value& value);
void append_canonical_json(std::string& out, const boost::json::object& object);  // no copy into a value
// Quotes and escapes one string.
void append_json_string(std::string& out, std::string_view text);

}  // namespace shikake::intel
