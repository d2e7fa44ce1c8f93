// shikake-shellcode: runs machine code of pages in an emulator. Started by emulator.cpp alone.
#include <unistd.h>

#include "base/deadline.h"
#include "base/digest.h"
#include "base/frame.h"
#include "cell/reader.h"
#include "honeyclient/shellcode/confine.h"
#include "honeyclient/shellcode/emulator.h"
#include "honeyclient/shellcode/run.h"

int main() {
  using namespace shikake;
  namespace shellcode = honeyclient::shellcode;
  base::FrameChannel channel(base::UniqueFd(cell::reader_channel_fd), shellcode::max_worker_frame);
  shellcode::warm_up();
  if (!shellcode::confine_worker()) ::_exit(cell::status_not_confined);
  for (;;) {
    auto frame = channel.receive(base::Deadline::never());
    if (!frame || frame->type != static_cast<uint8_t>(shellcode::WorkerMessage::code)) ::_exit(0);
    const shellcode::Report report = shellcode::run(base::as_bytes(frame->body));
    auto sent = channel.send(static_cast<uint8_t>(shellcode::WorkerMessage::report), base::to_wire(report),
                             base::Deadline::after(shellcode::patience));
    if (!sent) ::_exit(0);
  }
}
