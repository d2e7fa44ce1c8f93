#include "sandbox/trace/substitute.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace shikake::sandbox::trace {
namespace {

int64_t call(Thread& thread, Sys sys, std::initializer_list<uint64_t> arguments) {
  return thread.inject(sys, std::span(arguments.begin(), arguments.size())).value_or(-1);
}

}  // namespace

bool substitute(Thread& thread, int fd, std::string_view bytes, bool close_on_exec) {
  constexpr size_t scratch_bytes = 4096;  // Thread::scratch() promises as much
  const GuestAddress at = thread.scratch();
  if (bytes.size() > scratch_bytes || !thread.write(at, base::as_bytes(std::string_view("status", 7))))
    return false;
  const int64_t memory = call(thread, Sys::memfd_create, {at.value, 0});
  if (memory < 0) return false;
  const auto made = static_cast<uint64_t>(memory);
  bool done = thread.write(at, base::as_bytes(bytes)) &&
              call(thread, Sys::write, {made, at.value, bytes.size()}) == static_cast<int64_t>(bytes.size());
  if (done) {
    // The descriptors share the position, and we can move it from here.
    const auto copy = thread.duplicate_fd(static_cast<int>(memory));
    done =
        copy && lseek(copy->get(), 0, SEEK_SET) == 0 &&
        call(thread, Sys::dup3,
             {made, static_cast<uint64_t>(fd), close_on_exec ? static_cast<uint64_t>(O_CLOEXEC) : 0}) == fd;
  }
  call(thread, Sys::close, {made});
  return done;
}

std::string read_through(Thread& thread, int fd) {
  const auto copy = thread.duplicate_fd(fd);
  std::array<char, 4096> bytes;
  const ssize_t length = copy ? pread(copy->get(), bytes.data(), bytes.size(), 0) : -1;
  return length > 0 ? std::string(bytes.data(), static_cast<size_t>(length)) : std::string();
}

}  // namespace shikake::sandbox::trace
