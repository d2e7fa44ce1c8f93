// Memory that shows a file, or that other processes have too. A file's labels come into memory with its bytes; in
// shared memory, labels lie where all who share it see them (Shadow::share), so that what one process writes there
// another finds, and a file that is written through memory has its labels when it is read or executed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "taint/fork_mutex.h"
#include "taint/qemu/guest.h"
#include "taint/qemu/sources.h"

namespace shikake::taint::qemu {

class Memory {
 public:
  // `forget_pages`: tells all threads to forget where labels of memory lie.
  Memory(Guest& guest, std::function<void()> forget_pages) : guest_(guest), forget_pages_(std::move(forget_pages)) {}

  // After mmap and its like, mremap, munmap, brk, and attaching a System V segment.
  void mapped(Thread& thread, const CallArguments& call, int64_t result);
  void unmapped(Thread& thread, Address first, uint64_t count);
  void broken(int64_t result);
  void attached(const CallArguments& call, int64_t result);
  // Tells of received bytes that were written to files through memory in that range.
  void tell_written(Thread& thread, Address first, Address end);

 private:
  struct Request {
    uint64_t length = 0, flags = 0, offset = 0;
    int fd = -1;
  };
  Request request_of(const CallArguments& call) const;
  void moved(const CallArguments& call, Address to);
  void show_file(Thread& thread, Address at, const Request& request);
  void share(Address at, uint64_t count, Channel* channel, uint64_t offset);

  // Files that are written through memory.
  struct WrittenFile {
    Address first, end;
    uint64_t offset;
    const Channel* channel;
    std::string path;
    Label told = 0;
  };

  Guest& guest_;
  const std::function<void()> forget_pages_;
  ForkMutex lock_;
  std::vector<WrittenFile> written_files_;
  std::atomic<Address> break_ = 0;  // as it was last given
};

}  // namespace shikake::taint::qemu
