// Machine code of pages: run in the shellcode worker, and where it leads.
#include "base/digest.h"
#include "honeyclient/low/driver.h"

namespace shikake::honeyclient::low {

using intel::Mechanism;

void Driver::on_machine_code(WorkerState& worker, MachineCode message) {
  Context* context = context_of(worker, message.window);
  run_code(context ? context->node : worker.root->node, message);
}

void Driver::run_code(uint32_t node, const MachineCode& code) {
  const std::string digest = base::sha256(code.bytes).hex();
  if (forcing_ && forcing_->code_run_.contains(digest)) return;  // the visit has run it
  if (!code_run_.insert(digest).second) return;
  if (code_run_.size() > limits::max_shellcode) return record_.limit("shellcode");
  if (std::chrono::steady_clock::now() >= deadline_) return;
  auto report = emulator_.run(code.bytes);
  if (!report) {
    record_.limit("shellcode");
    record_.event("error", "machine code could not be run: " + report.error().what, node);
    return;
  }
  if (!report->is_shellcode()) {
    record_.event("shellcode", "what looked like machine code calls nothing, found by " + code.how, node);
    return;
  }
  if (!record_.shellcode(node, code, *report)) return;
  for (const std::string& url : report->urls)
    fetch_payload(node, url, Mechanism::download, code.origin,
                  "machine code in " + record_.at(node).url + " downloads it");
}

void Driver::fetch_payload(uint32_t from, const std::string& address, Mechanism mechanism,
                           const std::optional<Origin>& origin, const std::string& why) {
  auto url = url::Url::parse(address);
  if (!url) return record_.event("error", "not a URL: " + address, from);
  auto node = record_.node(url->href());
  if (!node) return;
  record_.edge(from, *node, mechanism, origin);
  if (!why.empty()) record_.payload(*node, why);
  if (record_.at(*node).fetched) return record_.download(*node);
  Asked asked;
  asked.mechanism = mechanism;
  asked.url = url->href();
  Purpose purpose;
  purpose.kind = Purpose::Kind::payload;
  begin(purpose, asked, *node, nullptr);
}

}  // namespace shikake::honeyclient::low
