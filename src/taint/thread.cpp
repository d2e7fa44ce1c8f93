#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "taint/engine.h"
#include "taint/lanes.h"

namespace shikake::taint {
namespace {

size_t page_slot(Address address) { return address >> page_bits & (cached_pages - 1); }

}  // namespace

Thread::Thread(Engine& engine) : engine_(engine), labels_(engine.label_arena()), regions_(max_regions + 1) {
  nowhere_.touched.store(0);
  regions_.front() = no_region;
  state_.block = &nowhere_;
  state_.top = regions_.data();
  state_.last_region = regions_.data() + max_regions;
  state_.thread = this;
  state_.words = static_cast<uint64_t*>(std::calloc(kept_words, sizeof(uint64_t)));
  if (state_.words == nullptr) throw std::bad_alloc();
}

Thread::~Thread() { std::free(state_.words); }

const NativeHelpers& native_helpers() {
  static constexpr NativeHelpers helpers{
      [](ThreadState* state, uint32_t a, uint32_t b, uint32_t site) -> uint32_t {
        const Label joined = state->thread->labels_.join(static_cast<Label>(a), static_cast<Label>(b));
        state->joins[site] = {b << 16 | a, joined};
        return joined;
      },
      [](ThreadState* state, uint32_t access, uint32_t lanes) -> uint32_t {
        std::array<Label, max_lanes> labels;
        state->thread->read(state->accesses[access].address, lanes, labels.data());
        for (size_t k = 1; k < lanes; ++k)
          if (labels[k] != labels[0]) return no_label;
        return labels[0];
      },
      [](ThreadState* state, uint32_t access, uint32_t lanes) {
        state->thread->write(state->accesses[access].address, lanes, state->stored.data());
      },
      [](ThreadState* state, uint32_t exit, uint32_t label) {
        state->thread->decide(exit, static_cast<Label>(label));
      },
      [](ThreadState* state) {
        Thread& thread = *state->thread;
        thread.in_regions(*state->block, thread.engine_.program(*state->block), *state->top);
      },
      [](ThreadState* state) { state->thread->leave_regions(state->thread->engine_.program(*state->block)); },
      [](ThreadState* state) { state->thread->paths_meet(); },
  };
  return helpers;
}

void Thread::flush() {
  if (concerned()) finish_block(0);
  begin(nowhere_);
}

void Thread::set_register(size_t offset, size_t count, Label label) {
  std::fill_n(registers(offset), count, label);
  const RegisterLayout& layout = engine_.layout();
  for (size_t i = 0; i < count; ++i) {
    const uint8_t unit = layout.unit[offset + i];
    if (unit == RegisterLayout::no_unit) continue;
    if (label != 0) state_.units |= Units{1} << unit;
  }
}

std::vector<Label> Thread::save_registers() const {
  return {state_.file.begin() + first_register, state_.file.begin() + first_temporary};
}

void Thread::restore_registers(std::span<const Label> from) {
  std::copy(from.begin(), from.end(), state_.file.begin() + first_register);
  state_.units = 0;
  const RegisterLayout& layout = engine_.layout();
  for (size_t i = 0; i < layout.bytes; ++i)
    if (layout.unit[i] != RegisterLayout::no_unit && state_.file[first_register + i] != 0)
      state_.units |= Units{1} << layout.unit[i];
}

void Thread::enter_handler(Block& block, Address frame, Address end) {
  // Nobody but the kernel touches what lies below the stack: the block's own accesses end where the frame's begin.
  const auto in_frame = [&](const Access& access) { return access.address - frame < end - frame; };
  const auto* recorded = state_.accesses.data();
  const size_t count = std::min<size_t>(state_.count, max_accesses);
  const auto own = static_cast<size_t>(std::find_if(recorded, recorded + count, in_frame) - recorded);
  if (own < count) state_.count = own;
  if (state_.count == 0 && state_.block != &nowhere_ && !engine_.program(*state_.block).memory.empty()) {  // it had not begun
    state_.block = &nowhere_;
    state_.touched = 0;
  }
  enter(block);
}

void Thread::interrupted(Address returns) {
  if (state_.attention == 0) return;
  entered_.push_back({returns, 0, state_.depth});
  ++state_.depth;
  find_innermost();
}

void Thread::forget_pages() {
  for (CachedPage& page : state_.pages) std::atomic_ref(page.base).store(CachedPage::none, std::memory_order_relaxed);
}

void finish_in_general(ThreadState* state, Block* next) { state->thread->pass(*next); }

void Thread::pass(Block& next) {
  finish_block(next.address);
  begin(next);
}

// Most code runs a few times only. What is left to the general way again and again gets machine code; where that
// meets a new pattern, it is made for that too, ever more rarely.
bool Thread::is_hot(std::atomic<uint32_t>& times) {
  constexpr uint32_t first_compiled = 24;
  const uint32_t before = times.fetch_add(1, std::memory_order_relaxed);
  return before >= first_compiled && before % first_compiled == 0 && std::has_single_bit(before / first_compiled) &&
         !interpret_only_;
}

void Thread::finish_block(Address next) {
  if (state_.block == &nowhere_) return;
  Block& block = *state_.block;
  const Program& program = engine_.program(block);
  // An executor that is called away as a block begins says so once more when it comes back to it.
  if (state_.count == 0 && next == block.address && !program.memory.empty()) return;
  state_.next = next;
  match_ = Match::unknown;
  if (state_.attention != 0 && state_.top->depth == state_.depth) in_regions(block, program, *state_.top);
  const Units labelled = state_.units & (program.reads | program.writes);
  if ((state_.touched | labelled) != 0) {
    match_accesses(block, program);
    Variant* variant = block.variant[Block::slot(labelled)].load(std::memory_order_acquire);
    if (variant == nullptr || variant->labelled != labelled) variant = &engine_.variant(block, program, labelled);
    run(program, *variant);
  } else if (is_hot(block.bystander)) {
    engine_.compile(block, program, nullptr, state_);
  }
  if (state_.attention != 0 || state_.late != 0) leave_regions(program);
}

// What the ending block still does for regions once its rules have run.
void Thread::leave_regions(const Program& program) {
  if (state_.late != 0) {
    for (const LateMark& late : late_) mark(late.stored, late.label);
    late_.clear();
    state_.late = 0;
  }
  const Region& top = *state_.top;
  const bool stays = top.depth < state_.depth || (top.depth == state_.depth && (top.end != state_.next || state_.next == 0));
  if (!stays || program.kind != JumpKind::next || program.indirect_exit) follow(program, state_.next);
}

bool Thread::match_accesses(Block& block, const Program& program) {
  if (state_.count == block.accesses_match.load(std::memory_order_relaxed)) return true;
  const size_t count = std::min<size_t>(state_.count, max_accesses);
  bool exact = count == program.memory.size();
  if (match_ != Match::unknown) return match_ == Match::exact;
  if (exact) {
    for (size_t i = 0; i < count && exact; ++i) {
      const MemoryOp& op = program.memory[i];
      const AccessKind kind = engine_.kind(state_.accesses[i].info);
      exact = op.instruction == state_.accesses[i].instruction && op.store == kind.store && op.size == kind.size;
      if (!exact || i == 0) continue;
      // Rules that touch an instruction's places in another order than the executor did are told by the distance.
      const MemoryOp& before = program.memory[i - 1];
      if (before.instruction == op.instruction && before.base == op.base)
        exact = state_.accesses[i].address - state_.accesses[i - 1].address == static_cast<Address>(op.offset - before.offset);
    }
    if (exact) block.accesses_match.store(state_.count, std::memory_order_relaxed);
  }
  if (!exact) match_by_instruction(program);
  match_ = exact ? Match::exact : Match::laid_out;
  return exact;
}

// Rules and executor may cut an instruction's accesses differently (one of 16 bytes, two of 8) or order
// them differently. Inside an instruction, accesses that the rules know to lie a fixed distance apart
// are laid out from the lowest address; others take the executor's bytes in order.
void Thread::match_by_instruction(const Program& program) {
  std::vector<Access>&recorded = laying_out_.recorded, &same = laying_out_.same;
  std::vector<size_t>&members = laying_out_.members, &ops = laying_out_.operations;
  recorded.assign(state_.accesses.begin(),
                  state_.accesses.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(state_.count, max_accesses)));
  for (size_t first = 0; first < program.memory.size();) {
    const MemoryOp& head = program.memory[first];
    members.clear();
    for (size_t i = first; i < program.memory.size() && program.memory[i].instruction == head.instruction; ++i)
      members.push_back(i);
    for (const bool store : {false, true}) {
      same.clear();
      for (const Access& access : recorded)
        if (access.instruction == head.instruction && engine_.kind(access.info).store == store) same.push_back(access);
      ops.clear();
      for (const size_t i : members)
        if (program.memory[i].store == store) ops.push_back(i);
      if (ops.empty()) continue;
      if (same.empty()) {
        for (const size_t i : ops) state_.accesses[i].address = not_done;
        continue;
      }
      const bool one_base = std::all_of(ops.begin(), ops.end(), [&](size_t i) {
        return program.memory[i].base == program.memory[ops[0]].base;
      });
      if (one_base) {
        Address lowest = not_done;
        for (const Access& access : same) lowest = std::min(lowest, access.address);
        int64_t least = program.memory[ops[0]].offset;
        for (const size_t i : ops) least = std::min(least, program.memory[i].offset);
        for (const size_t i : ops)
          state_.accesses[i].address = lowest + static_cast<Address>(program.memory[i].offset - least);
        continue;
      }
      size_t at = 0, inside = 0;
      for (const size_t i : ops) {
        state_.accesses[i].address = at < same.size() ? same[at].address + inside : not_done;
        inside += program.memory[i].size;
        while (at < same.size() && inside >= engine_.kind(same[at].info).size) inside -= engine_.kind(same[at++].info).size;
      }
    }
    first += members.size();
  }
}

