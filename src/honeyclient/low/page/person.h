// A person's hands: events as moving, scrolling, typing and clicking make them.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

struct Deed {
  const char16_t* type;
  const char* interface;
  bool of_window;  // else of the document's body
};

// One of them at a target; `step` counts, so that no two are at the same place.
void happen(Window& window, Native& target, const char16_t* type, std::string_view interface, int step);
// Whether script waits for such an event there, or for any ("").
bool waits_for(const Native* native, std::u16string_view type);
bool is_listened_to(const html::Element& element, std::u16string_view type = {});

// Whether an event at the node or the window would reach anybody; what nobody hears changes nothing.
bool is_heard(Window& window, const html::Node* node, std::u16string_view type);

// What somebody does on every page: looks at it, moves the mouse, scrolls, clicks beside everything; and
// once what covers it. Only what the page waits for; nothing that takes an intention: no link, button or
// field is clicked, and no default action follows. False: nobody waits.
bool be_present(Window& window, const std::vector<html::Element*>& all);

}  // namespace shikake::honeyclient::low::page
