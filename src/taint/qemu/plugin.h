// The taint plugin for qemu-user: joins QEMU's callbacks to the engine, and system calls to sources and
// sinks. Loaded as  qemu-ARCH -plugin shikake-taint.so,state=FILE,events=FILE[,label=PATH-PREFIX…] PROGRAM
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "taint/engine.h"
#include "taint/qemu/recorder.h"
#include "taint/qemu/run_state.h"
#include "taint/qemu/symbols.h"
#include "taint/qemu/system_call.h"

namespace shikake::taint::qemu {

// Threads of one process that are followed; QEMU itself gets slow far earlier.
inline constexpr size_t max_threads = 1024;

struct Options {
  std::string state, events;
  std::string root;                         // where guests of another architecture find their libraries
  std::vector<std::string> labelled_paths;  // files whose content gets labels: prefixes
  bool always = false;                      // instrument from the start
  bool arguments = false;                   // the parent left labels for the program's arguments
  // The number of a tracer's bell (recorder.h): it takes the events, and has the emulators of exec'd programs
  // started; 0: there is none.
  long bell = 0;
};

struct CallArguments {
  Call call = Call::other;
  std::array<uint64_t, 6> a{};
};

class Plugin : public Listener {
 public:
  // Null when the run's files can't be had.
  static std::unique_ptr<Plugin> make(Architecture architecture, uint64_t id, Options options);

  Thread& thread(unsigned vcpu) { return *threads_[vcpu]; }
  void start_thread(unsigned vcpu);
  // The first time guest code is translated.
  void first_translation(unsigned vcpu);
  Block& block(Address address, std::vector<uint8_t> bytes, size_t before, std::vector<uint8_t> lengths, bool thumb);

  // Signals (signals.cpp).
  bool is_handler(Address address);
  void handler_begins(unsigned vcpu);

  // Code is about to run for the first time: was it received?
  void translated(Address address, size_t count);

  void before_call(unsigned vcpu, int64_t number, std::array<uint64_t, 6> arguments);
  void after_call(unsigned vcpu, int64_t number, int64_t result);

  Architecture architecture() const { return engine_.architecture(); }
  bool active() const { return active_; }

  void decided(Thread& thread, const Decision& decision) override;
  void without_rule(Address address, std::span<const uint8_t> bytes) override;

 private:
  Plugin(Architecture architecture, uint64_t id, Options options, RunState& state);

