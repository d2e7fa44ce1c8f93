// A block's end but for its rules, as machine code: whether the code is for it at all, what the block means for the
// innermost region, its decisions, and the block that begins. As Thread::finish_block(), in_regions(), decide() and
// leave_regions() have it, which do whatever is not common.
#pragma once

#include "taint/native_emitter.h"

namespace shikake::taint {

class RegionEmitter : protected Emitter {
 protected:
  RegionEmitter(uint8_t* at, size_t room, const NativeSource& source) : Emitter(at, room, source) {}

  // What the block means for the innermost region. Refuses unless accesses are as the rules have them, where that
  // matters, and the registers with labels are `labelled`.
  void enter(Units labelled, bool accesses);
  // On the label in eax, unless that is none.
  void decide(uint16_t exit);
  // The rest: regions that end here, and the next block.
  void leave();
  // What jumped to refuse(): with nothing changed, others may end the block.
  void emit_refusal();
  Xbyak::Label& refuse() { return refuse_; }

 private:
  void in_regions();
  void open(const Site& site, Xbyak::Label& tell, Xbyak::Label& done);
  void again(const Site& site, Xbyak::Label& fresh, Xbyak::Label& tell, Xbyak::Label& done);
  Xbyak::Address open_here(const Site& site);

  Xbyak::Label refuse_;
};

// A block of which nothing is labelled, inside regions.
class BystanderEmitter : public RegionEmitter {
 public:
  BystanderEmitter(uint8_t* at, size_t room, const NativeSource& source) : RegionEmitter(at, room, source) {}
  using Emitter::getSize;
  void emit();
};

}  // namespace shikake::taint
