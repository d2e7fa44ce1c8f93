#include "neighbourhood/hash.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace shikake::neighbourhood {
namespace {

// The specification's five primes.
constexpr uint64_t prime1 = 0x9E3779B185EBCA87, prime2 = 0xC2B2AE3D27D4EB4F, prime3 = 0x165667B19E3779F9,
                   prime4 = 0x85EBCA77C2B2AE63, prime5 = 0x27D4EB2F165667C5;

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

uint64_t round(uint64_t lane, uint64_t input) {
  return std::rotl(lane + input * prime2, 31) * prime1;
}

uint64_t merge_lane(uint64_t hash, uint64_t lane) {
  return (hash ^ round(0, lane)) * prime1 + prime4;
}

constexpr size_t stripe_bytes = 32;
using Lanes = std::array<uint64_t, 4>;

constexpr Lanes first_lanes(uint64_t seed) {
  return {seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
}

void add_stripe(Lanes& lanes, const char* at) {
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i] = round(lanes[i], load<uint64_t>(at + 8 * i));
}

uint64_t join(const Lanes& lanes) {
  uint64_t hash =
      std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  for (uint64_t lane : lanes) hash = merge_lane(hash, lane);
  return hash;
}

// What is left behind the last whole stripe, and the last stirring.
uint64_t end_with(uint64_t hash, const char* at, const char* end) {
  for (; end - at >= 8; at += 8) hash = std::rotl(hash ^ round(0, load<uint64_t>(at)), 27) * prime1 + prime4;
  if (end - at >= 4) {
    hash = std::rotl(hash ^ load<uint32_t>(at) * prime1, 23) * prime2 + prime3;
    at += 4;
  }
  for (; at < end; ++at) hash = std::rotl(hash ^ static_cast<uint8_t>(*at) * prime5, 11) * prime1;
  hash = (hash ^ hash >> 33) * prime2;
  hash = (hash ^ hash >> 29) * prime3;
  return hash ^ hash >> 32;
}

}  // namespace

uint64_t hash64(std::string_view bytes, uint64_t seed) {
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  uint64_t hash = seed + prime5;
  if (bytes.size() >= stripe_bytes) {
    Lanes lanes = first_lanes(seed);
    for (; end - at >= static_cast<ptrdiff_t>(stripe_bytes); at += stripe_bytes) add_stripe(lanes, at);
    hash = join(lanes);
  }
  return end_with(hash + bytes.size(), at, end);
}

Hasher::Hasher() : lanes_(first_lanes(0)) {}

void Hasher::add(std::string_view bytes) {
  const size_t waiting = size_ % stripe;
  size_ += bytes.size();
  if (waiting + bytes.size() < stripe) {
    std::copy(bytes.begin(), bytes.end(), rest_.begin() + waiting);
    return;
  }
  if (waiting > 0) {
    std::copy_n(bytes.begin(), stripe - waiting, rest_.begin() + waiting);
    add_stripe(lanes_, rest_.data());
    bytes.remove_prefix(stripe - waiting);
  }
  for (; bytes.size() >= stripe; bytes.remove_prefix(stripe)) add_stripe(lanes_, bytes.data());
  std::copy(bytes.begin(), bytes.end(), rest_.begin());
}

uint64_t Hasher::finish() const {
  const uint64_t start = size_ >= stripe ? join(lanes_) : prime5;
  return end_with(start + size_, rest_.data(), rest_.data() + size_ % stripe);
}

}  // namespace shikake::neighbourhood
