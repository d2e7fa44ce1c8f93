// Scripted replies and policies from strangers: read or refused with a sentence; what was read survives the
// way to the process that uses it.
#include "base/bytes.h"
#include "base/check.h"
#include "base/wire.h"
#include "gateway/policy.h"
#include "gateway/replies.h"

using namespace shikake;
using namespace shikake::gateway;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = base::as_text({data, size});
  auto check = [&]<class Document>(const Result<Document>& document) {
    if (!document) {
      SHIKAKE_CHECK(!document.error().what.empty() && document.error().line);
      return;
    }
    const std::string body = base::to_wire(*document);
    auto again = base::from_wire<Document>(body);
    SHIKAKE_CHECK(again && base::to_wire(*again) == body);
  };
  check(Replies::parse(text, "/nonexistent"));
  check(Policy::parse(text));
  return 0;
}
