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
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <unordered_map>

#include "taint/builder.h"
#include "taint/layout.h"
#include "taint/lift.h"
#include "taint/vex_operation.h"

namespace shikake::taint {
namespace {

std::string* captured_text = nullptr;
void vex_log(const HChar* text, SizeT count) {
  if (captured_text != nullptr) captured_text->append(text, count);
}

// VEX leaves by this when one of its assertions fails, on an instruction that it does not expect; each
// call starts its allocator anew, so the next instruction is lifted as if nothing had been.
jmp_buf vex_failure;
[[noreturn]] void vex_failed() { longjmp(vex_failure, 1); }

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

struct Operation {
  Movement_of movement;
  uint8_t lanes = 0;  // of the result
};

uint8_t lanes_of(IRType type) {
  if (type == Ity_I1) return 1;
  return static_cast<uint8_t>(sizeofIRType(type));
}

const Operation& operation(IROp op) {
  static std::unordered_map<unsigned, Operation> known;
  const auto [found, is_new] = known.try_emplace(op);
  if (is_new) {
    std::string text;
    captured_text = &text;
    ppIROp(op);
    captured_text = nullptr;
    IRType result, a, b, c, d;
    typeOfPrimop(op, &result, &a, &b, &c, &d);
    if (text.starts_with("Iop_")) text.erase(0, 4);
    found->second = {movement_of(text), lanes_of(result)};
  }
  return found->second;
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

// --- register layouts -------------------------------------------------------------------------------

RegisterLayout layout_amd64() {
  using S = VexGuestAMD64State;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_RAX), 8, 16);
  m.registers(offsetof(S, guest_CC_OP), 8, 4, 4);
  m.registers(offsetof(S, guest_DFLAG), 8, 1);
  m.registers(offsetof(S, guest_YMM0), 32, 17);
  m.registers(offsetof(S, guest_FPREG), 8, 8);
  m.registers(offsetof(S, guest_FPTAG), 8, 1);
  m.registers(offsetof(S, guest_FPROUND), 16, 1);
  m.undecided(offsetof(S, guest_RSP), 16);
  m.undecided(offsetof(S, guest_CC_OP), 32);
  return m.finish(offsetof(S, guest_RSP), offsetof(S, guest_RAX), 8);
}

RegisterLayout layout_x86() {
  using S = VexGuestX86State;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_EAX), 4, 8);
  m.registers(offsetof(S, guest_CC_OP), 4, 4, 4);
  m.registers(offsetof(S, guest_DFLAG), 4, 1);
  m.registers(offsetof(S, guest_FPREG), 8, 8);
  m.registers(offsetof(S, guest_FPTAG), 8, 1);
  m.registers(offsetof(S, guest_FPROUND), 8, 1);
  m.registers(offsetof(S, guest_XMM0), 16, 8);
  m.undecided(offsetof(S, guest_ESP), 8);
  m.undecided(offsetof(S, guest_CC_OP), 16);
  return m.finish(offsetof(S, guest_ESP), offsetof(S, guest_EAX), 4);
}

RegisterLayout layout_arm() {
  using S = VexGuestARMState;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_R0), 4, 15);
  m.registers(offsetof(S, guest_CC_OP), 4, 4, 4);
  m.registers(offsetof(S, guest_QFLAG32), 4, 5, 5);
  m.registers(offsetof(S, guest_D0), 8, 32);
  m.registers(offsetof(S, guest_FPSCR), 4, 1);
  m.registers(offsetof(S, guest_ITSTATE), 4, 1);
  m.undecided(offsetof(S, guest_R11), 4);
  m.undecided(offsetof(S, guest_R13), 8);
  m.undecided(offsetof(S, guest_CC_OP), 36);
  m.undecided(offsetof(S, guest_ITSTATE), 4);
  return m.finish(offsetof(S, guest_R13), offsetof(S, guest_R0), 4);
}

RegisterLayout layout_arm64() {
  using S = VexGuestARM64State;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_X0), 8, 32);
  m.registers(offsetof(S, guest_CC_OP), 8, 4, 4);
  m.registers(offsetof(S, guest_Q0), 16, 32, 2);
  m.registers(offsetof(S, guest_QCFLAG), 16, 1);
  m.registers(offsetof(S, guest_LLSC_SIZE), 8, 4, 4);
  m.undecided(offsetof(S, guest_X29), 24);
  m.undecided(offsetof(S, guest_CC_OP), 32);
  m.undecided(offsetof(S, guest_LLSC_SIZE), 32);
  return m.finish(offsetof(S, guest_XSP), offsetof(S, guest_X0), 8);
}

RegisterLayout layout_of(Architecture architecture) {
  switch (architecture) {
    case Architecture::x86_64: return layout_amd64();
    case Architecture::i386: return layout_x86();
    case Architecture::arm: return layout_arm();
    default: return layout_arm64();
  }
}

// --- one instruction --------------------------------------------------------------------------------

