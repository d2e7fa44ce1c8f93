// The script engine of this process: brought up once, in the first process, inherited by every worker.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/frame.h"
#include "honeyclient/low/protocol.h"

struct JSContext;

namespace shikake::honeyclient::low::page {

class Page;

class Engine {
 public:
  Engine();
  ~Engine();

  bool start();
  // Before the filter: it reads the time zone's file.
  void set_time_zone(const std::string& zone);
  // Until the parent closes the page. A worker's process ends after it.
  void run_page(base::FrameChannel channel, Start start);
  // For a process that runs several (the fuzzer): lets go of the last one. Its objects go with the next collection.
  void forget_page();
  JSContext* context() const { return cx_; }

 private:
  std::unique_ptr<Page> page_;
  std::string zone_;
  JSContext* cx_ = nullptr;
};

inline constexpr std::chrono::milliseconds cpu_tick{10};
void on_cpu_tick();  // from the profiling timer

}  // namespace shikake::honeyclient::low::page
