#include "sandbox/monitor/program_rules.h"

#include <algorithm>

#include "sandbox/monitor/paths.h"

namespace shikake::sandbox::monitor {
namespace {

using K = intel::BehaviourKind;

constexpr ProgramRule rules[] = {
    {"sh", "-c", K::shell_command},
    {"bash", "-c", K::shell_command},
    {"dash", "-c", K::shell_command},
    {"ash", "-c", K::shell_command},
    {"zsh", "-c", K::shell_command},
    {"busybox", "-c", K::shell_command},
    {"python", "", K::script_interpreter},
    {"python3", "", K::script_interpreter},
    {"perl", "", K::script_interpreter},
    {"php", "", K::script_interpreter},
    {"ruby", "", K::script_interpreter},
    {"lua", "", K::script_interpreter},
    {"node", "", K::script_interpreter},
    {"curl", "", K::downloaded_file},
    {"wget", "", K::downloaded_file},
    {"tftp", "", K::downloaded_file},
    {"ftpget", "", K::downloaded_file},
    {"crontab", "", K::persistence_cron},
    {"at", "", K::persistence_at},
    {"batch", "", K::persistence_at},
    {"systemctl", "enable", K::persistence_systemd},
    {"systemctl", "daemon-reload", K::persistence_systemd},
    {"update-rc.d", "", K::persistence_rc},
    {"chkconfig", "", K::persistence_rc},
    {"useradd", "", K::persistence_account},
    {"adduser", "", K::persistence_account},
    {"usermod", "", K::persistence_account},
    {"chpasswd", "", K::persistence_account},
    {"passwd", "", K::persistence_account},
    {"insmod", "", K::kernel_module},
    {"modprobe", "", K::kernel_module},
    {"rmmod", "", K::kernel_module},
    {"sudo", "", K::identity_change},
    {"su", "", K::identity_change},
    {"pkexec", "", K::identity_change},
    {"iptables", "", K::firewall_change},
    {"ip6tables", "", K::firewall_change},
    {"nft", "", K::firewall_change},
    {"ufw", "", K::firewall_change},
    {"setenforce", "", K::defence_stopped},
    {"systemctl", "stop", K::defence_stopped},
    {"systemctl", "disable", K::defence_stopped},
    {"service", "stop", K::defence_stopped},
    {"auditctl", "", K::defence_stopped},
    {"chattr", "", K::permission_change},
    {"shutdown", "", K::system_shutdown},
    {"reboot", "", K::system_shutdown},
    {"halt", "", K::system_shutdown},
    {"poweroff", "", K::system_shutdown},
    {"pkill", "", K::killing_spree},
    {"killall", "", K::killing_spree},
    {"shred", "", K::data_wipe},
    {"tcpdump", "", K::packet_capture},
    {"nmap", "", K::port_scan},
    {"masscan", "", K::port_scan},
    {"xmrig", "", K::mining},
    {"uname", "", K::system_discovery},
    {"hostname", "", K::system_discovery},
    {"lscpu", "", K::system_discovery},
    {"lsb_release", "", K::system_discovery},
    {"free", "", K::system_discovery},
    {"df", "", K::system_discovery},
    {"dmidecode", "", K::environment_check},
    {"lshw", "", K::environment_check},
    {"lspci", "", K::environment_check},
    {"lsmod", "", K::environment_check},
    {"systemd-detect-virt", "", K::environment_check},
    {"virt-what", "", K::environment_check},
    {"uptime", "", K::user_activity_check},
    {"who", "", K::user_activity_check},
    {"w", "", K::user_activity_check},
    {"last", "", K::user_activity_check},
    {"id", "", K::user_discovery},
    {"whoami", "", K::user_discovery},
    {"ps", "", K::process_discovery},
    {"top", "", K::process_discovery},
    {"pgrep", "", K::process_discovery},
    {"pidof", "", K::process_discovery},
    {"ip", "", K::network_discovery},
    {"ifconfig", "", K::network_discovery},
    {"netstat", "", K::network_discovery},
    {"ss", "", K::network_discovery},
    {"arp", "", K::network_discovery},
    {"route", "", K::network_discovery},
    {"find", "", K::file_discovery},
    {"locate", "", K::file_discovery},
};

}  // namespace

std::span<const ProgramRule> program_rules() {
  return rules;
}

std::vector<intel::BehaviourKind> match_program(const trace::Execution& execution) {
  const std::string_view called =
      execution.arguments.empty() ? std::string_view() : last_component(execution.arguments.front());
  std::string_view file = last_component(execution.executable);
  if (file.starts_with("python3")) file = "python3";  // python3.11
  if (file.starts_with("perl5")) file = "perl";
  std::vector<intel::BehaviourKind> kinds;
  for (const ProgramRule& rule : rules) {
    if (rule.program != called && rule.program != file) continue;
    // A shell without arguments reads its commands from a pipe (… | sh).
    const bool piped = rule.kind == K::shell_command && execution.arguments.size() == 1;
    if (!rule.argument.empty() && !piped &&
        std::ranges::find(execution.arguments, rule.argument) == execution.arguments.end())
      continue;
    if (std::ranges::find(kinds, rule.kind) == kinds.end()) kinds.push_back(rule.kind);
  }
  return kinds;
}

}  // namespace shikake::sandbox::monitor
