#include "taint/native.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <vector>

#define XBYAK_NO_OP_NAMES
#include <xbyak/xbyak.h>

#include "taint/plan.h"
#include "taint/shadow.h"

namespace shikake::taint {
namespace {

// Some 50,000 hot blocks; only what is used costs memory.
constexpr size_t room_bytes = size_t{32} << 20;
// Longest program: far above what 64 inputs can come to.
constexpr size_t most_bytes = size_t{1} << 18;

constexpr int units_at = offsetof(ThreadState, units);
constexpr int pages_at = offsetof(ThreadState, pages);
constexpr int joins_at = offsetof(ThreadState, joins);
constexpr int values_at = offsetof(ThreadState, values);
constexpr int stored_at = offsetof(ThreadState, stored);
int place(size_t ref) { return static_cast<int>(offsetof(ThreadState, file) + ref * sizeof(Label)); }
int address_of(size_t access) {
  return static_cast<int>(offsetof(ThreadState, accesses) + access * sizeof(Access) + offsetof(Access, address));
}

using namespace Xbyak::util;

// First everything is read and checked, then everything is written; in between, unions. rdi: the state; r9:
// the shadow's filter; r11: spreads a label over four. Each union that is needed has a slot in the state.
class Emitter : public Xbyak::CodeGenerator {
 public:
  Emitter(uint8_t* at, size_t room, const Plan& plan, const Program& program, const Variant& variant,
          const RegisterLayout& layout, const NativeHelpers& helpers, uint32_t& next_join)
      : CodeGenerator(room, at), plan_(plan), program_(program), variant_(variant), layout_(layout), helpers_(helpers),
        next_join_(next_join) {}

  // Unions that were needed; more than the state has places for must not run.
  size_t slots() const { return slots_.size(); }

  void emit() {
    constants();
    for (const Plan::Quad& quad : plan_.quads) check(quad);
    for (const Plan::Load& one : plan_.loads) load(one);
    for (const Plan::Store& one : plan_.stores)
      for (const Inputs inputs : one.lanes) need(inputs);
    for (const Plan::Decision& one : plan_.decisions) need(one.inputs);
    for (const Plan::Written& one : plan_.written)
      for (const auto& inputs : one.lanes) need(inputs.value_or(0));
    for (const Plan::Store& one : plan_.stores) store(one);
    for (const Plan::Decision& one : plan_.decisions) decide(one);
    for (const Plan::Written& one : plan_.written) write(one);
    units();
    mov(eax, 1);
    ret();
    for (size_t n = 0; n < later_.size(); ++n) later_[n]();  // grows while it runs
    L(refuse_);
    xor_(eax, eax);
    ret();
  }

 private:
  void constants() {
    mov(r9, reinterpret_cast<uint64_t>(Shadow::filter.maybe.data()));
    mov(r11, uint64_t{0x0001000100010001});
  }
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
  // rdi and the constants stay; eax has the answer, other registers are lost.
  template <class F>
  void call_helper(F* function) {
    push(rdi);
    mov(rax, reinterpret_cast<uint64_t>(function));
    call(rax);
    pop(rdi);
    constants();
  }

  // --- reading ---------------------------------------------------------------------------------------

  static int slot(size_t number) { return values_at + static_cast<int>(number) * 4; }
  void keep(Inputs inputs, const Xbyak::Reg32& from) {
    const auto [found, is_new] = slots_.try_emplace(inputs, slots_.size());
    (void)is_new;
    mov(dword[rdi + slot(found->second)], from);
  }

  // rax: labels; refuses unless the low `lanes` are one label, and what lies above (of four) is nothing.
  void require_one(size_t lanes, Xbyak::Label& otherwise) {
    switch (lanes) {
      case 1:
        cmp(rax, 0xffff);
        ja(otherwise, T_NEAR);
        return;
      case 2:
        mov(ecx, eax);
        rol(ecx, 16);
        break;
      default:
        mov(rcx, rax);
        rol(rcx, 16);
        break;
    }
    cmp(rax, rcx);
    jne(otherwise, T_NEAR);
    movzx(eax, ax);
  }