uint64_t number_of(const IRConst* c) {
  switch (c->tag) {
    case Ico_U1: return c->Ico.U1;
    case Ico_U8: return c->Ico.U8;
    case Ico_U16: return c->Ico.U16;
    case Ico_U32: return c->Ico.U32;
    case Ico_U64: return c->Ico.U64;
    default: return 0;
  }
}

// A jump's target where the guest has it.
Address guest_address(const IRConst* c, Address moved, Architecture architecture) {
  const Address at = number_of(c) + moved;
  return architecture == Architecture::arm ? at & 0xfffffffe : at;
}

bool is_number(const IRConst* c) {
  return c->tag == Ico_U1 || c->tag == Ico_U8 || c->tag == Ico_U16 || c->tag == Ico_U32 || c->tag == Ico_U64;
}

// VEX calls AArch64's plain branch a call too: a call sets the link register.
bool is_call(const IRSB& block, Architecture architecture) {
  if (block.jumpkind != Ijk_Call) return false;
  if (architecture != Architecture::aarch64) return true;
  for (Int i = 0; i < block.stmts_used; ++i) {
    const IRStmt& s = *block.stmts[i];
    if (s.tag == Ist_Put && s.Ist.Put.offset == static_cast<Int>(offsetof(VexGuestARM64State, guest_X30))) return true;
  }
  return false;
}

// Shared by the walk over one block.
class Walk {
 public:
  Walk(Builder& builder, Architecture architecture) : b_(builder), architecture_(architecture) {}

  // Returns false when the instruction has no rule.
  void instruction(const IRSB& block, Address address, size_t length, Address moved);

 private:
  void statement(const IRStmt& s);
  Value expression(const IRExpr* e);
  Value unary(IROp op, const Value& a);
  Value apply(IROp op, const std::vector<Value>& operands);
  Value shift(Movement movement, const Value& a, const Value& amount);
  Value vector_move(const Movement_of& m, uint8_t lanes, const std::vector<Value>& v);
  Value call(const IRExpr* e);
  Value fold_and_mask(const Value& a, const Value& b, bool is_and);
  void dirty(const IRDirty& d);
  void compare_and_swap(const IRCAS& cas);
  void linked(const IRStmt& s);
  void exit(const IRStmt& s);
  void leave(const IRSB& block);
  Value indexed(const IRRegArray* array, const IRExpr* index);
  void put_indexed(const IRPutI& put);
  Value loaded(IRType type, const Value& address) { return b_.load(lanes_of(type), address); }

  static bool is_jump(IRJumpKind kind) {
    return kind == Ijk_Boring || kind == Ijk_Call || kind == Ijk_Ret || kind == Ijk_NoRedir;
  }

  Builder& b_;
  Architecture architecture_;
  const IRSB* block_ = nullptr;
  std::vector<Value> temporaries_;
  std::map<std::pair<unsigned, uint32_t>, Value> unary_;
  Address address_ = 0;
  Address next_ = 0;
  Address moved_ = 0;
};

Value Walk::expression(const IRExpr* e) {
  switch (e->tag) {
    case Iex_RdTmp: return temporaries_[e->Iex.RdTmp.tmp];
    case Iex_Const: {
      const IRConst* c = e->Iex.Const.con;
      const uint8_t lanes = lanes_of(typeOfIRConst(c));
      return is_number(c) ? b_.constant(lanes, number_of(c)) : b_.nothing(lanes);
    }
    case Iex_Get: return b_.get(static_cast<size_t>(e->Iex.Get.offset), lanes_of(e->Iex.Get.ty));
    case Iex_GetI: return indexed(e->Iex.GetI.descr, e->Iex.GetI.ix);
    case Iex_Unop: return unary(e->Iex.Unop.op, expression(e->Iex.Unop.arg));
    case Iex_Binop:
      return apply(e->Iex.Binop.op, {expression(e->Iex.Binop.arg1), expression(e->Iex.Binop.arg2)});
    case Iex_Triop: {
      const IRTriop* t = e->Iex.Triop.details;
      return apply(t->op, {expression(t->arg1), expression(t->arg2), expression(t->arg3)});
    }
    case Iex_Qop: {
      const IRQop* q = e->Iex.Qop.details;
      return apply(q->op, {expression(q->arg1), expression(q->arg2), expression(q->arg3), expression(q->arg4)});
    }
    case Iex_Load: return loaded(e->Iex.Load.ty, expression(e->Iex.Load.addr));
    case Iex_ITE: {
      const Value condition = expression(e->Iex.ITE.cond);
      const Value yes = expression(e->Iex.ITE.iftrue);
      const Value no = expression(e->Iex.ITE.iffalse);
      return b_.elements(yes.lanes, 1, {&yes, &no, &condition});
    }
    case Iex_CCall: return call(e);
    default: return b_.nothing(8);
  }
}

Value Walk::unary(IROp op, const Value& a) {
  const auto key = std::pair<unsigned, uint32_t>(op, a.id);
  if (const auto found = unary_.find(key); found != unary_.end()) return found->second;
  Value result = apply(op, {a});
  unary_.emplace(key, result);
  return result;
}

