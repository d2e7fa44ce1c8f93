// Fills a corpus from files.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "neighbourhood/corpus_writer.h"
#include "neighbourhood/sources/source.h"

namespace shikake::neighbourhood {

// Reads a file ("-": standard input) in the confined reader. Returns the format's name. Rows before an error
// are in the writer.
Result<std::string> load_file(CorpusWriter& writer, const std::filesystem::path& path,
                              const SourceOptions& options);

}  // namespace shikake::neighbourhood
