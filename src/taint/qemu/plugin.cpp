#include "taint/qemu/plugin.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "taint/qemu/cpu_registers.h"
#include "taint/qemu/guest_memory.h"
#include "taint/qemu/plugin_api.h"

namespace shikake::taint::qemu {
namespace {

Plugin* plugin = nullptr;  // one a process, for QEMU's callbacks; lives as long as the process

// What on_block and on_access look up on each call.
std::array<Plugin::Follower*, max_threads> numbered;

// Ends with the host's thread, and so with the guest's that it runs.
struct Runs {
  Plugin::Follower* follower = nullptr;
  ~Runs() {
    if (follower != nullptr) plugin->end_thread(follower);
  }
};
thread_local Runs runs;

// Threads with numbers beyond the table: apart, or the common way would save registers for their sake.
[[gnu::noinline]] void far_block(unsigned vcpu, void* block) {
  plugin->follower(vcpu).thread.enter(*static_cast<Block*>(block));
}
[[gnu::noinline]] void far_access(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void* instruction) {
  plugin->follower(vcpu).thread.access(address, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(instruction)), info);
}

void on_block(unsigned vcpu, void* block) {
  if (vcpu >= max_threads) return far_block(vcpu, block);
  numbered[vcpu]->thread.enter(*static_cast<Block*>(block));
}

void on_handler(unsigned vcpu, void* block) { plugin->handler_begins(vcpu, *static_cast<Block*>(block)); }

void on_access(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void* instruction) {
  if (vcpu >= max_threads) return far_access(vcpu, info, address, instruction);
  numbered[vcpu]->thread.access(address, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(instruction)), info);
}

AccessKind kind(uint32_t info) {
  return {static_cast<uint8_t>(1u << qemu_plugin_mem_size_shift(info)), qemu_plugin_mem_is_store(info)};
}

// Of the code at one address: packers and decoders have two or three, those who change theirs in a loop any number.
constexpr size_t max_versions = 256;

// A long block (QEMU's have up to 512 instructions) is followed as several: the rules of one have places for so many
// values only. A single last instruction stays with those before it: on MIPS it belongs to the branch.
size_t end_of_part(size_t first, size_t count) {
  constexpr size_t most = 64;
  const size_t end = std::min(first + most, count);
  return end + 1 == count ? count : end;
}

void on_translation(qemu_plugin_id_t, qemu_plugin_tb* tb) {
  plugin->first_translation();
  size_t count = qemu_plugin_tb_n_insns(tb);
  const Address address = qemu_plugin_tb_vaddr(tb);
  const size_t before = std::min<size_t>(Lifter::look_back, address % page_bytes);
  std::vector<uint8_t> bytes(before);
  if (before != 0 && read_guest(address - before, std::span(bytes)) != before) std::fill(bytes.begin(), bytes.end(), 0);
  std::vector<uint8_t> lengths;
  // The execution state says Thumb where QEMU translates; instructions of two bytes would say it mostly.
  constexpr int cpsr = 25;
  constexpr uint64_t thumb_bit = 1u << 5;
  const bool arm = plugin->architecture() == Architecture::arm;
  bool thumb = arm && (cpu_register(cpsr, false).value_or(0) & thumb_bit) != 0;
  for (size_t i = 0; i < count; ++i) {
    const qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(tb, i);
    size_t size = qemu_plugin_insn_size(instruction);
    const auto* data = static_cast<const uint8_t*>(qemu_plugin_insn_data(instruction));
    // Near a page's end QEMU looks at what follows, and gives two bytes of that with the instruction before.
    if (thumb && size > 2) size = std::min<size_t>(size, data[1] >> 3 >= 0x1d ? 4 : 2);
    bytes.insert(bytes.end(), data, data + size);
    lengths.push_back(static_cast<uint8_t>(size));
    thumb = thumb || (size == 2 && arm);
  }
  if (count > 1 && plugin->is_begun_only(address + (bytes.size() - before), lengths.back())) {
    bytes.resize(bytes.size() - lengths.back());
    lengths.pop_back();
    --count;
  }
  plugin->translated(address, bytes.size() - before);
  Address at = address;
  for (size_t first = 0; first < count;) {
    const size_t end = end_of_part(first, count);
    const size_t offset = before + (at - address), back = std::min(Lifter::look_back, offset);
    size_t length = 0;
    for (size_t i = first; i < end; ++i) length += lengths[i];
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    Block& block = plugin->block(at, {from - static_cast<std::ptrdiff_t>(back), from + static_cast<std::ptrdiff_t>(length)}, back,
                                 {lengths.begin() + static_cast<std::ptrdiff_t>(first), lengths.begin() + static_cast<std::ptrdiff_t>(end)},
                                 thumb);
    if (first == 0)
      qemu_plugin_register_vcpu_tb_exec_cb(tb, plugin->is_handler(address) ? on_handler : on_block, QEMU_PLUGIN_CB_NO_REGS,
                                           &block);
    else
      qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, first), on_block, QEMU_PLUGIN_CB_NO_REGS, &block);
    for (size_t i = first; i < end; ++i)
      qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access, QEMU_PLUGIN_CB_NO_REGS,
                                       QEMU_PLUGIN_MEM_RW, reinterpret_cast<void*>(i - first));
    at += length;
    first = end;
  }
}