Value Walk::fold_and_mask(const Value& a, const Value& b, bool is_and) {
  // A constant hides bytes: 0 in an and, all ones in an or.
  const Value& number = a.constant ? a : b;
  const Value& other = a.constant ? b : a;
  if (!number.constant) return b_.lanewise(a, b);
  if (other.constant)
    return b_.constant(a.lanes, is_and ? *a.constant & *b.constant : *a.constant | *b.constant);
  std::array<Ref, kMaxLanes> lane{};
  for (size_t i = 0; i < other.lanes; ++i) {
    const auto byte = static_cast<uint8_t>(*number.constant >> (8 * i));
    lane[i] = byte == (is_and ? 0 : 0xff) ? kZeros : other.lane[i];
  }
  return b_.rearranged(other.lanes, lane, other);
}

Value Walk::shift(Movement movement, const Value& a, const Value& amount) {
  if (!amount.constant) return b_.all(a.lanes, {&a, &amount});
  if (a.constant && movement == Movement::shift_right)
    return b_.constant(a.lanes, *amount.constant < 64 ? *a.constant >> *amount.constant : 0);
  if (a.constant && movement == Movement::shift_left)
    return b_.constant(a.lanes, *amount.constant < 64 ? *a.constant << *amount.constant : 0);
  const auto bits = static_cast<int>(std::min<uint64_t>(*amount.constant, 255));
  const int whole = bits / 8;
  const bool between = bits % 8 != 0;
  const int lanes = a.lanes;
  const auto at = [&](int i) -> Ref {
    if (i >= 0 && i < lanes) return a.lane[static_cast<size_t>(i)];
    return i >= lanes && movement == Movement::shift_sign ? a.lane[static_cast<size_t>(lanes - 1)] : kZeros;
  };
  std::array<Ref, kMaxLanes> lane{};
  for (int i = 0; i < lanes; ++i) {
    const bool left = movement == Movement::shift_left;
    const Ref main = left ? at(i - whole) : at(i + whole);
    const Ref neighbour = !between ? kZeros : left ? at(i - whole - 1) : at(i + whole + 1);
    lane[static_cast<size_t>(i)] = b_.joined({main, neighbour});
  }
  return b_.rearranged(a.lanes, lane, a);
}

Value Walk::vector_move(const Movement_of& m, uint8_t lanes, const std::vector<Value>& v) {
  const Value& a = v[0];
  const size_t size = m.size;
  const size_t count = size == 0 ? 0 : lanes / size;  // elements of the result
  std::array<Ref, kMaxLanes> to{};
  const auto element = [&](size_t index, const Value& from, size_t from_index) {
    for (size_t i = 0; i < size; ++i) to[index * size + i] = from.lane[from_index * size + i];
  };
  switch (m.movement) {
    case Movement::interleave_low:
    case Movement::interleave_high: {
      const size_t start = m.movement == Movement::interleave_high ? count / 2 : 0;
      for (size_t i = 0; i < count / 2; ++i) {
        element(2 * i, v[1], start + i);
        element(2 * i + 1, a, start + i);
      }
      break;
    }
    case Movement::interleave_even:
    case Movement::interleave_odd: {
      const size_t odd = m.movement == Movement::interleave_odd ? 1 : 0;
      for (size_t i = 0; i < count / 2; ++i) {
        element(2 * i, v[1], 2 * i + odd);
        element(2 * i + 1, a, 2 * i + odd);
      }
      break;
    }
    case Movement::cat_even:
    case Movement::cat_odd: {
      const size_t odd = m.movement == Movement::cat_odd ? 1 : 0;
      for (size_t i = 0; i < count / 2; ++i) {
        element(i, v[1], 2 * i + odd);
        element(count / 2 + i, a, 2 * i + odd);
      }
      break;
    }
    case Movement::duplicate:
      for (size_t i = 0; i < count; ++i) element(i, a, 0);
      break;
    case Movement::get_element: {
      const size_t index = v[1].constant.value_or(0);
      for (size_t i = 0; i < lanes && i < size; ++i) to[i] = a.lane[index * size + i];
      break;
    }
    case Movement::set_element: {
      const size_t index = v[1].constant.value_or(0);
      for (size_t i = 0; i < lanes; ++i) to[i] = a.lane[i];
      for (size_t i = 0; i < size; ++i) to[index * size + i] = v[2].lane[i];
      break;
    }
    case Movement::reverse:
      for (size_t i = 0; i < count; ++i) {
        const size_t per_group = m.group / size;
        const size_t base = i / per_group * per_group;
        element(i, a, base + per_group - 1 - i % per_group);
      }
      break;
    default: break;
  }
  const Value both = v.size() > 1 ? b_.all(1, {&v[0], &v[1]}) : a;
  return b_.rearranged(lanes, to, both);
}

