// Files that a run makes, changes, renames and removes, with their contents.
//
// No call is stopped for writing or closing: each file that is opened for writing is opened a second time by
// us, which keeps its inode whatever becomes of its name, and the kernel tells (inotify(7), IN_CLOSE_WRITE)
// when a writer closed it. Contents are read then, and before a call that replaces, removes or executes the
// file.
#pragma once

#include <sys/stat.h>

#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/unique_fd.h"
#include "sandbox/monitor/book.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

struct KeepLimits {
  uint64_t file_bytes = uint64_t{32} << 20;    // of one file: what an analyst's sample rarely passes
  uint64_t total_bytes = uint64_t{256} << 20;  // of a run
  size_t files = 4096;                         // records of a run
  size_t contents = 8192;                      // of all files and their earlier states
  size_t open = 128;                           // held at once, of our descriptors
};

// By its first bytes: an ELF file, or a script that names its interpreter.
bool is_program(base::ByteSpan bytes);

class Files {
 public:
  Files(Book& book, KeepLimits limits);

  // After a call that opened `fd` for writing. `existed`: the file was there before; `emptied`: it lost its
  // content.
  void opened(trace::Thread& thread, int fd, bool existed, bool emptied, std::string proof);
  // A file in memory (memfd_create).
  void made_in_memory(trace::Thread& thread, int fd, const std::string& name);
  // Before a call that takes contents away from a path, or runs it.
  void about_to_change(const std::string& path);
  void renamed(trace::Thread& thread, const std::string& from, const std::string& to);
  void removed(trace::Thread& thread, const std::string& path);
  void linked(trace::Thread& thread, const std::string& path, const std::string& target);
  // A program's file as it runs; kept if the run made it, or if it has no name. Its digest where kept.
  struct Image {
    std::optional<base::Digest> sha256;
    bool made_here = false;
  };
  Image executed(trace::Thread& thread, const std::string& executable);
  void tick();    // looks at what was closed
  void finish();  // contents of all that is still open

  bool made_here(const std::string& path) const { return made_.contains(path); }
  // Files of a person's home that were there before and are now overwritten with what looks encrypted, or
  // gone.
  size_t encrypted() const { return encrypted_; }
  size_t wiped() const { return wiped_; }

 private:
  struct Key {
    dev_t device;
    ino_t inode;
    auto operator<=>(const Key&) const = default;
  };
  struct Tracked {
    Key key;
    base::UniqueFd file;  // ours
    int watch = -1;
    std::optional<uint32_t> index;  // in the sink; none until it has changed
    intel::RunFile record;
    trace::ProcessId process;
    std::string proof;
    struct stat seen {};  // when its content was read last
    bool existed = false;
    bool counted = false;
  };
  using Iterator = std::list<Tracked>::iterator;

  Tracked& track(trace::Thread& thread, base::UniqueFd file, const struct stat& status, std::string path);
  void keep(Tracked& tracked);
  void look_at(Tracked& tracked, base::ByteSpan bytes);
  void tell(Tracked& tracked);
  uint32_t new_index();
  void drop(Iterator tracked);

  Book& book_;
  KeepLimits limits_;
  base::UniqueFd notices_;      // inotify
  std::list<Tracked> tracked_;  // oldest first
  std::map<Key, Iterator> by_key_;
  std::unordered_map<std::string, Key> by_path_;  // opened for writing
  std::unordered_set<std::string> made_;          // made or changed
  std::unordered_map<int, Key> by_watch_;
  std::set<base::Digest> told_;
  uint64_t kept_bytes_ = 0;
  uint32_t next_index_ = 0;
  size_t encrypted_ = 0, wiped_ = 0;
};

}  // namespace shikake::sandbox::monitor
