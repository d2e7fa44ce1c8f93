#include "url/suffix.h"

#include <libpsl.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "base/check.h"
#include "url/host.h"

namespace shikake::url {
namespace {

// libpsl looks at every label of a name and takes its length anew for each; a name in a URL may have
// millions. No rule of the list is longer than this, and no name in DNS either.
constexpr size_t max_tail_bytes = 253;

const psl_ctx_t* suffix_list() {
  static const psl_ctx_t* const list = [] {
    const psl_ctx_t* latest = psl_latest(nullptr);
    if (!latest) latest = psl_builtin();
    SHIKAKE_CHECK(latest);
    return latest;
  }();
  return list;
}

// The end of a domain name as a C string.
struct Tail {
  std::string_view whole;  // the name, without the dot at its end
  std::array<char, max_tail_bytes + 1> text;
  size_t size = 0;  // 0: an address, or nothing that is a name

  explicit Tail(std::string_view host) : whole(host) {
    if (whole.ends_with('.')) whole.remove_suffix(1);
    if (whole.empty() || whole.front() == '[' || ends_in_number(whole)) return;
    std::string_view tail = whole;
    if (tail.size() > max_tail_bytes) {
      tail.remove_prefix(tail.size() - max_tail_bytes);
      size_t dot = tail.find('.');
      if (dot == tail.npos) return;
      tail.remove_prefix(dot + 1);
    }
    size = tail.size();
    std::memcpy(text.data(), tail.data(), size);
    text[size] = '\0';
  }

  // A pointer that libpsl returned, into `text`, as the same bytes of `whole`.
  std::string_view of_whole(const char* found) const {
    if (!found) return {};
    return whole.substr(whole.size() - std::strlen(found));
  }
};

}  // namespace

uint64_t suffix_list_version() {
  static const uint64_t version = [] {
    std::string all = psl_builtin_sha1sum();
    // The package's list, where there is a newer one.
    if (const char* path = psl_dist_filename()) {
      std::ifstream file(path, std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (char c : all) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
  }();
  return version;
}

std::string_view registrable_domain(std::string_view host) {
  // A lookup takes half a microsecond, and most callers ask about the same host again: for the next question
  // about one URL, or for the next URL of a sorted list.
  thread_local struct {
    std::array<char, max_tail_bytes> text;
    size_t size = 0;
    size_t found_size = 0;
  } last;

  Tail tail(host);
  if (tail.size == 0) return {};
  if (last.size != tail.size || std::memcmp(last.text.data(), tail.text.data(), tail.size) != 0) {
    const char* found = psl_registrable_domain(suffix_list(), tail.text.data());
    last.found_size = found ? std::strlen(found) : 0;
    last.size = tail.size;
    std::memcpy(last.text.data(), tail.text.data(), tail.size);
  }
  return tail.whole.substr(tail.whole.size() - last.found_size);
}

std::string_view public_suffix(std::string_view host) {
  Tail tail(host);
  return tail.size ? tail.of_whole(psl_unregistrable_domain(suffix_list(), tail.text.data()))
                   : std::string_view{};
}

bool is_private_suffix(std::string_view suffix) {
  Tail tail(suffix);
  // Without NO_STAR_RULE each name of one label would be a suffix of either kind.
  return tail.size &&
         psl_is_public_suffix2(suffix_list(), tail.text.data(), PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE);
}

bool is_listed_suffix(std::string_view suffix) {
  Tail tail(suffix);
  return tail.size &&
         psl_is_public_suffix2(suffix_list(), tail.text.data(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

}  // namespace shikake::url
