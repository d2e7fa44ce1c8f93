// What descriptors carry, on the machine's own sockets: this process is both ends of each connection.
#include "taint/qemu/descriptors.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/unique_fd.h"

namespace shikake::taint::qemu {
namespace {

using base::UniqueFd;

Endpoint loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return endpoint({reinterpret_cast<const uint8_t*>(&address), sizeof address}, false);
}

class DescriptorsTest : public testing::Test {
 protected:
  void SetUp() override {
    void* at = mmap(nullptr, sizeof(RunState), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    state_ = static_cast<RunState*>(at);
    descriptors_ = std::make_unique<Descriptors>(*state_, recorder_, paths_);
    ASSERT_TRUE(recorder_.open("/dev/null"));
  }
  void TearDown() override { munmap(state_, sizeof(RunState)); }

  UniqueFd bound(int type) {
    UniqueFd fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(type == SOCK_STREAM ? listen(fd.get(), 4) : 0, 0);
    return fd;
  }
  UniqueFd dialled(int to) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    socklen_t length = sizeof address;
    getsockname(to, reinterpret_cast<sockaddr*>(&address), &length);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    return fd;
  }
  // Whether what goes into one comes out of the other, and the other way round, but not out again where it went in.
  void expect_joined(int a, int b) {
    const End a_out = descriptors_->destination(a, {}, true), b_in = descriptors_->source(b, {});
    const End b_out = descriptors_->destination(b, {}, true), a_in = descriptors_->source(a, {});
    ASSERT_EQ(a_out.carrier, Carrier::queue);
    ASSERT_EQ(b_out.carrier, Carrier::queue);
    ASSERT_NE(a_out.channel, nullptr);
    EXPECT_EQ(a_out.channel, b_in.channel);
    EXPECT_EQ(b_out.channel, a_in.channel);
    EXPECT_NE(a_out.channel, b_out.channel);
  }

  RunState* state_ = nullptr;
  Recorder recorder_;
  std::vector<std::string> paths_;  // of labelled files
  std::unique_ptr<Descriptors> descriptors_;
};

TEST_F(DescriptorsTest, SocketPairsAreJoined) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd a(ends[0]), b(ends[1]);
  descriptors_->paired(a.get(), b.get());
  expect_joined(a.get(), b.get());
}

// A client's number, a cache, a setting: what the run put into its home itself was never the victim's.
TEST_F(DescriptorsTest, WhatTheRunMadeIsNoSource) {
  char folder[] = "/tmp/shikake-descriptors-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  paths_ = {std::string(folder) + "/"};
  struct Row {
    const char* name;
    const char* before;  // what lies there; null: nothing
    int flags;           // that the run opens it with
    bool source;
  };
  const Row rows[] = {
      {"read", "mine", O_RDONLY, true},
      {"written into", "mine", O_RDWR, true},
      {"appended to", "mine", O_WRONLY | O_APPEND | O_CREAT, true},
      {"made", nullptr, O_WRONLY | O_CREAT, false},
      {"written anew", "mine", O_WRONLY | O_TRUNC, false},
  };
  for (const Row& row : rows) {
    const std::string path = paths_[0] + row.name;
    if (row.before != nullptr) std::ofstream(path) << row.before;
    {
      const UniqueFd fd(open(path.c_str(), row.flags | O_CLOEXEC, 0600));
      ASSERT_GE(fd.get(), 0) << row.name;
      if ((row.flags & O_ACCMODE) != O_RDONLY) {
        descriptors_->opened(fd.get());
        ASSERT_EQ(write(fd.get(), "7731", 4), 4) << row.name;
      }
    }
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    Channel* channel = descriptors_->file(fd.get());
    EXPECT_EQ(descriptors_->labelled_file(fd.get(), channel) != 0, row.source) << row.name;
  }
  std::filesystem::remove_all(folder);
}