Value Walk::apply(IROp op, const std::vector<Value>& v) {
  const Operation& o = operation(op);
  const uint8_t lanes = o.lanes;
  const Movement_of& m = o.movement;
  const Value& a = v[0];
  std::array<Ref, kMaxLanes> to{};
  std::vector<const Value*> operands;
  for (const Value& value : v) operands.push_back(&value);
  const bool same = v.size() == 2 && a.id == v[1].id;
  switch (m.movement) {
    case Movement::widen_zero:
    case Movement::low:
    case Movement::widen_sign: {
      const uint8_t kept = std::min(lanes, a.lanes);
      if (a.constant && m.movement != Movement::widen_sign) return b_.constant(lanes, *a.constant);
      for (size_t i = 0; i < lanes; ++i)
        to[i] = i < kept ? a.lane[i] : m.movement == Movement::widen_sign ? a.lane[kept - 1] : kZeros;
      Value result = b_.rearranged(lanes, to, a);
      return result;
    }
    case Movement::part:
      for (size_t i = 0; i < m.size && i < lanes; ++i) to[i] = a.lane[m.size * m.index + i];
      return b_.rearranged(lanes, to, a);
    case Movement::concatenate: {
      size_t at = 0;
      for (size_t k = v.size(); k-- > 0;)
        for (size_t i = 0; i < v[k].lanes && at < lanes; ++i) to[at++] = v[k].lane[i];
      const Value both = b_.nothing(lanes);
      return b_.rearranged(lanes, to, both);
    }
    case Movement::set_low:
      for (size_t i = 0; i < lanes; ++i) to[i] = i < v[1].lanes ? v[1].lane[i] : a.lane[i];
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    case Movement::lanewise:
      if (same) return lanes <= 8 ? b_.constant(lanes, 0) : b_.nothing(lanes);
      if (v.size() == 1) return b_.rearranged(lanes, a.lane, a);
      return b_.lanewise(a, v[1]);
    case Movement::mask:
    case Movement::either: return fold_and_mask(a, v[1], m.movement == Movement::mask);
    case Movement::prefix: {
      if (v.size() == 1) return b_.prefix(a, b_.constant(a.lanes, 0));
      Value result = same && (op == Iop_Sub64 || op == Iop_Sub32 || op == Iop_Sub16 || op == Iop_Sub8)
                         ? b_.constant(lanes, 0)
                         : b_.prefix(a, v[1]);
      const bool add = op == Iop_Add64 || op == Iop_Add32;
      const bool subtract = op == Iop_Sub64 || op == Iop_Sub32;
      if (add || subtract) {
        const auto by = [&](const Value& number) {
          const auto n = lanes == 4 ? static_cast<int64_t>(static_cast<int32_t>(*number.constant))
                                    : static_cast<int64_t>(*number.constant);
          return subtract ? -n : n;
        };
        if (v[1].constant) result.base = a.base, result.offset = a.offset + by(v[1]);
        else if (a.constant && add) result.base = v[1].base, result.offset = v[1].offset + by(a);
        if (a.constant && v[1].constant)
          return b_.constant(lanes, subtract ? *a.constant - *v[1].constant : *a.constant + *v[1].constant);
      }
      return result;
    }
    case Movement::shift_left:
    case Movement::shift_right:
    case Movement::shift_sign: return shift(m.movement, a, v[1]);
    case Movement::shift_bytes_left: return shift(Movement::shift_left, a, v[1]);
    case Movement::shift_bytes_right: return shift(Movement::shift_right, a, v[1]);
    case Movement::elements: {
      if (same && (op == Iop_CmpEQ8x16 || op == Iop_CmpEQ16x8 || op == Iop_CmpEQ32x4 || op == Iop_CmpEQ8x32))
        return b_.nothing(lanes);
      return b_.elements(lanes, m.size, operands);
    }
    case Movement::low_element: {
      const Value low = b_.elements(lanes, m.size, operands);
      // With a rounding mode in front, the second operand gives the upper elements.
      const Value& upper = a.lanes == lanes ? a : v[1];
      for (size_t i = 0; i < lanes; ++i) to[i] = i < m.size ? low.lane[i] : upper.lane[i];
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    }
    case Movement::narrow: {
      // (high, low): each element gives half as many bytes.
      const size_t half = m.size / 2;
      for (size_t i = 0; i < lanes / half; ++i) {
        const size_t per = a.lanes / m.size;
        const Value& from = v.size() == 2 ? (i < per ? v[1] : a) : a;
        const size_t index = i % per;
        std::vector<Ref> refs(from.lane.begin() + index * m.size, from.lane.begin() + (index + 1) * m.size);
        std::fill_n(to.begin() + i * half, half, b_.joined(std::move(refs)));
      }
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    }
    case Movement::widen:
      for (size_t i = 0; i < lanes / (2 * m.size); ++i) {
        std::vector<Ref> refs(a.lane.begin() + i * m.size, a.lane.begin() + (i + 1) * m.size);
        std::fill_n(to.begin() + i * 2 * m.size, 2 * m.size, b_.joined(std::move(refs)));
      }
      return b_.rearranged(lanes, to, a);
    case Movement::permute: {
      const Value any = b_.all(1, {&a});
      return b_.elements(lanes, 1, {&v[1], &any});
    }
    case Movement::top_bits: {
      for (size_t i = 0; i < lanes; ++i) {
        std::vector<Ref> refs;
        for (size_t k = 8 * i; k < 8 * i + 8 && k < a.lanes; ++k) refs.push_back(a.lane[k]);
        to[i] = b_.joined(std::move(refs));
      }
      return b_.rearranged(lanes, to, a);
    }
    case Movement::slice: {
      if (!v[2].constant) return b_.all(lanes, operands);
      const size_t from = *v[2].constant;
      for (size_t i = 0; i < lanes; ++i)
        to[i] = from + i < lanes ? v[1].lane[from + i] : from + i < 2u * lanes ? a.lane[from + i - lanes] : kZeros;
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    }
    case Movement::interleave_low: case Movement::interleave_high: case Movement::interleave_even:
    case Movement::interleave_odd: case Movement::cat_even: case Movement::cat_odd:
    case Movement::duplicate: case Movement::reverse: return vector_move(m, lanes, v);
    case Movement::get_element: case Movement::set_element:
      if (v[1].constant) return vector_move(m, lanes, v);
      break;
    case Movement::all: break;
  }
  return b_.all(lanes, operands);
}

