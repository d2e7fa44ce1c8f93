// What the confined corpus reader (app/corpus_reader) and its parent (load.cpp) say to each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shikake::neighbourhood {

inline constexpr std::string_view corpus_reader_program = "shikake-corpus-reader";
// Rows go in batches; one line more than a batch may stand in a frame, escaped bytes three times as long.
inline constexpr size_t batch_bytes = 256 << 10;
inline constexpr uint32_t max_corpus_frame = 2u << 20;

enum class CorpusMessage : uint8_t {
  options,  // to the reader: SourceOptions
  rows,     // RowBatch
  done,     // the format's name
  error,    // SourceError; rows before it stand
};

struct RowBatch {
  struct Row {
    uint32_t size = 0;  // of the URL in `text`, one behind the other
    uint16_t first = 0, last = 0;
    uint64_t line = 0;
    static void wire(auto& codec, auto& self) { codec(self.size, self.first, self.last, self.line); }
  };
  struct Skip {
    std::string reason;
    uint64_t line = 0;
    static void wire(auto& codec, auto& self) { codec(self.reason, self.line); }
  };
  std::string text;
  std::vector<Row> rows;
  std::vector<Skip> skips;
  static void wire(auto& codec, auto& self) { codec(self.text, self.rows, self.skips); }
};

struct SourceError {
  uint8_t code = 0;
  std::string what;
  static void wire(auto& codec, auto& self) { codec(self.code, self.what); }
};

}  // namespace shikake::neighbourhood
