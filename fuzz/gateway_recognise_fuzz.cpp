// First bytes of a connection: every beginning of them is judged as the whole is, or as too short to tell;
// reading goes nowhere it should not.
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "gateway/client_hello.h"
#include "gateway/http_request.h"
#include "gateway/process/responder.h"

using namespace shikake;
using namespace shikake::gateway;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = base::as_text({data, size});
  ClientHello hello;
  const HelloStatus status = read_client_hello({data, size}, hello);
  if (status == HelloStatus::whole) {
    SHIKAKE_CHECK(hello.size <= size && hello.ja3.size() == 32 && hello.sni.size() <= 253);
    // Bytes behind it change nothing, and one less is not whole.
    ClientHello again;
    SHIKAKE_CHECK(read_client_hello({data, hello.size}, again) == HelloStatus::whole &&
                  again.ja3 == hello.ja3);
    SHIKAKE_CHECK(read_client_hello({data, hello.size - 1}, again) == HelloStatus::incomplete);
  }
  if (size == 0) return 0;
  SHIKAKE_CHECK(status != HelloStatus::whole || may_be_tls(bytes));
  for (const Responder& row : responders()) {
    const Fit whole = row.recognise(bytes);
    SHIKAKE_CHECK(whole == row.recognise(bytes));
  }
  for (uint16_t port : {21, 23, 25, 53, 80, 443, 4444}) choose_responder(bytes, port, port == 443);
  choose_datagram_responder(bytes, 123);

  auto request = read_http_request(bytes);
  if (!request) return 0;
  SHIKAKE_CHECK(request->size <= size && request->path.starts_with('/'));
  // A body ends at the same byte whether it comes at once or byte by byte.
  const std::string_view rest = bytes.substr(request->size);
  HttpBody at_once(*request), in_bytes(*request);
  const size_t taken = at_once.take(rest);
  size_t one_by_one = 0;
  while (one_by_one < rest.size() && !in_bytes.done())
    one_by_one += in_bytes.take(rest.substr(one_by_one, 1));
  SHIKAKE_CHECK(taken == one_by_one && at_once.done() == in_bytes.done() &&
                at_once.kept() == in_bytes.kept());
  return 0;
}
