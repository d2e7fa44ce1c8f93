// A mutex that is free in a child, whatever other threads did when it was forked off: a fork in a process that has such
// mutexes waits until it has all of them. QEMU does so with its own, and plugins are called outside of those.
#pragma once

#include <mutex>

namespace shikake::taint {

class ForkMutex {
 public:
  ForkMutex();
  ~ForkMutex();
  ForkMutex(const ForkMutex&) = delete;
  ForkMutex& operator=(const ForkMutex&) = delete;

  void lock() { mutex_.lock(); }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

}  // namespace shikake::taint
