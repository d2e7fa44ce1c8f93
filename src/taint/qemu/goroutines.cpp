#include "taint/qemu/goroutines.h"

#include <algorithm>
#include <mutex>

namespace shikake::taint::qemu {
namespace {

// GDB's numbers of the stack pointer and of the goroutine's register: R14, R10, X28, R30 (Go's assembler
// calls it g).
struct Registers {
  int stack, goroutine;
};
constexpr int none = -1;
constexpr Registers registers[] = {{7, 14},  {4, none}, {13, 10},
                                   {31, 28}, {29, 30},  {29, 30}};  // by Architecture

// Decisions kept of a run: one that makes more tells of those beyond as of its threads'.
constexpr size_t max_made = 65536;

}  // namespace

Goroutines::Goroutines(Architecture architecture, size_t word_bytes, Register read_register, Word word)
    : architecture_(architecture),
      word_bytes_(word_bytes),
      register_(std::move(read_register)),
      word_(std::move(word)) {}

std::optional<Goroutines::Goroutine> Goroutines::running() const {
  const Registers& which = registers[static_cast<size_t>(architecture_)];
  if (which.goroutine == none) return std::nullopt;
  const auto stack = register_(which.stack), at = register_(which.goroutine);
  if (!stack || !at || *at == 0 || *at % word_bytes_ != 0) return std::nullopt;
  // The structure begins with the stack's two ends.
  const Address low = word_(*at), high = word_(*at + word_bytes_);
  constexpr Address largest_stack = Address{1} << 30;  // runtime.maxstacksize
  constexpr Address least_stack = 2048;                // runtime.stackMin
  if (low == 0 || *stack < low || *stack > high || high - low > largest_stack) return std::nullopt;
  // It lies on no stack: in other programs the register may be a frame's pointer, with what a function saved
  // there.
  if (high - low < least_stack || (low | high) % word_bytes_ != 0 || (*at >= low && *at <= high))
    return std::nullopt;
  return Goroutine{*at, high - *stack};
}

void Goroutines::decided(uint32_t decision) {
  const auto by = running();
  if (!by) return;
  any_ = true;
  const std::lock_guard guard(lock_);
  if (made_.size() < max_made) made_[decision] = {by->number, by->depth};
}

void Goroutines::keep(Address goroutine, uint64_t depth, std::span<const Region> open) {
  auto& brought = brought_[goroutine];
  std::erase_if(brought, [&](const auto& one) { return one.second > depth; });
  for (const Region& region : open)
    if (const auto made = made_.find(region.decision); made != made_.end() && made->second.by == goroutine)
      brought[region.decision] = made->second.depth;
  if (brought.empty()) brought_.erase(goroutine);
}

void Goroutines::interrupted(std::span<const Region> open) {
  if (!any_) return;
  // The handler has a stack of its own; the register is still the interrupted one's.
  const auto at = register_(registers[static_cast<size_t>(architecture_)].goroutine);
  const std::lock_guard guard(lock_);
  if (at) keep(*at, UINT64_MAX, open);
}

void Goroutines::calls(std::span<const Region> open) {
  if (!any_) return;
  const auto now = running();
  const std::lock_guard guard(lock_);
  if (now) keep(now->number, now->depth, open);
}

std::vector<uint32_t> Goroutines::within(std::span<const Region> open) {
  std::vector<uint32_t> found;
  for (const Region& region : open) found.push_back(region.decision);
  if (!any_) return found;
  const auto now = running();
  if (!now) return found;
  const std::lock_guard guard(lock_);
  std::erase_if(found, [&](uint32_t decision) {
    const auto made = made_.find(decision);
    return made != made_.end() && made->second.by != now->number;
  });
  if (const auto brought = brought_.find(now->number); brought != brought_.end())
    for (const auto& [decision, depth] : brought->second)
      if (depth <= now->depth && std::ranges::find(found, decision) == found.end()) found.push_back(decision);
  std::ranges::sort(found);
  return found;
}

}  // namespace shikake::taint::qemu
