#include "taint/fork_mutex.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <vector>

namespace shikake::taint {
namespace {

struct All {
  std::mutex lock;
  std::vector<ForkMutex*> mutexes;
};

bool try_all(const std::vector<ForkMutex*>& mutexes) {
  for (size_t i = 0; i < mutexes.size(); ++i) {
    if (mutexes[i]->try_lock()) continue;
    while (i > 0) mutexes[--i]->unlock();
    return false;
  }
  return true;
}

All& all();

// In no order of their own: whoever holds one may want any other.
void take() {
  all().lock.lock();
  while (!try_all(all().mutexes)) sched_yield();
}

void give() {
  for (ForkMutex* mutex : all().mutexes) mutex->unlock();
  all().lock.unlock();
}

// Outlives whatever has a mutex.
All& all() {
  static All* made = [] {
    pthread_atfork(take, give, give);
    return new All;
  }();
  return *made;
}

}  // namespace

ForkMutex::ForkMutex() {
  const std::lock_guard guard(all().lock);
  all().mutexes.push_back(this);
}

ForkMutex::~ForkMutex() {
  const std::lock_guard guard(all().lock);
  std::erase(all().mutexes, this);
}

}  // namespace shikake::taint
