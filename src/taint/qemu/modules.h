// Which file an address of the guest lies in, from the emulator's own memory map.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "taint/fork_mutex.h"
#include "taint/qemu/recorder.h"
#include "taint/qemu/symbols.h"
#include "taint/shadow.h"

namespace shikake::taint::qemu {

class Modules {
 public:
  // The bell must outlive the object.
  explicit Modules(const Bell& bell) : bell_(bell) {}

  // {"module":…,"offset":…,"symbol":…} as JSON, or null.
  std::string place(Address address);
  // The map has changed.
  void forget();

 private:
  struct Mapping {
    Address first;
    uint64_t offset;
    std::string file;
  };
  void read();
  const Symbols& symbols_of(const std::string& file);

  const Bell& bell_;
  ForkMutex lock_;
  std::map<Address, Mapping> mappings_;     // by their ends; empty: to be read
  std::map<std::string, Symbols> symbols_;  // of the modules that were asked about, by their files
};

}  // namespace shikake::taint::qemu
