#include "cell/accounts.h"

#include <sys/random.h>

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace shikake::cell {
namespace {

// Debian's own users, where the guest has no file: base-passwd's master copy.
constexpr std::string_view system_users =
    "root:x:0:0:root:/root:/bin/bash\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
    "sys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
    "sync:x:4:65534:sync:/bin:/bin/sync\n"
    "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
    "backup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    "sshd:x:103:65534::/run/sshd:/usr/sbin/nologin\n";
constexpr std::string_view system_groups =
    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nsudo:x:27:\n"
    "www-data:x:33:\nbackup:x:34:\nshadow:x:42:\nusers:x:100:\nnogroup:x:65534:\n";
constexpr std::string_view system_names =
    "passwd:         files\ngroup:          files\nshadow:         files\nhosts:          files dns\n"
    "networks:       files\nprotocols:      db files\nservices:       db files\n";

bool has_user(const std::string& passwd, const std::string& name) {
  return passwd.starts_with(name + ":") || passwd.find("\n" + name + ":") != std::string::npos;
}

std::string new_machine_id() {
  std::array<uint8_t, 16> bytes{};
  (void)!getrandom(bytes.data(), bytes.size(), 0);
  std::string text;
  for (uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text + "\n";
}

}  // namespace

std::vector<GuestFile> account_files(const GuestIdentity& identity, const GuestUser& user,
                                     const ReadGuest& read) {
  auto base = [&read](const char* path, std::string_view without) {
    std::string text = read(path);
    return text.empty() ? std::string(without) : text;
  };
  std::string passwd = base("/etc/passwd", system_users);
  std::string group = base("/etc/group", system_groups);
  std::string shadow = base("/etc/shadow", "root:*:19700:0:99999:7:::\n");
  for (const GuestUser* one : {&identity.user, &user}) {
    if (has_user(passwd, one->name)) continue;
    passwd += fmt::format("{0}:x:{1}:{1}:{2},,,:{3}:{4}\n", one->name, one->id, one->full_name, one->home,
                          one->shell);
    group += fmt::format("{}:x:{}:\n", one->name, one->id);
    // A hash of no word: its letters are random.
    shadow += fmt::format(
        "{}:$y$j9T$0bXc1fQ2nJr8w6Hq$kZl3v5uVtE9oYpR7mNwA1sD4gF6hJ8kL0xC2bV5nM7:19742:0:99999:7:::\n",
        one->name);
  }
  const std::string hosts = fmt::format(
      "127.0.0.1\tlocalhost\n127.0.1.1\t{0}\n\n::1     localhost ip6-localhost ip6-loopback\n"
      "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
      identity.host_name);
  constexpr std::chrono::hours installed = std::chrono::hours(24) * 200;
  std::vector<GuestFile> files = {
      {"/etc/passwd", passwd, 0644, false, installed},
      {"/etc/group", group, 0644, false, installed},
      {"/etc/shadow", shadow, 0640, false, installed},
      {"/etc/hostname", identity.host_name + "\n", 0644, false, installed},
      {"/etc/hosts", hosts, 0644, false, installed},
      {"/etc/machine-id", new_machine_id(), 0444, false, installed},
  };
  if (read("/etc/nsswitch.conf").empty())
    files.push_back({"/etc/nsswitch.conf", std::string(system_names), 0644, false, installed});
  return files;
}

}  // namespace shikake::cell
