#include "html/encoding.h"

#include "html/text.h"

namespace shikake::html {
namespace {

bool starts_with_word(std::string_view text, std::string_view lower_word) {
  if (text.size() < lower_word.size()) return false;
  for (size_t i = 0; i < lower_word.size(); ++i) {
    char c = text[i];
    if ((is_upper(c) ? c + 0x20 : c) != lower_word[i]) return false;
  }
  return true;
}

std::string_view skip_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

std::string_view charset_in_content_type(std::string_view content) {
  constexpr std::string_view kWord = "charset";
  for (; !content.empty(); content.remove_prefix(1)) {
    if (!starts_with_word(content, kWord)) continue;
    std::string_view rest = skip_space(content.substr(kWord.size()));
    if (!rest.starts_with('=')) continue;
    rest = skip_space(rest.substr(1));
    if (rest.empty()) return {};
    if (rest.front() == '"' || rest.front() == '\'') {
      size_t end = rest.find(rest.front(), 1);
      return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
    }
    return rest.substr(0, rest.find_first_of("\t\n\f\r ;"));
  }
  return {};
}

}  // namespace shikake::html
