#include "taint/engine.h"

#include <algorithm>

#include "taint/postdominator.h"

namespace shikake::taint {

Engine::Engine(Architecture architecture, LabelArena& labels, std::atomic<uint32_t>& decisions, Listener& listener,
               CodeReader reader, AccessDecoder decoder, RuleChoices choices)
    : architecture_(architecture),
      labels_(labels),
      decisions_(decisions),
      listener_(listener),
      reader_(std::move(reader)),
      decoder_(decoder),
      lifter_(make_lifter(architecture, choices)),
      layout_(lifter_->layout()) {}

Engine::~Engine() = default;

const Program& Engine::lift(Block& block) {
  const Program* made = nullptr;
  {
    const std::lock_guard guard(lifting_);
    if (const Program* known = block.program.load(std::memory_order_acquire)) return *known;
    block.code.bytes = block.bytes;
    block.last = block.address + block.bytes.size() - block.code.before;
    programs_.push_back(std::make_unique<Program>(lifter_->lift(block.code)));
    Program& program = *programs_.back();
    block.sites = std::deque<Site>(program.exits.size());
    for (size_t i = 0; i < program.exits.size(); ++i) {
      block.sites[i].address = block.instruction(program.exits[i].instruction);
      block.sites[i].indirect = program.exits[i].indirect;
    }
    block.touched.store(program.reads | program.writes, std::memory_order_relaxed);
    block.program.store(&program, std::memory_order_release);
    made = &program;
  }
  size_t offset = block.code.before;
  for (size_t i = 0; i < block.code.lengths.size(); ++i) {
    if (std::find(made->without_rule.begin(), made->without_rule.end(), i) != made->without_rule.end())
      listener_.without_rule(block.address + offset - block.code.before,
                             std::span(block.bytes).subspan(offset, block.code.lengths[i]));
    offset += block.code.lengths[i];
  }
  return *made;
}

Variant& Engine::variant(Block& block, const Program& program, Units labelled) {
  const std::lock_guard guard(lifting_);
  Variant* found = nullptr;
  for (const auto& known : block.variants)
    if (known->labelled == labelled) found = known.get();
  if (found == nullptr) {
    // A block that meets ever new combinations gets by with the rules for all registers labelled.
    constexpr size_t max_variants = 32;
    const Units wanted = block.variants.size() < max_variants ? labelled : ~Units{0};
    block.variants.push_back(specialise(program, wanted, layout_));
    if (block.variants.size() > max_variants) block.variants.back()->labelled = labelled;
    found = block.variants.back().get();
  }
  block.variant[Block::slot(labelled)].store(found, std::memory_order_release);
  return *found;
}

void Engine::compile(Block& block, const Program& program, Variant* variant, const ThreadState& state) {
  const std::lock_guard guard(lifting_);
  const NativeSource source{block, program, layout_, state, native_helpers(), labels_};
  if (variant != nullptr && !native_.compile_rules(source, *variant)) return;
  if (const Finish made = native_.compile_end(source); made != nullptr) block.finish.store(made, std::memory_order_release);
}

// Told once a label, and once more when it goes the other way: what is done on a word that is found is done at the end
// of a search that went on as often as the word was another.
bool Engine::number(Site& site, Label label, Address next) {
  // More labels at one site are not told apart: a sort of received bytes would otherwise make millions of decisions.
  constexpr size_t max_labels_at_site = 48;
  const std::lock_guard guard(lifting_);
  for (Site::Told& told : site.told) {
    if (told.label != label) continue;
    // Of a way on which nothing lies before the paths meet, nothing is told again.
    const bool other_way = told.way != 0 && next != 0 && told.way != next && next != site.region_end;
    if (other_way) told = {label, decisions_.fetch_add(1) + 1, 0};
    site.latest = {label, 0, told.decision};
    site.way = told.way;
    return other_way;
  }
  const uint32_t decision = decisions_.fetch_add(1) + 1;
  Address way = site.indirect ? 0 : next;
  if (site.told.size() < max_labels_at_site) site.told.push_back({label, decision, way});
  else way = 0;
  if (site.told.size() == max_labels_at_site && site.joined == 0) site.joined = label;
  site.latest = {label, 0, decision};
  site.way = way;
  return true;
}

void Engine::complete(Site& site, const Block& block, const Program& program, const Exit& exit, Address taken) {
  if (exit.indirect) return;
  const std::lock_guard guard(lifting_);
  if (!site.region_known) {
    site.region_known = true;
    site.region_end = immediate_postdominator(*lifter_, reader_, program.successors, block.code.thumb);
  }
  for (const Address other : program.successors) {
    if (other == taken || other == site.surveyed) continue;
    const Survey found = survey(*lifter_, reader_, other, site.region_end, block.code.thumb);
    site.surveyed = other;
    site.other_branches = found.branches;
    site.other_calls = found.calls;
  }
}

}  // namespace shikake::taint
