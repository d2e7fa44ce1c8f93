// One instruction's VEX statements (libvex_ir.h in Debian's valgrind package says what each means) turned
// into rules. Parted by kind: vex_walk.cpp statements, vex_expression.cpp what computes labels from labels,
// vex_helper.cpp calls of VEX's helpers and what touches several places, vex_layout.cpp registers.
#pragma once

extern "C" {
#include <valgrind/libvex.h>
}

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "taint/builder.h"
#include "taint/lift.h"
#include "taint/vex_operation.h"

namespace shikake::taint {

uint64_t number_of(const IRConst* c);
bool is_number(const IRConst* c);
// A jump's target where the guest has it.
Address guest_address(const IRConst* c, Address moved, Architecture architecture);
// VEX calls AArch64's plain branch a call too: a call sets the link register.
bool is_call(const IRSB& block, Architecture architecture);
// A number that is known without running anything: VEX guards each Thumb instruction as if it were in an IT
// block, with a constant where it is in none.
std::optional<uint64_t> known_number(const IRSB& block, const IRExpr* e);
// Bytes of a value; a truth value has one.
uint8_t lanes_of(IRType type);

RegisterLayout vex_layout(Architecture architecture);

// What is known of an operation.
struct Operation {
  Movement_of movement;
  uint8_t lanes = 0;  // of the result
};
const Operation& operation(IROp op);
// VEX's printing goes here, and nowhere while it is null.
extern std::string* captured_text;

// bt, bts, btr and btc on two registers: VEX writes the register below the stack and reads it back, which
// an executor never sees. Returns whether the instruction was one.
bool bit_test(Builder& builder, Architecture architecture, std::span<const uint8_t> bytes);

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
  Value move(const Operation& o, const std::vector<Value>& v);
  Value sum(IROp op, uint8_t lanes, const std::vector<Value>& v);
  Value resize_elements(const Operation& o, const std::vector<Value>& v);
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

}  // namespace shikake::taint
