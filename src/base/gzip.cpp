#include "base/gzip.h"

#include <zlib.h>

#include "base/check.h"

namespace shikake::base {

std::string gzip(std::string_view bytes) {
  constexpr int gzip_window = MAX_WBITS + 16;  // zlib's way to ask for the gzip wrapping
  constexpr int usual_memory = 8;
  z_stream stream{};
  SHIKAKE_CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, usual_memory,
                             Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  SHIKAKE_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace shikake::base