  void check(const Plan::Quad& quad) {
    const auto at = qword[rdi + place(quad.first)];
    if (quad.lanes == 0) {
      cmp(at, 0);
      jne(refuse_, T_NEAR);
      return;
    }
    mov(rax, at);
    if (quad.as_before) {
      cmp(rax, qword[rdi + place(quad.first - quad_lanes)]);
      jne(refuse_, T_NEAR);
      return;
    }
    require_one(quad.lanes, refuse_);
    keep(Inputs{1} << quad.input, eax);
  }

  // The page of an access: rax the address, rdx the page's labels.
  void page(size_t access, Xbyak::Label& miss) {
    mov(rax, qword[rdi + address_of(access)]);
    mov(rcx, rax);
    shr(rcx, page_bits);
    movzx(edx, cl);
    static_assert(cached_pages == 256 && sizeof(CachedPage) == 16);
    shl(edx, 4);
    cmp(qword[rdi + rdx + pages_at], rcx);
    jne(miss, T_NEAR);
    mov(rdx, qword[rdi + rdx + pages_at + 8]);
  }
  // eax: the offset in the page; runs that leave the page go elsewhere.
  void in_page(size_t lanes, Xbyak::Label& otherwise) {
    and_(eax, static_cast<uint32_t>(page_bytes - 1));
    if (lanes == 1) return;
    cmp(eax, static_cast<uint32_t>(page_bytes - lanes));
    ja(otherwise, T_NEAR);
  }
  void granule_entry() {
    mov(rcx, rax);
    shr(rcx, granule_bits);
    and_(ecx, static_cast<uint32_t>(filter_size - 1));
  }

  void load(const Plan::Load& load) {
    const size_t lanes = load.lanes;
    for (const uint16_t store : load.apart) {
      const int size = program_.memory[load.access].size, other = program_.memory[store].size;
      mov(rax, qword[rdi + address_of(load.access)]);
      sub(rax, qword[rdi + address_of(store)]);
      add(rax, size - 1);
      cmp(rax, size + other - 1);
      jb(refuse_, T_NEAR);
    }
    Xbyak::Label& have = label();
    Xbyak::Label& slow = later([=, this, &have] {
      mov(esi, load.access);
      mov(edx, load.lanes);
      call_helper(helpers_.load);
      cmp(eax, no_label);
      je(refuse_, T_NEAR);
      jmp(have, T_NEAR);
    });
    Xbyak::Label& miss = later([=, this, &have, &slow] {
      granule_entry();
      cmp(byte[r9 + rcx], 0);
      jne(slow, T_NEAR);
      xor_(eax, eax);
      jmp(have, T_NEAR);
    });
    page(load.access, miss);
    in_page(lanes, slow);
    lea(rdx, ptr[rdx + rax * 2]);
    if (lanes == 1) movzx(eax, word[rdx]);
    else if (lanes == 2) mov(eax, dword[rdx]);
    else mov(rax, qword[rdx]);
    for (size_t n = quad_lanes; n < lanes; n += quad_lanes) {
      cmp(rax, qword[rdx + static_cast<int>(2 * n)]);
      jne(refuse_, T_NEAR);
    }
    if (lanes > 1) require_one(lanes, refuse_);
    L(have);
    keep(Inputs{1} << load.input, eax);
  }

  // --- unions ----------------------------------------------------------------------------------------

  // Makes the union, from the largest part of it that is there.
  void need(Inputs inputs) {
    if (inputs == 0 || slots_.contains(inputs)) return;
    Inputs done = 0;
    for (const auto& [known, unused] : slots_)
      if ((known & ~inputs) == 0 && std::popcount(known) > std::popcount(done)) done = known;
    mov(eax, dword[rdi + slot(slots_.at(done))]);
    for (Inputs left = inputs & ~done; left != 0; left &= left - 1) {
      const Inputs next = left & ~(left - 1);
      mov(ecx, dword[rdi + slot(slots_.at(next))]);
      join();
      done |= next;
      keep(done, eax);
    }
  }

