#include "triage/type.h"

#include <magic.h>

#include <algorithm>

namespace shikake::triage {
namespace {

// As much as file(1) looks at.
constexpr size_t max_looked_at = size_t{1} << 20;

struct MimeRow {
  std::string_view prefix;
  FileKind kind;
};

// The first row whose prefix fits. Archives are what libarchive opens (archive.cpp).
constexpr MimeRow mime_kinds[] = {
    {"application/zip", FileKind::archive},
    {"application/java-archive", FileKind::archive},
    {"application/vnd.android.package-archive", FileKind::archive},
    {"application/x-7z-compressed", FileKind::archive},
    {"application/x-rar", FileKind::archive},
    {"application/vnd.rar", FileKind::archive},
    {"application/x-tar", FileKind::archive},
    {"application/x-gtar", FileKind::archive},
    {"application/x-ustar", FileKind::archive},
    {"application/x-cpio", FileKind::archive},
    {"application/x-archive", FileKind::archive},
    {"application/vnd.debian.binary-package", FileKind::archive},
    {"application/vnd.ms-cab-compressed", FileKind::archive},
    {"application/x-iso9660-image", FileKind::archive},
    {"application/gzip", FileKind::archive},
    {"application/x-gzip", FileKind::archive},
    {"application/x-bzip2", FileKind::archive},
    {"application/x-xz", FileKind::archive},
    {"application/x-lzma", FileKind::archive},
    {"application/x-lz4", FileKind::archive},
    {"application/zstd", FileKind::archive},
    {"application/x-zstd", FileKind::archive},
    {"application/x-compress", FileKind::archive},
    {"application/x-dosexec", FileKind::executable},
    {"application/vnd.microsoft.portable-executable", FileKind::executable},
    {"application/x-ms-dos-executable", FileKind::executable},
    {"application/x-mach-binary", FileKind::executable},
    {"application/x-java-applet", FileKind::executable},
    {"application/pdf", FileKind::document},
    {"application/msword", FileKind::document},
    {"application/vnd.ms-", FileKind::document},
    {"application/vnd.oasis.opendocument", FileKind::document},
    {"application/vnd.openxmlformats", FileKind::document},
    {"application/CDFV2", FileKind::document},
    {"application/x-ole-storage", FileKind::document},
    {"text/rtf", FileKind::document},
    {"application/x-shockwave-flash", FileKind::document},
    {"application/vnd.adobe.flash.movie", FileKind::document},
    {"application/x-ms-shortcut", FileKind::document},
    {"message/", FileKind::document},
    {"application/json", FileKind::text},
    {"application/javascript", FileKind::text},
    {"application/x-ndjson", FileKind::text},
    {"text/", FileKind::text},
    {"image/", FileKind::image},
    {"audio/", FileKind::image},
    {"video/", FileKind::image},
};

FileKind kind_of(std::string_view mime) {
  for (const MimeRow& row : mime_kinds) {
    if (mime.starts_with(row.prefix)) return row.kind;
  }
  return FileKind::data;
}

}  // namespace

void TypeFinder::Close::operator()(magic_set* set) const {
  magic_close(set);
}

Result<TypeFinder> TypeFinder::open() {
  // Compressed files are archive.cpp's work: libmagic would start programs for them.
  std::unique_ptr<magic_set, Close> set(magic_open(MAGIC_NO_CHECK_COMPRESS));
  if (!set) return fail(Module::triage, ErrorCode::unsupported, "libmagic cannot be used here");
  if (magic_load(set.get(), nullptr) != 0) {
    return fail(Module::triage, ErrorCode::unsupported,
                std::string("libmagic's database cannot be loaded: ") + magic_error(set.get()));
  }
  return TypeFinder(std::move(set));
}

Type TypeFinder::find(base::ByteSpan bytes) const {
  if (bytes.empty()) return {FileKind::empty, "inode/x-empty", "empty"};
  auto look = [&](int flags) -> std::string {
    magic_setflags(set_.get(), MAGIC_NO_CHECK_COMPRESS | flags);
    const char* text = magic_buffer(set_.get(), bytes.data(), std::min(bytes.size(), max_looked_at));
    return text ? text : "";
  };
  Type type{FileKind::data, look(MAGIC_MIME_TYPE), look(MAGIC_NONE)};
  if (type.mime.empty()) type.mime = "application/octet-stream";
  if (type.description.empty()) type.description = "data";
  constexpr uint8_t elf_magic[] = {0x7F, 'E', 'L', 'F'};
  const bool elf = bytes.size() >= sizeof elf_magic && std::equal(elf_magic, elf_magic + 4, bytes.begin());
  type.kind = elf ? FileKind::elf : kind_of(type.mime);
  return type;
}

}  // namespace shikake::triage
