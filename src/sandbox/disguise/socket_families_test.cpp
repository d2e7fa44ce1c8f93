#include "sandbox/disguise/socket_families.h"

#include <gtest/gtest.h>
#include <linux/net.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sandbox/trace/testing.h"

namespace shikake::sandbox::disguise {
namespace {

#if defined(__x86_64__)

// The 32-bit call of a 64-bit program; its arguments have to lie where 32 bits reach.
long socketcall(int what, uint32_t* arguments) {
  long result = 102;
  asm volatile("int $0x80" : "+a"(result) : "b"(what), "c"(arguments) : "memory", "r8", "r9", "r10", "r11");
  return static_cast<int>(result);
}

struct Row {
  const char* name;
  int what;
  int family;
  int type;
  long error;  // 0: it is opened
};
constexpr Row rows[] = {
    {"vsock", SYS_SOCKET, AF_VSOCK, SOCK_STREAM, EAFNOSUPPORT},
    {"crypto", SYS_SOCKET, AF_ALG, SOCK_SEQPACKET, EAFNOSUPPORT},
    {"vsock pair", SYS_SOCKETPAIR, AF_VSOCK, SOCK_STREAM, EAFNOSUPPORT},
    {"Internet", SYS_SOCKET, AF_INET, SOCK_DGRAM, 0},
    {"local", SYS_SOCKET, AF_UNIX, SOCK_STREAM, 0},
};

TEST(SocketFamilies, RefusedInMemoryToo) {
  for (const Row& row : rows) {
    auto tracer = trace::Tracer::make({});
    SocketFamilies families;
    struct Last : trace::Hook {
      void on_process_end(const trace::Process&, const trace::Ending& ending) override {
        status = ending.status.value;
      }
      int status = -1;
    } last;
    tracer->add(families);
    tracer->add(last);
    auto child = trace::start_guest(*tracer, [&row] {
      void* low = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
      auto* arguments = static_cast<uint32_t*>(low);
      arguments[0] = static_cast<uint32_t>(row.family);
      arguments[1] = static_cast<uint32_t>(row.type);
      const long result = socketcall(row.what, arguments);
      if (result == -ENOSYS) return 77;  // no 32-bit calls here
      return row.error == 0 ? (result >= 0 ? 0 : 1) : (result == -row.error ? 0 : 2);
    });
    ASSERT_TRUE(child) << child.error().message();
    ASSERT_TRUE(tracer->run(base::Deadline::after(std::chrono::seconds(20))));
    tracer->kill_all();
    if (last.status == 77) GTEST_SKIP() << "this kernel has no 32-bit calls";
    EXPECT_EQ(last.status, 0) << row.name;
  }
}

#endif

}  // namespace
}  // namespace shikake::sandbox::disguise
