// IntersectionObserver and ResizeObserver. There is no layout: an element that is shown is in view, as somebody who reads
// the page scrolls to all of it; one that is hidden, or outside of the document, is not.
// https://w3c.github.io/IntersectionObserver/  https://drafts.csswg.org/resize-observer/
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// Whoever watches an element that has come into view or left it since is told. False: nobody had to be.
bool look_at_watched(Page& page);

}  // namespace shikake::honeyclient::low::page
