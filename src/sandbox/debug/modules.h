// The program and libraries of a process: names to addresses, addresses to names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sandbox/debug/memory_map.h"
#include "sandbox/debug/script.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::debug {

// Functions of one ELF file, by the addresses that the file counts.
struct ImageSymbols {
  struct Function {
    std::string name;
    uint64_t address = 0, size = 0;
    bool indirect = false;  // its value is that of a function which chooses the real one (STT_GNU_IFUNC)
  };
  struct Slot {
    uint64_t address = 0;
    std::string symbol;
  };
  struct Segment {
    uint64_t offset = 0, address = 0, size = 0;
  };
  std::vector<Function> functions;  // by address
  std::unordered_multimap<std::string, size_t> by_name;
  std::vector<Slot> slots;
  std::vector<Segment> segments;  // that are loaded
  uint64_t entry = 0;             // where a program begins

  // Never fails: a file that is no ELF, or a damaged one, has no symbols.
  static ImageSymbols parse(std::string_view bytes);
};

struct Module {
  std::string path;  // inside the guest
  bool is_program = false;
  uint64_t bias = 0;  // address in the process less the file's
  uint64_t begin = 0, end = 0;
  std::shared_ptr<const ImageSymbols> symbols;

  std::string_view file_name() const;
};

// Files read once for all processes of a run.
class ImageCache {
 public:
  std::shared_ptr<const ImageSymbols> get(trace::Tid tid, const Mapping& mapping);

 private:
  static constexpr uint64_t max_image_bytes = uint64_t{256} << 20;  // a browser's largest library
  static constexpr size_t max_images = 512;
  std::unordered_map<std::string, std::shared_ptr<const ImageSymbols>> images_;
};

class Modules {
 public:
  // Of the process as it is now; `program` is the path of its program.
  static Modules of(trace::Thread& thread, ImageCache& cache);

  const std::vector<Module>& list() const { return list_; }
  const Module* at(uint64_t address) const;
  // In the process. Nothing where no module that is there yet has it.
  std::optional<uint64_t> resolve(const Location& location, trace::Thread& thread) const;
  // "program!main+0x12", "libc.so.6!connect"; the bare number where no module holds it.
  std::string name_of(uint64_t address) const;

 private:
  bool fits(const Module& module, std::string_view wanted) const;
  std::optional<uint64_t> chosen_function(std::string_view symbol, trace::Thread& thread) const;

  std::vector<Module> list_;  // the program first
};

}  // namespace shikake::sandbox::debug
