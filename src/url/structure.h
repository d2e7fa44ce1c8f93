// The shape of a URL, for finding others of the same make: the same kit on another path or another domain.
// After M. Akiyama, T. Yagi, M. Itoh, "Searching Structural Neighborhood of Malicious URLs to Improve
// Blacklisting", SAINT 2011.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "url/url.h"

namespace shikake::url {

// What a piece of a path, a query key or a host label is made of.
enum class TokenClass : uint8_t {
  literal,  // words, with digits here and there
  number,   // digits alone
  uuid,     // 8-4-4-4-12 hexadecimal digits
  hex,      // 8 or more hexadecimal digits, letters and digits both
  mixed,    // 8 or more letters and digits that change places more often than names do
};
TokenClass classify(std::string_view token);

// "<num>", "<uuid>", "<hex32>", "<mixed>", or the token with each run of digits as '#': "img2021" is "img#".
// ('<' and '#' stand in no path, key or host as they are.)
std::string fold(std::string_view token);

enum class Leaf : uint8_t { slash, extension, none };

// https://h/shop/a1b2c3d4/item77.php?id=5&Ref=x  is
//   s1  2.php?Ref&id                  directory count, leaf, query keys sorted
//   s2  /shop/<hex8>/item#.php?Ref&id     class of each segment, query keys
//   s3  /shop/a1b2c3d4/item77.php?Ref&id  literal path, query keys
// A leaf is "/" (the path ends in a slash), ".php" (an extension, lower case) or "-" (a name without one).
// Keys are told once each; what stands in a query without '=' is a value more often than a key, and is told
// by fold() unless it is a short word. In s2 keys are folded too, since kits draw them by lot.
struct PathStructure {
  uint32_t directories = 0;
  Leaf leaf = Leaf::slash;
  std::string extension;          // with its dot, lower case; empty unless leaf is extension
  std::vector<std::string> keys;  // sorted, as s1 and s3 have them
  std::string s1, s2, s3;

  friend bool operator==(const PathStructure&, const PathStructure&) = default;
};

// Empty strings for a URL with an opaque path (mailto:x, data:,x).
PathStructure path_structure(const Url& url);

// The same of a path and a query alone, without s3, for who reads millions: its memory is used again, and s2
// is made when it is asked for. What it gives holds until the next read(); the text that was read must too.
class ShapeReader {
 public:
  // As Url::pathname() and Url::query() have them.
  void read(std::string_view path, std::string_view query);

  uint32_t directories() const { return directories_; }
  std::string_view extension() const { return extension_; }  // in its own case
  const std::vector<std::string_view>& keys() const { return keys_; }
  const std::string& s1() const { return s1_; }
  const std::string& s2();

 private:
  void read_keys(std::string_view query);
  void append_folded_keys();
  std::string_view bare_key(std::string_view text);

  std::string_view path_;
  uint32_t directories_ = 0;
  std::string_view extension_;
  std::vector<std::string_view> keys_, folded_keys_;
  std::string folded_;   // what keys_ and folded_keys_ point to that is no part of the query
  std::string s1_, s2_;  // s2_ is empty until it is asked for
};

// Most phishing URLs are a root path, so the host is all the shape they have.
// www.amazon.co.jp.9e8df47363b4.example.info is
//   labels   7, the last dot not counted
//   classes  7:word.word.word.word.hex12.word.info   each label's class (number, hex, mixed, idn, word), then
//   the suffix folded   www.amazon.co.jp.<hex12>.<word>.info    the labels that are free to choose folded; of
//   the registrable
//                                                    one, which differs from site to site, its class alone
struct HostStructure {
  uint32_t labels = 0;
  std::string classes, folded;

  friend bool operator==(const HostStructure&, const HostStructure&) = default;
};

// Addresses have no labels: "ipv4" or "ipv6" in both. Empty strings for a URL without a host.
HostStructure host_structure(const Url& url);

}  // namespace shikake::url
