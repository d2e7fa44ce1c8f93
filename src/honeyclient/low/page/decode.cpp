#include "honeyclient/low/page/decode.h"

#include "html/decoder.h"
#include "html/encoding.h"

namespace shikake::honeyclient::low::page {

std::u16string decode_text(std::string_view bytes, std::string_view content_type, std::string_view fallback) {
  const html::Encoding* encoding = html::encoding_for_label(fallback);
  if (const html::Encoding* given = html::encoding_for_label(html::charset_in_content_type(content_type)))
    encoding = given;
  if (bytes.starts_with("\xEF\xBB\xBF")) encoding = html::encoding_for_label("utf-8");
  if (bytes.starts_with("\xFF\xFE")) encoding = html::encoding_for_label("utf-16le");
  if (bytes.starts_with("\xFE\xFF")) encoding = html::encoding_for_label("utf-16be");
  if (!encoding) encoding = html::encoding_for_label("utf-8");
  std::u16string text;
  text.reserve(bytes.size());  // no encoding has more units than bytes
  html::Decoder decoder(*encoding);
  decoder.decode(base::as_bytes(bytes), true, text);
  return text;
}

}  // namespace shikake::honeyclient::low::page
