// What a lookup found.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shikake::match {

// What an entry is; the words of intel::IndicatorType, which this module must not know.
enum class Kind : uint8_t { url, domain, ip, cidr, ip_port, pattern, sha256 };

using EntryId = uint32_t;  // the caller's name for an entry

// How much of the entry the looked-up text showed.
enum class Precision : uint8_t {
  exact,
  query_cut,  // the text ends at its '?' (Squid's strip_query_terms) and the entry goes on behind it
  host_only,  // the text names host and port, the entry is that host's root URL
};

struct Hit {
  EntryId entry = 0;
  Kind kind = Kind::url;
  Precision precision = Precision::exact;
  bool operator==(const Hit&) const = default;
};

// The hits of one lookup or of several, each entry once, in the order found. Never allocates: what does
// not fit is counted. A host has at most 127 suffixes and an address 129 networks (IPv6) and 33 (the IPv4
// address inside it), so that only URL patterns can overflow.
class Hits {
 public:
  static constexpr size_t capacity = 384;

  void add(EntryId entry, Kind kind, Precision precision = Precision::exact) {
    for (Hit& hit : std::span(hits_.data(), size_)) {
      if (hit.entry == entry) {
        if (precision < hit.precision) hit.precision = precision;
        return;
      }
    }
    if (size_ == capacity) {
      ++dropped_;
      return;
    }
    hits_[size_++] = Hit{entry, kind, precision};
  }
  void clear() { size_ = 0, dropped_ = 0; }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t dropped() const { return dropped_; }
  const Hit* begin() const { return hits_.data(); }
  const Hit* end() const { return hits_.data() + size_; }
  const Hit& operator[](size_t i) const { return hits_[i]; }

 private:
  std::array<Hit, capacity> hits_;
  size_t size_ = 0;
  size_t dropped_ = 0;
};

}  // namespace shikake::match
