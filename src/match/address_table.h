// Addresses, networks and address:port pairs.
#pragma once

#include <cstdint>
#include <vector>

#include "match/hits.h"
#include "match/text_table.h"
#include "url/ip.h"

namespace shikake::match {

// One table keyed by (prefix length or port, family, network bytes). A lookup asks once for each prefix
// length that some entry of the family has: in practice a handful.
class AddressTable {
 public:
  explicit AddressTable(const HashKey& key) : key_(key) {}

  // An address alone is the network of its full length, but keeps its kind.
  void add(const url::Cidr& network, EntryId entry, Kind kind);
  void add(const url::IpAddress& address, uint16_t port, EntryId entry);
  void freeze() { table_.freeze(); }

  void find(const url::IpAddress& address, Hits& hits) const;
  void find(const url::IpAddress& address, uint16_t port, Hits& hits) const;
  bool empty() const { return table_.empty(); }
  size_t bytes() const { return table_.bytes() + values_.capacity() * sizeof(Value); }

 private:
  struct Value {
    EntryId address = TextTable::none;  // an IP and its /32 may both be entries
    EntryId network = TextTable::none;
  };

  // Whether no IPv4 entry lies in, or holds, the /16 of this address: most addresses end here.
  bool surely_unknown(const url::IpAddress& address) const {
    const auto bytes = address.bytes();
    return address.is_v4() && !v4_blocks_[static_cast<size_t>(bytes[0] << 8 | bytes[1])];
  }
  void note_v4_block(const url::IpAddress& address, unsigned prefix_length);

  HashKey key_;
  TextTable table_;
  std::vector<bool> v4_blocks_ = std::vector<bool>(1 << 16);
  std::vector<Value> values_;
  std::vector<uint8_t> lengths_v4_, lengths_v6_;  // prefix lengths in use, sorted
};

}  // namespace shikake::match
