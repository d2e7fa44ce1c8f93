// What a thread keeps of open regions: stretches of execution that depend on a decision.
#pragma once

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <climits>
#include <cstdint>
#include <type_traits>

#include "taint/program.h"

namespace shikake::taint {

struct Stored {
  Address address;
  uint16_t size;
};

// The last places in memory that functions made something in, each once, with the number of the innermost
// region that was open then (from 1 on; 0: none that is still open). Regions nest, so one list serves all.
class MadeStores {
 public:
  static constexpr size_t kept = 16;
  using Region = uint16_t;

  void note(const Stored& stored, Region region) {
    size_t slot = find(stored.address);
    if (slot == kept) {
      slot = next_++ % kept;
      low_[slot] = static_cast<uint32_t>(stored.address);
      places_[slot] = stored;
      regions_[slot] = 0;
    }
    places_[slot].size = std::max(places_[slot].size, stored.size);
    regions_[slot] = std::max(regions_[slot], region);
    marked_[slot] = 0;
  }
  // The innermost region closes: what was noted in it is the next one's from here on. `each` is called for
  // those that an inner one has not put the label on.
  template <class F>
  void close(Region region, Label label, const F& each) {
    for (unsigned found = of(region); found != 0; found &= found - 1) {
      const auto i = static_cast<size_t>(std::countr_zero(found));
      regions_[i] = static_cast<Region>(region - 1);
      if (marked_[i] == label) continue;
      marked_[i] = label;
      each(places_[i]);
    }
  }
  bool any(Region region) const { return of(region) != 0; }

 private:
  template <class T>
  static __m128i load(const T* from) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(from));
  }
  // A bit for each place of the region.
  unsigned of(Region region) const {
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(region));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(
        _mm_cmpeq_epi16(wanted, load(regions_.data())), _mm_cmpeq_epi16(wanted, load(regions_.data() + 8)))));
  }
  // `kept` when it is not there. Low halves are compared all at once.
  size_t find(Address address) const {
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(static_cast<uint32_t>(address)));
    const auto same = [&](size_t i) { return _mm_cmpeq_epi32(wanted, load(low_.data() + i)); };
    const __m128i all =
        _mm_packs_epi16(_mm_packs_epi32(same(0), same(4)), _mm_packs_epi32(same(8), same(12)));
    for (auto found = static_cast<unsigned>(_mm_movemask_epi8(all)); found != 0; found &= found - 1) {
      const auto i = static_cast<size_t>(std::countr_zero(found));
      if (places_[i].address == address) return i;
    }
    return kept;
  }

  size_t next_ = 0;
  alignas(16) std::array<uint32_t, kept> low_{};
  alignas(16) std::array<Region, kept> regions_{};
  std::array<Stored, kept> places_{};
  std::array<Label, kept> marked_{};
};

struct Region {
  Label label;
  Label settled;  // decided last: again, it is nothing new
  uint32_t decision;
  Address way;    // if it goes this way; 0: whichever way
  Address end;    // 0: when the function returns
  Address site;
  int depth;  // calls below the thread's reference frame
  bool indirect;
  Units made;  // units of registers that its function made in it and still holds
};
static_assert(std::is_standard_layout_v<Region>);
// Below all of a thread's: at no depth that code is ever at.
inline constexpr Region no_region{0, 0, 0, 0, 0, 0, INT_MAX, false, 0};

// Nested regions beyond this are not opened; real programs stay below 30.
inline constexpr size_t max_regions = 256;

// How many regions of sites are open, by a hash of the site: mostly none, which says that none is.
struct OpenSites {
  static constexpr size_t slots = 256;
  static size_t slot(Address site) { return (site ^ site >> 8) % slots; }
  uint16_t& of(Address site) { return counts[slot(site)]; }
  std::array<uint16_t, slots> counts{};
};

}  // namespace shikake::taint
