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
constexpr int words_at = offsetof(ThreadState, words);
constexpr int top_at = offsetof(ThreadState, top);
constexpr int depth_at = offsetof(ThreadState, depth);
constexpr int next_at = offsetof(ThreadState, next);
constexpr int open_sites_at = offsetof(ThreadState, open_sites);
constexpr int stored_at = offsetof(ThreadState, stored);
int place(size_t ref) { return static_cast<int>(offsetof(ThreadState, file) + ref * sizeof(Label)); }
int address_of(size_t access) {
  return static_cast<int>(offsetof(ThreadState, accesses) + access * sizeof(Access) + offsetof(Access, address));
}

using namespace Xbyak::util;

// Four labels as they lie in memory.
using Quad = std::array<Inputs, quad_lanes>;

// Labels seldom change from one run to the next, so a program keeps what it read and what it made of it, as
// words of four labels (ThreadState::words). First it compares what it would read with what it keeps; where that
// is the same, so is what it writes. Else everything is read and checked, unions are made (each has a slot in the
// state), and the words are kept anew. Then everything is written.
// rdi: the state; rsi: its words; r9: the shadow's filter; r11: spreads a label over four.
class Emitter : public Xbyak::CodeGenerator {
 public:
  struct Surroundings {
    const RegisterLayout& layout;
    const NativeHelpers& helpers;
    const LabelArena& labels;
    std::span<const Site> sites;
  };
  Emitter(uint8_t* at, size_t room, const Plan& plan, const Program& program, const Variant& variant,
          const Surroundings& around, uint32_t& next_join, size_t first_word)
      : CodeGenerator(room, at), plan_(plan), program_(program), variant_(variant), layout_(around.layout),
        helpers_(around.helpers), labels_at_(around.labels), sites_(around.sites), next_join_(next_join), first_word_(first_word) {}

  // Unions that were needed; more than the state has places for must not run.
  size_t slots() const { return slots_.size(); }
  // Beside labels: one of units, and what each decision was told last.
  size_t words() const { return words_.size() + 1 + told_; }

  void emit() {
    name_words();
    constants();
    for (const Plan::Load& one : plan_.loads) check_apart(one);
    for (const Plan::Quad& quad : plan_.quads) compare(quad);
    for (const Plan::Load& one : plan_.loads) compare(one);
    L(write_);
    for (const Plan::Store& one : plan_.stores) store(one);
    for (const Plan::Decision& one : plan_.decisions) decide(one);
    for (const Plan::Written& one : plan_.written) write(one);
    units();
    mov(eax, 1);
    ret();
    L(anew_);
    for (const Plan::Quad& quad : plan_.quads) check(quad);
    for (const Plan::Load& one : plan_.loads) load(one);
    for (const auto& [quad, unused] : words_)
      for (const Inputs inputs : quad) need(inputs);
    for (const auto& [quad, number] : words_) {
      gather(rax, quad);
      mov(kept(number), rax);
    }
    keep_units();
    jmp(write_, T_NEAR);
    for (size_t n = 0; n < later_.size(); ++n) later_[n]();  // grows while it runs
    L(refuse_);
    xor_(eax, eax);
    ret();
  }

 private:
  void constants() {
    mov(r9, reinterpret_cast<uint64_t>(Shadow::filter.maybe.data()));
    mov(r11, uint64_t{0x0001000100010001});
    mov(rsi, qword[rdi + words_at]);
  }

  // --- words -----------------------------------------------------------------------------------------

