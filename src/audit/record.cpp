#include "audit/record.h"

#include "base/check.h"

namespace shikake::audit {

void Record::reserve(size_t line_bytes) {
  const size_t needed = line_bytes * 4 + max_number_bytes;
  if (needed <= capacity_) return;
  SHIKAKE_CHECK(used_ == 0);  // no view may be left pointing into the old one
  arena_ = std::make_unique<char[]>(needed);
  capacity_ = needed;
}

char* Record::room(size_t size) {
  SHIKAKE_CHECK(size <= capacity_ - used_);
  return arena_.get() + used_;
}

}  // namespace shikake::audit
