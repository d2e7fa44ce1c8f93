// Memory that shows a file, or that other processes have too. A file's labels come into memory with its bytes; in
// shared memory, labels lie where all who share it see them (Shadow::share), so that what one process writes there
// another finds, and a file that is written through memory has its labels when it is read or executed.
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "taint/qemu/plugin.h"

namespace shikake::taint::qemu {
namespace {

// What a file's labels are looked for in, from the mapping's begin on.
constexpr uint64_t max_shown = uint64_t{64} << 20;

uint64_t whole_pages(uint64_t bytes) { return (bytes + page_bytes - 1) & ~uint64_t{page_bytes - 1}; }

bool failed_call(int64_t result) {
  constexpr int64_t last_error = 4095;  // -4095 to -1; 32-bit guests' upper half is negative too
  return result < 0 && result >= -last_error;
}

}  // namespace

Plugin::MapRequest Plugin::map_request(const CallArguments& call) const {
  if (call.call == Call::old_mmap) {  // its arguments lie in memory
    const auto argument = [&](size_t i) { return word(call.a[0] + i * word_bytes()); };
    return {argument(1), argument(3), argument(5), static_cast<int>(argument(4))};
  }
  constexpr unsigned page_units = 12;
  return {call.a[1], call.a[3], call.call == Call::mmap2 ? call.a[5] << page_units : call.a[5], static_cast<int>(call.a[4])};
}

// Memory was mapped anew or moved.
void Plugin::mapped(Thread& thread, const CallArguments& call, int64_t result) {
  forget_mappings();
  if (failed_call(result)) return;
  const Address to = word_bytes() == 4 ? static_cast<uint32_t>(result) : static_cast<Address>(result);
  if (call.call == Call::mremap) return moved(call, to);
  const MapRequest request = map_request(call);
  unmapped(thread, to, request.length);
  const bool mips = architecture() == Architecture::mips || architecture() == Architecture::mipsel;
  const bool anonymous = (request.flags & (mips ? 0x800u : unsigned{MAP_ANONYMOUS})) != 0;
  const bool shared = (request.flags & MAP_SHARED) != 0;  // also of MAP_SHARED_VALIDATE
  if (!anonymous) show_file(thread, to, request);
  else if (shared) share(to, request.length, channels_.of_memory(), 0);
}

void Plugin::moved(const CallArguments& call, Address to) {
  Shadow& shadow = engine_.shadow();
  const uint64_t before = whole_pages(call.a[1]), after = whole_pages(call.a[2]), kept = std::min(before, after);
  const bool shared = shadow.shares(call.a[0]);
  if (to != call.a[0]) shadow.move(to, call.a[0], kept);
  shadow.clear(call.a[0] + kept, before - kept);
  shadow.clear(to + kept, after - kept);
  if (!shared) return;
  if (after > kept) shadow.grow(to + kept, to + after);
  const std::lock_guard guard(written_files_lock_);
  for (WrittenFile& file : written_files_)
    if (file.first == call.a[0]) file.first = to, file.end = to + after;
  for (auto& one : threads_)
    if (one != nullptr) one->forget_pages();
}

void Plugin::unmapped(Thread& thread, Address first, uint64_t count) {
  count = whole_pages(count);
  tell_written(thread, first, first + count);
  {
    const std::lock_guard guard(written_files_lock_);
    std::erase_if(written_files_, [&](const WrittenFile& file) { return file.first >= first && file.end <= first + count; });
  }
  const bool shared = engine_.shadow().shares(first);
  engine_.shadow().clear(first, count);
  if (!shared) return;
  for (auto& one : threads_)
    if (one != nullptr) one->forget_pages();
}

// A file's bytes are in memory now.
void Plugin::show_file(Thread& thread, Address at, const MapRequest& request) {
  struct stat status;
  if (fstat(request.fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  Channel* channel = channels_.of(request.fd);
  if (channel == nullptr) return;
  const uint64_t count = whole_pages(request.length);
  const bool shared = (request.flags & MAP_SHARED) != 0;
  if (shared) share(at, count, channel, request.offset);
  const auto size = static_cast<uint64_t>(std::max<off_t>(status.st_size, 0));
  const uint64_t shown = request.offset >= size ? 0 : std::min({count, size - request.offset, max_shown});
  const uint16_t source = labelled_file(request.fd, *channel);
  std::vector<Label> labels(page_bytes);
  for (uint64_t done = 0; done < shown && (source != 0 || !shared); done += page_bytes) {
    const auto part = std::span(labels).first(std::min<uint64_t>(page_bytes, shown - done));
    channels_.read(*channel, request.offset + done, part, false);
    for (size_t i = 0; source != 0 && i < part.size(); ++i) {
      const uint64_t offset = std::min<uint64_t>(request.offset + done + i, UINT32_MAX);
      part[i] = thread.labels().join(part[i], thread.labels().source(source, static_cast<uint32_t>(offset)));
    }
    if (std::ranges::any_of(part, [](Label label) { return label != 0; })) put_labels(thread, at + done, part);
  }
  if (!shared) return;
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", request.fd);
  const ssize_t length = readlink(link, path, sizeof path);
  const std::lock_guard guard(written_files_lock_);
  written_files_.push_back({at, at + count, request.offset, channel,
                            std::string(path, static_cast<size_t>(std::max<ssize_t>(length, 0)))});
}

// A process that shares memory is followed from then on: labels may come from another at any time, with no call.
void Plugin::share(Address at, uint64_t count, Channel* channel, uint64_t offset) {
  if (channel == nullptr) return;
  engine_.shadow().share(at, whole_pages(count), [this, channel, offset](uint64_t inside, bool make) {
    return channels_.page(*channel, offset + inside, make);
  });
  for (auto& one : threads_)
    if (one != nullptr) one->forget_pages();
  activate();
}

// A System V segment; the address is the call's result, or lies where the fourth argument says (ipc).
void Plugin::attached(const CallArguments& call, int64_t result) {
  if (failed_call(result)) return;
  const bool multiplexed = call.call == Call::ipc;
  constexpr uint64_t attach = 21;  // SHMAT
  if (multiplexed && (call.a[0] & 0xffff) != attach) return;
  const auto id = static_cast<int>(call.a[multiplexed ? 1 : 0]);
  const Address at = multiplexed ? word(call.a[3]) : word_bytes() == 4 ? static_cast<uint32_t>(result) : static_cast<Address>(result);
  shmid_ds segment{};
  if (shmctl(id, IPC_STAT, &segment) == 0) share(at, segment.shm_segsz, channels_.of_segment(id), 0);
}

// Received bytes that went into files through memory: told when the memory goes, or is to be in the file, or a
// program is started. What was decided then is not what decided when they were written.
void Plugin::tell_written(Thread& thread, Address first, Address end) {
  const std::lock_guard guard(written_files_lock_);
  for (WrittenFile& file : written_files_) {
    const Address from = std::max(first, file.first), to = std::min({end, file.end, file.first + max_shown});
    if (from >= to) continue;
    const Label label = joined(thread, from, to - from);
    if (label == 0 || label == file.told) continue;
    file.told = label;
    Event event("action");
    event.number("pid", getpid())
        .text("kind", "write")
        .raw("within", "[]")
        .number("channel", static_cast<int64_t>(channels_.number(*file.channel)))
        .number("offset", static_cast<int64_t>(file.offset + (from - file.first)))
        .number("count", static_cast<int64_t>(to - from))
        .text("object", file.path)
        .label("label", thread.labels(), label);
    recorder_.write(std::move(event));
  }
}

}  // namespace shikake::taint::qemu
