// shikake-calls.so, loaded by an emulator: tells the tracer outside when the guest's own instructions begin,
// and of calls that the emulator answers without asking the kernel.
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "sandbox/emulation/bell.h"
#include "sandbox/emulation/foreign_calls.h"
#include "taint/qemu/plugin_api.h"

namespace {

using namespace shikake::sandbox::emulation;

std::string target;

void ring(Ring what, const void* at = nullptr) {
  ::syscall(bell, static_cast<uint64_t>(what), at);
}

thread_local Answered call_under_way;

void on_call(qemu_plugin_id_t, unsigned, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
             uint64_t a5, uint64_t a6, uint64_t, uint64_t) {
  call_under_way = {number, 0, {a1, a2, a3, a4, a5, a6}};
}

void on_return(qemu_plugin_id_t, unsigned, int64_t number, int64_t result) {
  if (!answered_call(target, number)) return;
  call_under_way.number = number;
  call_under_way.result = result;
  ring(Ring::answered, &call_under_way);
}

void on_translation(qemu_plugin_id_t, qemu_plugin_tb*) {
  static bool started = false;
  if (started) return;
  started = true;
  ring(Ring::started);
}

// What ps shows is the loader's name otherwise: the guest's program stands behind "-0 ARGUMENT".
void take_the_guests_name() {
  char line[4096];
  const int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t got = ::read(file, line, sizeof line - 1);
  ::close(file);
  if (got <= 0) return;
  line[got] = 0;
  const char* end = line + got;
  int behind = -1;
  for (const char* word = line; word < end; word += std::strlen(word) + 1) {
    if (behind >= 0 && ++behind == 2) {
      const char* slash = std::strrchr(word, '/');
      ::prctl(PR_SET_NAME, slash ? slash + 1 : word);
      return;
    }
    if (behind < 0 && std::strcmp(word, "-0") == 0) behind = 0;
  }
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info,
                                                               int, char**) {
  target = info->target_name;
  take_the_guests_name();
  qemu_plugin_register_vcpu_syscall_cb(id, on_call);
  qemu_plugin_register_vcpu_syscall_ret_cb(id, on_return);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}

}  // extern "C"
