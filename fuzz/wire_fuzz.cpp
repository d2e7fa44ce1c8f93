// What the fetcher and its parent decode from each other: a body that is accepted was understood whole,
// so it encodes to the same bytes. The first byte picks the message.
#include <cstdint>

#include "base/check.h"
#include "base/wire.h"
#include "message_fuzz.h"
#include "net/fetch_protocol.h"

namespace {

// Addresses and networks travel as text, which has more than one spelling: these settle after one turn.
template <class Message>
void check_settles(std::string_view body) {
  auto message = shikake::base::from_wire<Message>(body);
  if (!message) return;
  std::string canonical = shikake::base::to_wire(*message);
  auto again = shikake::base::from_wire<Message>(canonical);
  SHIKAKE_CHECK(again && shikake::base::to_wire(*again) == canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  if (size == 0) return 0;
  std::string_view body = base::as_text({data + 1, size - 1});
  switch (data[0] % 4) {
    case 0:
      check_one_spelling<net::FetchResponse>(body);
      break;
    case 1:
      check_one_spelling<net::FetchOrder>(body);
      break;
    case 2:
      check_settles<net::FetcherOptions>(body);
      break;
    default:
      check_one_spelling<std::string>(body);
  }
  return 0;
}
