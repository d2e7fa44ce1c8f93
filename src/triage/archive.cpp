#include "triage/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace shikake::triage {
namespace {

// Below this, whatever the ratio: a few KiB of zeros are no bomb.
constexpr uint64_t ratio_counts_from = uint64_t{16} << 20;
constexpr size_t max_path_bytes = 4096;

struct FreeArchive {
  void operator()(::archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<::archive, FreeArchive>;

// Not archive_read_support_filter_all(): some of those start programs.
Reader make_reader(const std::string& password) {
  Reader reader(archive_read_new());
  ::archive* a = reader.get();
  for (auto filter :
       {archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
        archive_read_support_filter_lzma, archive_read_support_filter_zstd, archive_read_support_filter_lz4,
        archive_read_support_filter_compress})
    filter(a);
  for (auto format :
       {archive_read_support_format_zip, archive_read_support_format_tar, archive_read_support_format_7zip,
        archive_read_support_format_rar, archive_read_support_format_rar5, archive_read_support_format_cpio,
        archive_read_support_format_ar, archive_read_support_format_cab, archive_read_support_format_iso9660,
        archive_read_support_format_lha, archive_read_support_format_xar, archive_read_support_format_raw})
    format(a);
  if (!password.empty()) archive_read_add_passphrase(a, password.c_str());
  return reader;
}

std::string words(::archive* reader, std::string_view otherwise) {
  const char* text = archive_error_string(reader);
  return text ? text : std::string(otherwise);
}

// "ZIP 2.0 (deflation)", "GNU tar format + gzip"; a compressed file alone is "gzip".
std::string format_of(::archive* reader) {
  std::string filters;
  for (int i = 0; i + 1 < archive_filter_count(reader); ++i)
    filters += std::string(filters.empty() ? "" : " + ") + archive_filter_name(reader, i);
  if (archive_format(reader) == ARCHIVE_FORMAT_RAW) return filters;
  const char* format = archive_format_name(reader);
  std::string text = format ? format : "archive";
  return filters.empty() ? text : text + " + " + filters;
}

Member describe(archive_entry* entry) {
  Member member;
  if (const char* path = archive_entry_pathname(entry)) {
    member.path = path;
  } else if (const char* utf8 = archive_entry_pathname_utf8(entry)) {
    member.path = utf8;
  }
  member.path.resize(std::min(member.path.size(), max_path_bytes));
  member.mode = archive_entry_perm(entry);
  member.encrypted = archive_entry_is_encrypted(entry) > 0;
  const char* link = archive_entry_hardlink(entry);
  if (!link) link = archive_entry_symlink(entry);
  const auto type = archive_entry_filetype(entry);
  if (link) {
    member.type = 'l';
    member.link_target = std::string(link).substr(0, max_path_bytes);
  } else {
    member.type = type == AE_IFREG || type == 0 ? 'f' : type == AE_IFDIR ? 'd' : type == AE_IFLNK ? 'l' : 'o';
  }
  return member;
}

class Unpacking {
 public:
  Unpacking(base::ByteSpan bytes, const MemberSink& sink) : bytes_(bytes), sink_(sink) {}

  // What one password gives; nothing where the bytes are no archive.
  Result<std::optional<OpenedArchive>> run(const std::string& password) {
    password_ = password;
    Reader reader = make_reader(password);
    if (archive_read_open_memory(reader.get(), bytes_.data(), bytes_.size()) != ARCHIVE_OK)
      return std::nullopt;
    archive_entry* entry = nullptr;
    int status = ARCHIVE_OK;
    while ((status = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF) {
      if (status == ARCHIVE_RETRY) continue;
      const bool first = out_.archive.member_count == 0;
      if (first && is_no_archive(reader.get(), status)) return std::nullopt;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        out_.archive.error = words(reader.get(), "it is damaged");
        break;
      }
      SHIKAKE_ASSIGN(bool more, take(reader.get(), entry));
      if (!more) break;
    }
    if (out_.archive.format.empty()) out_.archive.format = format_of(reader.get());
    if (out_.archive.member_count == 0 && out_.archive.error.empty() &&
        archive_format(reader.get()) == ARCHIVE_FORMAT_EMPTY)
      return std::nullopt;
    return std::move(out_);
  }

  bool locked() const { return locked_ && !unlocked_; }  // no member opened, for want of a password

 private:
  static bool is_no_archive(::archive* reader, int status) {
    // A filter that was recognised makes one of anything; the raw format alone takes anything.
    if (archive_filter_count(reader) >= 2) return false;
    return archive_format(reader) == ARCHIVE_FORMAT_RAW ||
           (status == ARCHIVE_FATAL && archive_format(reader) == 0);
  }

  // One member; false when a bound ends the whole.
  Result<bool> take(::archive* reader, archive_entry* entry) {
    Archive& archive = out_.archive;
    if (archive.format.empty()) archive.format = format_of(reader);
    ++archive.member_count;
    if (archive.members.size() >= max_members) {
      limit("archive: members past the first " + std::to_string(max_members));
      return false;
    }
    Member member = describe(entry);
    if (archive_format(reader) == ARCHIVE_FORMAT_RAW) member.path = "";
    bool more = true;
    if (member.type == 'f') {
      SHIKAKE_ASSIGN(more, unpack(reader, member));
    }
    archive.members.push_back(std::move(member));
    return more;
  }

  Result<bool> unpack(::archive* reader, Member& member) {
    std::string content;
    const void* block = nullptr;
    size_t size = 0;
    int64_t offset = 0;
    int status;
    while ((status = archive_read_data_block(reader, &block, &size, &offset)) == ARCHIVE_OK ||
           status == ARCHIVE_WARN) {
      // Sparse members give their blocks at offsets; what lies between is zeros and counts as unpacked.
      const uint64_t begin = offset < 0 ? content.size() : static_cast<uint64_t>(offset);
      if (begin < content.size() || begin > max_member_bytes || size > max_member_bytes - begin) {
        member.why_not = fmt::format("larger than {} MiB", max_member_bytes >> 20);
        limit("archive: " + member.why_not);
        break;
      }
      unpacked_ += begin + size - content.size();
      content.resize(begin);
      content.append(static_cast<const char*>(block), size);
      if (std::string_view why = over_bound(); !why.empty()) {
        member.why_not = why;
        limit(std::string("archive: ") + std::string(why));
        member.size = content.size();
        return false;
      }
    }
    member.size = content.size();
    if (status != ARCHIVE_EOF && member.why_not.empty()) {
      member.why_not = words(reader, "it is damaged");
      if (member.encrypted) locked_ = true;
    }
    if (!member.why_not.empty()) return status != ARCHIVE_FATAL;
    if (member.encrypted) {
      unlocked_ = true;
      out_.archive.password = password_;
    }
    member.extracted = true;
    member.sha256 = base::sha256(content).hex();
    if (sink_) SHIKAKE_TRY(sink_(member, std::move(content)));
    return true;
  }

  std::string_view over_bound() const {
    if (unpacked_ > max_unpacked_bytes) return "more unpacks from it than is kept";
    if (unpacked_ > ratio_counts_from && unpacked_ / max_unpack_ratio > bytes_.size())
      return "it unpacks to so much more than it is that it must be a bomb";
    return {};
  }

  void limit(std::string what) {
    auto& hit = out_.limits_hit;
    if (std::find(hit.begin(), hit.end(), what) == hit.end()) hit.push_back(std::move(what));
  }

  base::ByteSpan bytes_;
  const MemberSink& sink_;
  std::string password_;
  OpenedArchive out_;
  uint64_t unpacked_ = 0;
  bool locked_ = false, unlocked_ = false;
};

}  // namespace

Result<std::optional<OpenedArchive>> open_archive(base::ByteSpan bytes,
                                                  std::span<const std::string> passwords,
                                                  const MemberSink& sink) {
  // The first password at once: it costs nothing where none is needed.
  for (size_t i = 0;; ++i) {
    Unpacking unpacking(bytes, sink);
    SHIKAKE_ASSIGN(auto opened, unpacking.run(i < passwords.size() ? passwords[i] : ""));
    if (!unpacking.locked() || i + 1 >= passwords.size()) return opened;
  }
}

}  // namespace shikake::triage
