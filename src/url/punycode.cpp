#include <algorithm>
#include <cstdint>
#include <limits>

#include "url/idna.h"

namespace shikake::url {
namespace {

// RFC 3492 section 5.
constexpr uint32_t base = 36, t_min = 1, t_max = 26, skew = 38, damp = 700, initial_bias = 72,
                   initial_n = 128;
constexpr uint32_t max_value = std::numeric_limits<uint32_t>::max();

// Section 6.1.
uint32_t adapt(uint32_t delta, uint32_t points, bool first) {
  delta = first ? delta / damp : delta / 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > (base - t_min) * t_max / 2; k += base) delta /= base - t_min;
  return k + (base - t_min + 1) * delta / (delta + skew);
}

uint32_t threshold(uint32_t k, uint32_t bias) {
  if (k <= bias + t_min) return t_min;
  return std::min(k - bias, t_max);
}

char digit_char(uint32_t digit) {
  return static_cast<char>(digit < 26 ? 'a' + digit : '0' + (digit - 26));
}

uint32_t digit_value(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<uint32_t>(c - 'a');
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0') + 26;
  return base;
}

void append_number(std::string& out, uint32_t number, uint32_t bias) {
  for (uint32_t k = base;; k += base) {
    uint32_t t = threshold(k, bias);
    if (number < t) break;
    out += digit_char(t + (number - t) % (base - t));
    number = (number - t) / (base - t);
  }
  out += digit_char(number);
}

}  // namespace

std::optional<std::string> punycode_encode(std::u32string_view label) {
  std::string out;
  for (char32_t c : label) {
    if (c < initial_n) out += static_cast<char>(c);
  }
  auto basic = static_cast<uint32_t>(out.size());
  uint32_t done = basic, n = initial_n, delta = 0, bias = initial_bias;
  if (basic > 0) out += '-';
  while (done < label.size()) {
    uint32_t next = max_value;
    for (char32_t c : label) {
      if (c >= n) next = std::min<uint32_t>(next, c);
    }
    if (next - n > (max_value - delta) / (done + 1)) return std::nullopt;
    delta += (next - n) * (done + 1);
    n = next;
    for (char32_t c : label) {
      if (c < n && ++delta == 0) return std::nullopt;
      if (c != n) continue;
      append_number(out, delta, bias);
      bias = adapt(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
    ++delta;
    ++n;
  }
  return out;
}

std::optional<std::u32string> punycode_decode(std::string_view text) {
  std::u32string out;
  size_t delimiter = text.rfind('-');
  size_t at = 0;
  if (delimiter != text.npos && delimiter > 0) {
    out.assign(text.begin(), text.begin() + static_cast<ptrdiff_t>(delimiter));
    at = delimiter + 1;
  }
  uint32_t n = initial_n, i = 0, bias = initial_bias;
  while (at < text.size()) {
    uint32_t before = i;
    uint32_t weight = 1;
    for (uint32_t k = base;; k += base) {
      if (at == text.size()) return std::nullopt;
      uint32_t digit = digit_value(text[at++]);
      if (digit >= base || digit > (max_value - i) / weight) return std::nullopt;
      i += digit * weight;
      uint32_t t = threshold(k, bias);
      if (digit < t) break;
      if (weight > max_value / (base - t)) return std::nullopt;
      weight *= base - t;
    }
    auto length = static_cast<uint32_t>(out.size()) + 1;
    bias = adapt(i - before, length, before == 0);
    if (i / length > max_value - n) return std::nullopt;
    n += i / length;
    i %= length;
    bool surrogate = n >= 0xd800 && n <= 0xdfff;
    if (n > 0x10ffff || surrogate) return std::nullopt;
    out.insert(i++, 1, static_cast<char32_t>(n));
  }
  return out;
}

}  // namespace shikake::url
