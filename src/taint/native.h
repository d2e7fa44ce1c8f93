// Plans (plan.h) as machine code of this host (x86-64), for rule programs that run often.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "taint/site.h"
#include "taint/state.h"
#include "taint/variant.h"

namespace shikake::taint {

// What machine code calls for all but the common cases.
struct NativeHelpers {
  // The union of two different labels, kept as ThreadState::joins[site].
  uint32_t (*join)(ThreadState*, uint32_t a, uint32_t b, uint32_t site);
  // The one label of `lanes` bytes of an access; no_label when they have several.
  uint32_t (*load)(ThreadState*, uint32_t access, uint32_t lanes);
  // Writes ThreadState::stored.
  void (*store)(ThreadState*, uint32_t access, uint32_t lanes);
  void (*decide)(ThreadState*, uint32_t exit, uint32_t label);
};
inline constexpr uint32_t no_label = 0x10000;

class NativeCode {
 public:
  // Room for all programs of one process. Where the system grants no such memory, nothing is compiled.
  NativeCode();
  ~NativeCode();
  NativeCode(const NativeCode&) = delete;
  NativeCode& operator=(const NativeCode&) = delete;

  // For registers of the pattern that `state` shows now. Null when there is no room left or no such code.
  NativeRun compile(const Program& program, const Variant& variant, const RegisterLayout& layout,
                    const ThreadState& state, const NativeHelpers& helpers, const LabelArena& labels,
                    std::span<const Site> sites);

 private:
  uint8_t* room_ = nullptr;
  size_t used_ = 0;
  uint32_t next_join_ = 0;
  size_t next_word_ = 0;
};

}  // namespace shikake::taint
