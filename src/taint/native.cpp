#include "taint/native.h"

#include <sys/mman.h>

#include <exception>

#include "taint/native_rules.h"

namespace shikake::taint {
namespace {

// Some 50,000 hot blocks; only what is used costs memory.
constexpr size_t room_bytes = size_t{32} << 20;
// Longest program: far above what 64 inputs can come to.
constexpr size_t most_bytes = size_t{1} << 18;

}  // namespace

NativeCode::NativeCode() {
  void* at = mmap(nullptr, room_bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
  if (at != MAP_FAILED) room_ = static_cast<uint8_t*>(at);
}

NativeCode::~NativeCode() {
  if (room_ != nullptr) munmap(room_, room_bytes);
}

Finish NativeCode::compile(const NativeSource& source) {
  // Accesses that never were the rules', one for one, are laid out anew each time: not here.
  const size_t accesses = source.program.memory.size();
  const bool as_rules = accesses == source.block.accesses_match.load(std::memory_order_relaxed);
  const bool needs_them = source.variant != nullptr || !source.program.marked_stores.empty();
  if (room_ == nullptr || room_bytes - used_ < most_bytes || (needs_them && !as_rules)) return nullptr;
  uint8_t* const start = room_ + used_;
  try {
    if (source.variant == nullptr) {
      BystanderEmitter emitter(start, most_bytes, source);
      emitter.emit();
      used_ += (emitter.getSize() + 63) / 64 * 64;
      return reinterpret_cast<Finish>(start);
    }
    const std::optional<Plan> made = plan(source.program, *source.variant, source.layout, source.state);
    if (!made) return nullptr;
    RuleEmitter emitter(start, most_bytes, source, *made, next_join_, next_word_);
    emitter.emit();
    if (emitter.slots() > kept_values || next_word_ + emitter.words() > kept_words) return nullptr;
    next_word_ += emitter.words();
    used_ += (emitter.getSize() + 63) / 64 * 64;
    return reinterpret_cast<Finish>(start);
  } catch (const std::exception&) {  // longer than any program should be: it stays with the interpreter
    return nullptr;
  }
}

}  // namespace shikake::taint
