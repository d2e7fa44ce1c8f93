// Runs of labels, eight at a time: almost always they are all nothing, or all the same.
#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstddef>
#include <cstring>

#include "taint/label.h"

namespace shikake::taint::lanes {

// The run, and nothing above it. Sizes other than powers of two read past the run's end (never past the
// label file's, which has slack); what lies there is cut.
inline __m128i load(const Label* from, size_t lanes) {
  switch (lanes) {
    case 1: return _mm_cvtsi32_si128(*from);
    case 2: {
      int both;
      std::memcpy(&both, from, sizeof both);
      return _mm_cvtsi32_si128(both);
    }
    case 4: return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    case 8: return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    default: break;
  }
  const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i index = _mm_set_epi16(7, 6, 5, 4, 3, 2, 1, 0);
  return _mm_and_si128(all, _mm_cmplt_epi16(index, _mm_set1_epi16(static_cast<short>(lanes))));
}

// Into a temporary: its eight places at once.
inline void store_one(Label* to, Label label) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_cvtsi32_si128(label));
}

inline unsigned zero_mask(__m128i v) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi16(v, _mm_setzero_si128())));
}
inline bool is_zero(__m128i v) { return zero_mask(v) == 0xffff; }

// Exactly `lanes` labels are written.
inline void store(Label* to, __m128i v, size_t lanes) {
  switch (lanes) {
    case 8: _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v); break;
    case 4: _mm_storel_epi64(reinterpret_cast<__m128i*>(to), v); break;
    default: {
      Label labels[8];
      _mm_storeu_si128(reinterpret_cast<__m128i*>(labels), v);
      for (size_t i = 0; i < lanes; ++i) to[i] = labels[i];
    }
  }
}

inline void copy(Label* to, const Label* from, size_t lanes) {
  switch (lanes) {
    case 1: *to = *from; break;
    case 4: std::memmove(to, from, 4 * sizeof(Label)); break;
    case 8: std::memmove(to, from, 8 * sizeof(Label)); break;
    default: std::memmove(to, from, lanes * sizeof(Label));
  }
}

inline bool zero(const Label* labels, size_t lanes) {
  for (; lanes > 8; labels += 8, lanes -= 8)
    if (!is_zero(load(labels, 8))) return false;
  return is_zero(load(labels, lanes));
}

// Whether eight labels are all this one.
inline bool all_are(const Label* from, Label label) {
  return _mm_movemask_epi8(_mm_cmpeq_epi16(load(from, 8), _mm_set1_epi16(static_cast<short>(label)))) == 0xffff;
}

// The first label that is not nothing. `v` must have one.
inline Label first_label(__m128i v) {
  Label labels[8];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(labels), v);
  return labels[static_cast<unsigned>(std::countr_zero(~zero_mask(v) & 0xffff)) / 2];
}

// Whether every lane is nothing or `label`.
inline bool only(__m128i v, Label label) {
  const __m128i same = _mm_cmpeq_epi16(v, _mm_set1_epi16(static_cast<short>(label)));
  const __m128i none = _mm_cmpeq_epi16(v, _mm_setzero_si128());
  return _mm_movemask_epi8(_mm_or_si128(same, none)) == 0xffff;
}

inline Label reduce(Labels& labels, const Label* from, size_t lanes) {
  Label joined = 0;
  for (; lanes > 0; from += 8) {
    const size_t part = lanes < 8 ? lanes : 8;
    lanes -= part;
    const __m128i v = load(from, part);
    if (is_zero(v)) continue;
    const Label first = first_label(v);
    joined = labels.join(joined, first);
    if (only(v, first)) continue;
    for (size_t i = 0; i < part; ++i) joined = labels.join(joined, from[i]);
  }
  return joined;
}

// to[i] = a[i] ∪ b[i].
inline void join(Labels& labels, Label* to, const Label* a, const Label* b, size_t lanes) {
  for (size_t done = 0; done < lanes; done += 8) {
    const size_t part = lanes - done < 8 ? lanes - done : 8;
    const __m128i x = load(a + done, part);
    const __m128i y = load(b + done, part);
    const __m128i none = _mm_setzero_si128();
    const __m128i simple = _mm_or_si128(_mm_cmpeq_epi16(x, y),
                                        _mm_or_si128(_mm_cmpeq_epi16(x, none), _mm_cmpeq_epi16(y, none)));
    if (_mm_movemask_epi8(simple) == 0xffff) {
      store(to + done, _mm_or_si128(x, y), part);
    } else {
      for (size_t i = done; i < done + part; ++i) to[i] = labels.join(a[i], b[i]);
    }
  }
}

// Four labels as one word.
inline uint64_t splat(Label label) { return label * uint64_t{0x0001000100010001}; }
inline uint64_t four(const Label* from) {
  uint64_t all;
  std::memcpy(&all, from, sizeof all);
  return all;
}
inline void set_four(Label* to, Label label) {
  const uint64_t all = splat(label);
  std::memcpy(to, &all, sizeof all);
}

// to[i] = to[i] ∪ label. Neighbours are mostly alike, four by four.
inline void join_all(Labels& labels, Label* to, Label label, size_t lanes) {
  Label before = 0, after = label;
  const auto joined = [&](Label one) {
    if (one != before) {
      before = one;
      after = labels.join(one, label);
    }
    return after;
  };
  for (; lanes >= 4; to += 4, lanes -= 4) {
    if (four(to) == splat(*to)) {
      if (const Label all = joined(*to); all != *to) set_four(to, all);
    } else {
      for (size_t i = 0; i < 4; ++i) to[i] = joined(to[i]);
    }
  }
  for (size_t i = 0; i < lanes; ++i) to[i] = joined(to[i]);
}

// to[i] = a[0..i] ∪ b[0..i].
inline void prefix(Labels& labels, Label* to, const Label* a, const Label* b, size_t lanes) {
  if (lanes <= 8) {
    const __m128i x = load(a, lanes);
    const __m128i y = load(b, lanes);
    const __m128i any = _mm_or_si128(x, y);
    if (is_zero(any)) {
      store(to, any, lanes);
      return;
    }
    const unsigned start = static_cast<unsigned>(std::countr_zero(~zero_mask(any) & 0xffff)) / 2;
    const Label first = a[start] != 0 ? a[start] : b[start];
    if (only(x, first) && only(y, first)) {
      const __m128i index = _mm_set_epi16(7, 6, 5, 4, 3, 2, 1, 0);
      const __m128i from_start = _mm_cmpgt_epi16(index, _mm_set1_epi16(static_cast<short>(static_cast<int>(start) - 1)));
      store(to, _mm_and_si128(from_start, _mm_set1_epi16(static_cast<short>(first))), lanes);
      return;
    }
  }
  Label below = 0;
  for (size_t i = 0; i < lanes; ++i) {
    below = labels.join(below, labels.join(a[i], b[i]));
    to[i] = below;
  }
}

}  // namespace shikake::taint::lanes
