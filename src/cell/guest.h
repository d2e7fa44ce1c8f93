// Guest profiles: what a cell looks like inside.
//
//   HOME/guests/NAME/          a profile that was built (guest_build.h); whole as soon as it has this name
//     guest.toml               what it holds and when it was built, written last
//     root/                    the root file system; its owner is who stands for root inside a cell
//
// The made-up rest (who the victim is, which documents they have) is a part of the program:
// data/guests/*.toml.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::cell {

struct GuestUser {
  std::string name;
  std::string full_name;
  uid_t id = 1000;  // its group has the same number and name
  std::string home;
  std::string shell = "/bin/bash";
};

// A file that the cell shows and that no sample made: it lies in a layer below the one that holds changes.
struct GuestFile {
  std::string path;  // absolute inside
  std::string content = {};
  mode_t mode = 0644;
  bool users =
      false;  // belongs to the guest's user, as do the folders that have to be made for it in their home
  std::chrono::seconds age = {};  // last changed so long before the cell starts
  std::string same_as = {};       // a file planted before this one: another name of it, nothing else counts
};

// Who the victim is.
struct GuestIdentity {
  std::string host_name;
  GuestUser user;
  // What /proc says of the kernel; uname(2) says it only where a tracer answers for it.
  std::string kernel_release;            // "6.1.0-28-amd64"
  std::string kernel_version;            // uname(2)'s: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"
  std::string kernel_banner;             // /proc/version
  std::string kernel_command_line;       // /proc/cmdline
  std::chrono::seconds uptime = {};      // when the cell starts
  std::vector<std::string> environment;  // NAME=value, besides HOME, USER, LOGNAME, SHELL and PWD
  std::vector<GuestFile> files;
};

// The identities of data/guests, by name, sorted.
std::vector<std::string> identity_names();
Result<GuestIdentity> identity(std::string_view name);
// Text of data/guests; errors name the line.
Result<GuestIdentity> parse_identity(std::string_view toml, std::string_view name);

// A root file system to make cells from, opened.
struct Guest {
  std::string name;
  // No profile: the machine's own /usr, read only, and an /etc and a /home made up. Shows which programs this
  // machine has, each as nobody's file; a report has to say so.
  bool fallback = false;
  base::UniqueFd root;  // O_PATH; of the profile's root, or of the machine's "/"
  GuestIdentity identity;

  std::string describe() const;  // "profile office (Debian bookworm)", "no profile: this machine's /usr …"
};

inline constexpr std::string_view default_guest = "office";

// not_found names the profile and the command that builds it; corrupted: something else lies there.
Result<Guest> open_guest(const std::filesystem::path& home, std::string_view name);
// The fallback, with that identity's made-up rest.
Result<Guest> machine_as_guest(std::string_view identity_name = default_guest);
// The profile, or the fallback where it was not built.
Result<Guest> open_guest_or_machine(const std::filesystem::path& home, std::string_view name);

struct GuestRow {
  std::string name;
  bool built = false;
  std::string suite = {};     // "bookworm"
  std::string built_at = {};  // RFC 3339
  uint64_t bytes = 0;         // of its files
  uint64_t files = 0;
  std::vector<std::string> packages = {};
};
// Every identity that the program knows and every profile below `home`, by name.
Result<std::vector<GuestRow>> list_guests(const std::filesystem::path& home);

}  // namespace shikake::cell
