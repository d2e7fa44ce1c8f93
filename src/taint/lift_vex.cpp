// Lifting by VEX, Valgrind's intermediate representation (libvex_ir.h in Debian's valgrind package says
// what each node means). Each instruction is lifted alone and unoptimised: Builder joins them and drops
// what is dead, and every access to memory stays with its instruction and in its order.
extern "C" {
#include <valgrind/libvex.h>
#include <valgrind/libvex_guest_amd64.h>
#include <valgrind/libvex_guest_arm.h>
#include <valgrind/libvex_guest_arm64.h>
#include <valgrind/libvex_guest_x86.h>

// Debian's VEX refuses i386 guests on an x86-64 host at its front door (an assertion on the size of the
// guest state); the decoder behind it serves them. VEX's own private header declares it so.
struct DisResult {
  UInt len;  // 0: not an instruction
  UInt whatNext;
  UInt hint;
  IRJumpKind jk_StopHere;
};
DisResult disInstr_X86(IRSB*, const UChar* guest_code, Long delta, Addr guest_address, VexArch, const VexArchInfo*,
                       const VexAbiInfo*, VexEndness host, Bool sigill_diag);
void vexSetAllocModeTEMP_and_clear(void);
}

#include <cstddef>
#include <setjmp.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "taint/vex_walk.h"