Label* Thread::shadow_page(Address address) {
  const Address base = address & ~Address{page_bytes - 1};
  CachedPage& cached = state_.pages[page_slot(address)];
  if (cached.base == base) return cached.first();
  Label* labels = engine_.shadow().page(address);
  // Once made, a page stays.
  if (labels != nullptr) cached = {base, reinterpret_cast<uintptr_t>(labels) - base * sizeof(Label)};
  return labels;
}

void Thread::read(Address address, size_t lanes, Label* to) {
  const size_t in_page = address & (page_bytes - 1);
  if (address == not_done) {
    std::fill_n(to, lanes, Label{0});
  } else if (in_page + lanes > page_bytes) {
    engine_.shadow().read(address, lanes, to);
  } else if (const Label* from = shadow_page(address); from != nullptr) {
    lanes::copy(to, from + in_page, lanes);
  } else {
    std::fill_n(to, lanes, Label{0});
  }
}

// A temporary's eights are written whole.
void Thread::load(Address address, size_t lanes, Label* to) {
  const size_t in_page = address & (page_bytes - 1);
  if (lanes <= 8 && in_page + 8 <= page_bytes && address != not_done) {
    const Label* from = shadow_page(address);
    lanes::store(to, from == nullptr ? _mm_setzero_si128() : lanes::load(from + in_page, lanes), 8);
    return;
  }
  read(address, lanes, to);
}

