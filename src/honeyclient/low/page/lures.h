// What pages do to a person instead of to the browser: the clipboard, notifications, service workers, files
// handed over by script; and what a page says that asks for it. chain/lures.h judges.
#pragma once

#include <string>
#include <string_view>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// The text that a person sees, in lower case, white space run together, cut to what signs are looked for in.
std::u16string shown_text(Window& window);

// Notes what a script has put into the clipboard, and whether the page shows that text.
void note_copied(Window& window, std::u16string_view text);
void exec_copy(Call& call);  // document.execCommand('copy')

void define_lures(JSContext* cx, Window& window, JS::HandleObject navigator);
void define_permission(JSContext* cx, JS::HandleObject notification);  // Notification.permission
std::span<const Interface> lure_interfaces();

// Somebody is there (person.h), and does what a person would who believes the page: types into fields for
// cards and passwords (values that nobody has: chain/bait.h), clicks what an urgent text asks to click. Once
// a document; false: nothing to do.
bool visitor_acts(Page& page);

}  // namespace shikake::honeyclient::low::page
