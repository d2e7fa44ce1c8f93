// data: URLs. https://fetch.spec.whatwg.org/#data-urls
#pragma once

#include <optional>
#include <string>

#include "url/url.h"

namespace shikake::honeyclient::low {

struct DataUrl {
  std::string mime;  // "text/plain;charset=US-ASCII" where none is given
  std::string body;
};
std::optional<DataUrl> read_data_url(const url::Url& url);

}  // namespace shikake::honeyclient::low
