// Compound files, a file system in a file: [MS-CFB].
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "triage/documents/document.h"

namespace shikake::triage {

class CompoundFile {
 public:
  struct Entry {
    std::string path;      // storages and name, by "/"
    std::string class_id;  // "0002ce02-0000-0000-c000-000000000046" of a storage; "" for none
    bool stream = false;
    uint32_t first = 0;  // sector
    uint64_t size = 0;
  };

  // `bytes` must outlive it. What is wrong is noted.
  CompoundFile(base::ByteSpan bytes, DocumentNotes& notes);

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view path) const;  // in any case
  // At most max_stream_bytes; chains end where they repeat or leave the file.
  std::string read(const Entry& entry) const;

  static constexpr size_t max_stream_bytes = size_t{32} << 20;

 private:
  std::string chain(uint32_t first, uint64_t size) const;
  void read_table();
  void read_directory();
  uint64_t offset_of(uint32_t sector) const { return (uint64_t{sector} + 1) << sector_shift_; }

  Bytes bytes_;
  DocumentNotes& notes_;
  unsigned sector_shift_ = 9;
  std::vector<uint32_t> table_, small_table_;
  std::string small_;  // the stream that holds the small ones
  std::vector<Entry> entries_;
};

}  // namespace shikake::triage
