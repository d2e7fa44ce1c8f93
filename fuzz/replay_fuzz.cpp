// Any bytes as HAR and as WARC: what is taken is an exchange over HTTP within the bounds, and the same bytes
// give the same again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "honeyclient/replay/recording.h"

namespace {

using namespace shikake;
using namespace shikake::honeyclient::replay;

std::string read(std::string_view bytes, bool har) {
  std::string told;
  auto take = [&](Exchange exchange) {
    if (!exchange.request.url.starts_with("http") || exchange.response.status < 100) std::abort();
    if (exchange.response.body.size() > max_body_bytes) std::abort();
    told += exchange.request.method + " " + exchange.request.url + " " + exchange.response.body + "\n";
    return true;
  };
  auto note = har ? read_har(bytes, take) : read_warc(bytes, take);
  return told + (note ? std::to_string(note->skipped) : note.error().what);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (bool har : {false, true})
    if (read(bytes, har) != read(bytes, har)) std::abort();
  return 0;
}
