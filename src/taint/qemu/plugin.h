// The taint plugin for qemu-user: joins QEMU's callbacks to the engine, and system calls to sources and
// sinks. Loaded as  qemu-ARCH -plugin shikake-taint.so,state=FILE,events=FILE[,label=PATH-PREFIX…][,tables=off] PROGRAM
// or, where a tracer has both (recorder.h, Bell), with bell=NUMBER in place of the files.
//
//     Plugin                 blocks, threads, which call is what (calls.cpp)
//       ├─ Sources, Sinks    labels that come in; what they reach
//       ├─ Programs          exec
//       ├─ Memory            files and other processes' memory in it
//       ├─ Modules           where an instruction lies
//       └─ Guest             what they share: engine, memory, descriptors (Descriptors ─► Channels), events
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "taint/engine.h"
#include "taint/fork_mutex.h"
#include "taint/qemu/guest.h"
#include "taint/qemu/memory.h"
#include "taint/qemu/modules.h"
#include "taint/qemu/programs.h"
#include "taint/qemu/sinks.h"
#include "taint/qemu/sources.h"

namespace shikake::taint::qemu {

// QEMU numbers a thread one above the highest that lives: threads that each start their successor and end climb. Those
// up to here are found by their numbers, the others by the host's threads, which costs more.
inline constexpr size_t max_threads = 65536;

// Registers' labels of the thread that is about to clone: QEMU tells of the new thread on the same host thread, within
// the call.
inline thread_local std::vector<Label> inherited;

class Plugin : public Listener {
 public:
  // A thread of the guest's.
  struct Follower {
    explicit Follower(Engine& engine) : thread(engine) {}
    Thread thread;
    CallArguments call;           // the one under way
    uint64_t room = 0;            // see outputs.h
    Channel* listener = nullptr;  // connect: whom it may be calling on
    // Register labels that signals interrupted, by their frames, and those that a frame is just giving back.
    struct Saved {
      Address frame;
      std::vector<Label> registers;
    };
    std::vector<Saved> saved;
    std::vector<Label> returning;
  };

  // Null when the run's files can't be had.
  static std::unique_ptr<Plugin> make(Architecture architecture, uint64_t id, Options options);

  void start_thread(unsigned vcpu);
  // Of the calling thread.
  Follower& follower(unsigned vcpu);
  // The host's thread ends that ran it.
  void end_thread(Follower* ended);
  // The first time guest code is translated.
  void first_translation();
  Block& block(Address address, std::vector<uint8_t> bytes, size_t before, std::vector<uint8_t> lengths, bool thumb);

  // Signals (signals.cpp).
  bool is_handler(Address address);
  void handler_begins(unsigned vcpu, Block& block);

  // Whether the last instruction of a block that ends at `end` lies on the next page too: x86's emulator shows what it saw
  // of it here, and runs it in a block of its own.
  bool is_begun_only(Address end, size_t length);
  // Code is about to run for the first time: was it received?
  void translated(Address address, size_t count);

  void before_call(unsigned vcpu, int64_t number, std::array<uint64_t, 6> arguments);
  void after_call(unsigned vcpu, int64_t number, int64_t result);

  Architecture architecture() const { return guest_.architecture(); }
  bool active() const { return active_; }

  void decided(Thread& thread, const Decision& decision) override;
  void without_rule(Address address, std::span<const uint8_t> bytes) override;

 private:
  Plugin(Architecture architecture, uint64_t id, Options options, RunState& state);

  void forget_pages();
  // Instruments from now on.
  void activate();
  void translate_anew();

  // Of calls that move bytes: what they say about it.
  Transfer incoming(const CallArguments& call, uint64_t count) const;
  Transfer outgoing(Thread& thread, const CallArguments& call, uint64_t count);
  uint64_t file_offset(const CallArguments& call) const;
  std::optional<uint64_t> offset_before(Address pointer, size_t bytes, uint64_t count) const;
  void take(Thread& thread, const CallArguments& call, uint64_t count);
  void give(Thread& thread, const CallArguments& call, uint64_t count);
  void carry(Thread& thread, const CallArguments& call, std::optional<uint64_t> count);
  void announce(Thread& thread, const CallArguments& call);
  // What the kernel wrote besides has no labels.
  void clear_outputs(const Follower& follower, int64_t result);
  // Of calls that change what descriptors are.
  void socket_call(Follower& follower, int64_t result);
  // Signals.
  void note_handler(const CallArguments& call);
  void save_labels(Follower& follower, Address stack, size_t first, size_t step, Address returns);
  void frame_returns(Follower& follower);
  size_t general_registers() const;

  const uint64_t id_;
  Guest guest_;
  Sources sources_{guest_};
  Sinks sinks_{guest_, sources_};
  Programs programs_{guest_};
  Memory memory_{guest_, [this] { forget_pages(); }};
  Modules modules_{guest_.bell};
  // Whoever looks at other threads' holds it.
  ForkMutex followers_lock_;
  std::vector<Follower*> followers_;
  ForkMutex blocks_lock_;
  std::unordered_map<Address, std::vector<std::unique_ptr<Block>>> blocks_;
  std::unordered_set<Address> handlers_;  // of signals
  ForkMutex run_lock_;
  std::set<Label> run_;  // labels of received bytes that ran as code: each is told once
  std::atomic<bool> active_ = false;
  bool labels_wait_ = false;  // for the program's arguments
  bool started_ = false;
};

}  // namespace shikake::taint::qemu
