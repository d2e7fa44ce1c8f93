#include "base/check.h"
#include "triage/triage.h"

namespace shikake::triage {

std::string_view name(FileKind kind) {
  switch (kind) {
    case FileKind::empty:
      return "empty";
    case FileKind::elf:
      return "elf";
    case FileKind::script:
      return "script";
    case FileKind::archive:
      return "archive";
    case FileKind::text:
      return "text";
    case FileKind::executable:
      return "executable";
    case FileKind::document:
      return "document";
    case FileKind::image:
      return "image";
    case FileKind::data:
      return "data";
  }
  SHIKAKE_CHECK(false);
}

}  // namespace shikake::triage