void on_call(qemu_plugin_id_t, unsigned vcpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
             uint64_t a5, uint64_t a6, uint64_t, uint64_t) {
  plugin->before_call(vcpu, number, {a1, a2, a3, a4, a5, a6});
}
void on_return(qemu_plugin_id_t, unsigned vcpu, int64_t number, int64_t result) {
  plugin->after_call(vcpu, number, result);
}
void on_thread(qemu_plugin_id_t, unsigned vcpu) { plugin->start_thread(vcpu); }

void register_all(qemu_plugin_id_t id) {
  qemu_plugin_register_vcpu_init_cb(id, on_thread);
  qemu_plugin_register_vcpu_syscall_cb(id, on_call);
  qemu_plugin_register_vcpu_syscall_ret_cb(id, on_return);
  if (plugin->active()) qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equal = argument.find('=');
    const std::string_view key = argument.substr(0, equal);
    const std::string value(equal == std::string_view::npos ? "" : argument.substr(equal + 1));
    if (key == "state") options.state = value;
    if (key == "events") options.events = value;
    if (key == "label") options.labelled_paths.push_back(value);
    if (key == "root") options.root = value;
    if (key == "tables") options.rules.tables = value != "off";
    if (key == "always") options.always = value == "on";
    if (key == "arguments") options.arguments = value == "on";
    if (key == "bell") options.bell = std::strtol(value.c_str(), nullptr, 0);
  }
  return options;
}

}  // namespace

Plugin::Plugin(Architecture architecture, uint64_t id, Options options, RunState& state)
    : id_(id),
      guest_(architecture, std::move(options), state, *this, kind, [this] { activate(); }),
      active_(guest_.options.always) {
  guest_.engine.read_stack_by([architecture] { return stack_pointer(architecture).value_or(0); });
}

std::unique_ptr<Plugin> Plugin::make(Architecture architecture, uint64_t id, Options options) {
  const Bell bell(options.bell);
  RunState* state = bell.is_there() ? map_run_state(bell) : map_run_state(options.state.c_str());
  if (state == nullptr) return nullptr;
  std::unique_ptr<Plugin> made(new Plugin(architecture, id, std::move(options), *state));
  Guest& guest = made->guest_;
  if (guest.bell.is_there()) {
    guest.recorder.open(guest.bell);
  } else if (!guest.recorder.open(guest.options.events.c_str())) {
    return nullptr;
  }
  made->labels_wait_ = guest.bell.is_there() ? made->programs_.labels_wait() : guest.options.arguments;
  if (made->labels_wait_) made->active_ = true;
  return made;
}

// On the host's thread of the guest's that makes it.
void Plugin::start_thread(unsigned vcpu) {
  if (vcpu >= max_threads) return;  // made when it runs
  auto* made = new Follower(guest_.engine);
  if (!inherited.empty()) made->thread.restore_registers(inherited);
  inherited.clear();
  const std::lock_guard guard(followers_lock_);
  followers_.push_back(made);
  numbered[vcpu] = made;
}

Plugin::Follower& Plugin::follower(unsigned vcpu) {
  if (vcpu < max_threads) {
    runs.follower = numbered[vcpu];
  } else if (runs.follower == nullptr) {
    guest_.descriptors.lost("labels of a new thread's registers");
    runs.follower = new Follower(guest_.engine);
    const std::lock_guard guard(followers_lock_);
    followers_.push_back(runs.follower);
  }
  return *runs.follower;
}

