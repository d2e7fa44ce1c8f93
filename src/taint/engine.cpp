#include "taint/engine.h"

#include <algorithm>

#include "taint/postdominator.h"

namespace shikake::taint {

Engine::Engine(Architecture architecture, LabelArena& labels, std::atomic<uint32_t>& decisions, Listener& listener,
               CodeReader reader)
    : architecture_(architecture),
      labels_(labels),
      decisions_(decisions),
      listener_(listener),
      reader_(std::move(reader)),
      lifter_(make_lifter(architecture)),
      layout_(lifter_->layout()) {}

Engine::~Engine() = default;

const Program& Engine::program(Block& block) {
  if (const Program* known = block.program.load(std::memory_order_acquire)) return *known;
  const Program* made = nullptr;
  {
    const std::lock_guard guard(lifting_);
    if (const Program* known = block.program.load(std::memory_order_acquire)) return *known;
    block.code.bytes = block.bytes;
    programs_.push_back(std::make_unique<Program>(lifter_->lift(block.code)));
    Program& program = *programs_.back();
    block.sites.resize(program.exits.size());
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

Address Engine::region_end(const Block& block, const Program& program, const Exit& exit) {
  if (exit.indirect) return 0;
  const std::lock_guard guard(lifting_);
  return immediate_postdominator(*lifter_, reader_, program.successors, block.code.thumb);
}

}  // namespace shikake::taint
