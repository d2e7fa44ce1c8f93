// A run record with every member set, for tests of what reads and shows runs.
#pragma once

#include "intel/run.h"

namespace shikake::intel {

inline RunRecord full_run() {
  const base::TimePoint start = *base::from_rfc3339("2026-03-01T12:00:00.25Z");
  auto at = [&](int64_t milliseconds) { return start + std::chrono::milliseconds(milliseconds); };
  RunRecord run;
  run.sample = {.name = "invoice.elf", .sha256 = base::sha256("sample")};
  run.sample.md5 = "5e8ff9bf55ba3508199d22e984129be6";
  run.sample.sha1 = "5f50a84c1fa3bcff146405017f36aec1a10a9e38";
  run.sample.ssdeep = "3:abc:def";
  run.sample.tlsh = "T1A0";
  run.sample.size = 20480;
  run.sample.type = "ELF 64-bit x86-64 executable, dynamically linked";
  run.sample.mime = "application/x-executable";
  run.sample.facts = {{"imports", boost::json::array{"connect", "execve"}}};
  run.outcome = RunOutcome::timed_out;
  run.outcome_detail = "still running after 60 s";
  run.complete = false;
  run.limits_hit = {"kept_bytes"};
  run.remarks = {"CPUID cannot be trapped on this machine: such probes are not seen"};
  run.arguments = {"--now"};
  run.environment = {"LANG=ja_JP.UTF-8"};
  run.user = "kenji";
  run.emulator = "qemu-arm";
  run.profile = "desk";
  run.start = start;
  run.elapsed = std::chrono::seconds(60);
  run.skipped = std::chrono::hours(1);
  run.bounds = {{"processes", "200", "cgroup v1"}};
  run.network.mode = RunNetwork::closed;
  run.network.packets = 42;
  run.network.interfaces = {{"cell", "eth0", {"10.20.0.2/16"}}};
  run.network.sockets = {"gateway: tcp 0.0.0.0:41169"};
  run.network.descriptors = {"cell: 1 pipe:[7]"};
  run.network.leaks = {"cell: an interface named tap0"};
  run.network.capture = base::sha256("capture");
  run.dns = {{at(100), "c2.example", "A", {"10.20.1.5"}}};
  RunProcess first{.id = 0, .pid = 116, .exe = "/home/kenji/invoice.elf", .cwd = "/home/kenji"};
  first.argv = {"./invoice.elf", "--now"};
  first.env = {"HOME=/home/kenji"};
  first.start = start;
  first.end = at(30);
  first.how_ended = "exited 0";
  RunProcess second{.id = 1, .parent = 0, .pid = 117, .exe = "/tmp/.x", .cwd = "/"};
  second.argv = {"[kworker/0:1]"};
  second.start = at(20);
  second.threads = 3;
  second.image = base::sha256("dropped");
  run.processes = {first, second};
  RunFile dropped{.path = "/tmp/.x", .action = FileAction::created, .sha256 = base::sha256("dropped")};
  dropped.size = 7;
  dropped.type = "ELF 64-bit x86-64 executable";
  dropped.program = true;
  dropped.kept = true;
  dropped.time = at(10);
  RunFile cron{.path = "/etc/cron.d/x.new", .action = FileAction::renamed, .to = "/etc/cron.d/x"};
  cron.why_not = "limit: kept_bytes";
  cron.process = 1;
  cron.time = at(40);
  run.files = {dropped, cron};
  run.dumps = {
      {base::sha256("dump"), 4096, 0x401000, 1, at(25), "written, then executed at 0x401000", "x86-64 code"}};
  RunFlow flow{.id = 3, .local = "10.20.0.2:40112", .remote = "10.20.1.5:443", .host = "c2.example"};
  flow.sni = "c2.example";
  flow.ja3 = "e7d705a3286e19ea42f587b344ee6865";
  flow.protocol = "https";
  flow.transport = "tcp";
  flow.bytes_in = 1234;
  flow.bytes_out = 567;
  flow.start = at(110);
  flow.end = at(300);
  flow.process = 1;
  flow.stream_sha256 = base::sha256("stream");
  flow.urls = {"https://c2.example/gate.php?id=7"};
  flow.decision = "allowed";
  flow.role = Role::c2;
  flow.evidence = {"what it answers decides which command runs"};
  flow.parent_flow = 3;
  flow.gate = flow.coarsened = true;
  RunDecision decision{.offsets = {{0, 3}}, .bytes = "exec", .module = "/home/kenji/invoice.elf"};
  decision.symbol = "dispatch";
  decision.offset = 0x1234;
  decision.indirect = true;
  decision.process = 1;
  decision.effects = {{"exec", "/bin/sh -c id", 1}};
  flow.decisions = {decision};
  flow.to_files = {{.path = "/tmp/.x", .offsets = {{120, 4215}}, .executed = true}};
  flow.from_files = {{.path = "/home/kenji/.ssh/id_rsa", .offsets = {{0, 1600}}, .encoding = "base64"}};
  run.flows = {flow};
  RunBehaviour cron_job{.kind = BehaviourKind::persistence_cron, .process = 1, .time = at(40)};
  cron_job.object = "/etc/cron.d/x";
  cron_job.proof = "rename(\"/etc/cron.d/x.new\", \"/etc/cron.d/x\") = 0";
  cron_job.count = 2;
  RunBehaviour tls{
      .kind = BehaviourKind::https_request, .process = 1, .time = at(120), .object = "c2.example"};
  tls.flow = 3;
  run.behaviours = {cron_job, tls};
  run.notes = {{at(50), 1, "decrypt(key=\"abc\")"}};
  run.recognised = {{"yara:bots.yar", "Bot_Strings", base::sha256("dropped"), "$a at 0x10", true}};
  run.children = {{base::sha256("dropped"), "/tmp/.x", "dropped", base::sha256("observation")}};
  run.parent = base::sha256("archive");
  run.output = base::sha256("output");
  run.output_bytes = 99;
  run.taint_events = base::sha256("events");
  run.taint_tables = true;
  run.unsupported_instructions = {{"0f01d0", 2}};
  return run;
}

}  // namespace shikake::intel
