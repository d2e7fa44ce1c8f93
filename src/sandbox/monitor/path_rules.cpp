#include "sandbox/monitor/path_rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace shikake::sandbox::monitor {
namespace {

using K = intel::BehaviourKind;
using enum Access;

constexpr PathRule rules[] = {
    // Persistence
    {write, "/etc/cron*/**", K::persistence_cron},
    {write, "/etc/crontab", K::persistence_cron},
    {write, "/etc/anacrontab", K::persistence_cron},
    {write, "/var/spool/cron/**", K::persistence_cron},
    {write, "/var/spool/at/**", K::persistence_at},
    {write, "/var/spool/cron/atjobs/**", K::persistence_at},
    {write, "/etc/systemd/**.timer", K::persistence_timer},
    {write, "/usr/lib/systemd/**.timer", K::persistence_timer},
    {write, "/lib/systemd/**.timer", K::persistence_timer},
    {write, "~/.config/systemd/**.timer", K::persistence_timer},
    {write, "/etc/systemd/**", K::persistence_systemd},
    {write, "/run/systemd/system/**", K::persistence_systemd},
    {write, "/usr/lib/systemd/**", K::persistence_systemd},
    {write, "/lib/systemd/**", K::persistence_systemd},
    {write, "~/.config/systemd/**", K::persistence_systemd},
    {write, "~/.local/share/systemd/**", K::persistence_systemd},
    {write, "/etc/rc.local", K::persistence_rc},
    {write, "/etc/init.d/**", K::persistence_rc},
    {write, "/etc/rc*.d/**", K::persistence_rc},
    {write, "/etc/inittab", K::persistence_rc},
    {write, "/etc/profile", K::persistence_shell},
    {write, "/etc/profile.d/**", K::persistence_shell},
    {write, "/etc/bash.bashrc", K::persistence_shell},
    {write, "/etc/environment", K::persistence_shell},
    {write, "/etc/zsh/**", K::persistence_shell},
    {write, "/etc/skel/**", K::persistence_shell},
    {write, "~/.bashrc", K::persistence_shell},
    {write, "~/.profile", K::persistence_shell},
    {write, "~/.bash_profile", K::persistence_shell},
    {write, "~/.bash_login", K::persistence_shell},
    {write, "~/.bash_logout", K::persistence_shell},
    {write, "~/.bash_aliases", K::persistence_shell},
    {write, "~/.zshrc", K::persistence_shell},
    {write, "~/.zprofile", K::persistence_shell},
    {write, "~/.zshenv", K::persistence_shell},
    {write, "~/.config/fish/**", K::persistence_shell},
    {write, "~/.config/autostart/**", K::persistence_autostart},
    {write, "/etc/xdg/autostart/**", K::persistence_autostart},
    {write, "~/.xprofile", K::persistence_autostart},
    {write, "~/.xinitrc", K::persistence_autostart},
    {write, "/etc/udev/rules.d/**", K::persistence_udev},
    {write, "/usr/lib/udev/rules.d/**", K::persistence_udev},
    {write, "/lib/udev/rules.d/**", K::persistence_udev},
    {write, "~/.ssh/authorized_keys*", K::persistence_ssh_keys},
    {write, "/etc/ssh/sshd_config*", K::persistence_ssh_keys},
    {write, "/etc/ld.so.preload", K::persistence_preload},
    {write, "/etc/ld.so.conf*", K::persistence_preload},
    {write, "/etc/ld.so.conf.d/**", K::persistence_preload},
    {write, "/etc/passwd", K::persistence_account},
    {write, "/etc/shadow", K::persistence_account},
    {write, "/etc/group", K::persistence_account},
    {write, "/etc/gshadow", K::persistence_account},
    {write, "/etc/pam.d/**", K::persistence_pam},
    {write, "/lib/**/security/pam_*", K::persistence_pam},
    {write, "/usr/lib/**/security/pam_*", K::persistence_pam},
    {write, "/etc/modules", K::persistence_module},
    {write, "/etc/modules-load.d/**", K::persistence_module},
    {write, "/etc/modprobe.d/**", K::persistence_module},
    {write, "/lib/modules/**", K::persistence_module},
    {write, "/etc/sudoers", K::sudoers_change},
    {write, "/etc/sudoers.d/**", K::sudoers_change},
    // Defences and the kernel's knobs
    {write, "/etc/iptables/**", K::firewall_change},
    {write, "/etc/nftables.conf", K::firewall_change},
    {write, "/etc/ufw/**", K::firewall_change},
    {write, "/etc/selinux/**", K::defence_stopped},
    {write, "/etc/audit/**", K::defence_stopped},
    {write, "/etc/rsyslog*", K::defence_stopped},
    {write, "/proc/sysrq-trigger", K::system_shutdown},
    {write, "/proc/sys/kernel/core_pattern", K::escape_attempt},
    {write, "/proc/sys/kernel/modprobe", K::escape_attempt},
    {write, "/proc/sys/kernel/hotplug", K::escape_attempt},
    {write, "/proc/sys/vm/**", K::escape_attempt},
    {write, "/sys/kernel/uevent_helper", K::escape_attempt},
    {write, "/sys/fs/cgroup/**", K::escape_attempt},
    {write, "/proc/sys/fs/binfmt_misc/**", K::escape_attempt},
    // What would lead out of a cell, whoever asks
    {write, "/proc/1/**", K::escape_attempt},
    {read, "/proc/1/root", K::escape_attempt},
    {read, "/proc/1/root/**", K::escape_attempt},
    {read, "/proc/1/cwd", K::escape_attempt},
    {read, "/proc/1/cwd/**", K::escape_attempt},
    {read, "/proc/1/ns/**", K::escape_attempt},
    {read, "/proc/1/mem", K::escape_attempt},
    {read, "/run/docker.sock", K::escape_attempt},
    {read, "/var/run/docker.sock", K::escape_attempt},
    {write, "/run/docker.sock", K::escape_attempt},
    {write, "/var/run/docker.sock", K::escape_attempt},
    // Devices
    {read, "/dev/mem", K::raw_disk},
    {read, "/dev/kmem", K::raw_disk},
    {read, "/dev/port", K::raw_disk},
    {read, "/proc/kcore", K::raw_disk},
    {read, "/dev/sd*", K::raw_disk},
    {read, "/dev/vd*", K::raw_disk},
    {read, "/dev/nvme*", K::raw_disk},
    {read, "/dev/mmcblk*", K::raw_disk},
    {read, "/dev/dm-*", K::raw_disk},
    {read, "/dev/mapper/**", K::raw_disk},
    {write, "/dev/mem", K::raw_disk},
    {write, "/dev/sd*", K::raw_disk},
    {write, "/dev/vd*", K::raw_disk},
    {write, "/dev/nvme*", K::raw_disk},
    {read, "/dev/input/**", K::input_capture},
    {read, "/dev/uinput", K::input_capture},
    {read, "/dev/bpf", K::packet_capture},
    // Credentials
    {read, "/etc/shadow*", K::password_file_read},
    {read, "/etc/gshadow*", K::password_file_read},
    {read, "/var/backups/shadow*", K::password_file_read},
    {read, "~/.ssh/id_*", K::ssh_keys_read},
    {read, "~/.ssh/*.pem", K::ssh_keys_read},
    {read, "/etc/ssh/ssh_host_*_key", K::ssh_keys_read},
    {read, "/etc/ssl/private/**", K::ssh_keys_read},
    {read, "~/.*_history", K::history_read},
    {read, "~/.lesshst", K::history_read},
    {read, "~/.mozilla/**/logins.json", K::browser_data_read},
    {read, "~/.mozilla/**/key*.db", K::browser_data_read},
    {read, "~/.mozilla/**/cookies.sqlite", K::browser_data_read},
    {read, "~/.mozilla/**/places.sqlite", K::browser_data_read},
    {read, "~/.mozilla/**/profiles.ini", K::browser_data_read},
    {read, "~/.thunderbird/**/logins.json", K::browser_data_read},
    {read, "~/.thunderbird/**/key*.db", K::browser_data_read},
    {read, "~/.config/**/Login Data", K::browser_data_read},
    {read, "~/.config/**/Cookies", K::browser_data_read},
    {read, "~/.config/**/Web Data", K::browser_data_read},
    {read, "~/.config/**/Local State", K::browser_data_read},
    {read, "~/.aws/credentials", K::credential_files_read},
    {read, "~/.netrc", K::credential_files_read},
    {read, "~/.git-credentials", K::credential_files_read},
    {read, "~/.docker/config.json", K::credential_files_read},
    {read, "~/.kube/config", K::credential_files_read},
    {read, "~/.pgpass", K::credential_files_read},
    {read, "~/.my.cnf", K::credential_files_read},
    {read, "~/.config/filezilla/*.xml", K::credential_files_read},
    {read, "~/.filezilla/*.xml", K::credential_files_read},
    {read, "~/.config/gcloud/**", K::credential_files_read},
    {read, "~/.gnupg/**", K::credential_files_read},
    {read, "~/.local/share/keyrings/**", K::credential_files_read},
    {read, "~/.password-store/**", K::credential_files_read},
    {read, "~/**.kdbx", K::credential_files_read},
    {read, "~/.bitcoin/wallet.dat", K::credential_files_read},
    {read, "~/.electrum/**", K::credential_files_read},
    {read, "~/.ssh/known_hosts", K::network_discovery},
    {read, "~/.ssh/config", K::network_discovery},
    // Looking for the analyst
    {read, "/proc/self/status", K::debugger_check},
    {read, "/proc/self/task/*/status", K::debugger_check},
    {read, "/proc/self/stat", K::debugger_check},
    {read, "/proc/self/wchan", K::debugger_check},
    {read, "/sys/class/dmi/**", K::environment_check},
    {read, "/sys/devices/virtual/dmi/**", K::environment_check},
    {read, "/sys/firmware/**", K::environment_check},
    {read, "/sys/hypervisor/**", K::environment_check},
    {read, "/proc/cpuinfo", K::environment_check},
    {read, "/proc/scsi/**", K::environment_check},
    {read, "/proc/ide/**", K::environment_check},
    {read, "/proc/xen/**", K::environment_check},
    {read, "/proc/xen", K::environment_check},
    {read, "/proc/bus/pci/**", K::environment_check},
    {read, "/sys/bus/pci/**", K::environment_check},
    {read, "/proc/modules", K::environment_check},
    {read, "/sys/module/**", K::environment_check},
    {read, "/proc/interrupts", K::environment_check},
    {read, "/proc/iomem", K::environment_check},
    {read, "/proc/ioports", K::environment_check},
    {read, "/sys/class/net/*/address", K::environment_check},
    {read, "/sys/block/*/device/**", K::environment_check},
    {read, "/sys/class/thermal/**", K::environment_check},
    {read, "/.dockerenv", K::environment_check},
    {read, "/.dockerinit", K::environment_check},
    {read, "/run/.containerenv", K::environment_check},
    {read, "/run/systemd/container", K::environment_check},
    {read, "/proc/*/cgroup", K::environment_check},
    {read, "/proc/self/mountinfo", K::environment_check},
    {read, "/proc/1/mountinfo", K::environment_check},
    {read, "/proc/1/environ", K::environment_check},
    {read, "/proc/1/sched", K::environment_check},
    {read, "/proc/vz", K::environment_check},
    {read, "/proc/bc", K::environment_check},
    {read, "/dev/vbox*", K::environment_check},
    {read, "/dev/vmci", K::environment_check},
    {read, "/dev/kvm", K::environment_check},
    {read, "/dev/virtio-ports/**", K::environment_check},
    {read, "/usr/bin/vmtoolsd", K::environment_check},
    {read, "/usr/bin/VBox*", K::environment_check},
    {read, "/usr/sbin/VBox*", K::environment_check},
    {read, "/usr/bin/qemu-ga", K::environment_check},
    {read, "/usr/sbin/qemu-ga", K::environment_check},
    {read, "/usr/bin/strace", K::environment_check},
    {read, "/usr/bin/gdb", K::environment_check},
    {read, "/usr/bin/ltrace", K::environment_check},
    {read, "/usr/bin/tcpdump", K::environment_check},
    {read, "/proc/uptime", K::environment_check},
    {read, "/proc/cmdline", K::environment_check},
    {read, "/run/utmp", K::user_activity_check},
    {read, "/var/run/utmp", K::user_activity_check},
    {read, "/var/log/wtmp", K::user_activity_check},
    {read, "/var/log/btmp", K::user_activity_check},
    {read, "/var/log/lastlog", K::user_activity_check},
    {read, "~/.local/share/recently-used.xbel", K::user_activity_check},
    // Discovery
    {read, "/proc/version", K::system_discovery},
    {read, "/proc/meminfo", K::system_discovery},
    {read, "/proc/mounts", K::system_discovery},
    {read, "/proc/self/mounts", K::system_discovery},
    {read, "/proc/filesystems", K::system_discovery},
    {read, "/proc/partitions", K::system_discovery},
    {read, "/proc/kallsyms", K::system_discovery},
    {read, "/etc/os-release", K::system_discovery},
    {read, "/usr/lib/os-release", K::system_discovery},
    {read, "/etc/issue", K::system_discovery},
    {read, "/etc/*-release", K::system_discovery},
    {read, "/etc/machine-id", K::system_discovery},
    {read, "/etc/hostname", K::system_discovery},
    {read, "/etc/passwd", K::user_discovery},
    {read, "/etc/group", K::user_discovery},
    {read, "/proc/net/**", K::network_discovery},
    {read, "/proc/self/net/**", K::network_discovery},
    {read, "/sys/class/net", K::network_discovery},
    {read, "/proc/*/maps", K::process_memory_read},
    {read, "/proc/*/mem", K::process_memory_read},
    {read, "/proc/*/environ", K::process_discovery},
    {read, "/proc/*/cmdline", K::process_discovery},
    {read, "/proc/*/comm", K::process_discovery},
    {read, "/proc/*/stat", K::process_discovery},
    {read, "/proc/*/status", K::process_discovery},
    {read, "/proc/*/exe", K::process_discovery},
    {read, "/proc/*/fd", K::process_discovery},
    {read, "/proc", K::process_discovery},
    {write, "/proc/*/mem", K::process_injection},
    // Covering tracks
    {remove, "/var/log/**", K::log_removal},
    {remove, "/run/utmp", K::log_removal},
    {remove, "~/.*_history", K::history_removal},
};

std::string_view top_of(std::string_view path) {
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  return path.substr(0, path.find_first_of("/*"));
}

// Rules by their first component, so that the many files below /usr and /lib cost one look-up.
using Index = std::unordered_map<std::string_view, std::vector<const PathRule*>>;

const Index& index_for(Access access) {
  static const auto indices = [] {
    std::array<Index, 3> all;
    for (const PathRule& rule : rules) {
      Index& index = all[static_cast<size_t>(rule.access)];
      if (!rule.pattern.starts_with('~')) {
        index[top_of(rule.pattern)].push_back(&rule);
        continue;
      }
      for (const std::string_view home : {"home", "root"}) index[home].push_back(&rule);
    }
    return all;
  }();
  return indices[static_cast<size_t>(access)];
}

// What follows the home that a path lies in; nothing where it lies in none.
std::optional<std::string_view> below_home(std::string_view path) {
  if (path.starts_with("/root/")) return path.substr(5);
  if (!path.starts_with("/home/")) return std::nullopt;
  const size_t end = path.find('/', 6);
  if (end == std::string_view::npos) return std::nullopt;
  return path.substr(end);
}

bool matches_rule(std::string_view pattern, std::string_view path) {
  if (!pattern.starts_with('~')) return matches(pattern, path);
  const auto below = below_home(path);
  return below && matches(pattern.substr(1), *below);
}

}  // namespace

