// What the fetcher and its parent say to each other (base/frame.h, base/wire.h).
//
//   parent                          shikake-fetcher
//     configure  FetcherOptions  ->
//                                <-  ready              confined, before the first byte from outside
//     fetch      FetchOrder      ->
//     cancel     u64 id          ->
//                                <-  response  FetchResponse     one for each fetch but cancelled ones
//                                <-  failed    string            instead of ready: why it ends
//
// The fetcher ends when its channel closes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "net/fetcher.h"

namespace shikake::net {

enum class FetchFrame : uint8_t { configure, fetch, cancel, ready, response, failed };

constexpr int fetch_channel_fd = 3;  // in a fetcher that was started alone
// The argument that makes it a zygote instead (base/zygote.h), whose children talk over the sockets they are given.
constexpr const char* fetch_zygote_argument = "zygote";

struct FetchOrder {
  uint64_t id = 0;
  FetchRequest request;

  static void wire(auto& codec, auto& self) { codec(self.id, self.request); }
};

// A u32 length bounds a frame, and a response holds a body twice: as sent and as decoded.
constexpr uint64_t largest_body_bytes = uint64_t{512} << 20;

// The channel's bound: both forms of a body, the headers, certificates and the rest.
constexpr uint32_t fetch_frame_bound(const FetchLimits& limits) {
  constexpr uint64_t rest = 1 << 20;
  return static_cast<uint32_t>(2 * std::min(limits.body_bytes, largest_body_bytes) +
                               2 * std::min<uint64_t>(limits.header_bytes, rest) + rest);
}

}  // namespace shikake::net
