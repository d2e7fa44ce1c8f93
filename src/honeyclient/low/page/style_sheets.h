// Style sheets as scripts see them: the text of a style element, no rules behind it.
// https://drafts.csswg.org/cssom/#css-style-sheets
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void get_style_sheet(Call& call);   // of a style or link element
void get_style_sheets(Call& call);  // of a document
std::span<const Interface> style_sheet_interfaces();
void create_style_sheet(Call& call);  // Internet Explorer's document.createStyleSheet

}  // namespace shikake::honeyclient::low::page
