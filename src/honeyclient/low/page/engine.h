// The script engine of this process: brought up once, in the first process, inherited by every worker.
#pragma once

#include <string>

#include "base/frame.h"
#include "honeyclient/low/protocol.h"

struct JSContext;

namespace shikake::honeyclient::low::page {

class Engine {
 public:
  bool start();
  // Before the filter: it reads the time zone's file.
  void set_time_zone(const std::string& zone);
  // In a worker, once.
  void run_page(base::FrameChannel channel, Start start);

 private:
  JSContext* cx_ = nullptr;
};

void on_cpu_tick();  // from the profiling timer

}  // namespace shikake::honeyclient::low::page