void Thread::write(Address address, size_t lanes, const Label* from) {
  if (address == not_done) return;
  const size_t in_page = address & (page_bytes - 1);
  if (in_page + lanes <= page_bytes) {
    const bool clean = lanes::zero(from, lanes);
    Label* to = shadow_page(address);
    if (to == nullptr && clean) return;
    if (to != nullptr && (clean || Shadow::filter.holds(address, lanes))) {
      lanes::copy(to + in_page, from, lanes);
      return;
    }
  }
  engine_.shadow().write(address, lanes, from);
}

void Thread::run(const Program& program, Variant& variant) {
  if (is_hot(variant.interpreted)) engine_.compile(*state_.block, program, &variant, state_);
  state_.units &= ~variant.writes;
  for (const Instruction* i = variant.code.data(); i->op != Op::end; ++i) step(*i);
  for (Units partly = variant.writes_partly & ~state_.units; partly != 0; partly &= partly - 1) {
    const auto unit = static_cast<size_t>(std::countr_zero(partly));
    const auto& extent = engine_.layout().extent[unit];
    if (!lanes::zero(registers(extent.first), extent.bytes)) state_.units |= Units{1} << unit;
  }
  // A jump may end regions, which then put labels on what was written.
  for (const Met& met : met_) decide(met.exit, met.label);
  met_.clear();
}

// One rule, in all generality.
void Thread::step(const Instruction& i) {
  const size_t lanes = i.lanes;
  Label* const to = state_.file.data() + i.to;
  const Label* const a = state_.file.data() + i.a;
  const Label* const b = state_.file.data() + i.b;
  switch (i.op) {
    case Op::end: break;
    case Op::put_move:
      if (!lanes::zero(a, lanes)) state_.units |= Units{1} << i.b;
      lanes::copy(to, a, lanes);
      break;
    case Op::put_wide: {
      const __m128i value = lanes::load(a, lanes);
      if (!lanes::is_zero(value)) state_.units |= Units{1} << i.b;
      lanes::store(to, value, 8);
      break;
    }
    case Op::put_splat:
      if (*a != 0) state_.units |= Units{1} << i.b;
      [[fallthrough]];
    case Op::splat: std::fill_n(to, lanes, *a); break;
    case Op::put_clear:
    case Op::clear: std::fill_n(to, lanes, Label{0}); break;
    case Op::move: lanes::copy(to, a, lanes); break;
    case Op::join: lanes::store_one(to, labels_.join(*a, *b)); break;
    case Op::lanes: lanes::join(labels_, to, a, b, lanes); break;
    case Op::prefix: lanes::prefix(labels_, to, a, b, lanes); break;
    case Op::reduce: lanes::store_one(to, lanes::reduce(labels_, a, lanes)); break;
    case Op::load: load(state_.accesses[i.b].address, lanes, to); break;
    case Op::address: {
      const Label chosen = lanes::reduce(labels_, a, i.b);
      if (chosen != 0) lanes::join_all(labels_, to, chosen, lanes);
      break;
    }
    case Op::store: write(state_.accesses[i.b].address, lanes, a); break;
    case Op::branch:
    case Op::target:
      if (*a != 0) met_.push_back({i.b, *a});
      break;
  }
}

}  // namespace shikake::taint
