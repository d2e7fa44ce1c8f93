// What tests of the engine without an emulator share: a listener that keeps what it is told, and accesses in words of
// their own.
#pragma once

#include <vector>

#include "taint/engine.h"

namespace shikake::taint::testing {

struct Recorded : Listener {
  void decided(Thread&, const Decision& decision) override { decisions.push_back(decision); }
  void without_rule(Address address, std::span<const uint8_t>) override { unknown.push_back(address); }
  std::vector<Decision> decisions;
  std::vector<Address> unknown;
};

// An access's word: its size in bytes, up to 15, and whether it is a store.
enum : uint32_t { is_store = 16 };
inline AccessKind kind(uint32_t info) { return {static_cast<uint8_t>(info & 15), (info & is_store) != 0}; }

inline size_t no_code(Address, std::span<uint8_t>) { return 0; }

}  // namespace shikake::taint::testing
