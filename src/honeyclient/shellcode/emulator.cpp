#include "honeyclient/shellcode/emulator.h"

#include "base/deadline.h"

namespace shikake::honeyclient::shellcode {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::exited:
      return "exited";
    case Outcome::waits:
      return "waits";
    case Outcome::unknown_call:
      return "unknown call";
    case Outcome::endless:
      return "endless";
    case Outcome::bad_memory:
      return "bad memory";
    case Outcome::bad_code:
      return "bad code";
    case Outcome::memory:
      return "memory";
  }
  return "";
}

Result<Report> Emulator::ask(std::string_view code) {
  const auto deadline = base::Deadline::after(patience);
  const auto type = static_cast<uint8_t>(WorkerMessage::code);
  if (auto sent = worker_->channel.send(type, code.substr(0, max_code_bytes), deadline); !sent)
    return fail(worker_->failure(Module::honeyclient));
  auto frame = worker_->channel.receive(deadline);
  if (!frame && frame.error().code == ErrorCode::timeout)
    return fail(Module::honeyclient, ErrorCode::timeout, "the shellcode worker took too long");
  if (!frame) return fail(worker_->failure(Module::honeyclient));
  auto report = base::from_wire<Report>(frame->body);
  if (!report || frame->type != static_cast<uint8_t>(WorkerMessage::report))
    return fail(Module::honeyclient, ErrorCode::invalid_input, "the shellcode worker answered nonsense");
  return report;
}

Result<Report> Emulator::run(std::string_view code) {
  if (!worker_) {
    SHIKAKE_ASSIGN(auto started,
                   cell::ReaderProcess::start(worker_program, {}, max_worker_frame, worker_memory));
    worker_ = std::make_unique<cell::ReaderProcess>(std::move(started));
  }
  auto report = ask(code);
  // Whatever state it is in, the next question must not meet it.
  if (!report) worker_.reset();
  return report;
}

}  // namespace shikake::honeyclient::shellcode
