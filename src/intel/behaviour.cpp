#include "intel/behaviour.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "intel/names.h"

namespace shikake::intel {
namespace {

using K = BehaviourKind;
using enum Weight;

constexpr std::array<BehaviourRow, behaviour_kinds> rows = {{
    {K::shell_command, "shell_command", "T1059.004", notable, "runs commands in a shell"},
    {K::script_interpreter, "script_interpreter", "T1059", notable, "runs a script in an interpreter"},
    {K::dropped_executable, "dropped_executable", "T1027.009", suspicious, "writes a program"},
    {K::dropped_executable_run, "dropped_executable_run", "T1106", grave, "runs a program that it wrote"},
    {K::memory_executed, "memory_executed", "T1620", grave, "runs a program that is in memory only"},
    {K::deleted_executable_run, "deleted_executable_run", "T1070.004", grave,
     "runs a file that it has deleted"},
    {K::downloaded_file, "downloaded_file", "T1105", suspicious, "downloads a file"},

    {K::persistence_cron, "persistence_cron", "T1053.003", grave, "adds a cron job"},
    {K::persistence_at, "persistence_at", "T1053.002", grave, "adds a job for at"},
    {K::persistence_systemd, "persistence_systemd", "T1543.002", grave, "adds a systemd service"},
    {K::persistence_timer, "persistence_timer", "T1053.006", grave, "adds a systemd timer"},
    {K::persistence_rc, "persistence_rc", "T1037.004", grave, "changes a script that runs at boot"},
    {K::persistence_shell, "persistence_shell", "T1546.004", grave, "changes a file that shells start with"},
    {K::persistence_autostart, "persistence_autostart", "T1547.013", grave, "adds a desktop autostart entry"},
    {K::persistence_udev, "persistence_udev", "T1546.017", grave, "adds a udev rule"},
    {K::persistence_ssh_keys, "persistence_ssh_keys", "T1098.004", grave, "adds a key to authorized_keys"},
    {K::persistence_preload, "persistence_preload", "T1574.006", grave,
     "has a library loaded into every program (ld.so.preload)"},
    {K::persistence_account, "persistence_account", "T1136.001", grave, "changes the machine's accounts"},
    {K::persistence_pam, "persistence_pam", "T1556.003", grave, "changes how logins are checked (PAM)"},
    {K::persistence_module, "persistence_module", "T1547.006", grave, "has a kernel module loaded at boot"},

    {K::identity_change, "identity_change", "T1548", notable, "changes its user or group"},
    {K::setuid_bit, "setuid_bit", "T1548.001", grave, "sets a set-user-id or set-group-id bit"},
    {K::capability_change, "capability_change", "T1548", notable, "changes its capabilities"},
    {K::sudoers_change, "sudoers_change", "T1548.003", grave, "changes who may use sudo"},

    {K::process_injection, "process_injection", "T1055.008", grave, "writes into another process"},
    {K::process_memory_read, "process_memory_read", "T1003.007", grave, "reads another process's memory"},
    {K::kernel_module, "kernel_module", "T1547.006", grave, "loads or unloads a kernel module"},
    {K::kernel_program, "kernel_program", "T1014", suspicious, "loads a program into the kernel (BPF)"},
    {K::namespace_change, "namespace_change", "T1611", suspicious, "makes or enters namespaces"},
    {K::mount_change, "mount_change", "T1611", suspicious, "mounts or unmounts a file system"},
    {K::root_change, "root_change", "T1611", suspicious, "changes its root directory"},
    {K::device_node, "device_node", "T1611", grave, "makes a device node"},
    {K::raw_disk, "raw_disk", "T1006", grave, "opens a disk or the kernel's memory as a device"},
    {K::escape_attempt, "escape_attempt", "T1611", grave, "tries to leave the cell"},

    {K::self_delete, "self_delete", "T1070.004", grave, "deletes itself"},
    {K::file_delete, "file_delete", "T1070.004", notable, "deletes files that were there before"},
    {K::log_removal, "log_removal", "T1070.002", grave, "removes or empties system logs"},
    {K::history_removal, "history_removal", "T1070.003", grave, "removes or empties the shell's history"},
    {K::file_time_change, "file_time_change", "T1070.006", suspicious, "sets a file's times back"},
    {K::hidden_file, "hidden_file", "T1564.001", suspicious, "makes a hidden file"},
    {K::permission_change, "permission_change", "T1222.002", ordinary, "changes a file's permissions"},
    {K::daemonized, "daemonized", "T1036.009", suspicious, "cuts itself off from its parent (daemon)"},
    {K::name_masquerade, "name_masquerade", "T1036.004", suspicious, "gives itself another process name"},
    {K::interrupts_ignored, "interrupts_ignored", "T1564.011", notable, "ignores interrupts and hang-ups"},
    {K::unpacked_code, "unpacked_code", "T1027.002", grave, "runs code that it wrote into memory"},
    {K::writable_executable_memory, "writable_executable_memory", "T1620", suspicious,
     "asks for memory that is writable and executable"},
    {K::defence_stopped, "defence_stopped", "T1562.001", grave, "stops or removes a defence"},
    {K::firewall_change, "firewall_change", "T1562.004", grave, "changes the firewall"},

    {K::debugger_check, "debugger_check", "T1622", suspicious, "looks for a debugger"},
    {K::timing_check, "timing_check", "T1497.003", suspicious, "compares clocks"},
    {K::long_sleep, "long_sleep", "T1497.003", suspicious, "sleeps for long"},
    {K::environment_check, "environment_check", "T1497.001", suspicious,
     "looks for signs of a virtual machine or sandbox"},
    {K::user_activity_check, "user_activity_check", "T1497.002", suspicious, "looks for signs of a person"},

    {K::password_file_read, "password_file_read", "T1003.008", grave, "reads password hashes"},
    {K::ssh_keys_read, "ssh_keys_read", "T1552.004", grave, "reads private keys"},
    {K::history_read, "history_read", "T1552.003", grave, "reads the shell's history"},
    {K::browser_data_read, "browser_data_read", "T1555.003", grave, "reads a browser's stored credentials"},
    {K::credential_files_read, "credential_files_read", "T1552.001", grave,
     "reads files that hold credentials"},
    {K::keyring_use, "keyring_use", "T1555", suspicious, "uses the kernel's keyrings"},
    {K::input_capture, "input_capture", "T1056.001", grave, "reads keyboards or other input devices"},
    {K::packet_capture, "packet_capture", "T1040", grave, "listens to all packets"},

    {K::system_discovery, "system_discovery", "T1082", ordinary, "asks what system this is"},
    {K::process_discovery, "process_discovery", "T1057", notable, "lists processes"},
    {K::user_discovery, "user_discovery", "T1087.001", ordinary, "lists accounts"},
    {K::network_discovery, "network_discovery", "T1016", notable, "asks for the network's configuration"},
    {K::file_discovery, "file_discovery", "T1083", ordinary, "walks through folders"},

    {K::connection, "connection", "T1095", ordinary, "opens a connection"},
    {K::http_request, "http_request", "T1071.001", notable, "speaks HTTP"},
    {K::https_request, "https_request", "T1573.002", notable, "speaks TLS"},
    {K::dns_tunnel, "dns_tunnel", "T1071.004", grave, "carries data in DNS questions"},
    {K::irc_session, "irc_session", "T1071", suspicious, "joins an IRC server"},
    {K::mail_sent, "mail_sent", "T1071.003", suspicious, "sends mail"},
    {K::ftp_session, "ftp_session", "T1071.002", suspicious, "speaks FTP"},
    {K::raw_session, "raw_session", "T1095", suspicious, "speaks a protocol of its own"},
    {K::beacon, "beacon", "T1071", suspicious, "calls the same host again and again"},
    {K::port_scan, "port_scan", "T1046", grave, "scans addresses or ports"},
    {K::login_guessing, "login_guessing", "T1110", grave, "tries logins again and again"},
    {K::listening_port, "listening_port", "T1571", suspicious, "waits for connections"},
    {K::host_contact, "host_contact", "T1018", suspicious, "reaches for this machine or its neighbours"},
    {K::local_socket, "local_socket", "T1559", ordinary, "talks to another process by a local socket"},
    {K::netlink_use, "netlink_use", "T1016", ordinary, "asks the kernel by netlink"},

    {K::killing_spree, "killing_spree", "T1489", grave, "kills processes that it did not start"},
    {K::fork_bomb, "fork_bomb", "T1499.001", grave, "starts processes until there is no more room"},
    {K::memory_exhaustion, "memory_exhaustion", "T1499.001", suspicious,
     "uses memory until there is no more"},
    {K::disk_filling, "disk_filling", "T1499.001", suspicious, "fills the disk"},
    {K::log_flood, "log_flood", "T1499.001", suspicious, "floods with output"},
    {K::file_encryption, "file_encryption", "T1486", grave, "overwrites files with what looks encrypted"},
    {K::data_wipe, "data_wipe", "T1485", grave, "overwrites or deletes a person's files"},
    {K::system_shutdown, "system_shutdown", "T1529", grave, "shuts down or restarts the machine"},
    {K::mining, "mining", "T1496", grave, "speaks a mining pool's protocol"},
}};

constexpr bool in_order() {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<size_t>(rows[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one row a kind, in the order of the enum");

constexpr std::array<std::string_view, 4> weight_names = {"ordinary", "notable", "suspicious", "grave"};

struct Technique {
  std::string_view id, name;
};
constexpr Technique techniques[] = {
    {"T1003.007", "OS Credential Dumping: Proc Filesystem"},
    {"T1003.008", "OS Credential Dumping: /etc/passwd and /etc/shadow"},
    {"T1006", "Direct Volume Access"},
    {"T1014", "Rootkit"},
    {"T1016", "System Network Configuration Discovery"},
    {"T1018", "Remote System Discovery"},
    {"T1027.002", "Obfuscated Files or Information: Software Packing"},
    {"T1027.009", "Obfuscated Files or Information: Embedded Payloads"},
    {"T1036.004", "Masquerading: Masquerade Task or Service"},
    {"T1036.009", "Masquerading: Break Process Trees"},
    {"T1037.004", "Boot or Logon Initialization Scripts: RC Scripts"},
    {"T1040", "Network Sniffing"},
    {"T1046", "Network Service Discovery"},
    {"T1053.002", "Scheduled Task/Job: At"},
    {"T1053.003", "Scheduled Task/Job: Cron"},
    {"T1053.006", "Scheduled Task/Job: Systemd Timers"},
    {"T1055.008", "Process Injection: Ptrace System Calls"},
    {"T1056.001", "Input Capture: Keylogging"},
    {"T1057", "Process Discovery"},
    {"T1059", "Command and Scripting Interpreter"},
    {"T1059.004", "Command and Scripting Interpreter: Unix Shell"},
    {"T1070.002", "Indicator Removal: Clear Linux or Mac System Logs"},
    {"T1070.003", "Indicator Removal: Clear Command History"},
    {"T1070.004", "Indicator Removal: File Deletion"},
    {"T1070.006", "Indicator Removal: Timestomp"},
    {"T1071", "Application Layer Protocol"},
    {"T1071.001", "Application Layer Protocol: Web Protocols"},
    {"T1071.002", "Application Layer Protocol: File Transfer Protocols"},
    {"T1071.003", "Application Layer Protocol: Mail Protocols"},
    {"T1071.004", "Application Layer Protocol: DNS"},
    {"T1082", "System Information Discovery"},
    {"T1083", "File and Directory Discovery"},
    {"T1087.001", "Account Discovery: Local Account"},
    {"T1095", "Non-Application Layer Protocol"},
    {"T1098.004", "Account Manipulation: SSH Authorized Keys"},
    {"T1105", "Ingress Tool Transfer"},
    {"T1106", "Native API"},
    {"T1110", "Brute Force"},
    {"T1136.001", "Create Account: Local Account"},
    {"T1222.002", "File and Directory Permissions Modification: Linux and Mac"},
    {"T1485", "Data Destruction"},
    {"T1486", "Data Encrypted for Impact"},
    {"T1489", "Service Stop"},
    {"T1496", "Resource Hijacking"},
    {"T1497.001", "Virtualization/Sandbox Evasion: System Checks"},
    {"T1497.002", "Virtualization/Sandbox Evasion: User Activity Based Checks"},
    {"T1497.003", "Virtualization/Sandbox Evasion: Time Based Evasion"},
    {"T1499.001", "Endpoint Denial of Service: OS Exhaustion Flood"},
    {"T1529", "System Shutdown/Reboot"},
    {"T1543.002", "Create or Modify System Process: Systemd Service"},
    {"T1546.004", "Event Triggered Execution: Unix Shell Configuration Modification"},
    {"T1546.017", "Event Triggered Execution: Udev Rules"},
    {"T1547.006", "Boot or Logon Autostart Execution: Kernel Modules and Extensions"},
    {"T1547.013", "Boot or Logon Autostart Execution: XDG Autostart Entries"},
    {"T1548", "Abuse Elevation Control Mechanism"},
    {"T1548.001", "Abuse Elevation Control Mechanism: Setuid and Setgid"},
    {"T1548.003", "Abuse Elevation Control Mechanism: Sudo and Sudo Caching"},
    {"T1552.001", "Unsecured Credentials: Credentials In Files"},
    {"T1552.003", "Unsecured Credentials: Bash History"},
    {"T1552.004", "Unsecured Credentials: Private Keys"},
    {"T1555", "Credentials from Password Stores"},
    {"T1555.003", "Credentials from Password Stores: Credentials from Web Browsers"},
    {"T1556.003", "Modify Authentication Process: Pluggable Authentication Modules"},
    {"T1559", "Inter-Process Communication"},
    {"T1562.001", "Impair Defenses: Disable or Modify Tools"},
    {"T1562.004", "Impair Defenses: Disable or Modify System Firewall"},
    {"T1564.001", "Hide Artifacts: Hidden Files and Directories"},
    {"T1564.011", "Hide Artifacts: Ignore Process Interrupts"},
    {"T1571", "Non-Standard Port"},
    {"T1573.002", "Encrypted Channel: Asymmetric Cryptography"},
    {"T1574.006", "Hijack Execution Flow: Dynamic Linker Hijacking"},
    {"T1611", "Escape to Host"},
    {"T1620", "Reflective Code Loading"},
    {"T1622", "Debugger Evasion"},
};

}  // namespace

std::span<const BehaviourRow> behaviour_table() {
  return rows;
}

const BehaviourRow& row_of(BehaviourKind kind) {
  SHIKAKE_CHECK(static_cast<size_t>(kind) < rows.size());
  return rows[static_cast<size_t>(kind)];
}

std::string_view name(BehaviourKind kind) {
  return row_of(kind).name;
}

std::string_view technique(BehaviourKind kind) {
  return row_of(kind).technique;
}

std::optional<BehaviourKind> behaviour_kind(std::string_view name) {
  auto found =
      std::find_if(rows.begin(), rows.end(), [&](const BehaviourRow& row) { return row.name == name; });
  if (found == rows.end()) return std::nullopt;
  return found->kind;
}

std::string_view name(Weight weight) {
  return name_in(weight_names, weight);
}

std::string_view technique_name(std::string_view technique) {
  auto found = std::find_if(std::begin(techniques), std::end(techniques),
                            [&](const Technique& row) { return row.id == technique; });
  return found == std::end(techniques) ? std::string_view() : found->name;
}

}  // namespace shikake::intel
