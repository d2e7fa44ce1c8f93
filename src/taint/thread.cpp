#include <algorithm>
#include <cstring>

#include "taint/engine.h"

namespace shikake::taint {
namespace {

// Distinct labels at one site are told apart up to this many; a sort of received bytes would otherwise
// make millions of decisions.
constexpr uint16_t kMaxLabelsAtSite = 48;

constexpr Address kNotDone = ~Address{0};  // an access that did not happen (predication, a fault)

bool zero(const Label* labels, size_t lanes) {
  uint64_t any = 0;
  size_t i = 0;
  for (; i + 4 <= lanes; i += 4) {
    uint64_t four;
    std::memcpy(&four, labels + i, sizeof four);
    any |= four;
  }
  for (; i < lanes; ++i) any |= labels[i];
  return any == 0;
}

Label reduce(Labels& labels, const Label* from, size_t lanes) {
  if (zero(from, lanes)) return 0;
  Label joined = from[0];
  for (size_t i = 1; i < lanes; ++i) joined = labels.join(joined, from[i]);
  return joined;
}

}  // namespace

Thread::Thread(Engine& engine) : engine_(engine), labels_(engine.label_arena()), accesses_(kMaxAccesses) {}

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
    if (unit == RegisterLayout::kNoUnit) continue;
    if (label != 0) units_ |= Units{1} << unit;
  }
}

std::vector<Label> Thread::save_registers() const {
  return {file_.begin() + kRegisters, file_.begin() + kTemporaries};
}

void Thread::restore_registers(std::span<const Label> from) {
  std::copy(from.begin(), from.end(), file_.begin() + kRegisters);
  units_ = 0;
  const RegisterLayout& layout = engine_.layout();
  for (size_t i = 0; i < layout.bytes; ++i)
    if (layout.unit[i] != RegisterLayout::kNoUnit && file_[kRegisters + i] != 0)
      units_ |= Units{1} << layout.unit[i];
}

void Thread::finish_block(std::optional<Address> next) {
  Block& block = *block_;
  const Program& program = engine_.program(block);
  const bool labels_met = touched_ != 0 || (units_ & (program.reads | program.writes)) != 0;
  if (labels_met || control_ != 0) {
    if (match_accesses(block, program)) {
      run(block, program, next.value_or(0));
      if (control_ != 0) mark_writes(program, control_);
      update_units(program);
    }
  }
  if (!regions_.empty()) follow(program, next.value_or(0));
}

bool Thread::match_accesses(Block& block, const Program& program) {
  const size_t count = std::min<size_t>(count_, kMaxAccesses);
  addresses_.resize(program.memory.size());
  if (count == program.memory.size()) {
    if (!block.accesses_match) {
      block.accesses_match = true;
      for (size_t i = 0; i < count && block.accesses_match; ++i) {
        const MemoryOp& op = program.memory[i];
        const Access& access = accesses_[i];
        block.accesses_match =
            op.instruction == access.instruction && op.store == access.store && op.size == access.size;
      }
    }
    if (block.accesses_match) {
      for (size_t i = 0; i < count; ++i) addresses_[i] = accesses_[i].address;
      return true;
    }
  }
  match_by_instruction(program);
  return true;
}

// Rules and executor may cut an instruction's accesses differently (one of 16 bytes, two of 8) or order
// them differently. Inside an instruction, accesses that the rules know to lie a fixed distance apart
// are laid out from the lowest address; others take the executor's bytes in order.
void Thread::match_by_instruction(const Program& program) {
  const size_t count = std::min<size_t>(count_, kMaxAccesses);
  std::vector<Access> same;
  for (size_t first = 0; first < program.memory.size();) {
    const MemoryOp& head = program.memory[first];
    std::vector<size_t> members;
    for (size_t i = first; i < program.memory.size() && program.memory[i].instruction == head.instruction; ++i)
      members.push_back(i);
    for (const bool store : {false, true}) {
      same.clear();
      for (size_t i = 0; i < count; ++i)
        if (accesses_[i].instruction == head.instruction && accesses_[i].store == store) same.push_back(accesses_[i]);
      std::vector<size_t> ops;
      for (const size_t i : members)
        if (program.memory[i].store == store) ops.push_back(i);
      if (ops.empty()) continue;
      if (same.empty()) {
        for (const size_t i : ops) addresses_[i] = kNotDone;
        continue;
      }
      const bool one_base = std::all_of(ops.begin(), ops.end(), [&](size_t i) {
        return program.memory[i].base == program.memory[ops[0]].base;
      });
      if (one_base) {
        Address lowest = kNotDone;
        for (const Access& access : same) lowest = std::min(lowest, access.address);
        int64_t least = program.memory[ops[0]].offset;
        for (const size_t i : ops) least = std::min(least, program.memory[i].offset);
        for (const size_t i : ops)
          addresses_[i] = lowest + static_cast<Address>(program.memory[i].offset - least);
        continue;
      }
      size_t at = 0, inside = 0;
      for (const size_t i : ops) {
        addresses_[i] = at < same.size() ? same[at].address + inside : kNotDone;
        inside += program.memory[i].size;
        while (at < same.size() && inside >= same[at].size) inside -= same[at++].size;
      }
    }
    first += members.size();
  }
}

void Thread::read(Address address, size_t lanes, Label* to) {
  if (address == kNotDone) {
    std::fill_n(to, lanes, Label{0});
    return;
  }
  const size_t in_page = address & (kPageBytes - 1);
  if (in_page + lanes > kPageBytes) {
    engine_.shadow().read(address, lanes, to);
    return;
  }
  const Label* from = engine_.shadow().page(address);
  if (from == nullptr) std::fill_n(to, lanes, Label{0});
  else std::memcpy(to, from + in_page, lanes * sizeof(Label));
}

