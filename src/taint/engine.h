// Runs rule programs over the shadow of one guest process. It knows bytes, registers and addresses; who
// executes the guest (an emulator's callbacks, a tracer, a test) tells it which blocks ran and which
// addresses they touched, and gets told what labels decided.
//
//     Engine                       one a guest process: shadow memory, lifter, blocks
//       └─ Thread                  one a guest thread: register labels, accesses of the running block, regions
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "taint/fork_mutex.h"
#include "taint/label.h"
#include "taint/lift.h"
#include "taint/native.h"
#include "taint/program.h"
#include "taint/region.h"
#include "taint/shadow.h"
#include "taint/site.h"
#include "taint/state.h"
#include "taint/variant.h"

namespace shikake::taint {

class Thread;
const NativeHelpers& native_helpers();
// Ends the state's running block, whatever it is, and begins `next`.
void finish_in_general(ThreadState* state, Block* next);

struct AccessKind {
  uint8_t size;
  bool store;
};
using AccessDecoder = AccessKind (*)(uint32_t info);

// A piece of guest code that runs from its first instruction to its last (or leaves early at an exit).
struct alignas(64) Block {
  // First what is looked at each time that it ends.
  Address address = 0;
  Address last = 0;  // behind its end; set when it is lifted
  // Units that its program reads or writes; all until it is lifted.
  std::atomic<Units> touched = ~Units{0};
  std::atomic<Program*> program = nullptr;
  // Ends it: machine code for what was met here often (native.h), which leaves the rest to finish_in_general().
  std::atomic<Finish> finish = finish_in_general;
  // How many accesses are recorded when they are the program's, one for one; set once that was seen.
  static constexpr uint64_t not_seen = ~uint64_t{0};
  std::atomic<uint64_t> accesses_match = not_seen;
  // How often it ended inside regions with nothing of its own labelled.
  std::atomic<uint32_t> bystander = 0;
  // Variants used last, direct-mapped by the registers they are for.
  std::array<std::atomic<Variant*>, 8> variant = {};
  static size_t slot(Units labelled) { return (labelled * 0x9e3779b97f4a7c15u) >> 61; }
  std::vector<std::unique_ptr<Variant>> variants;
  Code code;
  std::vector<uint8_t> bytes;  // what code.bytes shows
  std::deque<Site> sites;  // they stay where they are
  Address instruction(size_t number) const {
    Address at = address;
    for (size_t i = 0; i < number; ++i) at += code.lengths[i];
    return at;
  }
};

// A decision: a branch or jump that depended on labels. `taken`: where execution went.
struct Decision {
  uint32_t number = 0;
  Address address = 0;   // of the instruction
  bool indirect = false;
  Label label = 0;
  Address taken = 0;
  // On the path that was not taken, if that is known.
  unsigned other_branches = 0;
  unsigned other_calls = 0;
  bool meets = false;  // its paths meet again before their function's end
};

class Listener {
 public:
  virtual ~Listener() = default;
  // The first time at this site with this label. Called with no lock held.
  virtual void decided(Thread& thread, const Decision& decision) = 0;
  virtual void without_rule(Address address, std::span<const uint8_t> bytes) = 0;
};

// Reads guest code for the search of a region's end; returns how many bytes could be read.
using CodeReader = std::function<size_t(Address, std::span<uint8_t>)>;

class Engine {
 public:
  // `decisions` counts decisions over all processes of the run.
  Engine(Architecture architecture, LabelArena& labels, std::atomic<uint32_t>& decisions, Listener& listener,
         CodeReader reader, AccessDecoder decoder, RuleChoices choices = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Reads the stack pointer of the thread that runs here, as a block begins. Without, frames that are left by a jump
  // (longjmp, an exception) count as entered until their callers return.
  void read_stack_by(std::function<Address()> reader) { stack_pointer_ = std::move(reader); }
  Address stack_pointer() const { return stack_pointer_ ? stack_pointer_() : 0; }

  Shadow& shadow() { return shadow_; }
  LabelArena& label_arena() { return labels_; }
  Listener& listener() { return listener_; }
  const RegisterLayout& layout() const { return layout_; }
  Architecture architecture() const { return architecture_; }
  AccessKind kind(uint32_t info) const { return decoder_(info); }

  // The program of a block, lifted when first asked for. Never null.
  const Program& program(Block& block) {
    const Program* known = block.program.load(std::memory_order_acquire);
    return known != nullptr ? *known : lift(block);
  }
  // Bytes of the instruction that is at `address`, where `bytes` were read; 0 when it is none that is known.
  size_t length(std::span<const uint8_t> bytes, Address address) {
    const std::lock_guard guard(lifting_);
    return lifter_->step(bytes, 0, address, false).length;
  }
  // The program's variant for the registers that hold labels now.
  Variant& variant(Block& block, const Program& program, Units labelled);
  // Machine code for it, when it is interpreted often, for registers as they are now. Without a variant: for a block
  // that runs inside regions with no label.
  void compile(Block& block, const Program& program, Variant* variant, const ThreadState& state);
  // Fills in what is known of an exit only once it decides.
  void complete(Site& site, const Block& block, const Program& program, const Exit& exit, Address taken);
  // The number of the decision on this label at this site, made there now or before. True: now.
  bool number(Site& site, Label label, Address next);

 private:
  const Program& lift(Block& block);

  const Architecture architecture_;
  LabelArena& labels_;
  std::atomic<uint32_t>& decisions_;
  Listener& listener_;
  CodeReader reader_;
  AccessDecoder decoder_;
  std::function<Address()> stack_pointer_;
  Shadow shadow_;
  ForkMutex lifting_;
  std::unique_ptr<Lifter> lifter_;
  RegisterLayout layout_;
  std::vector<std::unique_ptr<Program>> programs_;
  NativeCode native_;
};

class Thread {
 public:
  explicit Thread(Engine& engine);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // --- called for each block and access, so inlined into the executor's callbacks ---------------------
  void access(Address address, uint32_t instruction, uint32_t info) {
    state_.accesses[state_.count & (max_accesses - 1)] = {address, instruction, info};
    ++state_.count;
    state_.touched |= Shadow::filter.at(address);
  }
  // `block` begins now; the one before ran to where this one starts.
  void enter(Block& block) {
    if (concerned()) return state_.block->finish.load(std::memory_order_relaxed)(&state_, &block);
    begin(block);
  }

