// Numbers that must not be mixed up while tracing: threads, processes, addresses of the guest.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <functional>

namespace shikake::sandbox::trace {

// A thread and a thread group (process) as the tracer's pid namespace numbers them.
struct Tid {
  pid_t value = 0;
  auto operator<=>(const Tid&) const = default;
};
struct Pid {
  pid_t value = 0;
  auto operator<=>(const Pid&) const = default;
};

// A process of the run, numbered from 1 in the order of appearance; never used again, as pids are.
struct ProcessId {
  uint32_t value = 0;
  auto operator<=>(const ProcessId&) const = default;
};

// An address in the guest. Deliberately no pointer: it can only be read through Thread::read().
struct GuestAddress {
  uint64_t value = 0;

  GuestAddress operator+(uint64_t bytes) const { return {value + bytes}; }
  GuestAddress operator-(uint64_t bytes) const { return {value - bytes}; }
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const GuestAddress&) const = default;
};

}  // namespace shikake::sandbox::trace

template <>
struct std::hash<shikake::sandbox::trace::Tid> {
  size_t operator()(shikake::sandbox::trace::Tid tid) const noexcept { return std::hash<pid_t>()(tid.value); }
};
template <>
struct std::hash<shikake::sandbox::trace::Pid> {
  size_t operator()(shikake::sandbox::trace::Pid pid) const noexcept { return std::hash<pid_t>()(pid.value); }
};
template <>
struct std::hash<shikake::sandbox::trace::ProcessId> {
  size_t operator()(shikake::sandbox::trace::ProcessId id) const noexcept {
    return std::hash<uint32_t>()(id.value);
  }
};
