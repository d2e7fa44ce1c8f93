#include "taint/qemu/memory.h"

#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace shikake::taint::qemu {
namespace {

// Of a labelled file every byte has a label: as much of one as is numbered when it comes into memory.
constexpr uint64_t max_numbered = uint64_t{64} << 20;

uint64_t whole_pages(uint64_t bytes) { return (bytes + page_bytes - 1) & ~uint64_t{page_bytes - 1}; }

bool failed_call(int64_t result) {
  constexpr int64_t last_error = 4095;  // -4095 to -1; 32-bit guests' upper half is negative too
  return result < 0 && result >= -last_error;
}

}  // namespace

Memory::Request Memory::request_of(const CallArguments& call) const {
  if (call.call == Call::old_mmap) {  // its arguments lie in memory
    const auto argument = [&](size_t i) { return guest_.word(call.a[0] + i * guest_.word_bytes()); };
    return {argument(1), argument(3), argument(5), static_cast<int>(argument(4))};
  }
  constexpr unsigned page_units = 12;
  return {call.a[1], call.a[3], call.call == Call::mmap2 ? call.a[5] << page_units : call.a[5], static_cast<int>(call.a[4])};
}

// Memory was mapped anew or moved.
void Memory::mapped(Thread& thread, const CallArguments& call, int64_t result) {
  if (failed_call(result)) return;
  const Address to = guest_.word_bytes() == 4 ? static_cast<uint32_t>(result) : static_cast<Address>(result);
  if (call.call == Call::mremap) return moved(call, to);
  const Request request = request_of(call);
  unmapped(thread, to, request.length);
  const bool mips = guest_.architecture() == Architecture::mips || guest_.architecture() == Architecture::mipsel;
  const bool anonymous = (request.flags & (mips ? 0x800u : unsigned{MAP_ANONYMOUS})) != 0;
  const bool shared = (request.flags & MAP_SHARED) != 0;  // also of MAP_SHARED_VALIDATE
  if (!anonymous) show_file(thread, to, request);
  else if (shared) share(to, request.length, guest_.descriptors.memory(), 0);
}

void Memory::moved(const CallArguments& call, Address to) {
  Shadow& shadow = guest_.engine.shadow();
  const uint64_t before = whole_pages(call.a[1]), after = whole_pages(call.a[2]), kept = std::min(before, after);
  const bool shared = shadow.shares(call.a[0]);
  if (to != call.a[0]) shadow.move(to, call.a[0], kept);
  shadow.clear(call.a[0] + kept, before - kept);
  shadow.clear(to + kept, after - kept);
  if (!shared) return;
  if (after > kept) shadow.grow(to + kept, to + after);
  const std::lock_guard guard(lock_);
  for (WrittenFile& file : written_files_)
    if (file.first == call.a[0]) file.first = to, file.end = to + after;
  forget_pages_();
}

void Memory::unmapped(Thread& thread, Address first, uint64_t count) {
  count = whole_pages(count);
  tell_written(thread, first, first + count);
  {
    const std::lock_guard guard(lock_);
    std::erase_if(written_files_, [&](const WrittenFile& file) { return file.first >= first && file.end <= first + count; });
  }
  const bool shared = guest_.engine.shadow().shares(first);
  guest_.engine.shadow().clear(first, count);
  if (!shared) return;
  forget_pages_();
}

// The heap's end. What is given back comes again as zeros.
void Memory::broken(int64_t result) {
  const Address now = guest_.word_bytes() == 4 ? static_cast<uint32_t>(result) : static_cast<Address>(result);
  const Address before = break_.exchange(now);
  if (now < before) guest_.engine.shadow().clear(now, before - now);
}

