// What cmd_corpus.cpp and cmd_neighbours.cpp share: where the corpus lies, and what the store gives to it.
#pragma once

#include <filesystem>
#include <string>

#include "command.h"
#include "neighbourhood/corpus_writer.h"

namespace shikake::app {

std::filesystem::path default_corpus(const Context& context);
// A date on the command line; today where it is empty. invalid_usage.
Result<neighbourhood::Day> day_option(const std::string& text);
// Every URL of the visits in the store and every link of their pages. Returns the number of visits.
Result<uint64_t> add_chains(neighbourhood::CorpusWriter& writer, const Context& context,
                            neighbourhood::Day today);

}  // namespace shikake::app
