// The processor time of web workers that work in silence: that since they last asked for something or said
// something has a bound of its own (limits.h, "worker-time"), where the visit has one.
#pragma once

#include <chrono>

namespace shikake::honeyclient::low::page {

class Window;

class WorkerTime {
 public:
  using Milliseconds = std::chrono::milliseconds;
  // `clock` tells the processor time of this process so far.
  WorkerTime(Milliseconds bound, Milliseconds (*clock)()) : bound_(bound), clock_(clock) {}

  // While script of a window runs; nothing for windows that are no web worker's. They nest.
  class Running {
   public:
    Running(WorkerTime& time, Window& window);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    WorkerTime& time_;
    Window* const before_;
  };

  void acted();           // whoever runs has asked for something or said something
  Window* spent() const;  // the worker that runs, if it has been silent for longer than the bound

 private:
  void charge();  // to whoever runs

  Milliseconds bound_, since_{0};
  Milliseconds (*clock_)();
  Window* running_ = nullptr;
};

}  // namespace shikake::honeyclient::low::page
