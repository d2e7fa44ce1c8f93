// The hash that corpus files are ordered by: part of the format, so it never changes within a version.
// XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). It is not keyed: whoever feeds a
// corpus may make URLs collide, and then gets a longer run of URLs to read, bounded as every run is; what a
// query answers was compared as text.
#pragma once

#include <cstdint>
#include <string_view>

namespace shikake::neighbourhood {

uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace shikake::neighbourhood
