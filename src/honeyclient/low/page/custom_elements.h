// Elements whose class is the page's. https://html.spec.whatwg.org/multipage/custom-elements.html
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void get_custom_elements(Call& call);  // window.customElements
void construct_html_element(Call& call);  // super() of such a class

// An element that a script has made becomes one of its class at once.
void custom_element_made(Window& window, html::Element& element);

// Noted when the tree changes; what is to be called for it is called by run_custom_reactions().
void note_custom_inserted(Window& window, html::Element& element);
void note_custom_removed(Window& window, html::Node& root);
void note_custom_attribute(Window& window, html::Element& element, const html::Attribute& attribute,
                           const std::u16string* before, const std::u16string* now);
void run_custom_reactions(Window& window);

}  // namespace shikake::honeyclient::low::page
