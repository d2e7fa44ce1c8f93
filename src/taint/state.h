// What runs of rules see of a thread: plain data at fixed places, for the engine and for machine code made
// of rules (native.h) alike.
#pragma once

#include <array>
#include <type_traits>

#include "taint/program.h"
#include "taint/region.h"

namespace shikake::taint {

class Thread;
struct Block;
struct ThreadState;
// Ends the state's running block, as `next` begins.
using Finish = void (*)(ThreadState*, Block* next);

// One access as the executor saw it, in the order of execution. `info` is the executor's own word for its
// size and direction, decoded only where it is needed.
struct Access {
  Address address;
  uint32_t instruction;
  uint32_t info;
};

// Accesses of one block; of more the last are kept. Executors hand over long code in several blocks.
inline constexpr size_t max_accesses = 4096;

// Shadow pages used last, direct-mapped by page number.
struct CachedPage {
  static constexpr Address none = ~Address{0};  // where no page begins
  Address base = none;
  uintptr_t labels = 0;  // where address 0 would have its label, if all memory's labels lay in a row
  Label* first() const { return reinterpret_cast<Label*>(labels + base * sizeof(Label)); }
};
inline constexpr size_t cached_pages = 256;

// Unions made last, one for each place in machine code that makes one: the pair (a in the low half) and what
// came of it.
struct KeptJoin {
  uint32_t pair = 0;
  uint32_t result = 0;
};
inline constexpr size_t kept_joins = 1024;
inline constexpr size_t kept_values = 256;
// What machine code found and made when it last ran in earnest: labels in fours, zeros at first. Some 40,000
// programs have theirs; only what is used costs memory.
inline constexpr size_t kept_words = size_t{1} << 19;

struct ThreadState {
  // First what is looked at each time that a block ends.
  alignas(64) Units units = 0;  // registers that hold labels
  uint64_t touched = 0;         // what the filter said of the running block's accesses
  uint64_t attention = 0;       // regions are open
  uint64_t count = 0;           // accesses of the running block
  Block* block = nullptr;       // the running one
  Region* top = nullptr;        // the innermost open region, or no_region
  Address next = 0;             // where the block that ends now went
  int depth = 0;                // calls below the frame that the first one opened in
  uint32_t late = 0;            // marks wait for what the ending block's rules write
  // Of the innermost region, when it is of the running function: where its paths meet (0: nowhere inside), and what
  // was made in it. Else 0, and a place that nobody reads.
  Address meets = 0;
  Units* made = &made_nowhere;
  Units made_nowhere = 0;
  Block* entering = nullptr;    // of machine code: the block that begins when the ending one is done
  uint64_t* words = nullptr;    // kept_words
  Region* last_region = nullptr;  // the place of the last one that may be open
  Thread* thread = nullptr;
  // The label file. Eight more than are used: runs are loaded eight at a time.
  alignas(64) std::array<Label, label_file_size + 8> file{};
  std::array<CachedPage, cached_pages> pages;
  OpenSites open_sites;
  // Of machine code: unions under way, and labels for a write that it leaves to the engine.
  std::array<uint32_t, kept_values> values{};
  std::array<Label, max_lanes> stored{};
  std::array<KeptJoin, kept_joins> joins{};
  // Of the running block; once matched with its rules, one for each of Program::memory.
  std::array<Access, max_accesses> accesses;
};
static_assert(std::is_standard_layout_v<ThreadState>);

inline constexpr Address not_done = ~Address{0};  // an access that did not happen (predication, a fault)

}  // namespace shikake::taint