  // Sources.
  void received(Thread& thread, int fd, Address buffer, uint64_t count);
  void read_back(Thread& thread, int fd, Address buffer, uint64_t count, std::optional<uint64_t> offset);
  // Of vectored calls; without an offset, files are at their positions.
  void scatter(Thread& thread, const CallArguments& call, uint64_t count, std::optional<uint64_t> offset);
  uint64_t file_offset(const CallArguments& call) const;
  static std::optional<uint64_t> began(int fd, uint64_t count);
  void message_received(Thread& thread, int fd, Address message, uint64_t count);
  void messages(Thread& thread, const CallArguments& call, uint64_t count);
  // Bytes that go from one descriptor to another without the program's seeing them (transfer.cpp).
  void sent_file(Thread& thread, const CallArguments& call, uint64_t count);
  void carried(Thread& thread, int from, int to, std::optional<uint64_t> from_offset, std::optional<uint64_t> to_offset,
               uint64_t count);
  void doubled(int from, int to, uint64_t count);
  std::optional<uint64_t> before(Address pointer, size_t bytes, uint64_t count) const;
  // Sinks.
  void sent(Thread& thread, int fd, Address buffer, uint64_t count, std::optional<uint64_t> offset);
  void tell_sent(Thread& thread, int fd, Channel& channel, uint64_t start, uint64_t count, Label all,
                 std::span<const uint8_t> data);
  void paired(Address descriptors);
  void announce(int fd, Address buffer, uint64_t count);
  void gather(Thread& thread, const CallArguments& call, uint64_t count, std::optional<uint64_t> offset);
  void message_sent(Thread& thread, int fd, Address message, uint64_t count);
  void path_action(Thread& thread, const CallArguments& call, int64_t result);
  void connecting(Thread& thread, const CallArguments& call, int64_t result);
  struct Argument {
    std::string text;
    std::vector<Label> labels;  // one more than bytes: the final zero's
    Label label = 0;            // of all
  };
  void executing(Thread& thread, unsigned vcpu, const CallArguments& call);
  void failed(unsigned vcpu, std::string_view kind, int64_t result);
  std::vector<Argument> string_list(Thread& thread, Address list);
  // The emulator that runs the program at `path`; for a script, path and arguments become its interpreter's.
  const char* emulator_of_program(std::string& path, std::vector<Argument>& arguments);
  void start_program(std::string path, std::vector<Argument> arguments, const std::vector<Argument>& environment);
  bool keep_argument_labels(const std::vector<Argument>& arguments, const std::vector<Argument>& environment);
  bool has_argument_labels();
  void label_arguments(Thread& thread);
  void simple_action(Thread& thread, unsigned vcpu, const CallArguments& call);
  // Memory that is mapped, moved and shared (mapping.cpp).
  struct MapRequest {
    uint64_t length = 0, flags = 0, offset = 0;
    int fd = -1;
  };
  MapRequest map_request(const CallArguments& call) const;
  void mapped(Thread& thread, const CallArguments& call, int64_t result);
  void moved(const CallArguments& call, Address to);
  void unmapped(Thread& thread, Address first, uint64_t count);
  void show_file(Thread& thread, Address at, const MapRequest& request);
  void attached(const CallArguments& call, int64_t result);
  void share(Address at, uint64_t count, Channel* channel, uint64_t offset);
  void tell_written(Thread& thread, Address first, Address end);
  void note_handler(const CallArguments& call);
  void save_labels(unsigned vcpu, Address stack, size_t first, size_t step, Address returns);
  void frame_returns(unsigned vcpu, const CallArguments& call);
  void frame_returned(unsigned vcpu);
  size_t general_registers() const;
  Event action(Thread& thread, std::string_view kind);

  CallArguments unpack(int64_t number, const std::array<uint64_t, 6>& a) const;
  uint16_t flow(int fd, Channel& channel);
  uint16_t labelled_file(int fd, Channel& channel);
  Label content_label(Thread& thread, int fd);
  bool is_network(int fd) const;
  Label joined(Thread& thread, Address address, uint64_t count);
  void put_labels(Thread& thread, Address address, std::span<const Label> labels);
  void activate();
  void translate_anew();
  std::string place(Address address);
  void read_mappings();
  void forget_mappings();
  const Symbols& symbols_of(const std::string& file);
  uint64_t word(Address address) const;
  size_t word_bytes() const { return engine_.layout().word; }

  const uint64_t id_;
  Options options_;
  const Bell bell_;
  RunState& state_;
  Channels channels_;
  Recorder recorder_;
  Engine engine_;
  std::array<std::unique_ptr<Thread>, max_threads> threads_;
  std::array<CallArguments, max_threads> calls_{};
  std::vector<Label> inherited_;  // a new thread's registers
  // Of each thread: register labels that signals interrupted, and those that a frame is just giving back.
  struct SavedLabels {
    Address frame;
    std::vector<Label> registers;
  };
  std::array<std::vector<SavedLabels>, max_threads> saved_;
  std::array<std::vector<Label>, max_threads> returning_;
  // Files that are written through memory.
  struct WrittenFile {
    Address first, end;
    uint64_t offset;
    const Channel* channel;
    std::string path;
    Label told = 0;
  };
  std::mutex written_files_lock_;
  std::vector<WrittenFile> written_files_;
  std::mutex blocks_lock_;
  std::unordered_map<Address, std::vector<std::unique_ptr<Block>>> blocks_;
  std::unordered_set<Address> handlers_;  // of signals
  // The emulator's memory map as last read, by the mappings' ends; emptied when the guest changes it.
  struct Mapping {
    Address first;
    uint64_t offset;
    std::string file;
  };
  std::mutex mappings_lock_;
  std::map<Address, Mapping> mappings_;
  std::map<std::string, Symbols> symbols_;  // of the modules that decided, by their files
  std::atomic<bool> active_ = false;
  bool started_ = false;
};

}  // namespace shikake::taint::qemu
