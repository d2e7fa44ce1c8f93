// Decisions, and the stretches of execution that depend on them.
#include <algorithm>
#include <bit>

#include "taint/engine.h"
#include "taint/lanes.h"

namespace shikake::taint {
namespace {

// Distinct labels at one site are told apart up to this many; a sort of received bytes would otherwise
// make millions of decisions.
constexpr uint16_t max_labels_at_site = 48;

}  // namespace

// What the innermost decision's own function makes while its region is open: answers, states, counts.
// What callees write is reached through the region itself.
void Thread::note_made(Block& block, const Program& program) {
  Region& region = regions_.back();
  region.made = (region.made & ~program.writes) | program.made;
  if (program.marked_stores.empty()) return;
  match_accesses(block, program);
  for (const uint16_t number : program.marked_stores) {
    const Address address = state_.accesses[number].address;
    if (address != not_done) region.note({address, program.memory[number].size});
  }
}

void Region::note(const Stored& stored) {
  for (size_t i = 0; i < kept(); ++i)
    if (stores[i].address == stored.address) return;
  stores[stores_count++ % stores.size()] = stored;
}

// Joins the label to what a place in memory holds.
void Thread::mark(const Stored& stored, Label label) {
  std::array<Label, max_lanes> labels;
  read(stored.address, stored.size, labels.data());
  lanes::join_all(labels_, labels.data(), label, stored.size);
  write(stored.address, stored.size, labels.data());
}

// The innermost region ends inside the block: what the block writes before that belongs to it still, and gets
// its mark once the block's own rules have run.
void Thread::close_inside(Block& block, const Program& program) {
  const Region& region = regions_.back();
  if (!program.marked_stores.empty()) match_accesses(block, program);
  for (const uint16_t number : program.marked_stores) {
    const Address address = state_.accesses[number].address;
    if (address == not_done || block.instruction(program.memory[number].instruction) >= region.end) continue;
    late_.push_back({labels_.by_decision(region.label), {address, program.memory[number].size}});
  }
  close_region(false);
}

// The paths meet again: from here on it shows in these values which one was taken.
void Thread::close_region(bool returned) {
  const Region& region = regions_.back();
  const Label label = labels_.by_decision(region.label);
  const RegisterLayout& layout = engine_.layout();
  const Units result = Units{1} << layout.unit[layout.result];
  const Units made = returned ? region.made & result : region.made;
  for (Units left = made; left != 0; left &= left - 1) {
    const auto& extent = layout.extent[static_cast<size_t>(std::countr_zero(left))];
    lanes::join_all(labels_, registers(extent.first), label, extent.bytes);
  }
  state_.units |= made;
  for (size_t i = 0; i < region.kept(); ++i) mark(region.stores[i], label);
  if (regions_.size() >= 2) {
    // What was made inside was made inside the outer region too.
    Region& outer = regions_[regions_.size() - 2];
    if (outer.depth == region.depth) outer.made |= region.made;
    for (size_t i = 0; i < region.kept(); ++i) outer.note(region.stores[i]);
  }
  regions_.pop_back();
}

// `number`: of the running block's exit.
void Thread::decide(size_t number, Label label) {
  Site& site = block_->sites[number];
  if (site.joined != 0) label = site.joined = labels_.join(site.joined, label);
  if (site.last != label || site.decision == 0) new_label_at(site, number, label);
  // The same decision again in the same frame: a loop's next turn. What an earlier turn decided still
  // decides whether this one is reached.
  for (size_t i = regions_.size(); i-- > 0 && regions_[i].depth == depth_;) {
    if (regions_[i].site != site.address) continue;
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
  regions_.emplace_back(site.decision, label, site.region_end, site, depth_, site.indirect);
  attention_ = 1;
}

void Thread::new_label_at(Site& site, size_t number, Label label) {
  const Program& program = engine_.program(*block_);
  const Exit& exit = program.exits[number];
  site.last = label;
  site.decision = engine_.new_decision();
  if (++site.labels_seen == max_labels_at_site) site.joined = label;
  engine_.complete(site, *block_, program, exit, next_);
  engine_.listener().decided(*this, {site.decision, site.address, exit.indirect, label, next_, site.other_branches,
                                     site.other_calls});
}

// Calls and returns while regions are open. A return is known by where it goes, whatever instruction makes it:
// one that is taken for a jump must not leave its function's regions open for ever.
void Thread::count_calls(const Program& program, Address next) {
  if (next == block_->last) return;  // a predicated call or return that did not happen
  if (program.kind == JumpKind::call) {
    // Deep recursion forgets its outermost calls.
    constexpr size_t max_calls = 4096;
    if (returns_.size() == max_calls) returns_.erase(returns_.begin());
    returns_.push_back(block_->last);
    ++depth_;
    return;
  }
  if (program.kind != JumpKind::ret && !program.indirect_exit) return;
  const auto found = std::find(returns_.rbegin(), returns_.rend(), next);
  if (found != returns_.rend()) {
    const auto left = static_cast<size_t>(found - returns_.rbegin()) + 1;
    returns_.resize(returns_.size() - left);
    depth_ -= static_cast<int>(left);
  } else if (program.kind == JumpKind::ret) {
    if (!returns_.empty()) returns_.pop_back();
    --depth_;
  }
}

// Keeps the stack of regions in step with where execution goes.
void Thread::follow(const Program& program, Address next) {
  if (program.kind != JumpKind::next || program.indirect_exit) count_calls(program, next);
  while (!regions_.empty()) {
    const Region& top = regions_.back();
    const bool met = top.depth == depth_ && top.end != 0 && top.end == next;
    if (!met && top.depth <= depth_) break;
    close_region(!met);
  }
  if (regions_.empty()) {
    attention_ = 0;
    depth_ = 0;
    returns_.clear();
  }
}

}  // namespace shikake::taint