std::span<const PathRule> path_rules() {
  return rules;
}

bool matches(std::string_view pattern, std::string_view path) {
  // A point to come back to for the last "**", and one for the last "*" after it: enough, because what an
  // earlier star matched can stay as short as possible.
  struct Point {
    size_t pattern = std::string_view::npos, path = 0;
    bool set() const { return pattern != std::string_view::npos; }
  };
  Point across, within;
  size_t p = 0, s = 0;
  while (s < path.size()) {
    if (pattern.substr(p).starts_with("**")) {
      across = {p += 2, s};
      within = {};
    } else if (p < pattern.size() && pattern[p] == '*') {
      within = {++p, s};
    } else if (p < pattern.size() && pattern[p] == path[s]) {
      ++p, ++s;
    } else if (within.set() && path[within.path] != '/') {
      p = within.pattern;
      s = ++within.path;
    } else if (across.set()) {
      within = {};
      p = across.pattern;
      s = ++across.path;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<intel::BehaviourKind> match_path(Access access, std::string_view path) {
  const Index& index = index_for(access);
  const auto found = index.find(top_of(path));
  if (found == index.end()) return std::nullopt;
  for (const PathRule* rule : found->second)
    if (matches_rule(rule->pattern, path)) {
      // Its own entry tells a program nothing about others.
      const bool own = path.starts_with("/proc/self/") || path.starts_with("/proc/thread-self/");
      if (own && (rule->kind == K::process_discovery || rule->kind == K::process_memory_read))
        return std::nullopt;
      return rule->kind;
    }
  return std::nullopt;
}

std::optional<intel::BehaviourKind> match_presence(std::string_view path) {
  const auto kind = match_path(read, path);
  return kind == K::environment_check || kind == K::escape_attempt ? kind : std::nullopt;
}

bool may_matter(std::string_view last_component) {
  static const auto known = [] {
    std::pair<std::unordered_set<std::string_view>, std::vector<std::string_view>> sets;
    for (const PathRule& rule : rules) {
      if (rule.access != read) continue;
      const std::string_view last = rule.pattern.substr(rule.pattern.rfind('/') + 1);
      if (last.find('*') == std::string_view::npos)
        sets.first.insert(last);
      else if (last.find_first_not_of('*') != std::string_view::npos)
        sets.second.push_back(last);
    }
    // Of rules for whole folders: the names in them that programs ask for.
    for (const std::string_view name : {"product_name", "sys_vendor", "board_vendor", "bios_vendor",
                                        "board_name", "bios_version", "chassis_vendor", "product_version",
                                        "modalias", "tcp", "udp", "arp", "route", "dev", "type", "root"})
      sets.first.insert(name);
    return sets;
  }();
  return known.first.contains(last_component) ||
         std::ranges::any_of(known.second,
                             [&](std::string_view pattern) { return matches(pattern, last_component); });
}

bool in_home(std::string_view path) {
  return below_home(path).has_value();
}

}  // namespace shikake::sandbox::monitor