  // eax = eax ∪ ecx.
  void join() {
    const uint32_t site = next_join_++ % kept_joins;
    const int at = joins_at + static_cast<int>(site * sizeof(KeptJoin));
    Xbyak::Label& done = label();
    Xbyak::Label& second = later([=, this, &done] {
      mov(eax, ecx);
      jmp(done, T_NEAR);
    });
    Xbyak::Label& slow = later([=, this, &done] {
      mov(esi, eax);
      mov(edx, ecx);
      mov(ecx, site);
      call_helper(helpers_.join);
      jmp(done, T_NEAR);
    });
    cmp(eax, ecx);
    je(done);
    test(ecx, ecx);
    jz(done);
    test(eax, eax);
    jz(second, T_NEAR);
    mov(edx, ecx);
    shl(edx, 16);
    or_(edx, eax);
    cmp(edx, dword[rdi + at]);
    jne(slow, T_NEAR);
    mov(eax, dword[rdi + at + 4]);
    L(done);
  }

  // --- writing ---------------------------------------------------------------------------------------

  // to = the labels of up to four places; rcx is lost.
  void gather(const Xbyak::Reg64& to, const std::vector<Inputs>& lanes) {
    const bool same = std::all_of(lanes.begin(), lanes.end(), [&](Inputs i) { return i == lanes[0]; });
    if (same && lanes[0] == 0) {
      xor_(to.cvt32(), to.cvt32());
    } else if (same) {
      mov(to.cvt32(), dword[rdi + slot(slots_.at(lanes[0]))]);
      if (lanes.size() > 1) imul(to, r11);
    } else {
      xor_(to.cvt32(), to.cvt32());
      for (size_t k = 0; k < lanes.size(); ++k) {
        if (lanes[k] == 0) continue;
        mov(ecx, dword[rdi + slot(slots_.at(lanes[k]))]);
        if (k != 0) shl(rcx, static_cast<int>(16 * k));
        or_(to, rcx);
      }
    }
  }
  static std::vector<Inputs> four(const std::vector<Inputs>& lanes, size_t from) {
    const auto first = lanes.begin() + static_cast<std::ptrdiff_t>(from);
    return {first, first + static_cast<std::ptrdiff_t>(std::min(quad_lanes, lanes.size() - from))};
  }
  void put(const Xbyak::RegExp& at, const Xbyak::Reg64& from, size_t lanes) {
    size_t done = 0;
    for (const size_t part : {size_t{4}, size_t{2}, size_t{1}}) {
      if (lanes - done < part) continue;
      if (done != 0) shr(from, 32);  // three labels: two, then one
      if (part == 4) mov(qword[at], from);
      else if (part == 2) mov(dword[at + 2 * done], from.cvt32());
      else mov(word[at + 2 * done], from.cvt16());
      done += part;
    }
  }

  // eax: 0 when all of them are nothing.
  void any_of(std::vector<Inputs> all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::erase(all, Inputs{0});
    xor_(ecx, ecx);
    for (const Inputs inputs : all) or_(ecx, dword[rdi + slot(slots_.at(inputs))]);
    test(ecx, ecx);
  }

  void store(const Plan::Store& store) {
    const size_t lanes = store.lanes.size();
    Xbyak::Label& done = label();
    const bool clean = std::all_of(store.lanes.begin(), store.lanes.end(), [](Inputs i) { return i == 0; });
    Xbyak::Label& slow = later([=, this, &done] {
      for (size_t n = 0; n < lanes; n += quad_lanes) {
        const auto part = four(store.lanes, n);
        gather(r10, part);
        put(rdi + stored_at + 2 * n, r10, part.size());
      }
      mov(esi, store.access);
      mov(edx, static_cast<uint32_t>(lanes));
      call_helper(helpers_.store);
      jmp(done, T_NEAR);
    });
    Xbyak::Label& miss = later([=, this, &done, &slow] {
      if (!clean) {
        any_of(store.lanes);
        jnz(slow, T_NEAR);
      }
      granule_entry();
      cmp(byte[r9 + rcx], 0);
      jne(slow, T_NEAR);
      jmp(done, T_NEAR);
    });
    page(store.access, miss);
    if (!clean) {
      Xbyak::Label& known = label();
      any_of(store.lanes);
      jz(known);
      granule_entry();
      test(byte[r9 + rcx], ShadowFilter::here);
      jz(slow, T_NEAR);
      if (lanes > 1) {
        mov(ecx, eax);
        and_(ecx, static_cast<uint32_t>(granule_bytes - 1));
        cmp(ecx, static_cast<uint32_t>(granule_bytes - lanes));
        ja(slow, T_NEAR);
      }
      L(known);
    }
    in_page(lanes, slow);
    lea(rdx, ptr[rdx + rax * 2]);
    for (size_t n = 0; n < lanes; n += quad_lanes) {
      const auto part = four(store.lanes, n);
      gather(r10, part);
      put(rdx + 2 * n, r10, part.size());
    }
    L(done);
  }

