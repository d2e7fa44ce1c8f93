// Scripts of a PDF, run as a viewer would: the objects of Acrobat's JavaScript around them, the document's
// own fields, annotations and properties behind those. What is not here absorbs, and every use is reported,
// as of other components.
// https://opensource.adobe.com/dc-acrobat-sdk-docs/library/jsapiref/toc.html
#pragma once

#include "honeyclient/low/page/page.h"
#include "honeyclient/low/viewed_document.h"

namespace shikake::honeyclient::low::page {

inline bool is_viewed_document(std::string_view content_type) {
  return content_type == viewed_document_type;
}
void run_viewed_document(Window& window, const Document& document);

// util.printf and util.printd (acrobat_formats.cpp). `argument(i)` is the i-th behind the format.
struct FormatArgument {
  double number = 0;
  std::u16string text;
};
std::u16string acrobat_printf(std::u16string_view format, const std::vector<FormatArgument>& arguments);
// `time` in milliseconds since 1970, UTC.
std::u16string acrobat_printd(std::u16string_view format, double time);

}  // namespace shikake::honeyclient::low::page
