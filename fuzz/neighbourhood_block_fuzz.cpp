// Any bytes as a block of a segment: they are refused, or are a block that writes and reads back the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "neighbourhood/block.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake::neighbourhood;
  BlockView view;
  if (!view.parse({reinterpret_cast<const char*>(data), size})) return 0;
  BlockBuilder builder;
  for (size_t i = 0; i < view.size(); ++i) builder.add(view[i]);
  const std::string written = builder.finish();
  BlockView again;
  SHIKAKE_CHECK(again.parse(written));
  SHIKAKE_CHECK(again.size() == view.size());
  for (size_t i = 0; i < view.size(); ++i)
    SHIKAKE_CHECK(again[i].url == view[i].url && again[i].first == view[i].first &&
                  again[i].last == view[i].last);
  return 0;
}