  Xbyak::Address kept(size_t number) { return qword[rsi + static_cast<int>((first_word_ + number) * 8)]; }
  Xbyak::Address kept(const Quad& quad) { return kept(words_.at(quad)); }
  Xbyak::Address units_word() { return kept(words_.size()); }
  static Quad quad_of(size_t lanes, uint8_t input) {
    Quad quad{};
    std::fill_n(quad.begin(), std::min(lanes, quad_lanes), Inputs{1} << input);
    return quad;
  }
  static Quad quad_of(const Plan::Store& store, size_t from) {
    Quad quad{};
    for (size_t k = 0; k < quad_lanes && from + k < store.lanes.size(); ++k) quad[k] = store.lanes[from + k];
    return quad;
  }
  static Quad quad_of(Inputs inputs) { return {inputs}; }
  static Quad quad_of(const Plan::Written& written) {
    Quad quad{};
    for (size_t k = 0; k < quad_lanes; ++k) quad[k] = *written.lanes[k];
    return quad;
  }
  void name_words() {
    const auto name = [&](const Quad& quad) { words_.try_emplace(quad, words_.size()); };
    for (const Plan::Quad& one : plan_.quads)
      if (one.lanes != 0) name(quad_of(one.lanes, one.input));
    for (const Plan::Load& one : plan_.loads) name(quad_of(one.lanes, one.input));
    for (const Plan::Store& one : plan_.stores)
      for (size_t n = 0; n < one.lanes.size(); n += quad_lanes) name(quad_of(one, n));
    for (const Plan::Decision& one : plan_.decisions) name(quad_of(one.inputs));
    for (const Plan::Written& one : plan_.written) {
      if (one.whole) name(quad_of(one));
      else
        for (const auto& inputs : one.lanes)
          if (inputs) name(quad_of(*inputs));
    }
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

  void compare(const Plan::Quad& quad) {
    const auto at = qword[rdi + place(quad.first)];
    if (quad.lanes == 0) {
      cmp(at, 0);
    } else {
      mov(rax, at);
      cmp(rax, kept(quad_of(quad.lanes, quad.input)));
    }
    jne(anew_, T_NEAR);
  }

  void compare(const Plan::Load& load) {
    const size_t lanes = load.lanes;
    Xbyak::Label& have = label();
    Xbyak::Label& miss = later([=, this, &have] {
      granule_entry();
      cmp(byte[r9 + rcx], 0);
      jne(anew_, T_NEAR);
      xor_(eax, eax);
      jmp(have, T_NEAR);
    });
    page(load.access, miss);
    in_page(lanes, anew_);
    read_labels(lanes, anew_);
    L(have);
    cmp(rax, kept(quad_of(lanes, load.input)));
    jne(anew_, T_NEAR);
  }
  // rax: the first labels, up to four, of those from rdx + 2 rax on. The fours behind them must be the same.
  void read_labels(size_t lanes, Xbyak::Label& otherwise) {
    lea(rdx, ptr[rdx + rax * 2]);
    if (lanes == 1) movzx(eax, word[rdx]);
    else if (lanes == 2) mov(eax, dword[rdx]);
    else mov(rax, qword[rdx]);
    for (size_t n = quad_lanes; n < lanes; n += quad_lanes) {
      cmp(rax, qword[rdx + static_cast<int>(2 * n)]);
      jne(otherwise, T_NEAR);
    }
  }

  void check_apart(const Plan::Load& load) {
    for (const uint16_t store : load.apart) {
      const int size = program_.memory[load.access].size, other = program_.memory[store].size;
      mov(rax, qword[rdi + address_of(load.access)]);
      sub(rax, qword[rdi + address_of(store)]);
      add(rax, size - 1);
      cmp(rax, size + other - 1);
      jb(refuse_, T_NEAR);
    }
  }

  void load(const Plan::Load& load) {
    const size_t lanes = load.lanes;
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
    read_labels(lanes, refuse_);
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
    Xbyak::Label& contained = later([=, this, &done, &second, &slow] {
      one_in_the_other(done, second, slow);
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
  void one_in_the_other(Xbyak::Label& first, Xbyak::Label& second, Xbyak::Label& neither) {
    static_assert(sizeof(LabelSummary) == 4 && offsetof(LabelSummary, source) == 0 &&
                  offsetof(LabelSummary, kinds) == 2 && offsetof(LabelSummary, whole) == 3);
    mov(r8, reinterpret_cast<uint64_t>(labels_at_.summaries));
    mov(edx, dword[r8 + rax * 4]);
    mov(r10d, dword[r8 + rcx * 4]);
    cmp(dx, r10w);
    jne(neither, T_NEAR);
    test(dx, dx);
    jz(neither, T_NEAR);
    constexpr uint32_t kinds = 0xff0000;
    mov(r8d, edx);
    shr(r8d, 8);  // `whole` at the place of `kinds`
    not_(r8d);
    and_(r8d, r10d);
    test(r8d, kinds);
    jz(first, T_NEAR);
    shr(r10d, 8);
    not_(r10d);
    and_(r10d, edx);
    test(r10d, kinds);
    jz(second, T_NEAR);
    jmp(neither, T_NEAR);
  }

  // --- writing ---------------------------------------------------------------------------------------

  // to = four labels; rcx is lost.
  void gather(const Xbyak::Reg64& to, const Quad& quad) {
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

  void put(const Xbyak::RegExp& at, const Plan::Store& store) {
    for (size_t n = 0; n < store.lanes.size(); n += quad_lanes) {
      mov(r10, kept(quad_of(store, n)));
      put(at + 2 * n, r10, std::min(quad_lanes, store.lanes.size() - n));
    }
  }

  // Whether one of what is stored is something.
  void any_of(const Plan::Store& store) {
    mov(rcx, kept(quad_of(store, 0)));
    for (size_t n = quad_lanes; n < store.lanes.size(); n += quad_lanes) or_(rcx, kept(quad_of(store, n)));
    test(rcx, rcx);
  }

  void store(const Plan::Store& store) {
    const size_t lanes = store.lanes.size();
    Xbyak::Label& done = label();
    const bool clean = std::all_of(store.lanes.begin(), store.lanes.end(), [](Inputs i) { return i == 0; });
    Xbyak::Label& slow = later([=, this, &done] {
      put(rdi + stored_at, store);
      mov(esi, store.access);
      mov(edx, static_cast<uint32_t>(lanes));
      call_helper(helpers_.store);
      jmp(done, T_NEAR);
    });
    Xbyak::Label& miss = later([=, this, &done, &slow] {
      if (!clean) {
        any_of(store);
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
      any_of(store);
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
    put(rdx, store);
    L(done);
  }

  // Most decisions are nothing new: alike the last one of an open region, or one whose paths meet at once, and
  // that was told before.
  void decide(const Plan::Decision& decision) {
    if (decision.inputs == 0) return;
    const size_t told = words_.size() + 1 + told_++;
    const uint16_t exit = decision.rule->b;
    const Site& site = sites_[exit];
    Xbyak::Label& done = label();
    Xbyak::Label& tell = later([=, this, &done] {
      mov(kept(told), rax);
      mov(edx, eax);
      mov(esi, exit);
      call_helper(helpers_.decide);
      jmp(done, T_NEAR);
    });
    const auto open_here = word[rdi + open_sites_at + static_cast<int>(OpenSites::slot(site.address) * sizeof(uint16_t))];
    Xbyak::Label& closed = later([=, this, &done, &tell, &site] {
      cmp(rax, kept(told));
      jne(tell, T_NEAR);
      mov(rcx, reinterpret_cast<uint64_t>(&site.region_end));
      mov(rcx, qword[rcx]);
      test(rcx, rcx);
      jz(tell, T_NEAR);
      cmp(rcx, qword[rdi + next_at]);
      jne(tell, T_NEAR);
      jmp(done, T_NEAR);
    });
    Xbyak::Label& labelled = later([=, this, &done, &tell, &closed, &site] {
      if (site.indirect) return jmp(tell, T_NEAR);
      Xbyak::Label &outer = label(), &found = label();
      cmp(open_here, 0);
      je(closed, T_NEAR);
      mov(r8, site.address);
      mov(ecx, dword[rdi + depth_at]);
      mov(rdx, qword[rdi + top_at]);
      L(outer);
      cmp(ecx, dword[rdx + static_cast<int>(offsetof(Region, depth))]);
      jne(tell, T_NEAR);
      cmp(r8, qword[rdx + static_cast<int>(offsetof(Region, site))]);
      je(found);
      sub(rdx, static_cast<uint32_t>(sizeof(Region)));
      jmp(outer);
      L(found);
      cmp(ax, word[rdx + static_cast<int>(offsetof(Region, settled))]);
      jne(tell, T_NEAR);
      mov(rcx, qword[rdx + static_cast<int>(offsetof(Region, way))]);
      test(rcx, rcx);
      jz(done, T_NEAR);
      cmp(rcx, qword[rdi + next_at]);
      je(done, T_NEAR);
      jmp(tell, T_NEAR);
    });
    mov(rax, kept(quad_of(decision.inputs)));
    test(eax, eax);
    jnz(labelled, T_NEAR);
    L(done);
  }

  void write(const Plan::Written& written) {
    if (written.whole) {
      mov(rax, kept(quad_of(written)));
      mov(qword[rdi + place(written.first)], rax);
      return;
    }
    for (size_t k = 0; k < quad_lanes; ++k) {
      if (!written.lanes[k]) continue;
      mov(rax, kept(quad_of(*written.lanes[k])));
      mov(word[rdi + place(written.first + k)], ax);
    }
  }

  // --- which registers hold labels now ---------------------------------------------------------------

  // The fours that become the unit's labels; nothing where some of it stays as it was.
  std::optional<std::vector<Quad>> becomes(size_t unit) const {
    std::vector<Quad> all;
    for (const Plan::Written& one : plan_.written)
      if (one.whole && layout_.unit[one.first - first_register] == unit) all.push_back(quad_of(one));
    if (all.size() * quad_lanes < layout_.extent[unit].bytes) return std::nullopt;
    return all;
  }
  template <class F>
  void each_written_unit(const F& visit) {
    for (Units left = variant_.writes; left != 0; left &= left - 1) visit(static_cast<size_t>(std::countr_zero(left)));
  }
  // r8 has the unit's bit if rcx is not 0.
  void take_unit(size_t unit) {
    test(rcx, rcx);
    mov(ecx, 0);
    setnz(cl);
    if (unit != 0) shl(rcx, static_cast<int>(unit));
    or_(r8, rcx);
  }
  void keep_units() {
    xor_(r8d, r8d);
    each_written_unit([&](size_t unit) {
      const auto quads = becomes(unit);
      if (!quads) return;
      xor_(ecx, ecx);
      for (const Quad& quad : *quads) or_(rcx, kept(quad));
      take_unit(unit);
    });
    mov(units_word(), r8);
  }
  void units() {
    mov(r8, qword[rdi + units_at]);
    mov(rax, ~variant_.writes);
    and_(r8, rax);
    or_(r8, units_word());
    each_written_unit([&](size_t unit) {
      if (becomes(unit)) return;
      const auto& extent = layout_.extent[unit];
      xor_(ecx, ecx);
      for (size_t n = 0; n < extent.bytes; n += quad_lanes)
        or_(rcx, qword[rdi + place(first_register + extent.first + n)]);
      take_unit(unit);
    });
    mov(qword[rdi + units_at], r8);
  }

  const Plan& plan_;
  const Program& program_;
  const Variant& variant_;
  const RegisterLayout& layout_;
  const NativeHelpers& helpers_;
  const LabelArena& labels_at_;
  const std::span<const Site> sites_;
  uint32_t& next_join_;
  const size_t first_word_;
  std::map<Quad, size_t> words_;
  size_t told_ = 0;
  std::map<Inputs, size_t> slots_;
  std::deque<Xbyak::Label> labels_;
  std::deque<std::function<void()>> later_;
  Xbyak::Label write_, anew_, refuse_;
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
                              const ThreadState& state, const NativeHelpers& helpers,
                              const LabelArena& labels, std::span<const Site> sites) {
  if (room_ == nullptr || room_bytes - used_ < most_bytes) return nullptr;
  const std::optional<Plan> made = plan(program, variant, layout, state);
  if (!made) return nullptr;
  try {
    uint8_t* const start = room_ + used_;
    Emitter emitter(start, most_bytes, *made, program, variant, {layout, helpers, labels, sites}, next_join_, next_word_);
    emitter.emit();
    if (emitter.slots() > kept_values || next_word_ + emitter.words() > kept_words) return nullptr;
    next_word_ += emitter.words();
    used_ += (emitter.getSize() + 63) / 64 * 64;
    return reinterpret_cast<NativeRun>(start);
  } catch (const std::exception&) {  // longer than any program should be: it stays with the interpreter
    return nullptr;
  }
}

}  // namespace shikake::taint
