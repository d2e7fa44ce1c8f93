// A body in any content coding is undone within its bound. The first byte picks the coding.
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "net/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  constexpr std::array codings = {"gzip", "deflate", "br", "zstd", "gzip, br", "deflate, gzip, zstd"};
  constexpr uint64_t bound = 100'000;
  if (size == 0) return 0;
  auto decoded =
      net::decode_content(base::as_text({data + 1, size - 1}), codings[data[0] % codings.size()], bound);
  SHIKAKE_CHECK(decoded.body.size() <= bound || decoded.body.size() <= size);
  return 0;
}
