// Any bytes as a source of a corpus, in each format: every row that comes out has days in order and not in
// the future, lines rise, and what a corpus takes of the rows is found again by its own text.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "neighbourhood/keys.h"
#include "neighbourhood/seeds.h"
#include "neighbourhood/sources/source.h"

namespace {

using namespace shikake;
using namespace shikake::neighbourhood;

constexpr Day today = 19'000;

class Checked final : public RowSink {
 public:
  Result<> url(std::string_view text, Day first, Day last, uint64_t line) override {
    SHIKAKE_CHECK(first <= last && last <= today && line > 0);
    auto url = corpus_url(text);
    if (!url) return {};
    SHIKAKE_CHECK(url->href().size() <= longest_url);
    auto again = corpus_url(url->href());
    SHIKAKE_CHECK(again && *again == *url);
    const Taken taken = take_apart(*url);
    static KeyReader reader;  // its table is large; what it remembers of hosts must not matter
    const Reading* reading = reader.read(url->href());
    SHIKAKE_CHECK(reading);
    SHIKAKE_CHECK(reading->tenant == taken.tenant.key && reading->folded_host == taken.host.folded);
    SHIKAKE_CHECK(reading->s1 == taken.path.s1 && reader.s2() == taken.path.s2);
    const Keys keys = reader.keys();
    SHIKAKE_CHECK(keys.place == place_of(taken.tenant.key, taken.path.s1));
    SHIKAKE_CHECK(keys.path_shape == path_shape_of(taken.path.s2));
    SHIKAKE_CHECK(keys.host_shape == host_shape_of(taken.host.folded));
    return {};
  }
  Result<> skip(std::string_view reason, uint64_t) override {
    SHIKAKE_CHECK(!reason.empty());
    return {};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const char* format : {"auto", "list", "csv", "cdx", "warc", "hosts"}) {
    Input input(bytes);
    Checked sink;
    (void)read_source(input, {format, today}, sink);
  }
  return 0;
}