void Plugin::end_thread(Follower* ended) {
  const std::lock_guard guard(followers_lock_);
  std::erase(followers_, ended);
  delete ended;
}

void Plugin::forget_pages() {
  const std::lock_guard guard(followers_lock_);
  for (Follower* one : followers_) one->thread.forget_pages();
}

void Plugin::first_translation() {
  if (started_) return;
  started_ = true;
  if (labels_wait_) programs_.label_arguments();
}

Block& Plugin::block(Address address, std::vector<uint8_t> bytes, size_t before, std::vector<uint8_t> lengths,
                     bool thumb) {
  const std::lock_guard guard(blocks_lock_);
  auto& same_address = blocks_[address];
  for (const auto& known : same_address)
    if (known->bytes == bytes && known->code.lengths == lengths) return *known;
  auto made = std::make_unique<Block>();
  made->address = address;
  // Versions are kept, as some thread may still run them. Of an address with more the last is one for all to come.
  if (same_address.size() >= max_versions) {
    guest_.descriptors.lost("what code does that was changed hundreds of times");
    if (same_address.size() > max_versions) return *same_address.back();
    bytes.resize(before);
    lengths.clear();
  }
  made->bytes = std::move(bytes);
  made->code = {address, made->bytes, before, std::move(lengths), thumb};
  same_address.push_back(std::move(made));
  return *same_address.back();
}

bool Plugin::is_begun_only(Address end, size_t length) {
  constexpr size_t longest = 15;
  const Address begin = end - length;
  const bool x86 = architecture() == Architecture::x86_64 || architecture() == Architecture::i386;
  // What it saw ends where a number of several bytes lies across the pages' border.
  if (!x86 || begin % page_bytes + longest <= page_bytes) return false;
  return guest_.engine.length(read_guest(begin, longest), begin) > length;
}

void Plugin::translated(Address address, size_t count) {
  Label label = 0;
  Labels labels(guest_.state.labels);
  for (size_t i = 0; i < count && !guest_.engine.shadow().empty(); ++i)
    label = labels.join(label, guest_.engine.shadow().get(address + i));
  if (labels.computed(label) == 0) return;
  if (const std::lock_guard guard(run_lock_); !run_.insert(label).second) return;
  Event event("code");
  event.number("pid", getpid()).number("address", static_cast<int64_t>(address)).label("label", labels, label);
  guest_.recorder.write(std::move(event));
}

void Plugin::activate() {
  if (active_.exchange(true)) return;
  translate_anew();
}

// Forgets all translations; what runs from here on is translated with callbacks.
void Plugin::translate_anew() {
  if (!active()) return;
  qemu_plugin_reset(id_, [](qemu_plugin_id_t id) { register_all(id); });
}

void Plugin::decided(Thread& thread, const Decision& decision) {
  guest_.goroutines.decided(decision.number);
  Event event("decision");
  event.number("pid", getpid())
      .number("number", decision.number)
      .number("address", static_cast<int64_t>(decision.address))
      .raw("place", modules_.place(decision.address))
      .flag("indirect", decision.indirect)
      .number("taken", static_cast<int64_t>(decision.taken))
      .number("other_branches", decision.other_branches)
      .number("other_calls", decision.other_calls)
      .flag("meets", decision.meets)
      .label("label", thread.labels(), decision.label);
  guest_.recorder.write(std::move(event));
}

void Plugin::without_rule(Address address, std::span<const uint8_t> bytes) {
  Event event("without_rule");
  event.number("pid", getpid()).number("address", static_cast<int64_t>(address)).hex("bytes", bytes);
  guest_.recorder.write(std::move(event));
}

}  // namespace shikake::taint::qemu

extern "C" {

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                                                               char** argv) {
  using namespace shikake::taint;
  const auto architecture = shikake::taint::architecture(info->target_name);
  if (!architecture) {
    std::fprintf(stderr, "shikake-taint: no rules for the architecture %s\n", info->target_name);
    return -1;
  }
  auto made = qemu::Plugin::make(*architecture, id, qemu::parse(argc, argv));
  if (made == nullptr) {
    std::fprintf(stderr, "shikake-taint: can't have the run's files (state=FILE,events=FILE or bell=NUMBER): %s\n", std::strerror(errno));
    return -1;
  }
  qemu::plugin = made.release();
  qemu::register_all(id);
  return 0;
}

}  // extern "C"
