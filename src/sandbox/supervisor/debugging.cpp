#include "sandbox/supervisor/debugging.h"

#include <fmt/format.h>

#include "sandbox/monitor/book.h"

namespace shikake::sandbox::supervisor {

Debugging::Debugging(Link& link, monitor::Notes& notes, Calls calls)
    : link_(link),
      notes_(notes),
      calls_(std::move(calls)),
      watch_([this](trace::Thread& thread, debug::CodeDump&& dump) { unpacked(thread, std::move(dump)); }) {}

Result<std::unique_ptr<Debugging>> Debugging::make(const std::string& script, Link& link,
                                                   monitor::Notes& notes, Calls calls) {
  std::unique_ptr<Debugging> made(new Debugging(link, notes, std::move(calls)));
  if (!script.empty()) {
    SHIKAKE_ASSIGN(debug::Script parsed, debug::parse_script(script));
    made->debugger_.emplace(std::move(parsed), *made);
  }
  return made;
}

void Debugging::add_to(trace::EventSource& source) {
  source.add(watch_);
  if (debugger_) source.add(*debugger_);
}

void Debugging::finish() {
  if (watch_.limit_hit()) link_.limit("dumps of code");
}

std::vector<std::string> Debugging::remarks() const {
  return debugger_ ? debugger_->remarks() : std::vector<std::string>();
}

void Debugging::note(trace::Thread& thread, std::string text) {
  intel::RunNote row;
  row.time = calls_.now();
  row.process = monitor::Book::number(thread.process().id);
  row.text = std::move(text);
  link_.note(row);
}

void Debugging::say(trace::Thread& thread, uint64_t address, const std::string& bytes, std::string why) {
  intel::RunDump row;
  row.sha256 = base::sha256(bytes);
  row.size = bytes.size();
  row.address = address;
  row.process = monitor::Book::number(thread.process().id);
  row.time = calls_.now();
  row.why = std::move(why);
  link_.dump(row);
  link_.content(row.sha256, base::as_bytes(bytes));
}

void Debugging::dump(trace::Thread& thread, debug::MemoryDump dump) {
  say(thread, dump.address, dump.bytes, std::move(dump.why));
}

void Debugging::unpacked(trace::Thread& thread, debug::CodeDump&& dump) {
  notes_.note(thread, intel::BehaviourKind::unpacked_code,
              fmt::format("{} bytes at {:#x}", dump.bytes.size(), dump.address), dump.why);
  say(thread, dump.address, dump.bytes, std::move(dump.why));
}

}  // namespace shikake::sandbox::supervisor