// The lazily computed flags: only what the condition asks for.
Value Walk::call(const IRExpr* e) {
  std::vector<Value> arguments;
  for (IRExpr** p = e->Iex.CCall.args; *p != nullptr; ++p) {
    if (is_IRExpr_VECRET_or_GSPTR(*p)) continue;
    arguments.push_back(expression(*p));
  }
  const uint8_t lanes = lanes_of(e->Iex.CCall.retty);
  std::vector<const Value*> used;
  for (const Value& argument : arguments) used.push_back(&argument);
  const std::string_view name = e->Iex.CCall.cee->name;
  const bool amd64 = name == "amd64g_calculate_condition";
  if ((amd64 || name == "x86g_calculate_condition") && arguments[0].constant && arguments[1].constant) {
    // NDEP holds the carry that inc and dec leave alone: of no effect on z, s, p, o, l and le. The
    // operations' numbers are VEX's own (guest_amd64_defs.h, guest_x86_defs.h).
    const uint64_t condition = *arguments[0].constant & ~uint64_t{1};
    const uint64_t operation_number = *arguments[1].constant;
    const bool inc_dec = amd64 ? operation_number >= 21 && operation_number <= 28
                               : operation_number >= 16 && operation_number <= 21;
    const bool carry = condition == 2 || condition == 6;
    if (inc_dec && !carry) used.pop_back();
  }
  return b_.all(lanes, used);
}

Value Walk::indexed(const IRRegArray* array, const IRExpr* index) {
  // The x87 stack: which register is meant is not known, so it is any.
  Value value = b_.nothing(lanes_of(array->elemTy));
  const Value chosen = expression(index);
  for (Int i = 0; i < array->nElems; ++i) {
    const Value one = b_.get(static_cast<size_t>(array->base) + static_cast<size_t>(i) * value.lanes, value.lanes);
    value = b_.elements(value.lanes, 1, {&value, &one});
  }
  return b_.elements(value.lanes, 1, {&value, &chosen});
}

void Walk::put_indexed(const IRPutI& put) {
  const Value data = expression(put.data);
  for (Int i = 0; i < put.descr->nElems; ++i) {
    const size_t offset = static_cast<size_t>(put.descr->base) + static_cast<size_t>(i) * data.lanes;
    const Value before = b_.get(offset, data.lanes);
    b_.put(offset, b_.lanewise(data, before));
  }
}

void Walk::dirty(const IRDirty& d) {
  std::vector<Value> inputs;
  for (IRExpr** p = d.args; *p != nullptr; ++p)
    if (!is_IRExpr_VECRET_or_GSPTR(*p)) inputs.push_back(expression(*p));
  inputs.push_back(expression(d.guard));
  const auto each_state = [&](bool reading, const auto& act) {
    for (Int i = 0; i < d.nFxState; ++i) {
      const auto& fx = d.fxState[i];
      const bool wanted = reading ? fx.fx != Ifx_Write : fx.fx != Ifx_Read;
      for (unsigned repeat = 0; wanted && repeat < 1u + fx.nRepeats; ++repeat) {
        size_t offset = fx.offset + repeat * fx.repeatLen;
        for (size_t left = fx.size; left > 0;) {
          const auto part = static_cast<uint8_t>(std::min<size_t>(left, kMaxLanes));
          act(offset, part);
          offset += part;
          left -= part;
        }
      }
    }
  };
  each_state(true, [&](size_t offset, uint8_t part) { inputs.push_back(b_.get(offset, part)); });
  const Value address = d.mFx == Ifx_None ? Value{} : expression(d.mAddr);
  const auto each_part = [&](const auto& act) {
    for (Int done = 0; done < d.mSize; done += static_cast<Int>(kMaxLanes)) {
      Value at = address;
      at.offset += done;
      act(at, static_cast<uint8_t>(std::min<Int>(d.mSize - done, kMaxLanes)));
    }
  };
  if (d.mFx == Ifx_Read || d.mFx == Ifx_Modify)
    each_part([&](const Value& at, uint8_t part) { inputs.push_back(b_.load(part, at)); });
  std::vector<const Value*> all;
  for (const Value& input : inputs) all.push_back(&input);
  if (d.tmp != IRTemp_INVALID)
    temporaries_[d.tmp] = b_.all(lanes_of(typeOfIRTemp(block_->tyenv, d.tmp)), all);
  each_state(false, [&](size_t offset, uint8_t part) { b_.put(offset, b_.all(part, all)); });
  if (d.mFx == Ifx_Write || d.mFx == Ifx_Modify)
    each_part([&](const Value& at, uint8_t part) { b_.store(at, b_.all(part, all)); });
}

