// What MutationObservers are told. https://dom.spec.whatwg.org/#mutation-observers
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void note_added(Window& window, html::Node& parent, html::Node& child);
void note_removed(Window& window, html::Node& parent, html::Node& child, html::Node* previous, html::Node* next);
void note_text_change(Window& window, html::CharacterData& node, std::u16string_view before);
void note_attribute_change(Window& window, html::Element& element, const html::Attribute& attribute,
                           const std::u16string* before);

// At the end of microtasks. False: there was nothing to tell.
bool deliver_mutations(Page& page);

}  // namespace shikake::honeyclient::low::page
