// Blocks' ends as machine code of this host (x86-64): the rules of a variant that runs often (plan.h), and what the
// block means for open regions. What it does not know goes on to what ended the block before: code for another
// pattern of labels, at last finish_in_general().
//
//     native_emitter     the words that the code is made of: labels, the state's places, pages, calls
//       native_regions   open regions, decisions, the next block
//         native_rules   labels: what is read, joined and written
#pragma once

#include <cstddef>
#include <cstdint>

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
  // The running block for the innermost region, and for all regions once its rules have run.
  void (*in_regions)(ThreadState*);
  void (*leave_regions)(ThreadState*);
};
inline constexpr uint32_t no_label = 0x10000;

// What code is made for.
struct NativeSource {
  const Block& block;
  const Program& program;
  const Variant* variant;  // null: nothing of the block's is labelled
  const RegisterLayout& layout;
  const ThreadState& state;  // shows the pattern of its registers' labels
  const NativeHelpers& helpers;
  const LabelArena& labels;
  Finish otherwise;  // goes on with what the code is not for
};

class NativeCode {
 public:
  // Room for all programs of one process. Where the system grants no such memory, nothing is compiled.
  NativeCode();
  ~NativeCode();
  NativeCode(const NativeCode&) = delete;
  NativeCode& operator=(const NativeCode&) = delete;

  // Null when there is no room left or no such code.
  Finish compile(const NativeSource& source);

 private:
  uint8_t* room_ = nullptr;
  size_t used_ = 0;
  uint32_t next_join_ = 0;
  size_t next_word_ = 0;
};

}  // namespace shikake::taint
