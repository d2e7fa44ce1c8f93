#include "triage/strings.h"

#include <algorithm>

#include "triage/findings.h"

namespace shikake::triage {
namespace {

constexpr size_t min_run = 6;
// A run is looked at as a whole up to here, and then as the next one: no name in it is longer.
constexpr size_t max_run_bytes = size_t{1} << 20;

bool is_printable(uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7F) || byte == '\t';
}

size_t narrow_run(base::ByteSpan bytes) {
  size_t size = 0;
  while (size < bytes.size() && size < max_run_bytes && is_printable(bytes[size])) ++size;
  return size;
}

// In characters of two bytes.
size_t wide_run(base::ByteSpan bytes) {
  size_t size = 0;
  while (2 * size + 1 < bytes.size() && size < max_run_bytes && is_printable(bytes[2 * size]) &&
         bytes[2 * size + 1] == 0)
    ++size;
  return size;
}

}  // namespace

FoundStrings find_strings(base::ByteSpan bytes) {
  FoundStrings out;
  Findings findings(out.strings);
  auto take = [&](std::string_view run) {
    ++out.strings.count;
    if (out.strings.values.size() < max_strings)
      out.strings.values.emplace_back(run.substr(0, max_string_bytes));
    findings.look_at(run);
  };
  std::string narrowed;
  for (size_t at = 0; at < bytes.size();) {
    const size_t narrow = narrow_run(bytes.subspan(at));
    if (narrow >= min_run) {
      take(base::as_text(bytes.subspan(at, narrow)));
      at += narrow;
      continue;
    }
    if (narrow == 0) {
      ++at;
      continue;
    }
    at += narrow - 1;  // its last character may begin a wide run
    const size_t wide = wide_run(bytes.subspan(at));
    if (wide >= min_run) {
      narrowed.clear();
      for (size_t i = 0; i < wide; ++i) narrowed += static_cast<char>(bytes[at + 2 * i]);
      take(narrowed);
      at += 2 * wide;
    } else {
      ++at;
    }
  }
  if (out.strings.count > max_strings) out.limits_hit.push_back("strings: only the first are kept");
  if (findings.list_full())
    out.limits_hit.push_back("names and addresses in strings: only the first are kept");
  if (findings.gave_up())
    out.limits_hit.push_back("names and addresses in strings: too many to look at them all");
  return out;
}

}  // namespace shikake::triage
