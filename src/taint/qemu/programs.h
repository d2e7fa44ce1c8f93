// A guest's exec: the kernel would run the new program outside the emulator, so the plugin execs the emulator
// itself, with the program as its argument, before QEMU gets to it; or a tracer does (recorder.h, Bell).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "taint/qemu/guest.h"

namespace shikake::taint::qemu {

class Programs {
 public:
  explicit Programs(Guest& guest) : guest_(guest) {}

  // Only returns when the program can't be started this way, or a tracer does it; the guest's own call then goes on.
  void executing(Thread& thread, unsigned thread_number, const CallArguments& call);

  // Whether the program that called exec left labels for this one.
  bool labels_wait();
  // Puts them on the arguments and the environment. Before the first instruction.
  void label_arguments();

 private:
  struct Argument {
    std::string text;
    std::vector<Label> labels;  // one more than bytes: the final zero's
    Label label = 0;            // of all
  };

  std::vector<Argument> string_list(Thread& thread, Address list);
  // The architecture of the program at `path`; for a script, path and arguments become its interpreter's.
  std::optional<Architecture> find_program(std::string& path, std::vector<Argument>& arguments) const;
  void start(const std::string& path, Architecture program, const std::vector<Argument>& arguments,
             const std::vector<Argument>& environment, bool labels_left) const;
  bool leave_labels(const std::vector<Argument>& arguments, const std::vector<Argument>& environment);
  // What a process hands to itself.
  ChannelKey key() const;

  Guest& guest_;
};

}  // namespace shikake::taint::qemu