  void decide(const Plan::Decision& decision) {
    if (decision.inputs == 0) return;
    Xbyak::Label& done = label();
    Xbyak::Label& labelled = later([=, this, &done] {
      mov(edx, eax);
      mov(esi, decision.rule->b);
      call_helper(helpers_.decide);
      jmp(done, T_NEAR);
    });
    mov(eax, dword[rdi + slot(slots_.at(decision.inputs))]);
    test(eax, eax);
    jnz(labelled, T_NEAR);
    L(done);
  }

  void write(const Plan::Written& written) {
    std::vector<Inputs> lanes;
    for (size_t k = 0; k < quad_lanes; ++k) {
      if (written.whole) {
        lanes.push_back(*written.lanes[k]);
      } else if (written.lanes[k]) {
        gather(rax, {*written.lanes[k]});
        mov(word[rdi + place(written.first + k)], ax);
      }
    }
    if (!written.whole) return;
    gather(rax, lanes);
    mov(qword[rdi + place(written.first)], rax);
  }

  // Which registers hold labels now.
  void units() {
    mov(r8, qword[rdi + units_at]);
    mov(rax, ~variant_.writes);
    and_(r8, rax);
    for (Units left = variant_.writes; left != 0; left &= left - 1) {
      const auto unit = static_cast<size_t>(std::countr_zero(left));
      const auto& extent = layout_.extent[unit];
      std::vector<Inputs> all;
      for (const Plan::Written& one : plan_.written)
        if (one.whole && layout_.unit[one.first - first_register] == unit)
          for (const auto& inputs : one.lanes) all.push_back(*inputs);
      if (all.size() < extent.bytes) {  // the rest is as it was
        xor_(ecx, ecx);
        for (size_t n = 0; n < extent.bytes; n += quad_lanes)
          or_(rcx, qword[rdi + place(first_register + extent.first + n)]);
        test(rcx, rcx);
      } else if (std::all_of(all.begin(), all.end(), [](Inputs i) { return i == 0; })) {
        continue;
      } else {
        any_of(all);
      }
      mov(ecx, 0);
      setnz(cl);
      if (unit != 0) shl(rcx, static_cast<int>(unit));
      or_(r8, rcx);
    }
    mov(qword[rdi + units_at], r8);
  }

  const Plan& plan_;
  const Program& program_;
  const Variant& variant_;
  const RegisterLayout& layout_;
  const NativeHelpers& helpers_;
  uint32_t& next_join_;
  std::map<Inputs, size_t> slots_;
  std::deque<Xbyak::Label> labels_;
  std::deque<std::function<void()>> later_;
  Xbyak::Label refuse_;
};

}  // namespace

NativeCode::NativeCode() {
  void* at = mmap(nullptr, room_bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
  if (at != MAP_FAILED) room_ = static_cast<uint8_t*>(at);
}

NativeCode::~NativeCode() {
  if (room_ != nullptr) munmap(room_, room_bytes);
}

NativeRun NativeCode::compile(const Program& program, const Variant& variant, const RegisterLayout& layout,
                              const ThreadState& state, const NativeHelpers& helpers) {
  if (room_ == nullptr || room_bytes - used_ < most_bytes) return nullptr;
  const std::optional<Plan> made = plan(program, variant, layout, state);
  if (!made) return nullptr;
  try {
    uint8_t* const start = room_ + used_;
    Emitter emitter(start, most_bytes, *made, program, variant, layout, helpers, next_join_);
    emitter.emit();
    if (emitter.slots() > kept_values) return nullptr;
    used_ += (emitter.getSize() + 63) / 64 * 64;
    return reinterpret_cast<NativeRun>(start);
  } catch (const std::exception&) {  // longer than any program should be: it stays with the interpreter
    return nullptr;
  }
}

}  // namespace shikake::taint