void Thread::write(Address address, size_t lanes, const Label* from) {
  if (address == kNotDone) return;
  engine_.shadow().write(address, lanes, from);
}

void Thread::run(Block& block, const Program& program, Address next) {
  Label* const file = file_.data();
  for (const Instruction* i = program.code.data();; ++i) {
    const size_t lanes = i->lanes;
    switch (i->op) {
      case Op::end: return;
      case Op::move: std::memmove(file + i->to, file + i->a, lanes * sizeof(Label)); break;
      case Op::clear: std::memset(file + i->to, 0, lanes * sizeof(Label)); break;
      case Op::splat: std::fill_n(file + i->to, lanes, file[i->a]); break;
      case Op::join: file[i->to] = labels_.join(file[i->a], file[i->b]); break;
      case Op::lanes:
        for (size_t k = 0; k < lanes; ++k) file[i->to + k] = labels_.join(file[i->a + k], file[i->b + k]);
        break;
      case Op::prefix: {
        Label below = 0;
        for (size_t k = 0; k < lanes; ++k) {
          below = labels_.join(below, labels_.join(file[i->a + k], file[i->b + k]));
          file[i->to + k] = below;
        }
        break;
      }
      case Op::reduce: file[i->to] = reduce(labels_, file + i->a, lanes); break;
      case Op::load: read(addresses_[i->b], lanes, file + i->to); break;
      case Op::address: {
        const Label chosen = reduce(labels_, file + i->a, i->b);
        if (chosen == 0) break;
        for (size_t k = 0; k < lanes; ++k) file[i->to + k] = labels_.join(file[i->to + k], chosen);
        break;
      }
      case Op::store: write(addresses_[i->b], lanes, file + i->a); break;
      case Op::branch:
        if (file[i->a] != 0) decide(block, program, i->b, file[i->a], next);
        break;
      case Op::target:
        if (file[i->a] != 0) decide(block, program, i->b, file[i->a], next);
        break;
    }
  }
}

void Thread::update_units(const Program& program) {
  const RegisterLayout& layout = engine_.layout();
  units_ &= ~program.writes;
  for (const Written& written : program.written) {
    for (size_t k = 0; k < written.lanes; ++k) {
      const size_t offset = written.first - kRegisters + k;
      const uint8_t unit = layout.unit[offset];
      if (file_[written.first + k] != 0 && unit != RegisterLayout::kNoUnit) units_ |= Units{1} << unit;
    }
  }
  // A unit that was written in part keeps what its other bytes hold.
  Units unsure = program.writes & ~units_;
  for (size_t offset = 0; unsure != 0 && offset < layout.bytes; ++offset) {
    const uint8_t unit = layout.unit[offset];
    if (unit == RegisterLayout::kNoUnit || (unsure >> unit & 1) == 0) continue;
    if (file_[kRegisters + offset] != 0) units_ |= Units{1} << unit;
  }
}

void Thread::mark_writes(const Program& program, Label control) {
  const RegisterLayout& layout = engine_.layout();
  for (const Written& written : program.written) {
    if (!written.made) continue;
    for (size_t k = 0; k < written.lanes; ++k) {
      const size_t offset = written.first - kRegisters + k;
      if (layout.undecided[offset]) continue;
      Label& label = file_[written.first + k];
      label = labels_.join(label, control);
    }
  }
  for (size_t i = 0; i < program.memory.size(); ++i) {
    const MemoryOp& op = program.memory[i];
    if (!op.store || !op.made || addresses_[i] == kNotDone) continue;
    // A call's pushed return address is no choice of the program's.
    if (program.kind == JumpKind::call && op.constant && i + 1 == program.memory.size()) continue;
    std::array<Label, kMaxLanes> labels;
    read(addresses_[i], op.size, labels.data());
    for (size_t k = 0; k < op.size; ++k) labels[k] = labels_.join(labels[k], control);
    write(addresses_[i], op.size, labels.data());
  }
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
    if (++site.labels_seen == kMaxLabelsAtSite) site.joined = label;
    engine_.listener().decided(*this, {site.decision, address, exit.indirect, label, next});
  }
  if (!site.region_known) {
    site.region_end = engine_.region_end(block, program, exit);
    site.region_known = true;
  }
  // The same decision again in the same frame: a loop's next turn. What an earlier turn decided still
  // decides whether this one is reached.
  for (size_t i = regions_.size(); i-- > 0 && regions_[i].depth == depth_;) {
    if (regions_[i].site != address) continue;
    Region& region = regions_[i];
    region.label = region.indirect ? label : labels_.join(region.label, label);
    region.decision = site.decision;
    if (region.indirect) regions_.resize(i + 1);
    return;
  }
  if (regions_.size() >= kMaxRegions) return;
  regions_.push_back({site.decision, label, site.region_end, address, depth_, exit.indirect});
  attention_ = 1;
}

// Keeps the stack of regions in step with where execution goes.
void Thread::follow(const Program& program, Address next) {
  if (program.kind == JumpKind::call) ++depth_;
  if (program.kind == JumpKind::ret) --depth_;
  while (!regions_.empty()) {
    const Region& top = regions_.back();
    const bool met = top.depth == depth_ && top.end != 0 && top.end == next;
    if (!met && top.depth <= depth_) break;
    regions_.pop_back();
  }
  if (regions_.empty()) {
    attention_ = 0;
    depth_ = 0;
  }
  // Decisions mark what is written in their own function: a returned answer, a found index, a state.
  // What callees write is reached through the region itself.
  Label joined = 0;
  for (size_t i = regions_.size(); i-- > 0 && regions_[i].depth == depth_;)
    joined = labels_.join(joined, regions_[i].label);
  control_ = labels_.by_decision(joined);
}

}  // namespace shikake::taint
