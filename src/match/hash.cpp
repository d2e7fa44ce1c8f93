#include "match/hash.h"

#include <sys/random.h>

#include "base/check.h"

namespace shikake::match {

HashKey HashKey::random() {
  HashKey key;
  SHIKAKE_CHECK(getrandom(&key, sizeof key, 0) == static_cast<ssize_t>(sizeof key));
  SHIKAKE_CHECK(key.start != key.state);
  return key;
}

}  // namespace shikake::match
