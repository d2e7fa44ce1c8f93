#include "sandbox/monitor/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cmath>

#include "sandbox/monitor/path_rules.h"
#include "sandbox/monitor/paths.h"

namespace shikake::sandbox::monitor {
namespace {

using K = intel::BehaviourKind;
using intel::FileAction;

// Bits a byte of ciphertext and of compressed data; text has about 5, programs about 6.
constexpr double encrypted_entropy = 7.5;
constexpr size_t min_encrypted_bytes = 512;  // less cannot reach that value by chance or otherwise

double entropy(base::ByteSpan bytes) {
  std::array<size_t, 256> counts{};
  for (const uint8_t byte : bytes) ++counts[byte];
  double bits = 0;
  for (const size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(bytes.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

std::vector<uint8_t> read_all(int fd, uint64_t size) {
  std::vector<uint8_t> bytes(size);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

bool same_content(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

// Folders of the kernel's own: nothing in them is a file that a run leaves.
bool is_kernels(std::string_view path) {
  return path.starts_with("/proc/") || path.starts_with("/sys/") || path.starts_with("/dev/pts/");
}

}  // namespace

bool is_program(base::ByteSpan bytes) {
  const std::string_view text = base::as_text(bytes.first(std::min<size_t>(bytes.size(), 4)));
  return text.starts_with(
             "\x7f"
             "ELF") ||
         text.starts_with("#!");
}

Files::Files(Book& book, KeepLimits limits)
    : book_(book), limits_(limits), notices_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

uint32_t Files::new_index() {
  return next_index_++;
}

void Files::drop(Iterator tracked) {
  if (tracked->watch >= 0) {
    inotify_rm_watch(notices_.get(), tracked->watch);
    by_watch_.erase(tracked->watch);
  }
  by_key_.erase(tracked->key);
  tracked_.erase(tracked);
}

Files::Tracked& Files::track(trace::Thread& thread, base::UniqueFd file, const struct stat& status,
                             std::string path) {
  const Key key{status.st_dev, status.st_ino};
  if (const auto found = by_key_.find(key); found != by_key_.end()) return *found->second;
  if (tracked_.size() >= limits_.open) {
    keep(tracked_.front());
    drop(tracked_.begin());
  }
  Tracked& tracked = tracked_.emplace_back();
  tracked.key = key;
  tracked.file = std::move(file);
  tracked.process = thread.process().id;
  tracked.record.path = std::move(path);
  tracked.record.process = Book::number(tracked.process);
  tracked.record.time = book_.now();
  tracked.seen = status;
  tracked.watch = inotify_add_watch(
      notices_.get(), fmt::format("/proc/self/fd/{}", tracked.file.get()).c_str(), IN_CLOSE_WRITE);
  by_key_[key] = std::prev(tracked_.end());
  if (tracked.watch >= 0) by_watch_[tracked.watch] = key;
  return tracked;
}

void Files::opened(trace::Thread& thread, int fd, bool existed, bool emptied, std::string proof) {
  std::string path = path_of(thread, fd);
  struct stat status;
  if (path.empty() || is_kernels(path) ||
      stat(fmt::format("/proc/{}/fd/{}", thread.tid().value, fd).c_str(), &status) != 0 ||
      !S_ISREG(status.st_mode))
    return;  // never opened by us: opening a device or a pipe does things
  if (by_key_.contains({status.st_dev, status.st_ino})) return;
  auto file = thread.reopen_fd(fd);
  if (!file || next_index_ >= limits_.files) return book_.limit(file ? "files" : "kept_files");
  Tracked& tracked = track(thread, std::move(*file), status, path);
  tracked.existed = existed || made_here(path);
  tracked.proof = std::move(proof);
  if (emptied) tracked.seen.st_size = -1;  // whatever it holds now is new
  tracked.record.action = tracked.existed ? FileAction::changed : FileAction::created;
  by_path_[path] = tracked.key;
  if (tracked.existed) return;
  tracked.record.size = static_cast<uint64_t>(status.st_size);
  tell(tracked);
  if (last_component(path).starts_with('.')) book_.note(tracked.process, K::hidden_file, path, tracked.proof);
}

void Files::made_in_memory(trace::Thread& thread, int fd, const std::string& name) {
  auto file = thread.reopen_fd(fd);
  struct stat status;
  if (!file || fstat(file->get(), &status) != 0 || next_index_ >= limits_.files) return;
  Tracked& tracked = track(thread, std::move(*file), status, "/memfd:" + name);
  tracked.record.action = FileAction::created;
  tell(tracked);
}

void Files::tell(Tracked& tracked) {
  if (!tracked.index) tracked.index = new_index();
  made_.insert(tracked.record.path);
  book_.sink().file(*tracked.index, tracked.record);
}

void Files::look_at(Tracked& tracked, base::ByteSpan bytes) {
  tracked.record.program = is_program(bytes);
  if (tracked.record.program)
    book_.note(tracked.process, K::dropped_executable, tracked.record.path, tracked.proof);
  if (tracked.existed && !tracked.counted && in_home(tracked.record.path) &&
      bytes.size() >= min_encrypted_bytes && entropy(bytes) >= encrypted_entropy) {
    tracked.counted = true;
    ++encrypted_;
  }
}

// Reads and hands on what the file holds now, if that is new.
void Files::keep(Tracked& tracked) {
  struct stat status;
  if (fstat(tracked.file.get(), &status) != 0) return;
  const bool fresh = same_content(status, tracked.seen);
  if (fresh && (tracked.record.kept || tracked.existed)) return;
  tracked.seen = status;
  tracked.record.size = static_cast<uint64_t>(status.st_size);
  const auto size = static_cast<uint64_t>(status.st_size);
  const std::string_view met = size > limits_.file_bytes                  ? "kept_file_bytes"
                               : kept_bytes_ + size > limits_.total_bytes ? "kept_bytes"
                               : told_.size() >= limits_.contents         ? "kept_contents"
                                                                          : "";
  if (!met.empty()) {
    tracked.record.kept = false;
    tracked.record.why_not = fmt::format("limit: {}", met);
    book_.limit(met);
    return tell(tracked);
  }
  const std::vector<uint8_t> bytes = read_all(tracked.file.get(), size);
  const base::Digest digest = base::sha256(bytes);
  tracked.record.sha256 = digest;
  tracked.record.size = bytes.size();
  tracked.record.kept = true;
  if (told_.insert(digest).second) {
    kept_bytes_ += bytes.size();
    book_.sink().content(digest, bytes);
  }
  look_at(tracked, bytes);
  tell(tracked);
}

void Files::about_to_change(const std::string& path) {
  const auto key = by_path_.find(path);
  if (key == by_path_.end()) return;
  const auto found = by_key_.find(key->second);
  if (found != by_key_.end()) keep(*found->second);
}

void Files::renamed(trace::Thread& thread, const std::string& from, const std::string& to) {
  if (is_kernels(from) || next_index_ >= limits_.files) return;
  intel::RunFile record;
  record.path = from;
  record.to = to;
  record.action = FileAction::renamed;
  record.process = Book::number(thread.process().id);
  record.time = book_.now();
  if (const auto node = by_path_.extract(from)) {
    by_path_[to] = node.mapped();
    if (made_.erase(from) != 0) made_.insert(to);
    if (const auto found = by_key_.find(node.mapped()); found != by_key_.end()) {
      keep(*found->second);
      found->second->record.path = to;
      record.sha256 = found->second->record.sha256;
      record.size = found->second->record.size;
      record.kept = found->second->record.kept;
      record.program = found->second->record.program;
    }
  }
  book_.sink().file(new_index(), record);
}

void Files::removed(trace::Thread& thread, const std::string& path) {
  if (is_kernels(path) || next_index_ >= limits_.files) return;
  intel::RunFile record;
  record.path = path;
  record.action = FileAction::deleted;
  record.process = Book::number(thread.process().id);
  record.time = book_.now();
  if (const auto node = by_path_.extract(path)) {
    if (const auto found = by_key_.find(node.mapped()); found != by_key_.end()) {
      record.sha256 = found->second->record.sha256;
      record.size = found->second->record.size;
      record.kept = found->second->record.kept;
      record.program = found->second->record.program;
      wiped_ += found->second->existed && in_home(path);
    }
  } else {
    wiped_ += in_home(path);
  }
  book_.sink().file(new_index(), record);
}

void Files::linked(trace::Thread& thread, const std::string& path, const std::string& target) {
  if (next_index_ >= limits_.files) return book_.limit("files");
  intel::RunFile record;
  record.path = path;
  record.to = target;
  record.action = FileAction::created;
  record.type = "link";
  record.process = Book::number(thread.process().id);
  record.time = book_.now();
  book_.sink().file(new_index(), record);
}

Files::Image Files::executed(trace::Thread& thread, const std::string& executable) {
  const bool in_memory = executable.starts_with("/memfd:");
  constexpr std::string_view gone = " (deleted)";
  std::string path = executable;
  const bool deleted = path.ends_with(gone);
  if (deleted) path.resize(path.size() - gone.size());
  Image image;
  image.made_here = in_memory || made_here(path);
  if (!image.made_here && !deleted) return image;

  auto opened = thread.open_program();
  struct stat status;
  if (!opened || fstat(opened->get(), &status) != 0) return image;
  base::UniqueFd file = std::move(*opened);
  const auto known = by_key_.find({status.st_dev, status.st_ino});
  if (known == by_key_.end() && next_index_ >= limits_.files) return image;
  Tracked& tracked = track(thread, std::move(file), status, path);
  if (known == by_key_.end()) tracked.record.action = FileAction::executed;
  image.made_here |= tracked.record.action != FileAction::executed;
  keep(tracked);
  image.sha256 = tracked.record.sha256;
  return image;
}

void Files::tick() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  std::set<Key> closed;
  for (;;) {
    const ssize_t length = notices_ ? read(notices_.get(), buffer.data(), buffer.size()) : -1;
    if (length <= 0) break;
    for (ssize_t at = 0; at < length;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if (const auto found = by_watch_.find(event->wd); found != by_watch_.end())
        closed.insert(found->second);
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
  }
  for (const Key& key : closed)
    if (const auto found = by_key_.find(key); found != by_key_.end()) keep(*found->second);
}

void Files::finish() {
  tick();
  for (Tracked& tracked : tracked_) keep(tracked);
}

}  // namespace shikake::sandbox::monitor
