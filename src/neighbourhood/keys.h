// What a corpus files a URL under. docs/neighbourhood.md, "Keys".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "url/structure.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::neighbourhood {

// Order in the files: all URLs of one tenant stand together, and in it all of one S1.
//   63          24 23       0
//   tenant's hash | S1's hash
inline constexpr int s1_bits = 24;
uint64_t place_of(std::string_view tenant_key, std::string_view s1);

// The shapes that are looked for on other domains. 0: the URL has none that says anything (telling.h).
// Both live in one index; a shape's hash tells its kind apart.
uint32_t path_shape_of(std::string_view s2);
uint32_t host_shape_of(std::string_view folded_host);

struct Keys {
  uint64_t place = 0;
  uint32_t path_shape = 0;
  uint32_t host_shape = 0;
  friend bool operator==(const Keys&, const Keys&) = default;
};

// What a URL is filed under, and the texts that its keys are the hashes of.
struct Reading {
  uint64_t place = 0;
  uint32_t host_shape = 0;
  std::string_view tenant;       // as url::tenant_key() has it
  std::string_view folded_host;  // as url::host_structure()
  std::string_view s1;           // as url::path_structure()
};

// By what rules keys are found now: suffixes, platforms, words that tell nothing, and the structures' own.
// What was filed by others is filed anew (corpus_writer.h).
uint32_t key_rules();

// Reads them fast where hosts come back: what belongs to a host is found once. One a thread.
class KeyReader {
 public:
  KeyReader();
  ~KeyReader();
  // Of a text that corpus_url() gave. The reading holds until the next one; nothing where the text cannot
  // have come from there.
  const Reading* read(std::string_view href);
  // Whether a text whose place is this tenant's and S1's by its hash is so in truth: read() finds it as well,
  // but must look up the suffix of each new host for it.
  bool lies_at(std::string_view tenant, std::string_view s1, std::string_view href);
  // Of what was read last, while its text lives: found only when asked for.
  const std::string& s2() { return shape_.s2(); }
  Keys keys() { return {reading_.place, path_shape_of(s2()), reading_.host_shape}; }

 private:
  struct HostKeys;
  const HostKeys* keys_of_host(std::string_view host, std::string_view href);

  std::vector<HostKeys> cache_;  // direct-mapped by the host's hash
  const HostKeys* last_ = nullptr;
  url::ShapeReader shape_;
  std::string tenant_by_path_;
  Reading reading_;
};

// A web URL as a corpus keeps it: http or https, a host, no fragment, no credentials, at most
// longest_url bytes. The sentence says why not.
inline constexpr size_t longest_url = 4096;  // servers refuse longer ones (Apache 8190 for the whole line)
Result<url::Url> corpus_url(std::string_view text);
Result<url::Url> corpus_url(url::Url parsed);

}  // namespace shikake::neighbourhood