namespace shikake::taint {
namespace {

void vex_log(const HChar* text, SizeT count) {
  if (captured_text != nullptr) captured_text->append(text, count);
}

// VEX leaves by this when one of its assertions fails, on an instruction that it does not expect; each
// call starts its allocator anew, so the next instruction is lifted as if nothing had been.
jmp_buf vex_failure;
__attribute__((noreturn)) void vex_failed() { longjmp(vex_failure, 1); }

void start_vex() {
  static const bool started = [] {
    VexControl control;
    LibVEX_default_VexControl(&control);
    control.iropt_level = 0;
    control.iropt_unroll_thresh = 0;
    control.guest_max_insns = 1;
    control.guest_chase = 0;
    LibVEX_Init(vex_failed, vex_log, 0, &control);
    return true;
  }();
  (void)started;
}

UInt no_self_check(void*, VexRegisterUpdates*, const VexGuestExtents*) { return 0; }
Bool no_chase(void*, Addr) { return 0; }

struct Setting {
  VexArch arch;
  unsigned capabilities;
};
Setting setting(Architecture architecture) {
  switch (architecture) {
    case Architecture::x86_64:
      return {VexArchAMD64, VEX_HWCAPS_AMD64_SSE3 | VEX_HWCAPS_AMD64_SSSE3 | VEX_HWCAPS_AMD64_CX16 |
                                VEX_HWCAPS_AMD64_LZCNT | VEX_HWCAPS_AMD64_AVX | VEX_HWCAPS_AMD64_RDTSCP |
                                VEX_HWCAPS_AMD64_BMI | VEX_HWCAPS_AMD64_AVX2 | VEX_HWCAPS_AMD64_F16C |
                                VEX_HWCAPS_AMD64_RDRAND | VEX_HWCAPS_AMD64_RDSEED};
    case Architecture::i386:
      return {VexArchX86, VEX_HWCAPS_X86_MMXEXT | VEX_HWCAPS_X86_SSE1 | VEX_HWCAPS_X86_SSE2 |
                              VEX_HWCAPS_X86_SSE3 | VEX_HWCAPS_X86_LZCNT};
    case Architecture::arm:
      return {VexArchARM, 8 /* ARMv8 */ | VEX_HWCAPS_ARM_VFP | VEX_HWCAPS_ARM_VFP2 | VEX_HWCAPS_ARM_VFP3 |
                              VEX_HWCAPS_ARM_NEON};
    default:
      return {VexArchARM64, VEX_HWCAPS_ARM64_ATOMICS | VEX_HWCAPS_ARM64_RDM | VEX_HWCAPS_ARM64_FP16 |
                                VEX_HWCAPS_ARM64_VFP16 | VEX_HWCAPS_ARM64_DPBCVAP};
  }
}

// Thumb's pop.w {pc} (ldr.w pc, [sp], #4), which VEX takes for a jump and compilers for a return.
bool pops_program_counter(std::span<const uint8_t> bytes) {
  constexpr uint8_t code[] = {0x5d, 0xf8, 0x04, 0xfb};
  return std::equal(bytes.begin(), bytes.end(), std::begin(code), std::end(code));
}

// Longest instruction that VEX may look at.
constexpr size_t longest_instruction = 16;

class VexLifter : public Lifter {
 public:
  VexLifter(Architecture architecture, RuleChoices choices)
      : architecture_(architecture), choices_(choices), layout_(vex_layout(architecture)) {
    start_vex();
    std::memset(&arguments_, 0, sizeof arguments_);
    const Setting s = setting(architecture);
    arguments_.arch_guest = s.arch;
    LibVEX_default_VexArchInfo(&arguments_.archinfo_guest);
    arguments_.archinfo_guest.hwcaps = s.capabilities;
    arguments_.archinfo_guest.endness = VexEndnessLE;
    arguments_.archinfo_guest.arm64_dMinLine_lg2_szB = 6;
    arguments_.archinfo_guest.arm64_iMinLine_lg2_szB = 6;
    arguments_.arch_host = VexArchAMD64;
    LibVEX_default_VexArchInfo(&arguments_.archinfo_host);
    arguments_.archinfo_host.endness = VexEndnessLE;
    arguments_.archinfo_host.hwcaps = setting(Architecture::x86_64).capabilities;
    LibVEX_default_VexAbiInfo(&arguments_.abiinfo_both);
    arguments_.abiinfo_both.guest_stack_redzone_size = s.arch == VexArchAMD64 ? 128 : 0;
    arguments_.abiinfo_both.guest_amd64_assume_fs_is_const = 1;
    arguments_.abiinfo_both.guest_amd64_assume_gs_is_const = 1;
    if (architecture == Architecture::arm) {
      // Now: an emulator takes the low addresses for its guest once it starts.
      void* at = mmap(nullptr, scratch_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
      if (at != MAP_FAILED) scratch_ = static_cast<uint8_t*>(at);
    }
    arguments_.chase_into_ok = no_chase;
    arguments_.needs_self_check = no_self_check;
    arguments_.guest_extents = &extents_;
    // Of the back end, which is never run; the front end insists on them.
    arguments_.disp_cp_xassisted = arguments_.disp_cp_xindir = &extents_;
    arguments_.disp_cp_chain_me_to_slowEP = arguments_.disp_cp_chain_me_to_fastEP = &extents_;
  }

  Architecture architecture() const override { return architecture_; }
  const RegisterLayout& layout() const override { return layout_; }

  Step step(std::span<const uint8_t> bytes, size_t before, Address address, bool thumb) override;

  Program lift(const Code& code) override {
    return lift_what_fits(code, layout_, choices_, [&](Builder& builder, size_t count) { walk_over(code, builder, count); });
  }

 private:
  void walk_over(const Code& code, Builder& builder, size_t count) {
    Walk walk(builder, architecture_);
    size_t offset = code.before;
    Address address = code.address;
    for (size_t i = 0; i < count && !builder.overflowed(); ++i) {
      builder.begin_instruction(static_cast<uint16_t>(i));
      if (bit_test(builder, architecture_, code.bytes.subspan(offset, code.lengths[i]))) {
        builder.program().successors.assign(1, address + code.lengths[i]);
        builder.program().kind = JumpKind::next;
        offset += code.lengths[i];
        address += code.lengths[i];
        continue;
      }
      const IRSB* block = front_end(code.bytes, offset, address, code.thumb);
      // Where VEX reads another instruction there than was executed, its rules are no good.
      const bool same = block != nullptr && (block->jumpkind == Ijk_NoDecode || length_of(*block) == code.lengths[i]);
      if (same) walk.instruction(*block, address, code.lengths[i], moved_);
      else builder.without_rule();
      if (code.thumb && pops_program_counter(code.bytes.subspan(offset, code.lengths[i]))) {
        builder.program().kind = JumpKind::ret;
        builder.program().indirect_exit = false;
      }
      offset += code.lengths[i];
      address += code.lengths[i];
    }
  }

  const IRSB* front_end(std::span<const uint8_t> bytes, size_t offset, Address address, bool thumb);
  size_t length_of(const IRSB& block) const;
  const IRSB* i386_instruction(const uint8_t* bytes, Address address);

  Architecture architecture_;
  RuleChoices choices_;
  RegisterLayout layout_;
  VexTranslateArgs arguments_;
  VexGuestExtents extents_;
  static constexpr size_t scratch_bytes = 2 * page_bytes;
  uint8_t* scratch_ = nullptr;  // scratch_bytes bytes; lives as long as the process
  size_t length_ = 0;  // i386: of the instruction
  std::array<uint8_t, 2 * longest_instruction> end_{};  // a block's last bytes, for VEX to look past them
  Address moved_ = 0;  // the instruction's address less the one that VEX was told
};

// Thumb: whether an IT guards the instruction at `offset` (Arm ARM, A7.3.2: up to four, as its mask says).
bool in_it_block(std::span<const uint8_t> bytes, size_t offset) {
  const auto half = [&](size_t at) { return static_cast<unsigned>(bytes[at] | bytes[at + 1] << 8); };
  constexpr size_t farthest = 2 + 3 * 4;  // an IT, and three long instructions
  for (size_t back = 2; back <= std::min(offset, farthest); back += 2) {
    const unsigned it = half(offset - back);
    if ((it & 0xff00) != 0xbf00 || (it & 0xf) == 0) continue;
    size_t at = offset - back + 2;
    for (int guarded = 4 - std::countr_zero(it & 0xf); guarded > 0 && at <= offset; --guarded) {
      if (at == offset) return true;
      at += half(at) >> 11 >= 0x1d ? 4 : 2;
    }
  }
  return false;
}

// Null when VEX gives up. `moved_` says where VEX was told that the instruction lies: for Thumb it reads
// what comes before (an IT block?) at the guest's address as if that were the host's, so the bytes are
// shown to it in a page of ours at a 32-bit address.
const IRSB* VexLifter::front_end(std::span<const uint8_t> bytes, size_t offset, Address address, bool thumb) {
  moved_ = 0;
  arguments_.guest_bytes = bytes.data() + offset;
  arguments_.guest_bytes_addr = static_cast<Addr>(address);
  if (const size_t left = bytes.size() - offset; left < longest_instruction) {
    end_.fill(0);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), left, end_.begin());
    arguments_.guest_bytes = end_.data();
  }
  if (thumb) {
    if (scratch_ == nullptr) return nullptr;
    // VEX takes each instruction near an IT for one that it may guard; those that it does not guard are shown
    // without what lies before, or they would depend on the flags.
    const size_t in_page = look_back + address % 4;
    const size_t before = in_it_block(bytes, offset) ? std::min(offset, look_back) : 0;
    const size_t after = std::min(bytes.size() - offset, longest_instruction);
    std::memset(scratch_, 0, scratch_bytes);
    std::memcpy(scratch_ + in_page - before, bytes.data() + offset - before, before + after);
    arguments_.guest_bytes = scratch_ + in_page + 1;
    arguments_.guest_bytes_addr = reinterpret_cast<Addr>(scratch_) + in_page + 1;
    moved_ = address - (reinterpret_cast<Addr>(scratch_) + in_page);
  }
  VexTranslateResult result;
  VexRegisterUpdates updates;
  if (setjmp(vex_failure) != 0) return nullptr;
  if (architecture_ == Architecture::i386) return i386_instruction(arguments_.guest_bytes, address);
  return LibVEX_FrontEnd(&arguments_, &result, &updates);
}

size_t VexLifter::length_of(const IRSB& block) const {
  if (architecture_ == Architecture::i386) return length_;
  for (Int i = 0; i < block.stmts_used; ++i)
    if (block.stmts[i]->tag == Ist_IMark) return block.stmts[i]->Ist.IMark.len;
  return 0;
}

const IRSB* VexLifter::i386_instruction(const uint8_t* bytes, Address address) {
  constexpr UInt goes_on = 0x11;  // DisResult::whatNext: goes on behind itself
  vexSetAllocModeTEMP_and_clear();
  IRSB* block = emptyIRSB();
  const DisResult result = disInstr_X86(block, bytes, 0, static_cast<Addr>(address), VexArchX86,
                                        &arguments_.archinfo_guest, &arguments_.abiinfo_both, VexEndnessLE, 0);
  if (result.len == 0) return nullptr;
  length_ = result.len;
  block->jumpkind = Ijk_Boring;
  block->next = IRExpr_Const(IRConst_U32(static_cast<UInt>(address) + result.len));
  if (result.whatNext == goes_on) return block;
  block->jumpkind = result.jk_StopHere;
  constexpr Int offset_of_eip = offsetof(VexGuestX86State, guest_EIP);
  for (Int i = 0; i < block->stmts_used; ++i)
    if (block->stmts[i]->tag == Ist_Put && block->stmts[i]->Ist.Put.offset == offset_of_eip) block->next = block->stmts[i]->Ist.Put.data;
  return block;
}

Step VexLifter::step(std::span<const uint8_t> bytes, size_t before, Address address, bool thumb) {
  Step step;
  if (bytes.size() <= before) return step;
  std::array<uint8_t, look_back + 2 * longest_instruction> padded{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), padded.size()), padded.begin());
  const IRSB* block = front_end(padded, before, address, thumb);
  if (block == nullptr || block->jumpkind == Ijk_NoDecode) return step;
  step.length = length_of(*block);
  const auto guest = [&](const IRConst* c) { return guest_address(c, moved_, architecture_); };
  for (Int i = 0; i < block->stmts_used; ++i) {
    const IRStmt& s = *block->stmts[i];
    if (s.tag == Ist_Exit && (s.Ist.Exit.jk == Ijk_Boring || s.Ist.Exit.jk == Ijk_Call) &&
        known_number(*block, s.Ist.Exit.guard) != 0)
      step.successors.push_back(guest(s.Ist.Exit.dst));
  }
  if (is_call(*block, architecture_)) {
    step.call = true;
    step.successors.push_back(address + step.length);
    return step;
  }
  if (block->jumpkind != Ijk_Ret && block->next->tag == Iex_Const) step.successors.push_back(guest(block->next->Iex.Const.con));
  else step.leaves = true;
  return step;
}

}  // namespace

std::unique_ptr<Lifter> make_vex_lifter(Architecture architecture, RuleChoices choices) {
  return std::make_unique<VexLifter>(architecture, choices);
}

}  // namespace shikake::taint
