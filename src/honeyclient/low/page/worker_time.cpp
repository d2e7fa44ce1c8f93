#include "honeyclient/low/page/worker_time.h"

#include "honeyclient/low/page/worker_scope.h"

namespace shikake::honeyclient::low::page {

WorkerTime::Running::Running(WorkerTime& time, Window& window) : time_(time), before_(time.running_) {
  time.charge();
  time.running_ = window.scope ? &window : nullptr;
}

WorkerTime::Running::~Running() {
  time_.charge();
  time_.running_ = before_;
}

void WorkerTime::charge() {
  const Milliseconds now = clock_();
  if (running_) running_->scope->silent += now - since_;
  since_ = now;
}

void WorkerTime::acted() {
  charge();
  if (running_) running_->scope->silent = Milliseconds(0);
}

Window* WorkerTime::spent() const {
  if (!running_) return nullptr;
  return running_->scope->silent + (clock_() - since_) >= bound_ ? running_ : nullptr;
}

}  // namespace shikake::honeyclient::low::page
