// What the processes of one run share about labels, in a mapping of one file: the label
// table, the numbers given to flows and decisions, and the channels (channels.h).
// A hostile guest runs in the same process as the plugin and could write here; whoever reads the run's
// events must treat them as the guest's word.
#pragma once

#include <atomic>
#include <cstdint>

#include "taint/label.h"
#include "taint/qemu/channels.h"
#include "taint/qemu/recorder.h"

namespace shikake::taint::qemu {

struct RunState {
  LabelArena labels;
  std::atomic<uint32_t> next_source;
  std::atomic<uint32_t> next_decision;
  std::atomic<uint64_t> next_memory;  // number of the next piece of memory that is shared without a file
  ChannelTable channels;
};

// The mapping of the file at `path`, made if missing; null when it can't be had. Never unmapped.
RunState* map_run_state(const char* path);
// Of the file that whoever traces the emulator hands over: one that no guest has a name for, nor a descriptor.
RunState* map_run_state(const Bell& bell);

}  // namespace shikake::taint::qemu
