// The root file system of a cell: an overlay whose upper layer, on a memory file system of a fixed size,
// takes what programs change. All of it in a mount namespace of its own, where the caller holds every
// capability.
//
//   upper    what programs changed          ┐ one tmpfs: its size bounds the disk
//   veneer   files planted for this cell    ┘
//   guest    the profile's root, never written (for the fallback: nothing, and the machine's /usr is bound)
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cell/guest.h"

namespace shikake::cell {

struct RootPlan {
  const base::UniqueFd* guest = nullptr;  // Guest::root, opened anew in this mount namespace
  bool fallback = false;
  uint64_t disk_bytes = 0;
  GuestUser user;
  uid_t owner = 0;  // who owns what root owns elsewhere: 0, or the only user there is
};

class RootStage {
 public:
  static Result<RootStage> mount(const RootPlan& plan);

  // A file of the guest as it was before, without following a link at its end: "" if it has none.
  std::string read_guest(const std::string& path) const;
  // Into the veneer. Names that the guest links elsewhere (/bin) lead there.
  Result<> plant(const GuestFile& file);

  // Mounts the overlay, complete but for /dev and /proc, at root().
  Result<> join_layers();
  std::string root() const;
  // A new file of the stage, to be bound over one of the root's; `name` is what the mount table shows of it.
  Result<std::string> side_file(const std::string& name, const std::string& content);

  // Makes it the root of the calling process, and takes away everything else that was mounted.
  Result<> enter();

  static constexpr const char* upper_layer = "u";
  static constexpr const char* veneer_layer = "b";
  static constexpr const char* guest_layer = "a";
  Result<base::UniqueFd> open_layer(const char* name) const;

 private:
  RootStage(std::string folder, RootPlan plan) : folder_(std::move(folder)), plan_(std::move(plan)) {}
  std::string below(const std::string& name) const { return folder_ + "/" + name; }
  Result<> make_skeleton();
  Result<> hide_local(const std::string& machines, const std::string& ours);
  Result<> make_folders(const std::filesystem::path& path, const GuestFile& for_file);
  Result<> give(const std::string& path, uid_t user);
  Result<std::string> where(const std::string& path) const;

  struct Made {
    std::string path;
    std::chrono::seconds age;
  };

  std::string folder_;
  RootPlan plan_;
  std::vector<Made> made_;                    // folders of the veneer
  std::vector<std::string> machine_folders_;  // of the fallback: "usr", where /bin is a folder "bin" too
};

}  // namespace shikake::cell