TEST_F(DescriptorsTest, UnixSocketsAreJoinedInTheOrderOfTheirConnections) {
  const UniqueFd waits(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "shikake-descriptors-" + std::to_string(getpid());  // abstract: begins with a zero byte
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(bind(waits.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(waits.get(), 4), 0);
  std::vector<UniqueFd> callers, called;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(callers.back().get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    descriptors_->connected(callers.back().get(), {}, nullptr, true);
  }
  for (int i = 0; i < 3; ++i) {
    called.emplace_back(accept4(waits.get(), nullptr, nullptr, SOCK_CLOEXEC));
    descriptors_->accepted(called.back().get());
  }
  for (size_t i = 0; i < 3; ++i) expect_joined(callers[i].get(), called[i].get());
}

TEST_F(DescriptorsTest, ConnectionsBetweenProgramsOfTheRunAreJoined) {
  const UniqueFd waits = bound(SOCK_STREAM);
  descriptors_->listens(waits.get(), true);
  const Endpoint there = local_end(waits.get());
  Channel* listener = descriptors_->connecting(-1, there);
  EXPECT_EQ(listener, nullptr) << "no socket";
  const UniqueFd caller = dialled(waits.get());
  listener = descriptors_->connecting(caller.get(), there);
  ASSERT_NE(listener, nullptr);
  descriptors_->connected(caller.get(), there, listener, true);
  const UniqueFd called(accept4(waits.get(), nullptr, nullptr, SOCK_CLOEXEC));
  descriptors_->accepted(called.get());
  expect_joined(caller.get(), called.get());
}

TEST_F(DescriptorsTest, AConnectionToSomebodyElseOnThisMachineIsAFlow) {
  const UniqueFd waits = bound(SOCK_STREAM);  // nobody of the run listens
  const Endpoint there = local_end(waits.get());
  const UniqueFd caller = dialled(waits.get());
  EXPECT_EQ(descriptors_->connecting(caller.get(), there), nullptr);
  descriptors_->connected(caller.get(), there, nullptr, true);
  const End end = descriptors_->source(caller.get(), {});
  EXPECT_EQ(end.carrier, Carrier::flow);
  EXPECT_EQ(end.remote, there);
  EXPECT_EQ(descriptors_->flow(caller.get(), end), 1);
  EXPECT_EQ(descriptors_->flow(caller.get(), descriptors_->source(caller.get(), {})), 1);
}

TEST_F(DescriptorsTest, SomebodyElsesConnectionToTheRunIsAFlow) {
  const UniqueFd waits = bound(SOCK_STREAM);
  descriptors_->listens(waits.get(), true);
  const UniqueFd caller = dialled(waits.get());  // no call of the run
  const UniqueFd called(accept4(waits.get(), nullptr, nullptr, SOCK_CLOEXEC));
  descriptors_->accepted(called.get());
  EXPECT_EQ(descriptors_->source(called.get(), {}).carrier, Carrier::flow);
}

TEST_F(DescriptorsTest, ADatagramSocketHasAFlowForEachPeer) {
  const UniqueFd fd = bound(SOCK_DGRAM);
  const Endpoint names = loopback(53), commander = loopback(4444);
  const uint16_t first = descriptors_->flow(fd.get(), descriptors_->source(fd.get(), names));
  const uint16_t second = descriptors_->flow(fd.get(), descriptors_->source(fd.get(), commander));
  EXPECT_NE(first, second);
  EXPECT_EQ(descriptors_->flow(fd.get(), descriptors_->source(fd.get(), names)), first);
  // Who answered is not asked: whoever was called last.
  descriptors_->destination(fd.get(), commander, false);
  EXPECT_EQ(descriptors_->flow(fd.get(), descriptors_->source(fd.get(), {})), second);
  descriptors_->destination(fd.get(), names, false);
  EXPECT_EQ(descriptors_->flow(fd.get(), descriptors_->source(fd.get(), {})), first);
}

TEST_F(DescriptorsTest, CleanFilesAndUnansweredDatagramsTakeNoRoom) {
  const UniqueFd file(memfd_create("clean", MFD_CLOEXEC));
  EXPECT_EQ(descriptors_->source(file.get(), {}).channel, nullptr);
  EXPECT_EQ(descriptors_->destination(file.get(), {}, false).channel, nullptr);
  Channel* labelled = descriptors_->destination(file.get(), {}, true).channel;
  ASSERT_NE(labelled, nullptr);
  EXPECT_EQ(descriptors_->source(file.get(), {}).channel, labelled);
  const UniqueFd fd = bound(SOCK_DGRAM);
  EXPECT_EQ(descriptors_->destination(fd.get(), loopback(9), false).channel, nullptr);
}

TEST_F(DescriptorsTest, AFileThatBeginsAnewHasNoLabels) {
  const UniqueFd file(memfd_create("anew", MFD_CLOEXEC));
  ASSERT_EQ(write(file.get(), "abcd", 4), 4);
  Channel* channel = descriptors_->destination(file.get(), {}, true).channel;
  ASSERT_NE(channel, nullptr);
  const std::vector<Label> in = {1, 2, 3, 4};
  descriptors_->channels().write(*channel, 0, in);
  channel->written = 4;
  std::vector<Label> found(4);
  descriptors_->opened(file.get());
  descriptors_->channels().read(*channel, 0, found, false);
  EXPECT_EQ(found, in) << "it is not empty";
  ASSERT_EQ(ftruncate(file.get(), 0), 0);
  descriptors_->opened(file.get());
  descriptors_->channels().read(*channel, 0, found, false);
  EXPECT_EQ(found, (std::vector<Label>(4)));
}

TEST(Endpoint, AddressesAreWrittenOneWay) {
  struct Row {
    const char* name;
    std::vector<uint8_t> bytes;
    bool big_endian;
    const char* text;
  };
  std::vector<uint8_t> mapped = {10, 0, 0x1f, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1, 0, 0, 0, 0};
  std::vector<uint8_t> six = mapped;
  six[8] = 0x20, six[9] = 0x01;
  std::vector<uint8_t> big = {0, 2, 0, 80, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  const Row rows[] = {
      {"IPv4", {2, 0, 0, 80, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0}, false, "192.0.2.1:80"},
      {"a big-endian program's", big, true, "192.0.2.1:80"},
      {"IPv4 in IPv6", mapped, false, "192.0.2.1:8080"},
      {"IPv6", six, false, "[2001::ffff:c000:201]:8080"},
      {"the wrong byte order", big, false, ""},
      {"cut off", {2, 0, 0, 80, 192, 0}, false, ""},
      {"IPv6 cut off", {mapped.begin(), mapped.begin() + 20}, false, ""},
      {"nothing", {}, false, ""},
  };
  for (const Row& row : rows) EXPECT_EQ(endpoint(row.bytes, row.big_endian).text(), row.text) << row.name;
}

}  // namespace
}  // namespace shikake::taint::qemu
