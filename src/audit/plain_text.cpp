// A line that no format explains is still looked through: what stands in it is mentioned, no more.

#include <algorithm>

#include "audit/format.h"
#include "audit/tokens.h"
#include "url/ip.h"

namespace shikake::audit {
namespace {

constexpr std::string_view blanks_and_quotes(" \t\r\n\v\f\0\"'`<>|", 12);
// Besides, what parts key=value, lists and brackets; a URL may hold these.
constexpr std::string_view punctuation(",;()={}&");

std::string_view without_trailing_marks(std::string_view token) {
  while (!token.empty() &&
         (token.back() == '.' || token.back() == ':' || token.back() == '!' || token.back() == ','))
    token.remove_suffix(1);
  return token;
}

std::string_view next_piece(std::string_view& rest, std::string_view separators) {
  const size_t end = std::min(rest.find_first_of(separators), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

// From the scheme of the first "://" to the end.
std::string_view url_in(std::string_view token) {
  const size_t colon = token.find("://");
  if (colon == std::string_view::npos) return {};
  size_t begin = colon;
  while (begin > 0 && ((token[begin - 1] | 0x20) >= 'a' && (token[begin - 1] | 0x20) <= 'z')) --begin;
  return token.substr(begin);
}

}  // namespace

void plain_text(std::string_view line, Record& record) {
  using What = Observable::What;
  while (!line.empty()) {
    std::string_view token = next_piece(line, blanks_and_quotes);
    if (const auto url = url_in(token); !url.empty())
      record.seen.push_back({What::url, Contact::mention, url});
    while (!token.empty()) {
      const std::string_view piece = without_trailing_marks(next_piece(token, punctuation));
      if (piece.find('/') != std::string_view::npos) {
        record.seen.push_back({What::url, Contact::mention, piece});
      } else if (piece.find('.') != std::string_view::npos || piece.find(':') != std::string_view::npos) {
        record.seen.push_back({What::authority, Contact::mention, piece});
        if (record.client.empty() && url::IpAddress::parse(piece)) record.client = piece;
      }
    }
  }
}

}  // namespace shikake::audit
