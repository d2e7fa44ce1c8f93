// Fills a corpus from files.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "neighbourhood/corpus_writer.h"
#include "neighbourhood/sources/source.h"

namespace shikake::neighbourhood {

// Reads a file ("-": standard input) in the confined reader, rows to `sink`.
Result<std::string> read_file(const std::filesystem::path& path, const SourceOptions& options, RowSink& sink);

// The same into a corpus. Both return the format's name; rows before an error stand.
Result<std::string> load_file(CorpusWriter& writer, const std::filesystem::path& path,
                              const SourceOptions& options);

}  // namespace shikake::neighbourhood
