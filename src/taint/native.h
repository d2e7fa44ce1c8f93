// Blocks' ends as machine code of this host (x86-64): the rules of variants that run often (plan.h), and what the
// block means for open regions.
//
//     on a block's end:  regions ─► which registers hold labels? ─► a variant's code for a pattern of labels ─► regions
//                                                                     └─► for another pattern ─► finish_in_general()
//
//     native_emitter     the words that the code is made of: labels, the state's places, pages, calls
//       native_regions   open regions, decisions, which variant, the next block
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
  // The innermost region ends where the block does, which neither called nor returned.
  void (*paths_meet)(ThreadState*);
};
inline constexpr uint32_t no_label = 0x10000;

// What code is made for.
struct NativeSource {
  const Block& block;
  const Program& program;
  const RegisterLayout& layout;
  const ThreadState& state;  // shows the pattern of its registers' labels
  const NativeHelpers& helpers;
  const LabelArena& labels;
};

class NativeCode {
 public:
  // Room for all programs of one process. Where the system grants no such memory, nothing is compiled.
  NativeCode();
  ~NativeCode();
  NativeCode(const NativeCode&) = delete;
  NativeCode& operator=(const NativeCode&) = delete;

  // Code for one more pattern of a variant; it is met once the block's end is made anew. False when there is no room
  // left or no such code.
  bool compile_rules(const NativeSource& source, Variant& variant);
  // The block's end: what leads to the code of all its variants, and serves where nothing is labelled. Null when there
  // is no room left.
  Finish compile_end(const NativeSource& source);

 private:
  bool has_room() const;
  uint8_t* next() { return room_ + used_; }
  void take(size_t bytes);

  uint8_t* room_ = nullptr;
  size_t used_ = 0;
  uint32_t next_join_ = 0;
  size_t next_word_ = 0;
};

}  // namespace shikake::taint
