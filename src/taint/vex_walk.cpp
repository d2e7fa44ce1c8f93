// Statements, and how a block is left.
extern "C" {
#include <valgrind/libvex_guest_arm64.h>
}

#include <cstddef>

#include "taint/vex_walk.h"

namespace shikake::taint {

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

Address guest_address(const IRConst* c, Address moved, Architecture architecture) {
  const Address at = number_of(c) + moved;
  return architecture == Architecture::arm ? at & 0xfffffffe : at;
}

bool is_number(const IRConst* c) {
  return c->tag == Ico_U1 || c->tag == Ico_U8 || c->tag == Ico_U16 || c->tag == Ico_U32 || c->tag == Ico_U64;
}

bool is_call(const IRSB& block, Architecture architecture) {
  if (block.jumpkind != Ijk_Call) return false;
  if (architecture != Architecture::aarch64) return true;
  for (Int i = 0; i < block.stmts_used; ++i) {
    const IRStmt& s = *block.stmts[i];
    if (s.tag == Ist_Put && s.Ist.Put.offset == static_cast<Int>(offsetof(VexGuestARM64State, guest_X30))) return true;
  }
  return false;
}

std::optional<uint64_t> known_number(const IRSB& block, const IRExpr* e) {
  if (e->tag == Iex_Const && is_number(e->Iex.Const.con)) return number_of(e->Iex.Const.con);
  if (e->tag == Iex_RdTmp) {
    for (Int i = 0; i < block.stmts_used; ++i)
      if (const IRStmt& s = *block.stmts[i]; s.tag == Ist_WrTmp && s.Ist.WrTmp.tmp == e->Iex.RdTmp.tmp)
        return known_number(block, s.Ist.WrTmp.data);
    return std::nullopt;
  }
  if (e->tag == Iex_Binop) {
    const auto a = known_number(block, e->Iex.Binop.arg1);
    const auto b = a ? known_number(block, e->Iex.Binop.arg2) : std::nullopt;
    if (!b) return std::nullopt;
    switch (e->Iex.Binop.op) {
      case Iop_And32: return *a & *b;
      case Iop_Or32: return *a | *b;
      case Iop_CmpEQ32: return *a == *b;
      case Iop_CmpNE32: return *a != *b;
      default: return std::nullopt;
    }
  }
  if (e->tag != Iex_Unop) return std::nullopt;
  const auto of = known_number(block, e->Iex.Unop.arg);
  if (!of) return std::nullopt;
  switch (e->Iex.Unop.op) {
    case Iop_Not1: return *of ^ 1;
    case Iop_32to1: return *of & 1;
    case Iop_1Uto32: return *of;
    default: return std::nullopt;
  }
}

void Walk::exit(const IRStmt& s) {
  const auto& e = s.Ist.Exit;
  if (!is_jump(e.jk) || known_number(*block_, e.guard) == 0) return;
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
      const auto known = known_number(*block_, g.guard);
      if (known == 0) {
        temporaries_[g.dst] = expression(g.alt);
        break;
      }
      const Value guard = expression(g.guard);
      const Value alternative = expression(g.alt);
      const Value read = loaded(memory, expression(g.addr));
      std::array<Ref, max_lanes> wide{};
      const bool sign = g.cvt == ILGop_16Sto32 || g.cvt == ILGop_8Sto32;
      for (size_t i = 0; i < alternative.lanes; ++i)
        wide[i] = i < read.lanes ? read.lane[i] : sign ? read.lane[read.lanes - 1] : no_place;
      const Value widened = b_.rearranged(alternative.lanes, wide, read);
      temporaries_[g.dst] = known ? widened : b_.elements(alternative.lanes, 1, {&widened, &alternative, &guard});
      break;
    }
    case Ist_StoreG: {
      const IRStoreG& g = *s.Ist.StoreG.details;
      const auto known = known_number(*block_, g.guard);
      if (known == 0) break;
      const Value guard = expression(g.guard);
      const Value data = expression(g.data);
      b_.store(expression(g.addr), known ? data : b_.elements(data.lanes, 1, {&data, &guard}));
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

}  // namespace shikake::taint
