// What scripts throw and nobody catches.
#pragma once

namespace shikake::honeyclient::low::page {

class Page;
class Window;

// Takes the pending exception: window.onerror first, then the record.
void report_uncaught(Page& page, Window& window);
// The same for a promise that was rejected, and whose failure nobody heard.
void report_rejection(Page& page, Window& window, JS::HandleObject promise);

}  // namespace shikake::honeyclient::low::page
