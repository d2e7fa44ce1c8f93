// What a descriptor's bytes are: a file's, on their way through a pipe or a local connection, or a flow's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "taint/qemu/channels.h"
#include "taint/qemu/endpoint.h"
#include "taint/qemu/recorder.h"
#include "taint/qemu/run_state.h"

namespace shikake::taint::qemu {

// A file's path, as the kernel knows the descriptor.
std::string path_of(int fd);

enum class Carrier : uint8_t { nothing, file, queue, flow };

struct End {
  Carrier carrier = Carrier::nothing;
  Channel* channel = nullptr;  // null: there is none yet
  Endpoint remote;             // of a flow
};

// Local connections are told from flows by what programs of the run did: both ends of a socket pair, a Unix
// socket's name that one of them connects to and another accepts from, and on this machine's own addresses a port
// that one of them listens on and another connects to. A server on loopback that is no program of the run is a
// flow like any other.
class Descriptors {
 public:
  Descriptors(RunState& state, Recorder& recorder, const std::vector<std::string>& labelled_paths)
      : state_(state), channels_(state.channels), recorder_(recorder), labelled_paths_(labelled_paths) {}

  Channels& channels() { return channels_; }

  // Where bytes that were read came from. `named`: the sender that the call itself gives, if it does.
  End source(int fd, const Endpoint& named);
  // Where bytes go to. Channels of files and of datagrams' receivers are made only for labels.
  End destination(int fd, const Endpoint& named, bool labelled);
  // A System V message queue's letters of one type.
  End letters(int queue_number, uint64_t type);
  // A fresh channel of memory that processes share without a file; and that of a System V segment.
  Channel* memory() { return make({ChannelKind::memory, 0, state_.next_memory.fetch_add(1)}); }
  Channel* segment(int id) { return make({ChannelKind::memory, 1, static_cast<uint64_t>(id)}); }
  // An open file's channel, made if missing.
  Channel* made_file(int fd) { return make(key(fd, ChannelKind::file)); }
  // An open file's channel; null when it has none.
  Channel* file(int fd);

  // A file's labels may reach to there.
  static void reaches(Channel& file, uint64_t end);
  // The number of a flow, told of when it is new.
  uint16_t flow(int fd, const End& end);
  // The number of a file that is a source of labels by its path; 0 when it is none.
  uint16_t labelled_file(int fd, Channel*& channel);

  // What calls did to sockets.
  void paired(int a, int b);
  // It was bound, or listens: the latter counts for connections, the former for datagrams.
  void listens(int fd, bool for_connections);
  // Before: the listener that the program may be calling on; null when there is none.
  Channel* connecting(int fd, const Endpoint& to);
  // After, with what connecting() gave.
  void connected(int fd, const Endpoint& to, Channel* there, bool success);
  void accepted(int fd);
  // A file was opened to be written: an empty one has no labels, whatever its number's last bearer had, and what
  // comes into it is no longer the victim's, wherever it lies.
  void opened(int fd);

  // Labels that could not be kept: told once for each reason.
  void lost(const char* what);

 private:
  ChannelKey key(int fd, ChannelKind kind) const;
  bool is_labelled(std::string_view path) const;
  Channel* make(const ChannelKey& key);
  Channel* queue(uint64_t number) { return number == 0 ? nullptr : make({ChannelKind::queue, ~uint64_t{0}, number}); }
  End socket_end(int fd, const Endpoint& named, bool incoming, bool labelled);
  End connection_end(int fd, const Endpoint& named, bool incoming);
  End datagram_end(int fd, const Endpoint& named, bool incoming, bool labelled);
  uint64_t local_datagrams(const Endpoint& local, Endpoint remote, bool incoming);
  void settle(int fd, Channel& socket, const Endpoint& named);
  void meet(int fd, int process, bool connects);
  uint16_t new_source();

  RunState& state_;
  Channels channels_;
  Recorder& recorder_;
  const std::vector<std::string>& labelled_paths_;
  std::array<std::atomic<const char*>, 8> told_{};  // reasons
};

}  // namespace shikake::taint::qemu
