#include "gateway/names.h"

#include <array>

namespace shikake::gateway {
namespace {

constexpr uint32_t range_v4 = 198U << 24 | 18U << 16;
constexpr uint32_t range_size = 1 << 17;
constexpr uint32_t first_place = 256;                // below lies nothing: room for what runs may need later
constexpr uint32_t shared_place = range_size - 256;  // and this one is everybody's
constexpr uint32_t places = shared_place - first_place;

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): spreads names; collisions only cost a step.
uint64_t spread(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

// Addresses that end in 0 or 255 look like networks and broadcasts, and programs treat them so.
bool looks_odd(uint32_t place) {
  return (place & 0xFF) == 0 || (place & 0xFF) == 0xFF;
}

url::IpAddress v4_at(uint32_t place) {
  return url::IpAddress::v4(range_v4 + place);
}

url::IpAddress v6_at(uint32_t place) {
  std::array<uint8_t, 16> bytes{0x20, 0x01, 0x00, 0x02};
  for (size_t i = 0; i < 4; ++i) bytes[12 + i] = static_cast<uint8_t>(place >> (24 - 8 * i));
  return url::IpAddress::v6(bytes);
}

std::optional<uint32_t> place_at(const url::IpAddress& address) {
  uint32_t value = 0;
  if (address.is_v4()) {
    value = address.to_v4() - range_v4;
  } else {
    for (size_t i = 12; i < 16; ++i) value = value << 8 | address.bytes()[i];
  }
  if (value >= range_size || (address.is_v6() && v6_at(value) != address)) return std::nullopt;
  return value;
}

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

}  // namespace

NameTable::Addresses NameTable::addresses_of(std::string_view name) {
  std::string key = lower(name);
  auto known = places_.find(key);
  uint32_t place = shared_place + 1;
  if (known != places_.end()) {
    place = known->second;
  } else if (places_.size() < max_names) {
    place = first_place + static_cast<uint32_t>(spread(key) % places);
    while (looks_odd(place) || names_.contains(place))
      place = first_place + (place - first_place + 1) % places;
    names_.emplace(place, key);
    places_.emplace(std::move(key), place);
  }
  return {v4_at(place), v6_at(place)};
}

void NameTable::learn(std::string_view name, const url::IpAddress& address) {
  if (learned_.size() < max_names || learned_.contains(address)) learned_[address] = lower(name);
}

std::optional<std::string> NameTable::name_of(const url::IpAddress& address) const {
  if (auto learned = learned_.find(address); learned != learned_.end()) return learned->second;
  auto place = place_at(address);
  if (!place) return std::nullopt;
  auto found = names_.find(*place);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

}  // namespace shikake::gateway
