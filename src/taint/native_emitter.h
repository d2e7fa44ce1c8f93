// What all machine code of ours is written with: the state's places, code out of line, calls, shadow pages.
//
// rdi: the state; rsi: the thread's words. Others are free.
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
constexpr int meets = offsetof(ThreadState, meets);
constexpr int made = offsetof(ThreadState, made);
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

  void words() { mov(rsi, qword[rdi + state_at::words]); }
  // rdi and rsi stay; eax has the answer, other registers are lost.
  template <class F>
  void call_helper(F* function) {
    push(rdi);
    mov(rax, reinterpret_cast<uint64_t>(function));
    call(rax);
    pop(rdi);
    words();
  }
  static bool is_short(uint64_t number) { return static_cast<uint64_t>(static_cast<int32_t>(number)) == number; }
  void and_number(const Xbyak::Reg64& with, uint64_t number, const Xbyak::Reg64& free) {
    if (is_short(number)) return and_(with, static_cast<uint32_t>(number));
    mov(free, number);
    and_(with, free);
  }
  void or_number(const Xbyak::Reg64& with, uint64_t number, const Xbyak::Reg64& free) {
    if (is_short(number)) return or_(with, static_cast<uint32_t>(number));
    mov(free, number);
    or_(with, free);
  }
  // Compares with a number of 64 bits; `free` is lost.
  void compare_number(const Xbyak::Reg64& with, uint64_t number, const Xbyak::Reg64& free) {
    if (is_short(number)) return cmp(with, static_cast<uint32_t>(number));
    mov(free, number);
    cmp(with, free);
  }

  // --- shadow pages ------------------------------------------------------------------------------------

  // Where an access has its labels: at rdx + 2 rax, where rax is the address. A run that leaves its page misses, as one
  // whose page is not at hand does.
  void page(size_t access, size_t lanes, Xbyak::Label& miss) {
    mov(rax, qword[rdi + state_at::address(access)]);
    static_assert(cached_pages == 256 && sizeof(CachedPage) == 16);
    mov(edx, eax);
    shr(edx, page_bits - 4);
    and_(edx, (cached_pages - 1) * sizeof(CachedPage));
    if (lanes == 1) mov(rcx, rax);
    else lea(rcx, ptr[rax + (lanes - 1)]);
    and_(rcx, static_cast<uint32_t>(~(page_bytes - 1)));
    cmp(rcx, qword[rdi + rdx + state_at::pages]);
    jne(miss, T_NEAR);
    mov(rdx, qword[rdi + rdx + state_at::pages + 8]);
  }
  // The filter's entry for the address in rax; rcx and r9 are lost.
  Xbyak::Address granule() {
    mov(rcx, rax);
    shr(rcx, granule_bits);
    and_(ecx, static_cast<uint32_t>(filter_size - 1));
    mov(r9, reinterpret_cast<uint64_t>(Shadow::filter.maybe.data()));
    return byte[r9 + rcx];
  }
  // An access whose page is not at hand: where the filter says that it meets no label, eax is none.
  void no_page(Xbyak::Label& none, Xbyak::Label& otherwise) {
    cmp(granule(), 0);
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
