// A block's end but for its rules, as machine code: what the block means for the innermost region, which variant it
// is, its decisions, and the block that begins. As Thread::finish_block(), in_regions(), decide() and leave_regions()
// have it, which do whatever is not common.
#pragma once

#include "taint/native_emitter.h"

namespace shikake::taint {

class RegionEmitter : protected Emitter {
 protected:
  RegionEmitter(uint8_t* at, size_t room, const NativeSource& source) : Emitter(at, room, source) {}

  // On the label in eax, unless that is none.
  void decide(uint16_t exit);
  // The rest: regions that end here, and the next block.
  void leave();
  // What jumped to refuse(): goes on to `others`, where it is not null, and else leaves the block to the general way.
  void emit_refusal(const uint8_t* others);
  Xbyak::Label& refuse() { return refuse_; }

 private:
  void open(const Site& site, Xbyak::Label& tell, Xbyak::Label& done);
  void again(const Site& site, Xbyak::Label& closed, Xbyak::Label& tell, Xbyak::Label& done);
  Xbyak::Address open_here(const Site& site);

  Xbyak::Label refuse_;
};

// What is met first when a block ends.
class EndEmitter : public RegionEmitter {
 public:
  EndEmitter(uint8_t* at, size_t room, const NativeSource& source) : RegionEmitter(at, room, source) {}
  using Emitter::getSize;
  void emit();

 private:
  void in_regions();
  void choose_variant();

  Xbyak::Label leave_;
};

}  // namespace shikake::taint
