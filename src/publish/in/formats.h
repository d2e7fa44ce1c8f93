// The feed formats that are read; one file and one row each.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "publish/in/collector.h"
#include "publish/in/input.h"
#include "publish/in/report.h"

namespace shikake::publish {

struct InputFormat {
  std::string_view name;         // for --format
  std::string_view description;  // for people
  // Whether a feed that begins like this (up to 64 KiB, BOM taken off) is of this format. Asked in the
  // table's order, the most particular first.
  bool (*recognise)(std::string_view beginning);
  // Reads all of it. Entries that the format refuses are counted, not errors; an error means that the file
  // as a whole can't be read (named line and byte), and what came before it has been handed over.
  Result<> (*read)(Input& input, Collector& collector);
};

std::span<const InputFormat> input_formats();

// The row of a name or, without one, of the content. Fails with invalid_usage on an unknown name, with
// invalid_input where the content is no text, or of no format.
Result<const InputFormat*> find_input_format(std::string_view name, Input& input);

// Everything the confined reader does: finds the format, reads, reports.
Result<ReadReport> read_feed(Input& input, const ReadOptions& options, ReadSinks sinks);

// Top-level member names at a JSON document's beginning, in order; of the first element where it is an array.
std::vector<std::string> json_member_names(std::string_view beginning);

// One a format, each in its own file.
bool recognise_warninglist(std::string_view beginning);
bool recognise_stix(std::string_view beginning);
bool recognise_misp(std::string_view beginning);
bool recognise_maltrail(std::string_view beginning);
bool recognise_csv(std::string_view beginning);
bool recognise_list(std::string_view beginning);
Result<> read_warninglist(Input& input, Collector& collector);
Result<> read_stix(Input& input, Collector& collector);
Result<> read_misp(Input& input, Collector& collector);
Result<> read_maltrail(Input& input, Collector& collector);
Result<> read_csv(Input& input, Collector& collector);
Result<> read_list(Input& input, Collector& collector);

}  // namespace shikake::publish
