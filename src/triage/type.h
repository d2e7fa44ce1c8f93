// What kind of bytes these are, by libmagic's database.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "triage/triage.h"

struct magic_set;

namespace shikake::triage {

struct Type {
  FileKind kind = FileKind::data;
  std::string mime;
  std::string description;
};

class TypeFinder {
 public:
  // Loads the database: before confinement. `unsupported` where the machine has none.
  static Result<TypeFinder> open();

  // Kind `script` is not given here, only `text`: that is script.h's to say.
  Type find(base::ByteSpan bytes) const;

 private:
  struct Close {
    void operator()(magic_set* set) const;
  };
  explicit TypeFinder(std::unique_ptr<magic_set, Close> set) : set_(std::move(set)) {}

  std::unique_ptr<magic_set, Close> set_;
};

}  // namespace shikake::triage
