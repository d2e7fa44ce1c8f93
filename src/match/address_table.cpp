#include "match/address_table.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace shikake::match {
namespace {

// Family and what it is keyed by, then the address bytes.
struct Key {
  std::array<char, 4 + 16> bytes{};
  size_t size = 0;
  std::string_view text() const { return {bytes.data(), size}; }
};

enum class KeyedBy : char { prefix = 0, port = 1 };

Key make_key(const url::IpAddress& address, KeyedBy by, uint16_t number) {
  Key key;
  const auto bytes = address.bytes();
  key.bytes[0] = address.is_v6() ? 6 : 4;
  key.bytes[1] = static_cast<char>(by);
  std::memcpy(&key.bytes[2], &number, sizeof number);
  std::memcpy(&key.bytes[4], bytes.data(), bytes.size());
  key.size = 4 + bytes.size();
  return key;
}

void clear_host_bits(Key& key, unsigned prefix_length) {
  for (size_t i = 4; i < key.size; ++i) {
    const unsigned bit = static_cast<unsigned>(i - 4) * 8;
    if (bit + 8 <= prefix_length) continue;
    const unsigned keep = prefix_length > bit ? prefix_length - bit : 0;
    key.bytes[i] = static_cast<char>(key.bytes[i] & (0xFF00 >> keep));
  }
}

}  // namespace

void AddressTable::note_v4_block(const url::IpAddress& address, unsigned prefix_length) {
  const size_t first = address.to_v4() >> 16;
  const size_t count = prefix_length >= 16 ? 1 : size_t{1} << (16 - prefix_length);
  for (size_t block = first; block < first + count; ++block) v4_blocks_[block] = true;
}

void AddressTable::add(const url::Cidr& network, EntryId entry, Kind kind) {
  const auto length = static_cast<uint8_t>(network.prefix_length());
  const Key key = make_key(network.network(), KeyedBy::prefix, length);
  const uint32_t index = table_.insert(key.text(), hash_text(key_, key.text()));
  if (index == values_.size()) values_.emplace_back();
  EntryId& slot = kind == Kind::ip ? values_[index].address : values_[index].network;
  if (slot == TextTable::none) slot = entry;
  if (network.network().is_v4()) note_v4_block(network.network(), length);
  auto& lengths = network.network().is_v6() ? lengths_v6_ : lengths_v4_;
  auto at = std::lower_bound(lengths.begin(), lengths.end(), length);
  if (at == lengths.end() || *at != length) lengths.insert(at, length);
}

void AddressTable::add(const url::IpAddress& address, uint16_t port, EntryId entry) {
  const Key key = make_key(address, KeyedBy::port, port);
  const uint32_t index = table_.insert(key.text(), hash_text(key_, key.text()));
  if (index == values_.size()) values_.push_back({entry, TextTable::none});
  if (address.is_v4()) note_v4_block(address, 32);
}

void AddressTable::find(const url::IpAddress& address, Hits& hits) const {
  if (surely_unknown(address)) return;
  Key key = make_key(address, KeyedBy::prefix, 0);
  const auto& lengths = address.is_v6() ? lengths_v6_ : lengths_v4_;
  for (size_t i = lengths.size(); i-- > 0;) {  // longest first, so that clearing bits goes on
    const uint16_t length = lengths[i];
    std::memcpy(&key.bytes[2], &length, sizeof length);
    clear_host_bits(key, length);
    const uint32_t index = table_.find(key.text(), hash_text(key_, key.text()));
    if (index == TextTable::none) continue;
    const Value& value = values_[index];
    if (value.address != TextTable::none) hits.add(value.address, Kind::ip);
    if (value.network != TextTable::none) hits.add(value.network, Kind::cidr);
  }
  if (!address.is_v6()) return;
  if (auto inside = address.embedded_v4()) find(*inside, hits);
}

void AddressTable::find(const url::IpAddress& address, uint16_t port, Hits& hits) const {
  if (surely_unknown(address)) return;
  const Key key = make_key(address, KeyedBy::port, port);
  const uint32_t index = table_.find(key.text(), hash_text(key_, key.text()));
  if (index != TextTable::none) hits.add(values_[index].address, Kind::ip_port);
  if (!address.is_v6()) return;
  if (auto inside = address.embedded_v4()) find(*inside, port, hits);
}

}  // namespace shikake::match
