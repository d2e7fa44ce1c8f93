#include <algorithm>
#include <bit>
#include <cstring>

#include "taint/engine.h"
#include "taint/lanes.h"

namespace shikake::taint {
namespace {

// Distinct labels at one site are told apart up to this many; a sort of received bytes would otherwise
// make millions of decisions.
constexpr uint16_t max_labels_at_site = 48;

constexpr Address not_done = ~Address{0};  // an access that did not happen (predication, a fault)

}  // namespace

Thread::Thread(Engine& engine) : engine_(engine), labels_(engine.label_arena()) {}

void Thread::flush() {
  if (block_ == nullptr) return;
  if ((touched_ | attention_ | (units_ & block_->touched.load(std::memory_order_relaxed))) != 0)
    finish_block(std::nullopt);
  block_ = nullptr;
  count_ = 0;
  touched_ = 0;
}

void Thread::set_register(size_t offset, size_t count, Label label) {
  std::fill_n(registers(offset), count, label);
  const RegisterLayout& layout = engine_.layout();
  for (size_t i = 0; i < count; ++i) {
    const uint8_t unit = layout.unit[offset + i];
    if (unit == RegisterLayout::no_unit) continue;
    if (label != 0) units_ |= Units{1} << unit;
  }
}

std::vector<Label> Thread::save_registers() const {
  return {file_.begin() + first_register, file_.begin() + first_temporary};
}

void Thread::restore_registers(std::span<const Label> from) {
  std::copy(from.begin(), from.end(), file_.begin() + first_register);
  units_ = 0;
  const RegisterLayout& layout = engine_.layout();
  for (size_t i = 0; i < layout.bytes; ++i)
    if (layout.unit[i] != RegisterLayout::no_unit && file_[first_register + i] != 0)
      units_ |= Units{1} << layout.unit[i];
}

void Thread::finish_block(std::optional<Address> next) {
  Block& block = *block_;
  const Program& program = engine_.program(block);
  const bool labels_met = touched_ != 0 || (units_ & (program.reads | program.writes)) != 0;
  // Paths may meet in the middle of a block, when one of them falls into it from above.
  while (!regions_.empty() && regions_.back().depth == depth_ && regions_.back().end > block.address &&
         regions_.back().end < block.end())
    close_region(false);
  if (!regions_.empty()) note_made(block, program);
  if (labels_met) {
    match_accesses(block, program);
    const Units labelled = units_ & (program.reads | program.writes);
    const Variant* variant = block.variant[Block::slot(labelled)].load(std::memory_order_acquire);
    if (variant == nullptr || variant->labelled != labelled) variant = &engine_.variant(block, program, labelled);
    run(block, program, *variant, next.value_or(0));
  }
  if (!regions_.empty()) follow(program, next.value_or(0));
}

void Thread::match_accesses(Block& block, const Program& program) {
  const size_t count = std::min<size_t>(count_, max_accesses);
  addresses_.resize(program.memory.size());
  if (count == program.memory.size()) {
    if (!block.accesses_match) {
      block.accesses_match = true;
      for (size_t i = 0; i < count && block.accesses_match; ++i) {
        const MemoryOp& op = program.memory[i];
        const AccessKind kind = engine_.kind(accesses_[i].info);
        block.accesses_match =
            op.instruction == accesses_[i].instruction && op.store == kind.store && op.size == kind.size;
      }
    }
    if (block.accesses_match) {
      for (size_t i = 0; i < count; ++i) addresses_[i] = accesses_[i].address;
      return;
    }
  }
  match_by_instruction(program);
}

// Rules and executor may cut an instruction's accesses differently (one of 16 bytes, two of 8) or order
// them differently. Inside an instruction, accesses that the rules know to lie a fixed distance apart
// are laid out from the lowest address; others take the executor's bytes in order.
void Thread::match_by_instruction(const Program& program) {
  const size_t count = std::min<size_t>(count_, max_accesses);
  std::vector<Access> same;
  for (size_t first = 0; first < program.memory.size();) {
    const MemoryOp& head = program.memory[first];
    std::vector<size_t> members;
    for (size_t i = first; i < program.memory.size() && program.memory[i].instruction == head.instruction; ++i)
      members.push_back(i);
    for (const bool store : {false, true}) {
      same.clear();
      for (size_t i = 0; i < count; ++i)
        if (accesses_[i].instruction == head.instruction && engine_.kind(accesses_[i].info).store == store)
          same.push_back(accesses_[i]);
      std::vector<size_t> ops;
      for (const size_t i : members)
        if (program.memory[i].store == store) ops.push_back(i);
      if (ops.empty()) continue;
      if (same.empty()) {
        for (const size_t i : ops) addresses_[i] = not_done;
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
          addresses_[i] = lowest + static_cast<Address>(program.memory[i].offset - least);
        continue;
      }
      size_t at = 0, inside = 0;
      for (const size_t i : ops) {
        addresses_[i] = at < same.size() ? same[at].address + inside : not_done;
        inside += program.memory[i].size;
        while (at < same.size() && inside >= engine_.kind(same[at].info).size) inside -= engine_.kind(same[at++].info).size;
      }
    }
    first += members.size();
  }
}

Label* Thread::shadow_page(Address address) {
  CachedPage& cached = pages_[address >> page_bits & (pages_.size() - 1)];
  if (cached.number == address >> page_bits) return cached.labels;
  Label* labels = engine_.shadow().page(address);
  if (labels != nullptr) cached = {address >> page_bits, labels};  // once made, a page stays
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
    if (to != nullptr && (clean || Shadow::marked(address, lanes))) {
      lanes::copy(to + in_page, from, lanes);
      return;
    }
  }
  engine_.shadow().write(address, lanes, from);
}

