// blob: URLs and what they name.
#pragma once

#include <optional>
#include <string>

#include "honeyclient/low/page/bind.h"
#include "url/url.h"

namespace shikake::honeyclient::low::page {

struct BlobContent {
  std::string bytes, type;
};
// Nothing where there is no such URL.
std::optional<BlobContent> blob_content(Page& page, const std::string& url);
// Nothing where the value is no Blob.
std::optional<BlobContent> content_of_blob(JS::HandleValue blob);
// A new blob: URL; nothing where the value is no Blob.
std::optional<url::Url> object_url(Window& window, JS::HandleValue blob);

}  // namespace shikake::honeyclient::low::page
