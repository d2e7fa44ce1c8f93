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

bool NativeCode::has_room() const { return room_ != nullptr && room_bytes - used_ >= most_bytes; }

void NativeCode::take(size_t bytes) { used_ += (bytes + 63) / 64 * 64; }

bool NativeCode::compile_rules(const NativeSource& source, Variant& variant) {
  // Accesses that never were the rules', one for one, are laid out anew each time: not here.
  if (source.program.memory.size() != source.block.accesses_match.load(std::memory_order_relaxed)) return false;
  const std::optional<Plan> made = plan(source.program, variant, source.layout, source.state);
  if (!made || !has_room()) return false;
  try {
    RuleEmitter emitter(next(), most_bytes, source, variant, *made, next_join_, next_word_);
    emitter.emit();
    if (emitter.slots() > kept_values || next_word_ + emitter.words() > kept_words) return false;
    next_word_ += emitter.words();
    variant.machine_code = next();
    variant.patterns.fetch_add(1, std::memory_order_relaxed);
    take(emitter.getSize());
    return true;
  } catch (const std::exception&) {  // longer than any program should be: it stays with the interpreter
    return false;
  }
}

Finish NativeCode::compile_end(const NativeSource& source) {
  if (!has_room()) return nullptr;
  try {
    EndEmitter emitter(next(), most_bytes, source);
    emitter.emit();
    const auto made = reinterpret_cast<Finish>(next());
    take(emitter.getSize());
    return made;
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace shikake::taint
