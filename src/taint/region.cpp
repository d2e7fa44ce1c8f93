// Decisions, and the stretches of execution that depend on them.
#include <algorithm>
#include <bit>

#include "taint/engine.h"
#include "taint/lanes.h"

namespace shikake::taint {

// What the running block means for the innermost region, which is its own function's, before its rules run: what
// is made in it, answers, states, counts. What callees write is reached through the region itself.
void Thread::in_regions(Block& block, const Program& program, Region& top) {
  // Paths may meet in the middle of a block, when one of them falls into it from above.
  if (top.end - block.address - 1 < block.last - block.address - 1) return end_inside(block, program);
  top.made = (top.made & ~program.writes) | program.made;
  if (!program.marked_stores.empty()) note_stores(block, program);
}

void Thread::end_inside(Block& block, const Program& program) {
  while (state_.top->depth == state_.depth && state_.top->end - block.address - 1 < block.last - block.address - 1)
    close_inside(block, program);
  if (state_.top == regions_.data()) none_open();
  if (state_.top->depth == state_.depth) in_regions(block, program, *state_.top);
}

void Thread::note_stores(Block& block, const Program& program) {
  match_accesses(block, program);
  for (const uint16_t number : program.marked_stores) {
    const Address address = state_.accesses[number].address;
    if (address != not_done) stores_.note({address, program.memory[number].size}, innermost());
  }
}

// Joins the label to what a place in memory holds.
void Thread::mark(const Stored& stored, Label label) {
  const size_t in_page = stored.address & (page_bytes - 1);
  if (in_page + stored.size <= page_bytes && Shadow::filter.holds(stored.address, stored.size)) {
    if (Label* there = shadow_page(stored.address); there != nullptr) {
      lanes::join_all(labels_, there + in_page, label, stored.size);
      return;
    }
  }
  std::array<Label, max_lanes> labels;
  read(stored.address, stored.size, labels.data());
  lanes::join_all(labels_, labels.data(), label, stored.size);
  write(stored.address, stored.size, labels.data());
}

// The innermost region ends inside the block: what the block writes before that belongs to it still, and gets
// its mark once the block's own rules have run.
void Thread::close_inside(Block& block, const Program& program) {
  const Region& region = *state_.top;
  if (!program.marked_stores.empty()) match_accesses(block, program);
  for (const uint16_t number : program.marked_stores) {
    const Address address = state_.accesses[number].address;
    if (address == not_done || block.instruction(program.memory[number].instruction) >= region.end) continue;
    state_.late = 1;
    late_.push_back({labels_.by_decision(region.label), {address, program.memory[number].size}});
  }
  close_region(false);
}

[[gnu::always_inline]] inline void Thread::mark_units(Units made, Label label) {
  const auto& extents = engine_.layout().extent;
  // Mostly they have the label already. Else four and four are mostly alike, and all had one before.
  Label before = 0, after = label;
  const auto mark_four = [&](Label* to) {
    const Label first = *to;
    if (lanes::four(to) != lanes::splat(first)) return lanes::join_all(labels_, to, label, 4);
    if (first == 0) return lanes::set_four(to, label);
    if (first != before) {
      before = first;
      after = labels_.join(first, label);
    }
    if (after != first) lanes::set_four(to, after);
  };
  for (Units left = made; left != 0; left &= left - 1) {
    const auto& extent = extents[static_cast<size_t>(std::countr_zero(left))];
    Label* const to = registers(extent.first);
    if (extent.bytes == 8) {
      if (lanes::all_are(to, label)) continue;
      mark_four(to);
      mark_four(to + 4);
    } else {
      lanes::join_all(labels_, to, label, extent.bytes);
    }
  }
  state_.units |= made;
}

// The paths meet again: from here on it shows in these values which one was taken.
void Thread::close_region(bool returned) {
  const Region& region = *state_.top;
  Units made = region.made;
  if (returned) made &= Units{1} << engine_.layout().unit[engine_.layout().result];
  if (made != 0 || stores_.any(innermost())) {
    const Label label = labels_.by_decision(region.label);
    if (made != 0) mark_units(made, label);
    stores_.close(innermost(), label, [&](const Stored& stored) { mark(stored, label); });
  }
  // What was made inside was made inside the outer region too.
  if (Region& outer = *(state_.top - 1); outer.depth == region.depth) outer.made |= region.made;
  --state_.open_sites.of(region.site);
  --state_.top;
  find_innermost();
}

// After each change of regions or depth: what machine code goes by.
void Thread::find_innermost() {
  Region& top = *state_.top;
  const bool own = top.depth == state_.depth;
  state_.meets = own ? top.end : 0;
  state_.made = own ? &top.made : &state_.made_nowhere;
}

// `number`: of the running block's exit. Machine code passes over decisions that change nothing (native.cpp).
void Thread::decide(size_t number, Label came) {
  Site& site = state_.block->sites[number];
  Label label = came;
  if (const Label joined = site.joined; joined != 0) {
    label = labels_.join(joined, came);
    if (label != joined) site.joined = label;
  }
  const Address way = site.way;
  const bool other_way = way != 0 && way != state_.next && site.region_end != state_.next;
  const Site::Latest latest = site.latest;
  if (latest.label != label || latest.decision == 0 || other_way) other_label_at(site, number, label);
  if (state_.open_sites.of(site.address) != 0 && decided_again(site, label)) return;
  // Where the paths meet at once, nothing lies between them.
  const bool empty = !site.indirect && state_.next != 0 && site.region_end == state_.next;
  if (empty) return;
  if (state_.top != state_.last_region) open_region(site, label);
  else join_innermost(site, label);
}

// With as many regions open as there may be: what comes now is still seen to depend on it, until the innermost
// one ends.
void Thread::join_innermost(const Site& site, Label label) {
  Region& top = *state_.top;
  top.label = labels_.join(top.label, label);
  top.settled = label;
  top.decision = site.latest.load().decision;
}

void Thread::open_region(const Site& site, Label label) {
  Region& region = *++state_.top;
  region.label = region.settled = label;
  region.decision = site.latest.load().decision;
  region.way = site.way;
  region.end = site.region_end;
  region.site = site.address;
  region.depth = state_.depth;
  region.indirect = site.indirect;
  region.made = 0;
  ++state_.open_sites.of(site.address);
  state_.attention = 1;
  find_innermost();
}

// The same decision again in the same frame: a loop's next turn. What an earlier turn decided still decides
// whether this one is reached.
bool Thread::decided_again(const Site& site, Label label) {
  for (Region* region = state_.top; region->depth == state_.depth; --region) {
    if (region->site != site.address) continue;
    if (region->indirect) {  // a dispatcher's next turn
      while (state_.top >= region) close_region(false);
      return false;
    }
    if (region->settled != label) {
      region->label = labels_.join(region->label, label);
      region->settled = label;
    }
    region->decision = site.latest.load().decision;
    region->way = site.way;
    return true;
  }
  return false;
}

void Thread::other_label_at(Site& site, size_t number, Label label) {
  if (!engine_.number(site, label, state_.next)) return;
  const Program& program = engine_.program(*state_.block);
  const Exit& exit = program.exits[number];
  engine_.complete(site, *state_.block, program, exit, state_.next);
  engine_.listener().decided(*this, {site.latest.load().decision, site.address, exit.indirect, label, state_.next, site.other_branches,
                                     site.other_calls, site.region_end != 0});
}

// Calls and returns while regions are open. A return is known by where it goes, whatever instruction makes it:
// one that is taken for a jump must not leave its function's regions open for ever.
void Thread::count_calls(const Program& program, Address next) {
  if (next == state_.block->last) return;  // a predicated call or return that did not happen
  if (program.kind == JumpKind::call) {
    const bool pushed = engine_.layout().calls_push && state_.count != 0 && state_.count <= max_accesses;
    const Address stack = pushed ? state_.accesses[state_.count - 1].address : engine_.stack_pointer();
    leave_frames(stack, true);
    // Deep recursion forgets its outermost calls.
    constexpr size_t max_calls = 4096;
    if (entered_.size() == max_calls) entered_.erase(entered_.begin());
    entered_.push_back({state_.block->last, stack, state_.depth});
    ++state_.depth;
    return;
  }
  if (program.kind != JumpKind::ret && !program.indirect_exit) return;
  const auto found = std::find_if(entered_.rbegin(), entered_.rend(), [next](const Entered& call) { return call.returns == next; });
  if (found != entered_.rend()) {
    const auto left = static_cast<size_t>(found - entered_.rbegin()) + 1;
    entered_.resize(entered_.size() - left);
    state_.depth -= static_cast<int>(left);
  } else if (program.kind == JumpKind::ret) {
    if (!entered_.empty()) entered_.pop_back();
    --state_.depth;
  }
}

// Functions that were left by a jump. A function that runs has its caller's frame above it: where the stack pointer is
// above what it was when the function began, or is the same when another one begins, that one has gone.
void Thread::leave_frames(Address stack, bool calls) {
  // Farther away lies another stack: of a handler, or of a runtime that has several.
  constexpr Address largest_jump = Address{1} << 20;
  Entered gone{};
  bool any = false;
  while (!entered_.empty()) {
    const Entered& last = entered_.back();
    if (stack == 0 || last.stack == 0 || stack < last.stack || stack - last.stack > largest_jump) break;
    if (stack == last.stack && !calls) break;
    gone = last;
    any = true;
    entered_.pop_back();
  }
  if (!any) return;
  state_.depth = gone.depth;
  // The outermost one that is known of, and its caller's stack pointer is not that of the call: the caller has gone too.
  const Address own = engine_.layout().word;
  if (entered_.empty() && stack > gone.stack + (calls ? 0 : own)) --state_.depth;
  while (state_.top != regions_.data() && state_.top->depth > state_.depth) close_region(true);
}

void Thread::stands_at(Address stack) {
  if (state_.attention == 0) return;
  leave_frames(stack, false);
  find_innermost();
  if (state_.top == regions_.data()) none_open();
}

// Keeps the stack of regions in step with where execution goes.
void Thread::follow(const Program& program, Address next) {
  if (program.kind != JumpKind::next || program.indirect_exit) {
    count_calls(program, next);
    find_innermost();
  }
  while (state_.top != regions_.data()) {
    const Region& top = *state_.top;
    const bool met = top.depth == state_.depth && top.end != 0 && top.end == next;
    if (!met && top.depth <= state_.depth) break;
    close_region(!met);
  }
  if (state_.top == regions_.data()) none_open();
}

// The same for a block that neither calls nor returns, when it has got to where the innermost region ends.
void Thread::paths_meet() {
  do close_region(false);
  while (state_.meets == state_.next);
  if (state_.top == regions_.data()) none_open();
}

void Thread::none_open() {
  state_.attention = 0;
  state_.depth = 0;
  entered_.clear();
  find_innermost();
}

}  // namespace shikake::taint
