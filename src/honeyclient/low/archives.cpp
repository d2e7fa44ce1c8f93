#include "honeyclient/low/archives.h"

#include <sys/mman.h>

#include <deque>

#include "base/file.h"
#include "base/unique_fd.h"
#include "triage/triage.h"

namespace shikake::honeyclient::low {

namespace {

struct Waiting {
  std::string path, bytes;
  unsigned depth;
};

Result<base::UniqueFd> memory_file(std::string_view bytes) {
  base::UniqueFd file(::memfd_create("archive", MFD_CLOEXEC));
  if (!file) return fail_errno(Module::honeyclient, "no memory file for an archive");
  SHIKAKE_TRY(base::write_all(file.get(), bytes, "archive"));
  return file;
}

}  // namespace

Result<> open_archive(std::string_view bytes, const ArchiveSink& sink) {
  std::deque<Waiting> waiting{{"", std::string(bytes), 0}};
  uint64_t taken = 0;
  while (!waiting.empty()) {
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    SHIKAKE_ASSIGN(const base::UniqueFd file, memory_file(next.bytes));
    triage::Options options;
    options.own_rules = false;
    options.depth = next.depth;
    options.patience = std::chrono::seconds(20);
    options.on_member = [&](const triage::Member& member, std::string content) -> Result<> {
      std::string path = next.path.empty() ? member.path : next.path + "/" + member.path;
      taken += content.size();
      if (taken > triage::max_unpacked_bytes)
        return fail(Module::honeyclient, ErrorCode::limit, "archives in the archive hold too much");
      sink(path, content);
      const bool archive = content.starts_with("PK\x03\x04") || content.starts_with("Rar!") ||
                           content.starts_with("7z\xBC\xAF") || content.starts_with("MSCF");
      if (archive && next.depth + 1 < triage::max_archive_depth)
        waiting.push_back({std::move(path), std::move(content), next.depth + 1});
      return {};
    };
    SHIKAKE_TRY(triage::triage_fd(file.get(), options));
  }
  return {};
}

}  // namespace shikake::honeyclient::low