void Walk::compare_and_swap(const IRCAS& cas) {
  const Value address = expression(cas.addr);
  const auto one = [&](IRTemp old, const IRExpr* data_expression, const IRExpr* expected_expression, int64_t plus) {
    const Value data = expression(data_expression);
    const Value expected = expression(expected_expression);
    Value at = address;
    at.offset += plus;
    const Value before = b_.load(data.lanes, at);
    temporaries_[old] = before;
    const Value equal = b_.all(1, {&before, &expected});
    b_.store(at, b_.elements(data.lanes, 1, {&data, &before, &equal}));
  };
  one(cas.oldLo, cas.dataLo, cas.expdLo, 0);
  if (cas.oldHi != IRTemp_INVALID)
    one(cas.oldHi, cas.dataHi, cas.expdHi, lanes_of(typeOfIRTemp(block_->tyenv, cas.oldLo)));
}

void Walk::linked(const IRStmt& s) {
  const auto& llsc = s.Ist.LLSC;
  const Value address = expression(llsc.addr);
  if (llsc.storedata == nullptr) {
    temporaries_[llsc.result] = loaded(typeOfIRTemp(block_->tyenv, llsc.result), address);
    return;
  }
  b_.store(address, expression(llsc.storedata));
  temporaries_[llsc.result] = b_.nothing(1);
}

void Walk::exit(const IRStmt& s) {
  const auto& e = s.Ist.Exit;
  if (!is_jump(e.jk)) return;
  const Address to = guest_address(e.dst, moved_, architecture_);
  if (to == address_) return;  // a string instruction's own loop
  const Value condition = expression(e.guard);
  const bool last = block_->next->tag == Iex_Const;
  const Address next = last ? guest_address(block_->next->Iex.Const.con, moved_, architecture_) : 0;
  if (last && next == address_) return;
  if (to == next_ && last && next == next_) {  // a predicated instruction, not a jump
    b_.conditional(condition);
    return;
  }
  b_.program().successors.push_back(to);
  b_.branch(condition, to);
  if (to == next_) b_.conditional(condition);
}

void Walk::statement(const IRStmt& s) {
  switch (s.tag) {
    case Ist_Put: b_.put(static_cast<size_t>(s.Ist.Put.offset), expression(s.Ist.Put.data)); break;
    case Ist_PutI: put_indexed(*s.Ist.PutI.details); break;
    case Ist_WrTmp: temporaries_[s.Ist.WrTmp.tmp] = expression(s.Ist.WrTmp.data); break;
    case Ist_Store: {
      const Value address = expression(s.Ist.Store.addr);
      b_.store(address, expression(s.Ist.Store.data));
      break;
    }
    case Ist_LoadG: {
      const IRLoadG& g = *s.Ist.LoadG.details;
      IRType result, memory;
      typeOfIRLoadGOp(g.cvt, &result, &memory);
      const Value guard = expression(g.guard);
      const Value alternative = expression(g.alt);
      const Value read = loaded(memory, expression(g.addr));
      std::array<Ref, kMaxLanes> wide{};
      const bool sign = g.cvt == ILGop_16Sto32 || g.cvt == ILGop_8Sto32;
      for (size_t i = 0; i < alternative.lanes; ++i)
        wide[i] = i < read.lanes ? read.lane[i] : sign ? read.lane[read.lanes - 1] : kZeros;
      const Value widened = b_.rearranged(alternative.lanes, wide, read);
      temporaries_[g.dst] = b_.elements(alternative.lanes, 1, {&widened, &alternative, &guard});
      break;
    }
    case Ist_StoreG: {
      const IRStoreG& g = *s.Ist.StoreG.details;
      const Value guard = expression(g.guard);
      const Value data = expression(g.data);
      b_.store(expression(g.addr), b_.elements(data.lanes, 1, {&data, &guard}));
      break;
    }
    case Ist_CAS: compare_and_swap(*s.Ist.CAS.details); break;
    case Ist_LLSC: linked(s); break;
    case Ist_Dirty: dirty(*s.Ist.Dirty.details); break;
    case Ist_Exit: exit(s); break;
    default: break;
  }
}

