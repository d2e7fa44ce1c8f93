// What all machine code of ours is written with: the state's places, code out of line, calls, shadow pages.
//
// rdi: the state; rsi: the thread's words; r9: the shadow's filter; r11: spreads a label over four. Others are free.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#define XBYAK_NO_OP_NAMES
#include <xbyak/xbyak.h>

#include "taint/engine.h"
#include "taint/native.h"
#include "taint/plan.h"

namespace shikake::taint {

namespace state_at {
constexpr int units = offsetof(ThreadState, units);
constexpr int touched = offsetof(ThreadState, touched);
constexpr int attention = offsetof(ThreadState, attention);
constexpr int count = offsetof(ThreadState, count);
constexpr int block = offsetof(ThreadState, block);
constexpr int top = offsetof(ThreadState, top);
constexpr int next = offsetof(ThreadState, next);
constexpr int depth = offsetof(ThreadState, depth);
constexpr int late = offsetof(ThreadState, late);
constexpr int entering = offsetof(ThreadState, entering);
constexpr int words = offsetof(ThreadState, words);
constexpr int last_region = offsetof(ThreadState, last_region);
constexpr int pages = offsetof(ThreadState, pages);
constexpr int open_sites = offsetof(ThreadState, open_sites);
constexpr int joins = offsetof(ThreadState, joins);
constexpr int values = offsetof(ThreadState, values);
constexpr int stored = offsetof(ThreadState, stored);
inline int place(size_t ref) { return static_cast<int>(offsetof(ThreadState, file) + ref * sizeof(Label)); }
inline int address(size_t access) {
  return static_cast<int>(offsetof(ThreadState, accesses) + access * sizeof(Access) + offsetof(Access, address));
}
}  // namespace state_at

class Emitter : public Xbyak::CodeGenerator {
 protected:
  Emitter(uint8_t* at, size_t room, const NativeSource& source)
      : CodeGenerator(room, at), source_(source), program_(source.program) {}

  Xbyak::Label& label() { return labels_.emplace_back(); }
  // Code out of line.
  Xbyak::Label& later(std::function<void()> body) {
    Xbyak::Label& from = label();
    later_.push_back([this, &from, body = std::move(body)] {
      L(from);
      body();
    });
    return from;
  }
  void emit_later() {
    for (size_t n = 0; n < later_.size(); ++n) later_[n]();  // grows while it runs
  }

  void constants() {
    mov(r9, reinterpret_cast<uint64_t>(Shadow::filter.maybe.data()));
    mov(r11, uint64_t{0x0001000100010001});
    mov(rsi, qword[rdi + state_at::words]);
  }
  // rdi and the constants stay; eax has the answer, other registers are lost.
  template <class F>
  void call_helper(F* function) {
    push(rdi);
    mov(rax, reinterpret_cast<uint64_t>(function));
    call(rax);
    pop(rdi);
    constants();
  }
  // Compares with a number of 64 bits; `free` is lost.
  void compare_number(const Xbyak::Reg64& with, uint64_t number, const Xbyak::Reg64& free) {
    if (number <= INT32_MAX) {
      cmp(with, static_cast<uint32_t>(number));
    } else {
      mov(free, number);
      cmp(with, free);
    }
  }

  // --- shadow pages ------------------------------------------------------------------------------------

  // The page of an access: rax the address, rdx the page's labels.
  void page(size_t access, Xbyak::Label& miss) {
    mov(rax, qword[rdi + state_at::address(access)]);
    mov(rcx, rax);
    shr(rcx, page_bits);
    movzx(edx, cl);
    static_assert(cached_pages == 256 && sizeof(CachedPage) == 16);
    shl(edx, 4);
    cmp(qword[rdi + rdx + state_at::pages], rcx);
    jne(miss, T_NEAR);
    mov(rdx, qword[rdi + rdx + state_at::pages + 8]);
  }
  // eax: the offset in the page; runs that leave the page go elsewhere.
  void in_page(size_t lanes, Xbyak::Label& otherwise) {
    and_(eax, static_cast<uint32_t>(page_bytes - 1));
    if (lanes == 1) return;
    cmp(eax, static_cast<uint32_t>(page_bytes - lanes));
    ja(otherwise, T_NEAR);
  }
  // rcx: the filter's entry for the address in rax.
  void granule_entry() {
    mov(rcx, rax);
    shr(rcx, granule_bits);
    and_(ecx, static_cast<uint32_t>(filter_size - 1));
  }
  // An access whose page is not at hand: where the filter says that it meets no label, eax is none.
  void no_page(Xbyak::Label& none, Xbyak::Label& otherwise) {
    granule_entry();
    cmp(byte[r9 + rcx], 0);
    jne(otherwise, T_NEAR);
    xor_(eax, eax);
    jmp(none, T_NEAR);
  }

  // --- labels' summaries (LabelSummary) ------------------------------------------------------------------

  // r10d, r8d: the summaries of the labels in `a` and `b`; goes elsewhere unless both are of the one same source.
  void summaries(const Xbyak::Reg64& a, const Xbyak::Reg64& b, Xbyak::Label& otherwise) {
    static_assert(sizeof(LabelSummary) == 4 && offsetof(LabelSummary, source) == 0 &&
                  offsetof(LabelSummary, kinds) == 2 && offsetof(LabelSummary, whole) == 3);
    mov(r8, reinterpret_cast<uint64_t>(source_.labels.summaries));
    mov(r10d, dword[r8 + a * 4]);
    mov(r8d, dword[r8 + b * 4]);
    cmp(r8w, r10w);
    jne(otherwise, T_NEAR);
    test(r8w, r8w);
    jz(otherwise, T_NEAR);
  }
  // Zero: the label whose summary is `all` contains that of `part` (LabelSummary::contains). `free` is lost.
  void contains(const Xbyak::Reg32& all, const Xbyak::Reg32& part, const Xbyak::Reg32& free) {
    constexpr uint32_t kinds = 0xff0000;
    mov(free, all);
    shr(free, 8);  // `whole` at the place of `kinds`
    not_(free);
    and_(free, part);
    test(free, kinds);
  }

  const NativeSource& source_;
  const Program& program_;

 private:
  std::deque<Xbyak::Label> labels_;
  std::deque<std::function<void()>> later_;
};

}  // namespace shikake::taint
