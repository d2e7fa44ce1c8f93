// What scripts throw and nobody catches.
#pragma once

namespace shikake::honeyclient::low::page {

class Page;
class Window;

// Takes the pending exception: window.onerror first, then the record.
void report_uncaught(Page& page, Window& window);

}  // namespace shikake::honeyclient::low::page
