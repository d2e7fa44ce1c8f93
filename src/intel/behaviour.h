// What programs do that is worth a sentence: the kinds of behaviour that a run can show, each with its
// technique. One table; the sandbox's monitor notes them, policy, report and STIX read them.
// Techniques: MITRE ATT&CK for Enterprise, https://attack.mitre.org/techniques/enterprise/
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace shikake::intel {

// In the order of the table in behaviour.cpp, grouped by ATT&CK's tactics.
enum class BehaviourKind : uint8_t {
  // Execution
  shell_command,
  script_interpreter,
  dropped_executable,
  dropped_executable_run,
  memory_executed,
  deleted_executable_run,
  downloaded_file,
  // Persistence
  persistence_cron,
  persistence_at,
  persistence_systemd,
  persistence_timer,
  persistence_rc,
  persistence_shell,
  persistence_autostart,
  persistence_udev,
  persistence_ssh_keys,
  persistence_preload,
  persistence_account,
  persistence_pam,
  persistence_module,
  // Privilege escalation
  identity_change,
  setuid_bit,
  capability_change,
  sudoers_change,
  // Injection, kernel, leaving the cell
  process_injection,
  process_memory_read,
  kernel_module,
  kernel_program,
  namespace_change,
  mount_change,
  root_change,
  device_node,
  raw_disk,
  escape_attempt,
  // Hiding
  self_delete,
  file_delete,
  log_removal,
  history_removal,
  file_time_change,
  hidden_file,
  permission_change,
  daemonized,
  name_masquerade,
  interrupts_ignored,
  unpacked_code,
  writable_executable_memory,
  defence_stopped,
  firewall_change,
  // Evasion of analysis
  debugger_check,
  timing_check,
  long_sleep,
  environment_check,
  user_activity_check,
  // Credentials and collection
  password_file_read,
  ssh_keys_read,
  history_read,
  browser_data_read,
  credential_files_read,
  keyring_use,
  input_capture,
  packet_capture,
  // Discovery
  system_discovery,
  process_discovery,
  user_discovery,
  network_discovery,
  file_discovery,
  // Network
  connection,
  http_request,
  https_request,
  dns_tunnel,
  irc_session,
  mail_sent,
  ftp_session,
  raw_session,
  beacon,
  port_scan,
  login_guessing,
  listening_port,
  host_contact,
  local_socket,
  netlink_use,
  // Impact
  killing_spree,
  fork_bomb,
  memory_exhaustion,
  disk_filling,
  log_flood,
  file_encryption,
  data_wipe,
  system_shutdown,
  mining,
};
constexpr BehaviourKind wire_last(BehaviourKind) {
  return BehaviourKind::mining;
}
inline constexpr size_t behaviour_kinds = static_cast<size_t>(BehaviourKind::mining) + 1;

// How much a behaviour by itself says about a program's intent.
enum class Weight : uint8_t {
  ordinary,    // most programs do it
  notable,     // few do, for good reasons
  suspicious,  // a reason to look closer
  grave,       // hardly any program that means well does it
};
constexpr Weight wire_last(Weight) {
  return Weight::grave;
}

struct BehaviourRow {
  BehaviourKind kind;
  std::string_view name;       // in JSON
  std::string_view technique;  // "T1053.003"
  Weight weight;
  std::string_view sentence;  // "adds a cron job": what the program does, for a person
};

std::span<const BehaviourRow> behaviour_table();  // one row a kind, in the order of the enum
const BehaviourRow& row_of(BehaviourKind kind);
std::string_view name(BehaviourKind kind);
std::string_view technique(BehaviourKind kind);
std::optional<BehaviourKind> behaviour_kind(std::string_view name);
std::string_view name(Weight weight);

// "Scheduled Task/Job: Cron" for "T1053.003"; "" where the technique is none of the table's.
std::string_view technique_name(std::string_view technique);

}  // namespace shikake::intel