void Walk::leave(const IRSB& block) {
  Program& program = b_.program();
  switch (block.jumpkind) {
    case Ijk_Call: program.kind = is_call(block, architecture_) ? JumpKind::call : JumpKind::next; break;
    case Ijk_Ret: program.kind = JumpKind::ret; break;
    case Ijk_NoDecode: b_.without_rule(); return;
    case Ijk_Sys_syscall: case Ijk_Sys_int128: case Ijk_Sys_sysenter:
      program.kind = JumpKind::system_call;
      break;
    case Ijk_Boring: program.kind = JumpKind::next; break;
    default: program.kind = JumpKind::other; break;
  }
  if (program.kind == JumpKind::call) {
    program.successors.push_back(next_);
  } else if (block.next->tag == Iex_Const) {
    program.successors.push_back(guest_address(block.next->Iex.Const.con, moved_, architecture_));
  }
  if (block.next->tag != Iex_Const) {
    program.indirect_exit = program.kind != JumpKind::call && program.kind != JumpKind::ret;
    b_.target(expression(block.next));
  }
}

void Walk::instruction(const IRSB& block, Address address, size_t length, Address moved) {
  moved_ = moved;
  block_ = &block;
  address_ = address;
  next_ = address + length;
  temporaries_.assign(static_cast<size_t>(block.tyenv->types_used), Value{});
  unary_.clear();
  b_.program().successors.clear();
  for (Int i = 0; i < block.stmts_used; ++i) statement(*block.stmts[i]);
  leave(block);
}

// --- x86's bit tests --------------------------------------------------------------------------------

// bt, bts, btr and btc on two registers: VEX writes the register below the stack and reads it back, which
// an executor never sees. Returns whether the instruction was one.
bool bit_test(Builder& builder, Architecture architecture, std::span<const uint8_t> bytes) {
  const bool wide = architecture == Architecture::x86_64;
  if (!wide && architecture != Architecture::i386) return false;
  size_t at = 0;
  uint8_t size = 4, rex = 0;
  if (at < bytes.size() && bytes[at] == 0x66) size = 2, ++at;
  if (wide && at < bytes.size() && (bytes[at] & 0xf0) == 0x40) rex = bytes[at++];
  if ((rex & 8) != 0) size = 8;
  if (bytes.size() < at + 3 || bytes[at] != 0x0f || bytes[at + 2] < 0xc0) return false;
  const uint8_t operation = bytes[at + 1];
  if (operation != 0xa3 && operation != 0xab && operation != 0xb3 && operation != 0xbb) return false;
  const uint8_t word = wide ? 8 : 4;
  const size_t base = wide ? offsetof(VexGuestAMD64State, guest_RAX) : offsetof(VexGuestX86State, guest_EAX);
  const size_t flags = wide ? offsetof(VexGuestAMD64State, guest_CC_OP) : offsetof(VexGuestX86State, guest_CC_OP);
  const size_t target = (bytes[at + 2] & 7u) + ((rex & 1) != 0 ? 8u : 0u);
  const size_t index = (bytes[at + 2] >> 3 & 7u) + ((rex & 4) != 0 ? 8u : 0u);
  const Value bits = builder.get(base + target * word, size);
  const Value chosen = builder.get(base + index * word, size);
  const Value both = builder.all(size, {&bits, &chosen});
  // The other flags stay: the new thunk holds what the old one did, and the bit.
  std::vector<Value> old;
  std::vector<const Value*> parts{&both};
  for (size_t i = 0; i < 4; ++i) old.push_back(builder.get(flags + i * word, word));
  for (const Value& one : old) parts.push_back(&one);
  const Value thunk = builder.all(word, parts);
  builder.put(flags, builder.nothing(word));
  builder.put(flags + word, thunk);
  builder.put(flags + 2u * word, builder.nothing(word));
  builder.put(flags + 3u * word, builder.nothing(word));
  if (operation == 0xa3) return true;
  builder.put(base + target * word, both);
  if (wide && size == 4) builder.put(base + target * word + 4, builder.nothing(4));
  return true;
}

// --- the lifter ---------------------------------------------------------------------------------------

class VexLifter : public Lifter {
 public:
  explicit VexLifter(Architecture architecture) : architecture_(architecture), layout_(layout_of(architecture)) {
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
      void* at = mmap(nullptr, kScratch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
      if (at != MAP_FAILED) scratch_ = static_cast<uint8_t*>(at);
    }
    arguments_.chase_into_ok = no_chase;
    arguments_.needs_self_check = no_self_check;
    arguments_.guest_extents = &extents_;
    // Of the back end, which is never run; the front end insists on them.
    arguments_.disp_cp_xassisted = arguments_.disp_cp_xindir = &extents_;
    arguments_.disp_cp_chain_me_to_slowEP = arguments_.disp_cp_chain_me_to_fastEP = &extents_;
  }

  const RegisterLayout& layout() const override { return layout_; }

  Step step(std::span<const uint8_t> bytes, size_t before, Address address, bool thumb) override;

