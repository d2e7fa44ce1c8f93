#include "taint/native_regions.h"

#include <algorithm>
#include <type_traits>

namespace shikake::taint {
namespace {

static_assert(std::is_standard_layout_v<Block>);
constexpr int block_address = offsetof(Block, address);

constexpr int region_label = offsetof(Region, label);
constexpr int region_settled = offsetof(Region, settled);
constexpr int region_way = offsetof(Region, way);
constexpr int region_end = offsetof(Region, end);
constexpr int region_site = offsetof(Region, site);
constexpr int region_depth = offsetof(Region, depth);
constexpr int region_indirect = offsetof(Region, indirect);
constexpr int region_made = offsetof(Region, made);

constexpr int site_latest = offsetof(Site, latest);
constexpr int site_way = offsetof(Site, way);
constexpr int site_joined = offsetof(Site, joined);
constexpr int site_region_end = offsetof(Site, region_end);
static_assert(sizeof(Site::latest) == 8 && sizeof(Site::way) == 8 && sizeof(Site::joined) == 2 &&
              sizeof(Site::region_end) == 8);

}  // namespace

using namespace Xbyak::util;

Xbyak::Address RegionEmitter::open_here(const Site& site) {
  return word[rdi + state_at::open_sites + static_cast<int>(OpenSites::slot(site.address) * sizeof(uint16_t))];
}

// Most decisions are nothing new: alike the last one of an open region, or told before.
void RegionEmitter::decide(uint16_t exit) {
  const Site& site = source_.block.sites[exit];
  Xbyak::Label& done = label();
  Xbyak::Label& tell = later([=, this, &done] {
    mov(edx, eax);
    mov(esi, exit);
    call_helper(source_.helpers.decide);
    jmp(done, T_NEAR);
  });
  Xbyak::Label& labelled = later([=, this, &done, &tell, &site] {
    if (site.indirect) return jmp(tell, T_NEAR);
    Xbyak::Label &in_force = label(), &closed = label();
    // Where labels at the site became too many, the union of all is the one in force.
    Xbyak::Label& joined = later([=, this, &site, &tell, &in_force] {
      Xbyak::Label& same = label();
      cmp(eax, edx);
      je(same);
      summaries(rdx, rax, tell);
      contains(r10d, r8d, ecx);
      jnz(tell, T_NEAR);
      mov(eax, edx);
      L(same);
      mov(r8, reinterpret_cast<uint64_t>(&site));
      jmp(in_force, T_NEAR);
    });
    Xbyak::Label& open_already = later([this, &site, &closed, &tell, &done] { again(site, closed, tell, done); });
    mov(r8, reinterpret_cast<uint64_t>(&site));
    movzx(edx, word[r8 + site_joined]);
    test(edx, edx);
    jnz(joined, T_NEAR);
    L(in_force);
    cmp(open_here(site), 0);
    jne(open_already, T_NEAR);
    L(closed);
    open(site, tell, done);
  });
  test(eax, eax);
  jnz(labelled, T_NEAR);
  L(done);
}

// A loop's next turn: the same decision in the same frame. eax: the label; r8: the site.
void RegionEmitter::again(const Site& site, Xbyak::Label& closed, Xbyak::Label& tell, Xbyak::Label& done) {
  Xbyak::Label &outer = label(), &found = label();
  mov(r10, site.address);
  mov(ecx, dword[rdi + state_at::depth]);
  mov(rdx, qword[rdi + state_at::top]);
  L(outer);
  cmp(ecx, dword[rdx + region_depth]);
  jne(closed, T_NEAR);
  cmp(r10, qword[rdx + region_site]);
  je(found);
  sub(rdx, static_cast<uint32_t>(sizeof(Region)));
  jmp(outer);
  L(found);
  cmp(ax, word[rdx + region_settled]);
  jne(tell, T_NEAR);
  mov(rcx, qword[rdx + region_way]);
  test(rcx, rcx);
  jz(done, T_NEAR);
  cmp(rcx, qword[rdi + state_at::next]);
  je(done, T_NEAR);
  jmp(tell, T_NEAR);
}

// A region of its own, if it was told before, and does not end at once. eax: the label; r8: the site.
void RegionEmitter::open(const Site& site, Xbyak::Label& tell, Xbyak::Label& done) {
  Xbyak::Label& this_way = label();
  mov(r10, qword[rdi + state_at::next]);
  mov(rdx, qword[r8 + site_latest]);
  cmp(ax, dx);
  jne(tell, T_NEAR);
  mov(rcx, qword[r8 + site_way]);
  test(rcx, rcx);
  jz(this_way);
  cmp(rcx, r10);
  je(this_way);
  cmp(r10, qword[r8 + site_region_end]);
  jne(tell, T_NEAR);
  L(this_way);
  cmp(r10, qword[r8 + site_region_end]);
  je(done, T_NEAR);
  mov(r10, qword[rdi + state_at::top]);
  cmp(r10, qword[rdi + state_at::last_region]);
  je(tell, T_NEAR);
  add(r10, static_cast<uint32_t>(sizeof(Region)));
  mov(qword[r10 + region_way], rcx);
  mov(rcx, qword[r8 + site_region_end]);
  mov(qword[r10 + region_end], rcx);
  mov(rcx, site.address);
  mov(qword[r10 + region_site], rcx);
  static_assert(region_label == 0 && region_settled == 2 && offsetof(Region, decision) == 4 &&
                offsetof(Site::Latest, label) == 0 && offsetof(Site::Latest, decision) == 4);
  shl(eax, 16);
  or_(rdx, rax);
  mov(qword[r10], rdx);
  mov(rdx, qword[r8 + site_region_end]);
  mov(ecx, dword[rdi + state_at::depth]);
  mov(dword[r10 + region_depth], ecx);
  xor_(ecx, ecx);
  mov(byte[r10 + region_indirect], cl);
  mov(qword[r10 + region_made], rcx);
  mov(qword[rdi + state_at::top], r10);
  mov(qword[rdi + state_at::meets], rdx);
  add(r10, region_made);
  mov(qword[rdi + state_at::made], r10);
  inc(open_here(site));
  mov(qword[rdi + state_at::attention], 1);
  jmp(done, T_NEAR);
}

void RegionEmitter::leave() {
  Xbyak::Label& done = label();
  Xbyak::Label& helped = later([this, &done] {
    call_helper(source_.helpers.leave_regions);
    jmp(done, T_NEAR);
  });
  if (program_.kind != JumpKind::next || program_.indirect_exit) {
    cmp(qword[rdi + state_at::attention], 0);
    jne(helped, T_NEAR);
  } else {
    Xbyak::Label& met = later([this, &done] {
      call_helper(source_.helpers.paths_meet);
      jmp(done, T_NEAR);
    });
    mov(rax, qword[rdi + state_at::next]);
    cmp(rax, qword[rdi + state_at::meets]);
    je(met, T_NEAR);
  }
  L(done);
  mov(rsi, qword[rdi + state_at::entering]);
  mov(qword[rdi + state_at::block], rsi);
  xor_(eax, eax);
  mov(qword[rdi + state_at::count], rax);
  mov(qword[rdi + state_at::touched], rax);
  ret();
}

void RegionEmitter::emit_refusal(const uint8_t* others) {
  L(refuse_);
  if (others != nullptr) return jmp(others, T_NEAR);
  mov(rsi, qword[rdi + state_at::entering]);
  mov(rax, reinterpret_cast<uint64_t>(&finish_in_general));
  jmp(rax);
}

void EndEmitter::emit() {
  mov(qword[rdi + state_at::entering], rsi);
  const bool coded = std::ranges::any_of(source_.block.variants, [](const auto& v) { return v->machine_code != nullptr; });
  if (coded || !program_.marked_stores.empty()) {
    cmp(qword[rdi + state_at::count], static_cast<uint32_t>(program_.memory.size()));
    jne(refuse(), T_NEAR);
  }
  mov(rax, qword[rsi + block_address]);
  mov(qword[rdi + state_at::next], rax);
  in_regions();
  choose_variant();  // only now: regions that ended put labels on registers
  L(leave_);
  leave();
  emit_later();
  emit_refusal(nullptr);
}

// What is refused afterwards meets this once more, in general, which changes nothing.
void EndEmitter::in_regions() {
  Xbyak::Label& done = label();
  Xbyak::Label& helped = later([=, this, &done] {
    call_helper(source_.helpers.in_regions);
    cmp(dword[rdi + state_at::late], 0);
    jne(refuse(), T_NEAR);
    jmp(done, T_NEAR);
  });
  if (!program_.marked_stores.empty()) {
    mov(rdx, qword[rdi + state_at::top]);
    mov(ecx, dword[rdi + state_at::depth]);
    cmp(ecx, dword[rdx + region_depth]);
    je(helped, T_NEAR);
  } else {
    mov(rax, qword[rdi + state_at::meets]);
    mov(rcx, source_.block.address + 1);
    sub(rax, rcx);
    compare_number(rax, source_.block.last - source_.block.address - 1, rcx);
    jb(helped, T_NEAR);
    if ((program_.writes | program_.made) != 0) {
      mov(rdx, qword[rdi + state_at::made]);
      mov(rax, qword[rdx]);
      and_number(rax, ~program_.writes, rcx);
      if (program_.made != 0) or_number(rax, program_.made, rcx);
      mov(qword[rdx], rax);
    }
  }
  L(done);
}

void EndEmitter::choose_variant() {
  mov(rax, qword[rdi + state_at::units]);
  and_number(rax, program_.reads | program_.writes, rcx);
  const uint8_t* unlabelled = nullptr;
  for (const auto& variant : source_.block.variants) {
    if (variant->machine_code == nullptr) continue;
    if (variant->labelled == 0) {
      unlabelled = variant->machine_code;
      continue;
    }
    compare_number(rax, variant->labelled, rcx);
    je(variant->machine_code);
  }
  test(rax, rax);
  jnz(refuse(), T_NEAR);
  cmp(qword[rdi + state_at::touched], 0);
  if (unlabelled != nullptr) jne(unlabelled);
  else jne(refuse(), T_NEAR);
}

}  // namespace shikake::taint
