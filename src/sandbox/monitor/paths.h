// Paths as guests mean them.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

// The absolute path of `path` as this thread would look it up from a folder's descriptor (AT_FDCWD: its
// working directory); "." and ".." taken out by their text, symbolic links left as they are. "" when the
// folder is gone. Its own names become one: /proc/self, /proc/thread-self and /proc/<its number> are all
// "/proc/self".
std::string resolve(trace::Thread& thread, int folder, std::string_view path);
// Of a descriptor, as the kernel knows it: links are resolved. "socket:[1]", "/memfd:x (deleted)" are others.
std::string path_of(trace::Thread& thread, int fd);

std::string_view last_component(std::string_view path);

// Where a call has a path: the indices of its arguments, -1: it has no folder's descriptor.
struct PathArgument {
  int folder;
  int path;
};
// The `nth` path of a call (rename has two); {-1, -1}: it has none.
PathArgument path_argument(trace::Sys sys, int nth = 0);
// That path, resolved; "" where it cannot be read. An empty path means the descriptor itself.
std::string path_of_call(trace::Thread& thread, const trace::Call& call, int nth = 0);

// Whether a path exists for a guest, without following a last symbolic link. Looked up below its own root.
bool exists(trace::Thread& thread, const std::string& absolute);
// What a file begins with, likewise; "" also where it is no plain file or cannot be read.
std::string first_bytes(trace::Thread& thread, const std::string& absolute, size_t count);

}  // namespace shikake::sandbox::monitor