  Program lift(const Code& code) override {
    Builder builder(layout_);
    Walk walk(builder, architecture_);
    size_t offset = code.before;
    Address address = code.address;
    for (size_t i = 0; i < code.lengths.size() && !builder.overflowed(); ++i) {
      builder.begin_instruction(static_cast<uint16_t>(i));
      if (bit_test(builder, architecture_, code.bytes.subspan(offset, code.lengths[i]))) {
        builder.program().successors.assign(1, address + code.lengths[i]);
        builder.program().kind = JumpKind::next;
        offset += code.lengths[i];
        address += code.lengths[i];
        continue;
      }
      const IRSB* block = front_end(code.bytes, offset, address, code.thumb);
      if (block != nullptr) walk.instruction(*block, address, code.lengths[i], moved_);
      else builder.without_rule();
      offset += code.lengths[i];
      address += code.lengths[i];
    }
    return builder.finish();
  }

 private:
  const IRSB* front_end(std::span<const uint8_t> bytes, size_t offset, Address address, bool thumb);
  const IRSB* i386_instruction(const uint8_t* bytes, Address address);

  Architecture architecture_;
  RegisterLayout layout_;
  VexTranslateArgs arguments_;
  VexGuestExtents extents_;
  static constexpr size_t kScratch = 2 * kPageBytes;
  uint8_t* scratch_ = nullptr;  // kScratch bytes; lives as long as the process
  size_t length_ = 0;  // i386: of the instruction
  Address moved_ = 0;  // the instruction's address less the one that VEX was told
};

// Longest instruction that VEX may look at.
constexpr size_t kLongest = 16;

// Null when VEX gives up. `moved_` says where VEX was told that the instruction lies: for Thumb it reads
// what comes before (an IT block?) at the guest's address as if that were the host's, so the bytes are
// shown to it in a page of ours at a 32-bit address.
const IRSB* VexLifter::front_end(std::span<const uint8_t> bytes, size_t offset, Address address, bool thumb) {
  moved_ = 0;
  arguments_.guest_bytes = bytes.data() + offset;
  arguments_.guest_bytes_addr = static_cast<Addr>(address);
  if (thumb) {
    if (scratch_ == nullptr) return nullptr;
    const size_t in_page = address % kPageBytes;
    const size_t before = std::min({offset, in_page, kLookBack});
    const size_t after = std::min(bytes.size() - offset, kLongest);
    std::memset(scratch_, 0, kScratch);
    std::memcpy(scratch_ + in_page - before, bytes.data() + offset - before, before + after);
    arguments_.guest_bytes = scratch_ + in_page + 1;
    arguments_.guest_bytes_addr = reinterpret_cast<Addr>(scratch_) + in_page + 1;
    moved_ = address - (reinterpret_cast<Addr>(scratch_) + in_page);
  }
  VexTranslateResult result;
  VexRegisterUpdates updates;
  if (setjmp(vex_failure) != 0) return nullptr;
  if (architecture_ == Architecture::i386) return i386_instruction(bytes.data() + offset, address);
  return LibVEX_FrontEnd(&arguments_, &result, &updates);
}

const IRSB* VexLifter::i386_instruction(const uint8_t* bytes, Address address) {
  constexpr UInt kContinue = 0x11;  // DisResult::whatNext: goes on behind itself
  vexSetAllocModeTEMP_and_clear();
  IRSB* block = emptyIRSB();
  const DisResult result = disInstr_X86(block, bytes, 0, static_cast<Addr>(address), VexArchX86,
                                        &arguments_.archinfo_guest, &arguments_.abiinfo_both, VexEndnessLE, 0);
  if (result.len == 0) return nullptr;
  length_ = result.len;
  block->jumpkind = Ijk_Boring;
  block->next = IRExpr_Const(IRConst_U32(static_cast<UInt>(address) + result.len));
  if (result.whatNext == kContinue) return block;
  block->jumpkind = result.jk_StopHere;
  constexpr Int kEip = offsetof(VexGuestX86State, guest_EIP);
  for (Int i = 0; i < block->stmts_used; ++i)
    if (block->stmts[i]->tag == Ist_Put && block->stmts[i]->Ist.Put.offset == kEip) block->next = block->stmts[i]->Ist.Put.data;
  return block;
}

Step VexLifter::step(std::span<const uint8_t> bytes, size_t before, Address address, bool thumb) {
  Step step;
  if (bytes.size() <= before) return step;
  std::array<uint8_t, kLookBack + 2 * kLongest> padded{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), padded.size()), padded.begin());
  const IRSB* block = front_end(padded, before, address, thumb);
  if (block == nullptr || block->jumpkind == Ijk_NoDecode) return step;
  if (architecture_ == Architecture::i386) step.length = length_;
  const auto guest = [&](const IRConst* c) { return guest_address(c, moved_, architecture_); };
  for (Int i = 0; i < block->stmts_used; ++i) {
    const IRStmt& s = *block->stmts[i];
    if (s.tag == Ist_IMark) step.length = s.Ist.IMark.len;
    if (s.tag == Ist_Exit && (s.Ist.Exit.jk == Ijk_Boring || s.Ist.Exit.jk == Ijk_Call))
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

std::unique_ptr<Lifter> make_vex_lifter(Architecture architecture) {
  return std::make_unique<VexLifter>(architecture);
}

}  // namespace shikake::taint
