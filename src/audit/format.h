// A log format: one file and one row in formats.cpp.
//
// strict() takes a well-formed line and nothing else. lenient() takes whatever of the line can be told apart:
// strict() refused it, but bytes that one parser doesn't like must not hide a line. On a well-formed line
// both give the same record (the fuzzers hold them to that). What lenient() refuses too is read by
// plain_text().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "audit/zeek.h"

namespace shikake::audit {

enum class Parsed : uint8_t {
  record,
  nothing,  // a header, a comment or an empty line
  refused,
};

// What earlier lines of a file said about later ones.
struct FileState {
  ZeekHeader zeek;    // #fields and its companions
  ZeekKeyOrder keys;  // of the last JSON line
};

struct Format {
  std::string_view name;   // as --format takes it
  std::string_view title;  // for people
  Parsed (*strict)(std::string_view line, FileState& state, Record& record);
  Parsed (*lenient)(std::string_view line, FileState& state, Record& record);
};

std::span<const Format> formats();
const Format* format_by_name(std::string_view name);

// Lines are given without their end. The record is clear and has room for the line. `line` may be followed in
// memory by simdjson's padding, which is not looked at but may be loaded.
Parsed squid_strict(std::string_view line, FileState& state, Record& record);
Parsed squid_lenient(std::string_view line, FileState& state, Record& record);
Parsed apache_strict(std::string_view line, FileState& state, Record& record);
Parsed apache_lenient(std::string_view line, FileState& state, Record& record);
Parsed zeek_tsv_strict(std::string_view line, FileState& state, Record& record);
Parsed zeek_tsv_lenient(std::string_view line, FileState& state, Record& record);
Parsed zeek_json_strict(std::string_view line, FileState& state, Record& record);
Parsed zeek_json_lenient(std::string_view line, FileState& state, Record& record);

// Both forms of Zeek's logs end here. A line in which no field says who met whom, as in most of Zeek's logs
// about itself, is looked through as plain text where it has a time, so that no header hides it, else
// refused.
Parsed zeek_line_to_record(std::string_view text, const ZeekLine& line, Record& record);

// Any bytes: each token that may be a URL, a host or an address is mentioned; the first address is the
// client.
void plain_text(std::string_view line, Record& record);

}  // namespace shikake::audit
