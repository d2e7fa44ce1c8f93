// Signal handlers: the kernel (here the emulator) saves the interrupted registers in a frame on the stack and takes
// them back from there. Their labels go the same way, so that a handler finds them where it finds the registers,
// and what it writes there shows afterwards.
#include <algorithm>
#include <array>
#include <span>

#include "taint/qemu/cpu_registers.h"
#include "taint/qemu/guest_memory.h"
#include "taint/qemu/plugin.h"

namespace shikake::taint::qemu {
namespace {

// A register that a frame holds: its number for the emulator's debugger, its place among the general registers of
// the label file, and whether a handler starts with the interrupted value still in it.
struct SavedRegister {
  uint8_t number, place;
  bool kept;
};

// `changed`: bits of those that a handler starts with values of its own in.
template <size_t Count>
constexpr std::array<SavedRegister, Count> in_order(uint32_t changed) {
  std::array<SavedRegister, Count> all{};
  for (uint8_t i = 0; i < Count; ++i) all[i] = {i, i, (changed >> i & 1) == 0};
  return all;
}

// Struct sigcontext of each architecture, in its order (arch/*/include/uapi/asm/sigcontext.h).
constexpr SavedRegister of_x86_64[] = {{8, 8, true},   {9, 9, true},   {10, 10, true}, {11, 11, true},
                                       {12, 12, true}, {13, 13, true}, {14, 14, true}, {15, 15, true},
                                       {5, 7, false},  {4, 6, false},  {6, 5, true},   {1, 3, true},
                                       {3, 2, false},  {0, 0, false},  {2, 1, true},   {7, 4, false}};
constexpr SavedRegister of_i386[] = {{7, 7, true},  {6, 6, true},  {5, 5, true},  {4, 4, false},
                                     {3, 3, true},  {2, 2, false}, {1, 1, false}, {0, 0, false}};
constexpr auto of_arm = in_order<15>(0x6007);             // arguments, stack pointer, return address
constexpr auto of_aarch64 = in_order<32>(0xe0000007);     // the frame pointer too
constexpr auto of_mips = in_order<32>(0xae000070);        // $t9 too, and the kernel's own two

// A kind of frame: where the registers lie in it, how far apart, and how far below the stack pointer it begins at
// the call that takes it back.
struct Frame {
  std::span<const SavedRegister> registers;
  size_t first, step;
  size_t popped;
};

// Frames with siginfo, and without (struct rt_sigframe and sigframe).
std::span<const Frame> frames(Architecture architecture) {
  static constexpr Frame x86_64[] = {{of_x86_64, 48, 8, 8}};
  static constexpr Frame i386[] = {{of_i386, 180, 4, 4}, {of_i386, 24, 4, 8}};
  static constexpr Frame arm[] = {{of_arm, 160, 4, 0}, {of_arm, 32, 4, 0}};
  static constexpr Frame aarch64[] = {{of_aarch64, 312, 8, 0}};
  static constexpr Frame mips[] = {{of_mips, 196, 8, 0}, {of_mips, 44, 8, 0}};
  static constexpr Frame mipsel[] = {{of_mips, 192, 8, 0}, {of_mips, 40, 8, 0}};
  switch (architecture) {
    case Architecture::x86_64: return x86_64;
    case Architecture::i386: return i386;
    case Architecture::arm: return arm;
    case Architecture::aarch64: return aarch64;
    case Architecture::mips: return mips;
    default: return mipsel;
  }
}

// Of the register that holds where a handler returns to (none: the stack does).
constexpr int return_numbers[] = {-1, -1, 14, 30, 31, 31};

// x86-64's functions use this much below their stack pointers; the kernel leaves it alone.
Address red_zone(Architecture architecture) { return architecture == Architecture::x86_64 ? 128 : 0; }

// A handler that was left by a jump never takes its frame back.
constexpr size_t max_saved = 64;

}  // namespace

// The labels of the general registers begin here in the label file.
size_t Plugin::general_registers() const {
  const RegisterLayout& layout = guest_.engine.layout();
  const bool mips = architecture() == Architecture::mips || architecture() == Architecture::mipsel;
  return layout.result - (mips ? 2 * layout.word : 0);  // a call's result is in $2, elsewhere in the first
}

// The handler's address in struct sigaction of the guest's; MIPS has its flags in front.
void Plugin::note_handler(const CallArguments& call) {
  const bool mips = architecture() == Architecture::mips || architecture() == Architecture::mipsel;
  Address handler = call.a[1];
  if (call.call != Call::signal && handler != 0) handler = guest_.word(handler + (mips ? guest_.word_bytes() : 0));
  if (architecture() == Architecture::arm) handler &= ~Address{1};
  constexpr Address ignored = 1;  // SIG_IGN; 0 is SIG_DFL
  if (handler <= ignored) return;
  const std::lock_guard guard(blocks_lock_);
  if (!handlers_.insert(handler).second || !blocks_.contains(handler)) return;
  translate_anew();  // its block is to be met as a handler's
}

bool Plugin::is_handler(Address address) {
  const std::lock_guard guard(blocks_lock_);
  return handlers_.contains(address);
}

// A handler's first block begins. Was it called by a signal? Then the frame on the stack holds all registers that
// a handler starts with unchanged.
void Plugin::handler_begins(unsigned vcpu, Block& block) {
  const auto which = static_cast<size_t>(architecture());
  const bool big_endian = architecture() == Architecture::mips;
  const auto stack = stack_pointer(architecture());
  Thread& t = follower(vcpu).thread;
  guest_.goroutines.interrupted(t.regions());
  for (const Frame& frame : frames(architecture())) {
    const std::vector<uint8_t> saved =
        stack ? read_guest(*stack + frame.first, frame.registers.size() * frame.step) : std::vector<uint8_t>();
    if (saved.size() != frame.registers.size() * frame.step) continue;
    const auto value = [&](const SavedRegister& r) {
      const size_t at = static_cast<size_t>(&r - frame.registers.data()) * frame.step;
      uint64_t number = 0;
      for (size_t i = 0; i < guest_.word_bytes(); ++i)
        number |= uint64_t{saved[at + i]} << 8 * (big_endian ? guest_.word_bytes() - 1 - i : i);
      return number;
    };
    const bool matches = std::ranges::all_of(frame.registers, [&](const SavedRegister& r) {
      return !r.kept || cpu_register(r.number, big_endian) == value(r);
    });
    if (!matches) continue;
    // Told twice of one signal, when the emulator is called away in between.
    const auto& told = follower(vcpu).saved;
    if (t.has_not_begun(block) && !told.empty() && told.back().frame == *stack) break;
    const auto pointer = std::ranges::find(frame.registers, stack_number(architecture()), &SavedRegister::number);
    const Address interrupted_at = value(*pointer) - red_zone(architecture());
    // On another stack, as far as the vector registers of today's processors reach.
    constexpr Address largest_frame = 4096;
    t.enter_handler(block, *stack, interrupted_at - *stack < 4 * largest_frame ? interrupted_at : *stack + largest_frame);
    const int number = return_numbers[which];
    Address returns = number < 0 ? guest_.word(*stack) : cpu_register(number, big_endian).value_or(0);
    if (architecture() == Architecture::arm) returns &= ~Address{1};
    save_labels(follower(vcpu), *stack, frame.first, frame.step, returns);
    return;
  }
  t.enter(block);
}

void Plugin::save_labels(Follower& follower, Address stack, size_t first, size_t step, Address returns) {
  Thread& t = follower.thread;
  t.interrupted(returns);
  auto& saved = follower.saved;
  // Frames below this one belong to handlers that are gone.
  std::erase_if(saved, [&](const Follower::Saved& older) { return older.frame <= stack; });
  if (saved.size() == max_saved) saved.erase(saved.begin());
  saved.push_back({stack, t.save_registers()});
  const auto registers = frames(architecture())[0].registers;  // all of an architecture's hold the same
  const size_t base = general_registers(), w = guest_.word_bytes();
  // The rest of the frame is the kernel's own.
  std::vector<Label> labels(first + registers.size() * step);
  for (size_t i = 0; i < registers.size(); ++i) {
    Label* from = t.registers(base + registers[i].place * w);
    for (size_t k = 0; k < w; ++k)
      labels[first + i * step + (architecture() == Architecture::mips ? w - 1 - k : k)] = from[k];
    // Stack pointer, arguments and return address are made for the handler.
    if (!registers[i].kept) t.set_register(base + registers[i].place * w, w, 0);
  }
  guest_.engine.shadow().write(stack, labels.size(), labels.data());
}

// The frame is about to be taken back.
void Plugin::frame_returns(Follower& follower) {
  Thread& t = follower.thread;
  const bool big_endian = architecture() == Architecture::mips;
  const auto stack = stack_pointer(architecture());
  const auto known = frames(architecture());
  const Frame& frame = follower.call.call == Call::sigreturn ? known.back() : known.front();
  follower.returning = t.save_registers();
  if (!stack) return;
  const Address begin = *stack - frame.popped;
  auto& saved = follower.saved;
  std::erase_if(saved, [&](const Follower::Saved& older) { return older.frame < begin; });
  std::vector<Label>& labels = follower.returning;
  if (!saved.empty() && saved.back().frame == begin) {
    labels = std::move(saved.back().registers);
    saved.pop_back();
  }
  const size_t base = general_registers(), w = guest_.word_bytes();
  std::array<Label, 8> word_labels{};
  for (size_t i = 0; i < frame.registers.size(); ++i) {
    guest_.engine.shadow().read(begin + frame.first + i * frame.step, w, word_labels.data());
    for (size_t k = 0; k < w; ++k)
      labels[base + frame.registers[i].place * w + k] = word_labels[big_endian ? w - 1 - k : k];
  }
}

}  // namespace shikake::taint::qemu