void Thread::run(Block& block, const Program& program, const Variant& variant, Address next) {
  Label* const file = file_.data();
  Units units = units_ & ~variant.writes;
  for (const Instruction* i = variant.code.data();; ++i) {
    const size_t lanes = i->lanes;
    Label* const to = file + i->to;
    const Label* const a = file + i->a;
    const Label* const b = file + i->b;
    switch (i->op) {
      case Op::end: {
        for (Units partly = variant.writes_partly & ~units; partly != 0; partly &= partly - 1) {
          const auto unit = static_cast<size_t>(std::countr_zero(partly));
          const auto& extent = engine_.layout().extent[unit];
          if (!lanes::zero(file + first_register + extent.first, extent.bytes)) units |= Units{1} << unit;
        }
        units_ = units;
        return;
      }
      case Op::put_move:
        if (!lanes::zero(a, lanes)) units |= Units{1} << i->b;
        lanes::copy(to, a, lanes);
        break;
      case Op::put_wide: {
        const __m128i value = lanes::load(a, lanes);
        if (!lanes::is_zero(value)) units |= Units{1} << i->b;
        lanes::store(to, value, 8);
        break;
      }
      case Op::put_clear: std::fill_n(to, lanes, Label{0}); break;
      case Op::put_splat:
        std::fill_n(to, lanes, *a);
        if (*a != 0) units |= Units{1} << i->b;
        break;
      case Op::move: lanes::copy(to, a, lanes); break;
      case Op::clear: std::fill_n(to, lanes, Label{0}); break;
      case Op::splat: std::fill_n(to, lanes, *a); break;
      case Op::join: lanes::store_one(to, labels_.join(*a, *b)); break;
      case Op::lanes: lanes::join(labels_, to, a, b, lanes); break;
      case Op::prefix: lanes::prefix(labels_, to, a, b, lanes); break;
      case Op::reduce: lanes::store_one(to, lanes::reduce(labels_, a, lanes)); break;
      case Op::load: load(addresses_[i->b], lanes, to); break;
      case Op::address: {
        const Label chosen = lanes::reduce(labels_, a, i->b);
        if (chosen != 0) lanes::join_all(labels_, to, chosen, lanes);
        break;
      }
      case Op::store: write(addresses_[i->b], lanes, a); break;
      case Op::branch:
      case Op::target:
        if (*a != 0) decide(block, program, i->b, *a, next);
        break;
    }
  }
}