  // Ends the running block, at a system call or signal.
  void flush();

  Labels& labels() { return labels_; }
  Engine& engine() { return engine_; }
  std::span<const Region> regions() const { return {regions_.data() + 1, innermost()}; }

  // Labels of register bytes, by the layout's offset.
  Label* registers(size_t offset) { return state_.file.data() + first_register + offset; }
  void set_register(size_t offset, size_t count, Label label);
  // A copy for what a new thread or a signal handler's return needs.
  std::vector<Label> save_registers() const;
  void restore_registers(std::span<const Label> registers);
  // Whether the block was entered last, and has touched no memory yet.
  bool has_not_begun(const Block& block) const { return state_.block == &block && state_.count == 0; }
  // As enter(), of a signal handler's first block: an executor that lays the signal's frame, from `frame` to `end`,
  // may tell of that as accesses of the block that was interrupted, or that had not begun.
  void enter_handler(Block& block, Address frame, Address end);
  // A signal handler begins, which goes on at `returns` when it is done: as if it had been called.
  void interrupted(Address returns);
  // Frames above `stack` are gone: to be told where regions must be exact, as at a system call.
  void stands_at(Address stack);
  // Forgets where labels of memory lie: some of it is shared now, or not any more. May be called by another thread
  // than the one whose this is.
  void forget_pages();
  // Nothing is compiled for this thread: tests hold machine code against it.
  void interpret_only() { interpret_only_ = true; }

 private:
  // Whether labels have to do with what the running block did.
  bool concerned() const {
    const Units touched = state_.block->touched.load(std::memory_order_relaxed);
    return state_.attention != 0 || (state_.touched | (state_.units & touched)) != 0;
  }
  void begin(Block& block) {
    state_.block = &block;
    state_.count = 0;
    state_.touched = 0;
  }
  void pass(Block& next);
  // `next`: where execution goes on; 0 where that is not known.
  void finish_block(Address next);
  void leave_regions(const Program& program);
  void in_regions(Block& block, const Program& program, Region& top);
  void end_inside(Block& block, const Program& program);
  void open_region(const Site& site, Label label);
  void join_innermost(const Site& site, Label label);
  bool is_hot(std::atomic<uint32_t>& times);
  void run(const Program& program, Variant& variant);
  void step(const Instruction& instruction);
  // Whether the accesses are the rules', one for one, just as they were recorded.
  bool match_accesses(Block& block, const Program& program);
  void match_by_instruction(const Program& program);
  void read(Address address, size_t lanes, Label* to);
  void load(Address address, size_t lanes, Label* to);
  void write(Address address, size_t lanes, const Label* from);
  void decide(size_t exit, Label label);
  void mark_units(Units made, Label label);
  bool decided_again(const Site& site, Label label);
  void other_label_at(Site& site, size_t number, Label label);
  void note_stores(Block& block, const Program& program);
  void mark(const Stored& stored, Label label);
  void close_inside(Block& block, const Program& program);
  void close_region(bool returned);
  void paths_meet();
  void none_open();
  void find_innermost();
  void leave_frames(Address stack, bool calls);
  void count_calls(const Program& program, Address next);
  void follow(const Program& program, Address next);
  Label* shadow_page(Address address);
  MadeStores::Region innermost() const { return static_cast<MadeStores::Region>(state_.top - regions_.data()); }
  friend const NativeHelpers& native_helpers();
  friend void finish_in_general(ThreadState* state, Block* next);

  Engine& engine_;
  Labels labels_;
  Block nowhere_;  // "runs" before the first block and after a system call: nothing touches it
  enum class Match : uint8_t { unknown, exact, laid_out } match_ = Match::unknown;
  struct LayingOut {
    std::vector<Access> recorded, same;
    std::vector<size_t> members, operations;
  };
  LayingOut laying_out_;  // of match_by_instruction(), kept for its room
  bool interpret_only_ = false;
  std::vector<Region> regions_;  // places for all; the first is no_region
  MadeStores stores_;
  struct LateMark {
    Label label;
    Stored stored;
  };
  std::vector<LateMark> late_;  // to be put on what the running block writes
  struct Met {
    size_t exit;
    Label label;
  };
  std::vector<Met> met_;  // decisions of the running block, while its rules run
  // Calls made under them that have not come back.
  struct Entered {
    Address returns;  // where they go on
    Address stack;    // the stack pointer as the function began; 0: not known
    int depth;        // their callers'
  };
  std::vector<Entered> entered_;
  ThreadState state_;
};

}  // namespace shikake::taint
