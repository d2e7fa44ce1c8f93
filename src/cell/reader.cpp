#include "cell/reader.h"

#include <chrono>
#include <ctime>
#include <string>

#include "base/digest.h"
#include "cell/seccomp.h"

namespace shikake::cell {

Result<> confine_reader() {
  // OpenSSL looks for its configuration, and libc for the time zone, at first use.
  (void)base::sha256("");
  ::tzset();
  SHIKAKE_ASSIGN(SeccompProgram program, SeccompPolicy::pure_computation().compile());
  SHIKAKE_TRY(forbid_tracing());
  Limits limits;
  limits.file_size = 0;
  SHIKAKE_TRY(apply(limits));
  return program.install();
}

Result<ReaderProcess> ReaderProcess::start(std::string_view program, std::span<const int> inputs,
                                           uint32_t max_frame, uint64_t memory_bytes) {
  SHIKAKE_ASSIGN(auto path, base::find_sibling_executable(program));
  SHIKAKE_ASSIGN(auto ends, base::FrameChannel::make_pair(max_frame));
  base::ChildOptions options;
  options.path = std::move(path);
  options.inherit_stderr = false;  // hostile bytes that took the child over could write to a terminal
  options.environment = std::vector<std::string>{"LC_ALL=C"};  // nothing of ours to read there
  options.fds = {{ends.second.fd(), reader_channel_fd}};
  for (size_t i = 0; i < inputs.size(); ++i)
    options.fds.push_back({inputs[i], reader_first_input_fd + static_cast<int>(i)});
  SHIKAKE_ASSIGN(base::Child child, base::Child::start(options));
  SHIKAKE_ASSIGN(ResidentWatch watch, ResidentWatch::start(child.pid(), memory_bytes));
  return ReaderProcess{std::move(child), std::move(ends.first), std::move(watch)};
}

Error ReaderProcess::failure(Module module) {
  using namespace std::chrono_literals;
  Error error{module, ErrorCode::unavailable, "the confined reader went away"};
  auto status = child.wait(base::Deadline::after(1s));
  if (status && *status == base::WaitStatus{base::WaitStatus::How::exited, status_not_confined}) {
    error.code = ErrorCode::unsupported;
    error.what = "a reader could not be confined on this machine (seccomp), so it read nothing";
  } else if (memory.exceeded()) {
    error.code = ErrorCode::limit;
    error.what = "the confined reader was stopped: it used more memory than it may; split the file";
  } else if (status) {
    error.what += " (" + status->describe() + ")";
  }
  return error;
}

}  // namespace shikake::cell