// What the innermost decision's own function makes while its region is open: answers, states, counts.
// What callees write is reached through the region itself.
void Thread::note_made(Block& block, const Program& program) {
  Region& region = regions_.back();
  if (region.depth != depth_) return;
  region.made = (region.made & ~program.writes) | program.made;
  if (program.marked_stores.empty()) return;
  match_accesses(block, program);
  for (const uint16_t number : program.marked_stores) {
    if (addresses_[number] == not_done) continue;
    region.note({addresses_[number], program.memory[number].size});
  }
}

void Region::note(const Stored& stored) {
  for (size_t i = 0; i < std::min<size_t>(stores_count, stores.size()); ++i)
    if (stores[i].address == stored.address) return;
  stores[stores_count++ % stores.size()] = stored;
}

// The paths meet again: from here on it shows in these values which one was taken.
void Thread::close_region(bool returned) {
  const Region region = regions_.back();
  regions_.pop_back();
  const Label mark = labels_.by_decision(region.label);
  const RegisterLayout& layout = engine_.layout();
  const Units result = Units{1} << layout.unit[layout.result];
  const Units made = returned ? region.made & result : region.made;
  for (Units left = made; left != 0; left &= left - 1) {
    const auto unit = static_cast<size_t>(std::countr_zero(left));
    lanes::join_all(labels_, file_.data() + first_register + layout.extent[unit].first, mark, layout.extent[unit].bytes);
  }
  units_ |= made;
  const size_t count = std::min<size_t>(region.stores_count, region.stores.size());
  for (size_t i = 0; i < count; ++i) {
    std::array<Label, max_lanes> labels;
    const Stored& stored = region.stores[i];
    read(stored.address, stored.size, labels.data());
    lanes::join_all(labels_, labels.data(), mark, stored.size);
    write(stored.address, stored.size, labels.data());
  }
  if (regions_.empty()) return;
  // What was made inside was made inside the outer region too.
  Region& outer = regions_.back();
  if (outer.depth == region.depth) outer.made |= region.made;
  for (size_t i = 0; i < count; ++i) outer.note(region.stores[i]);
}

void Thread::decide(Block& block, const Program& program, size_t number, Label label, Address next) {
  Site& site = block.sites[number];
  const Exit& exit = program.exits[number];
  Address address = block.address;
  for (size_t i = 0; i < exit.instruction; ++i) address += block.code.lengths[i];
  if (site.joined != 0) label = site.joined = labels_.join(site.joined, label);
  if (site.last != label || site.decision == 0) {
    site.last = label;
    site.decision = engine_.new_decision();
    if (++site.labels_seen == max_labels_at_site) site.joined = label;
    engine_.complete(site, block, program, exit, next);
    engine_.listener().decided(*this, {site.decision, address, exit.indirect, label, next, site.other_branches,
                                       site.other_calls});
  }
  // The same decision again in the same frame: a loop's next turn. What an earlier turn decided still
  // decides whether this one is reached.
  for (size_t i = regions_.size(); i-- > 0 && regions_[i].depth == depth_;) {
    if (regions_[i].site != address) continue;
    Region& region = regions_[i];
    if (region.indirect) {  // a dispatcher's next turn
      while (regions_.size() > i) close_region(false);
      break;
    }
    region.label = labels_.join(region.label, label);
    region.decision = site.decision;
    return;
  }
  if (regions_.size() >= max_regions) return;
  regions_.push_back({site.decision, label, site.region_end, address, depth_, exit.indirect, 0, 0, {}});
  attention_ = 1;
}

// Keeps the stack of regions in step with where execution goes.
void Thread::follow(const Program& program, Address next) {
  // A predicated call or return that did not happen goes on behind itself.
  const bool jumped = next != block_->end();
  if (program.kind == JumpKind::call && jumped) ++depth_;
  if (program.kind == JumpKind::ret && jumped) --depth_;
  while (!regions_.empty()) {
    const Region& top = regions_.back();
    const bool met = top.depth == depth_ && top.end != 0 && top.end == next;
    if (!met && top.depth <= depth_) break;
    close_region(!met);
  }
  if (regions_.empty()) {
    attention_ = 0;
    depth_ = 0;
  }
}

}  // namespace shikake::taint