// A file's bytes are in memory now.
void Memory::show_file(Thread& thread, Address at, const Request& request) {
  struct stat status;
  if (fstat(request.fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  const uint64_t count = whole_pages(request.length);
  const bool shared = (request.flags & MAP_SHARED) != 0;
  Descriptors& descriptors = guest_.descriptors;
  Channel* channel = shared ? descriptors.made_file(request.fd) : descriptors.file(request.fd);
  if (shared && channel != nullptr) {
    share(at, count, channel, request.offset);
    guest_.descriptors.reaches(*channel, request.offset + count);
  }
  const uint16_t source = descriptors.labelled_file(request.fd, channel);
  if (channel == nullptr) return;
  const auto size = static_cast<uint64_t>(std::max<off_t>(status.st_size, 0));
  const uint64_t shown = request.offset >= size ? 0 : std::min(count, size - request.offset);
  if (source != 0) {
    if (shown > max_numbered) descriptors.lost("a labelled file's bytes in memory past 64 MiB");
    std::vector<Label> labels(page_bytes);
    for (uint64_t done = 0; done < std::min(shown, max_numbered); done += page_bytes) {
      const auto part = std::span(labels).first(std::min<uint64_t>(page_bytes, shown - done));
      descriptors.channels().read(*channel, request.offset + done, part, false);
      Sources::number(thread.labels(), source, request.offset + done, part);
      guest_.put_labels(at + done, part);
    }
  } else if (!shared) {
    descriptors.channels().each(*channel, request.offset, shown, [&](uint64_t offset, std::span<const Label> labels) {
      if (std::ranges::any_of(labels, [](Label label) { return label != 0; })) guest_.put_labels(at + (offset - request.offset), labels);
    });
  }
  if (!shared) return;
  const std::lock_guard guard(lock_);
  written_files_.push_back({at, at + count, request.offset, channel, path_of(request.fd)});
}

// A process that shares memory is followed from then on: labels may come from another at any time, with no call.
void Memory::share(Address at, uint64_t count, Channel* channel, uint64_t offset) {
  if (channel == nullptr) return;
  guest_.engine.shadow().share(at, whole_pages(count), [this, channel, offset](uint64_t inside, bool make) {
    return guest_.descriptors.channels().page(*channel, offset + inside, make);
  });
  forget_pages_();
  guest_.follow();
}

// A System V segment; the address is the call's result, or lies where the fourth argument says (ipc).
void Memory::attached(const CallArguments& call, int64_t result) {
  if (failed_call(result)) return;
  const bool multiplexed = call.call == Call::ipc;
  constexpr uint64_t attach = 21;  // SHMAT
  if (multiplexed && (call.a[0] & 0xffff) != attach) return;
  const auto id = static_cast<int>(call.a[multiplexed ? 1 : 0]);
  const Address at = multiplexed ? guest_.word(call.a[3]) : guest_.word_bytes() == 4 ? static_cast<uint32_t>(result) : static_cast<Address>(result);
  shmid_ds segment{};
  if (shmctl(id, IPC_STAT, &segment) == 0) share(at, segment.shm_segsz, guest_.descriptors.segment(id), 0);
}

// Received bytes that went into files through memory: told when the memory goes, or is to be in the file, or a
// program is started. What was decided then is not what decided when they were written.
void Memory::tell_written(Thread& thread, Address first, Address end) {
  const std::lock_guard guard(lock_);
  for (WrittenFile& file : written_files_) {
    const Address from = std::max(first, file.first), to = std::min(end, file.end);
    if (from >= to) continue;
    const Label label = guest_.joined(thread, *file.channel, file.offset + (from - file.first), to - from);
    if (label == 0 || label == file.told) continue;
    file.told = label;
    Event event("action");
    event.number("pid", getpid())
        .text("kind", "write")
        .raw("within", "[]")
        .number("channel", static_cast<int64_t>(guest_.descriptors.channels().number(*file.channel)))
        .number("offset", static_cast<int64_t>(file.offset + (from - file.first)))
        .number("count", static_cast<int64_t>(to - from))
        .text("object", file.path)
        .label("label", thread.labels(), label);
    guest_.recorder.write(std::move(event));
  }
}

}  // namespace shikake::taint::qemu
