#include "taint/native_rules.h"

#include <algorithm>
#include <bit>

namespace shikake::taint {

using namespace Xbyak::util;

// to = four labels; rcx is lost.
void RuleEmitter::gather(const Xbyak::Reg64& to, const Quad& quad) {
  if (std::all_of(quad.begin(), quad.end(), [&](Inputs i) { return i == quad[0]; }) && quad[0] != 0) {
    mov(to.cvt32(), dword[rdi + slot(slots_.at(quad[0]))]);
    imul(to, r11);
    return;
  }
  xor_(to.cvt32(), to.cvt32());
  for (size_t k = 0; k < quad_lanes; ++k) {
    if (quad[k] == 0) continue;
    mov(ecx, dword[rdi + slot(slots_.at(quad[k]))]);
    if (k != 0) shl(rcx, static_cast<int>(16 * k));
    or_(to, rcx);
  }
}

void RuleEmitter::put(const Xbyak::RegExp& at, const Xbyak::Reg64& from, size_t lanes) {
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

void RuleEmitter::put(const Xbyak::RegExp& at, const Plan::Store& store) {
  for (size_t n = 0; n < store.lanes.size(); n += quad_lanes) {
    mov(r10, kept(quad_of(store, n)));
    put(at + 2 * n, r10, std::min(quad_lanes, store.lanes.size() - n));
  }
}

// Whether one of what is stored is something.
void RuleEmitter::any_of(const Plan::Store& store) {
  mov(rcx, kept(quad_of(store, 0)));
  for (size_t n = quad_lanes; n < store.lanes.size(); n += quad_lanes) or_(rcx, kept(quad_of(store, n)));
  test(rcx, rcx);
}

void RuleEmitter::store(const Plan::Store& store) {
  const size_t lanes = store.lanes.size();
  Xbyak::Label& done = label();
  const bool clean = std::all_of(store.lanes.begin(), store.lanes.end(), [](Inputs i) { return i == 0; });
  Xbyak::Label& slow = later([=, this, &done] {
    put(rdi + state_at::stored, store);
    mov(esi, store.access);
    mov(edx, static_cast<uint32_t>(lanes));
    call_helper(source_.helpers.store);
    jmp(done, T_NEAR);
  });
  Xbyak::Label& miss = later([=, this, &done, &slow] {
    if (!clean) {
      any_of(store);
      jnz(slow, T_NEAR);
    }
    cmp(granule(), 0);
    jne(slow, T_NEAR);
    jmp(done, T_NEAR);
  });
  page(store.access, lanes, miss);
  if (!clean) {
    Xbyak::Label& known = label();
    any_of(store);
    jz(known);
    test(granule(), ShadowFilter::here);
    jz(slow, T_NEAR);
    if (lanes > 1) {
      mov(ecx, eax);
      and_(ecx, static_cast<uint32_t>(granule_bytes - 1));
      cmp(ecx, static_cast<uint32_t>(granule_bytes - lanes));
      ja(slow, T_NEAR);
    }
    L(known);
  }
  lea(rdx, ptr[rdx + rax * 2]);
  put(rdx, store);
  L(done);
}

bool RuleEmitter::is_pair(size_t number) const {
  if (number + 1 >= plan_.written.size()) return false;
  const Plan::Written &one = plan_.written[number], &other = plan_.written[number + 1];
  return one.whole && other.whole && other.first == one.first + quad_lanes;
}

std::pair<Quad, Quad> RuleEmitter::pair_of(size_t number) const {
  return {quad_of(plan_.written[number]), quad_of(plan_.written[number + 1])};
}

Xbyak::RegExp RuleEmitter::pair_word(const std::pair<Quad, Quad>& pair) {
  const size_t number = words_.size() + 1 + plan_.decisions.size() + 2 * pairs_.at(pair);
  return rsi + static_cast<int>((first_word_ + number) * sizeof(uint64_t));
}

void RuleEmitter::keep_pair(const std::pair<Quad, Quad>& pair) {
  const Inputs first = pair.first[0];
  const auto alike = [&](const Quad& quad) { return std::ranges::all_of(quad, [&](Inputs i) { return i == first; }); };
  if (alike(pair.first) && alike(pair.second)) {
    movd(xmm0, slot_of(first));
    pshuflw(xmm0, xmm0, 0);
    punpcklqdq(xmm0, xmm0);
    movups(xword[pair_word(pair)], xmm0);
    return;
  }
  gather(rax, pair.first);
  mov(qword[pair_word(pair)], rax);
  gather(rax, pair.second);
  mov(qword[pair_word(pair) + 8], rax);
}

void RuleEmitter::write_registers() {
  for (size_t n = 0; n < plan_.written.size(); ++n) {
    if (!is_pair(n)) {
      write(plan_.written[n]);
      continue;
    }
    const auto to = xword[rdi + state_at::place(plan_.written[n].first)];
    const auto pair = pair_of(n++);
    if (pair == std::pair<Quad, Quad>{}) xorps(xmm0, xmm0);
    else movups(xmm0, xword[pair_word(pair)]);
    movups(to, xmm0);
  }
}

void RuleEmitter::write(const Plan::Written& written) {
  if (written.whole) {
    mov(rax, kept(quad_of(written)));
    mov(qword[rdi + state_at::place(written.first)], rax);
    return;
  }
  for (size_t k = 0; k < quad_lanes; ++k) {
    if (!written.lanes[k]) continue;
    mov(rax, kept(quad_of(*written.lanes[k])));
    mov(word[rdi + state_at::place(written.first + k)], ax);
  }
}

// --- which registers hold labels now ---------------------------------------------------------------

// Which inputs become the unit's labels; nothing where some of it stays as it was.
std::optional<Inputs> RuleEmitter::becomes(size_t unit) const {
  Inputs all = 0;
  size_t lanes = 0;
  for (const Plan::Written& one : plan_.written) {
    if (!one.whole || layout_.unit[one.first - first_register] != unit) continue;
    lanes += quad_lanes;
    for (const auto& inputs : one.lanes) all |= *inputs;
  }
  if (lanes < layout_.extent[unit].bytes) return std::nullopt;
  return all;
}

template <class F>
void RuleEmitter::each_written_unit(const F& visit) {
  for (Units left = variant_.writes; left != 0; left &= left - 1) visit(static_cast<size_t>(std::countr_zero(left)));
}

// r8 has the unit's bit if rcx is not 0.
void RuleEmitter::take_unit(size_t unit) {
  test(rcx, rcx);
  mov(ecx, 0);
  setnz(cl);
  if (unit != 0) shl(rcx, static_cast<int>(unit));
  or_(r8, rcx);
}

void RuleEmitter::keep_units() {
  xor_(r8d, r8d);
  each_written_unit([&](size_t unit) {
    const auto inputs = becomes(unit);
    if (!inputs || *inputs == 0) return;
    xor_(ecx, ecx);
    for (Inputs left = *inputs; left != 0; left &= left - 1) or_(ecx, slot_of(left & ~(left - 1)));
    take_unit(unit);
  });
  mov(units_word(), r8);
}

void RuleEmitter::units() {
  mov(r8, qword[rdi + state_at::units]);
  and_number(r8, ~variant_.writes, rax);
  or_(r8, units_word());
  each_written_unit([&](size_t unit) {
    if (becomes(unit)) return;
    const auto& extent = layout_.extent[unit];
    xor_(ecx, ecx);
    for (size_t n = 0; n < extent.bytes; n += quad_lanes)
      or_(rcx, qword[rdi + state_at::place(first_register + extent.first + n)]);
    take_unit(unit);
  });
  mov(qword[rdi + state_at::units], r8);
}

}  // namespace shikake::taint
