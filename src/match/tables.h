// What a Builder fills and a Matcher reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "match/address_table.h"
#include "match/hits.h"
#include "match/pattern.h"
#include "match/plain_name.h"
#include "match/text_table.h"
#include "url/url.h"

namespace shikake::match {

struct Tables {
  // A domain entry, a host that url entries have, or both.
  struct Name {
    EntryId domain = TextTable::none;
    bool has_urls = false;
  };

  HashKey key = HashKey::random();
  TextTable name_table;
  std::vector<Name> names;
  TextTable url_table;
  std::vector<EntryId> urls;
  TextTable cut_table;  // url entries with a query, up to and with the '?'
  std::vector<EntryId> cut_urls;
  TextTable digest_table;  // 32 bytes each
  std::vector<EntryId> digests;
  AddressTable addresses{key};
  Patterns patterns{key};
  size_t entries = 0;
};

// A URL as entries are kept: without fragment, credentials and the host's trailing dots.
std::string canonical_url(const url::Url& url);

}  // namespace shikake::match
