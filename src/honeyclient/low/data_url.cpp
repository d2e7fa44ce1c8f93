#include "honeyclient/low/data_url.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "base/bytes.h"
#include "url/percent.h"

namespace shikake::honeyclient::low {

std::optional<DataUrl> read_data_url(const url::Url& url) {
  if (url.scheme() != "data") return std::nullopt;
  std::string_view rest = url.href_without_fragment();
  rest.remove_prefix(5);
  size_t comma = rest.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  std::string_view mime = base::trimmed(rest.substr(0, comma));
  DataUrl data;
  data.body = url::percent_decode(rest.substr(comma + 1));
  constexpr std::string_view mark = "base64";
  std::string_view tail =
      mime.size() >= mark.size() ? mime.substr(mime.size() - mark.size()) : std::string_view();
  bool is_base64 = base::equal_ignoring_case(tail, mark);
  if (is_base64) {
    std::string_view before = base::trimmed(mime.substr(0, mime.size() - mark.size()));
    if (before.ends_with(';')) {
      mime = base::trimmed(before.substr(0, before.size() - 1));
      std::erase_if(data.body, [](char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == '=';
      });
      data.body.append((4 - data.body.size() % 4) % 4, '=');
      auto bytes = base::from_base64(data.body);
      if (!bytes) return std::nullopt;
      data.body = std::move(*bytes);
    }
  }
  data.mime = mime.empty() || mime.starts_with(';')
                  ? "text/plain" + (mime.empty() ? std::string(";charset=US-ASCII") : std::string(mime))
                  : std::string(mime);
  return data;
}

}  // namespace shikake::honeyclient::low
