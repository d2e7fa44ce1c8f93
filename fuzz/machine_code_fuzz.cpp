// Any bytes, as they are, as a text and as a script's source: what looks like machine code stays within its bounds,
// and saying where it begins names places inside it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "triage/machine_code.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  const base::ByteSpan bytes(data, size);
  const std::vector<triage::FoundSign> signs = triage::code_signs(bytes);
  check(signs.size() <= triage::max_code_signs);
  for (const triage::FoundSign& sign : signs) check(sign.offset < size);
  check(triage::sled_bytes(bytes) <= size);
  constexpr size_t most = 7;
  const std::vector<uint32_t> beginnings = triage::code_beginnings(bytes, most);
  check(beginnings.size() <= most);
  for (uint32_t one : beginnings) check(one < std::max<size_t>(size, 1));
  if (auto code = triage::code_in_bytes(bytes)) check(code->size() <= size && code->size() >= triage::min_code_bytes);
  std::u16string text;
  for (size_t i = 0; i + 1 < size; i += 2) text += static_cast<char16_t>(data[i] | data[i + 1] << 8);
  if (auto code = triage::code_in_text(text)) check(code->size() <= 2 * text.size());
  size_t found = 0;
  for (const std::string& code : triage::code_in_source(base::as_text(bytes))) {
    check(code.size() >= triage::min_code_bytes);
    found += code.size();
  }
  // A literal's number takes two characters at least, and may stand for four bytes.
  check(found <= 4 * size);
  return 0;
}
