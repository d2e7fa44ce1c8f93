// How the taint plugin speaks to whoever traces the emulator from outside: by a system call that no kernel has, whose
// number the tracer gives (the plugin's option `bell=`). Arguments: which of these, address, length.
#pragma once

#include <cstdint>

namespace shikake::taint {

enum class BellWord : uint64_t {
  event = 3,     // a line of events lies at the address
  own_work = 4,  // in place of an address: 1, what follows is the plugin's own doing; 0, that is over
  state = 5,     // in place of an address: the end of a pair of sockets, over which a descriptor of the run's state comes
};

}  // namespace shikake::taint
