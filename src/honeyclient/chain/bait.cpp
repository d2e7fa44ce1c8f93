#include "honeyclient/chain/bait.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "url/percent.h"

namespace shikake::honeyclient::chain {
namespace {

bool holds(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

// What of the base64 of any text around it is the same whatever stands before and behind: for each of the
// three places within a group that it may begin at.
void add_base64(std::vector<std::string>& forms, std::string_view bait) {
  for (size_t before = 0; before < 3; ++before) {
    std::string coded = base::to_base64(base::as_bytes(std::string(before, 'x') + std::string(bait)));
    while (!coded.empty() && coded.back() == '=') coded.pop_back();
    const size_t first = (before * 4 + 2) / 3;
    const size_t open = (before + bait.size()) % 3 == 0 ? 0 : 1;  // its last character hangs on what follows
    forms.push_back(coded.substr(first, coded.size() - first - open));
  }
}

std::vector<std::string> hidden_forms() {
  std::vector<std::string> forms;
  for (std::string_view bait : {bait_card, bait_password}) {
    add_base64(forms, bait);
    forms.push_back(base::to_hex(base::as_bytes(bait)));
    std::string upper = forms.back();
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    forms.push_back(upper);
    forms.emplace_back(bait.rbegin(), bait.rend());
  }
  return forms;
}

}  // namespace

Bait bait_in(std::string_view text) {
  static const std::vector<std::string> hidden = hidden_forms();
  const std::string decoded = url::percent_decode(text);
  for (std::string_view form : {text, std::string_view(decoded)})
    if (holds(form, bait_card) || holds(form, bait_password)) return Bait::plain;
  for (std::string_view form : {text, std::string_view(decoded)})
    for (const std::string& one : hidden)
      if (holds(form, one)) return Bait::encoded;
  return Bait::none;
}

}  // namespace shikake::honeyclient::chain
