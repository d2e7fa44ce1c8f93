#include "taint/native_rules.h"

#include <algorithm>
#include <bit>

namespace shikake::taint {

using namespace Xbyak::util;

void RuleEmitter::emit() {
  name_words();
  Emitter::words();
  for (const Plan::Load& one : plan_.loads) check_apart(one);
  for (const Plan::Quad& quad : plan_.quads) compare(quad);
  for (const Plan::Load& one : plan_.loads) compare(one);
  L(write_);
  for (const Plan::Store& one : plan_.stores) store(one);
  write_registers();
  units();
  // A jump may end regions, which then put labels on what was written.
  for (size_t n = 0; n < plan_.decisions.size(); ++n) {
    if (plan_.decisions[n].inputs == 0) continue;
    mov(rax, decision_word(n));
    decide(plan_.decisions[n].rule->b);
  }
  leave();
  L(anew_);
  for (const Plan::Quad& quad : plan_.quads) check(quad);
  for (const Plan::Load& one : plan_.loads) load(one);
  keep_words();
  jmp(write_, T_NEAR);
  emit_later();
  emit_refusal(variant_.machine_code);
}

// --- words -------------------------------------------------------------------------------------------------------

Quad RuleEmitter::quad_of(size_t lanes, uint8_t input) {
  Quad quad{};
  std::fill_n(quad.begin(), std::min(lanes, quad_lanes), Inputs{1} << input);
  return quad;
}

Quad RuleEmitter::quad_of(const Plan::Store& store, size_t from) {
  Quad quad{};
  for (size_t k = 0; k < quad_lanes && from + k < store.lanes.size(); ++k) quad[k] = store.lanes[from + k];
  return quad;
}

Quad RuleEmitter::quad_of(const Plan::Written& written) {
  Quad quad{};
  for (size_t k = 0; k < quad_lanes; ++k) quad[k] = *written.lanes[k];
  return quad;
}

void RuleEmitter::name_words() {
  const auto name = [&](const Quad& quad) { words_.try_emplace(quad, words_.size()); };
  for (const Plan::Quad& one : plan_.quads)
    if (one.lanes != 0) name(quad_of(one.lanes, one.input));
  for (const Plan::Load& one : plan_.loads) name(quad_of(one.lanes, one.input));
  for (const Plan::Store& one : plan_.stores)
    for (size_t n = 0; n < one.lanes.size(); n += quad_lanes) name(quad_of(one, n));
  for (size_t n = 0; n < plan_.written.size(); ++n) {
    const Plan::Written& one = plan_.written[n];
    if (is_pair(n)) {
      const auto pair = pair_of(n++);
      if (pair != std::pair<Quad, Quad>{}) pairs_.try_emplace(pair, pairs_.size());
    } else if (one.whole) {
      name(quad_of(one));
    } else {
      for (const auto& inputs : one.lanes)
        if (inputs) name(quad_of(*inputs));
    }
  }
}

void RuleEmitter::keep_words() {
  for (const auto& [quad, unused] : words_)
    for (const Inputs inputs : quad) need(inputs);
  for (const auto& [pair, unused] : pairs_)
    for (const Quad& quad : {pair.first, pair.second})
      for (const Inputs inputs : quad) need(inputs);
  mov(r11, uint64_t{0x0001000100010001});  // spreads a label over four
  for (const auto& [quad, number] : words_) {
    gather(rax, quad);
    mov(kept(number), rax);
  }
  for (const auto& [pair, unused] : pairs_) keep_pair(pair);
  keep_units();
  for (size_t n = 0; n < plan_.decisions.size(); ++n) keep_decision(n);
}

// --- reading -----------------------------------------------------------------------------------------------------

void RuleEmitter::keep(Inputs inputs, const Xbyak::Reg32& from) {
  const auto [found, is_new] = slots_.try_emplace(inputs, slots_.size());
  (void)is_new;
  mov(dword[rdi + slot(found->second)], from);
}

// rax: labels; refuses unless the low `lanes` are one label, and what lies above (of four) is nothing.
void RuleEmitter::require_one(size_t lanes, Xbyak::Label& otherwise) {
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

void RuleEmitter::check(const Plan::Quad& quad) {
  const auto at = qword[rdi + state_at::place(quad.first)];
  if (quad.lanes == 0) {
    cmp(at, 0);
    jne(refuse(), T_NEAR);
    return;
  }
  mov(rax, at);
  if (quad.as_before) {
    cmp(rax, qword[rdi + state_at::place(quad.first - quad_lanes)]);
    jne(refuse(), T_NEAR);
    return;
  }
  require_one(quad.lanes, refuse());
  keep(Inputs{1} << quad.input, eax);
}

// The page of an access: rax the address, rdx the page's labels.
void RuleEmitter::compare(const Plan::Quad& quad) {
  const auto at = qword[rdi + state_at::place(quad.first)];
  if (quad.lanes == 0) {
    cmp(at, 0);
  } else {
    mov(rax, at);
    cmp(rax, kept(quad_of(quad.lanes, quad.input)));
  }
  jne(anew_, T_NEAR);
}

void RuleEmitter::compare(const Plan::Load& load) {
  const size_t lanes = load.lanes;
  Xbyak::Label& have = label();
  Xbyak::Label& miss = later([=, this, &have] { no_page(have, anew_); });
  page(load.access, lanes, miss);
  read_labels(lanes, anew_);
  L(have);
  cmp(rax, kept(quad_of(lanes, load.input)));
  jne(anew_, T_NEAR);
}

// rax: the first labels, up to four, of those from rdx + 2 rax on. The fours behind them must be the same.
void RuleEmitter::read_labels(size_t lanes, Xbyak::Label& otherwise) {
  if (lanes > quad_lanes) {
    lea(rdx, ptr[rdx + rax * 2]);
    mov(rax, qword[rdx]);
  } else if (lanes == 1) {
    movzx(eax, word[rdx + rax * 2]);
  } else if (lanes == 2) {
    mov(eax, dword[rdx + rax * 2]);
  } else {
    mov(rax, qword[rdx + rax * 2]);
  }
  for (size_t n = quad_lanes; n < lanes; n += quad_lanes) {
    cmp(rax, qword[rdx + static_cast<int>(2 * n)]);
    jne(otherwise, T_NEAR);
  }
}

void RuleEmitter::check_apart(const Plan::Load& load) {
  for (const uint16_t store : load.apart) {
    const int size = program_.memory[load.access].size, other = program_.memory[store].size;
    mov(rax, qword[rdi + state_at::address(load.access)]);
    sub(rax, qword[rdi + state_at::address(store)]);
    add(rax, size - 1);
    cmp(rax, size + other - 1);
    jb(refuse(), T_NEAR);
  }
}

void RuleEmitter::load(const Plan::Load& load) {
  const size_t lanes = load.lanes;
  Xbyak::Label& have = label();
  Xbyak::Label& slow = later([=, this, &have] {
    mov(esi, load.access);
    mov(edx, load.lanes);
    call_helper(source_.helpers.load);
    cmp(eax, no_label);
    je(refuse(), T_NEAR);
    jmp(have, T_NEAR);
  });
  Xbyak::Label& miss = later([=, this, &have, &slow] { no_page(have, slow); });
  page(load.access, lanes, miss);
  read_labels(lanes, refuse());
  if (lanes > 1) require_one(lanes, refuse());
  L(have);
  keep(Inputs{1} << load.input, eax);
}

// --- unions ------------------------------------------------------------------------------------------------------

// The union made before that has most of it.
Inputs RuleEmitter::largest_part(Inputs inputs) const {
  Inputs largest = 0;
  for (const auto& [known, unused] : slots_)
    if ((known & ~inputs) == 0 && std::popcount(known) > std::popcount(largest)) largest = known;
  return largest;
}

void RuleEmitter::need(Inputs inputs) {
  if (inputs == 0 || slots_.contains(inputs)) return;
  Inputs done = largest_part(inputs);
  mov(eax, slot_of(done));
  for (Inputs left = inputs & ~done; left != 0; left &= left - 1) {
    const Inputs next = left & ~(left - 1);
    mov(ecx, slot_of(next));
    join();
    done |= next;
    keep(done, eax);
  }
}

// eax = eax ∪ ecx.
void RuleEmitter::join() {
  const uint32_t site = next_join_++ % kept_joins;
  const int at = state_at::joins + static_cast<int>(site * sizeof(KeptJoin));
  Xbyak::Label& done = label();
  Xbyak::Label& second = later([=, this, &done] {
    mov(eax, ecx);
    jmp(done, T_NEAR);
  });
  Xbyak::Label& slow = later([=, this, &done] {
    mov(esi, eax);
    mov(edx, ecx);
    mov(ecx, site);
    call_helper(source_.helpers.join);
    jmp(done, T_NEAR);
  });
  Xbyak::Label& contained = later([=, this, &done, &second, &slow] {
    summaries(rax, rcx, slow);
    contains(r10d, r8d, edx);
    jz(done, T_NEAR);
    contains(r8d, r10d, edx);
    jz(second, T_NEAR);
    jmp(slow, T_NEAR);
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
  jne(contained, T_NEAR);
  mov(eax, dword[rdi + at + 4]);
  L(done);
}

// Labels of one source, of which one contains the other by their summaries (LabelSummary::contains).

// What a decision is on. Where its site has met so many labels that they count as one, and that one has all of these,
// their union is not asked for.
void RuleEmitter::keep_decision(size_t number) {
  const Plan::Decision& decision = plan_.decisions[number];
  if (decision.inputs == 0) return;
  Xbyak::Label& have = label();
  const Inputs largest = largest_part(decision.inputs);
  if (largest != decision.inputs) {
    Xbyak::Label& apart = label();
    mov(rax, reinterpret_cast<uint64_t>(&source_.block.sites[decision.rule->b].joined));
    movzx(edx, word[rax]);
    xor_(eax, eax);
    test(edx, edx);
    jz(apart, T_NEAR);
    for (Inputs left = decision.inputs; left != 0; left &= left - 1) {
      Xbyak::Label& next = label();
      mov(ecx, slot_of(left & ~(left - 1)));
      test(ecx, ecx);
      jz(next);
      mov(eax, edx);
      cmp(ecx, edx);
      je(next);
      summaries(rdx, rcx, apart);
      contains(r10d, r8d, ecx);
      jnz(apart, T_NEAR);
      L(next);
    }
    jmp(have, T_NEAR);
    L(apart);
  }
  mov(eax, slot_of(largest));
  for (Inputs left = decision.inputs & ~largest; left != 0; left &= left - 1) {
    mov(ecx, slot_of(left & ~(left - 1)));
    join();
  }
  L(have);
  mov(decision_word(number), rax);
}

}  // namespace shikake::taint
