// Which interface an element has, and the pieces that several interfaces share.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

std::string_view element_interface(const html::Element& element);
std::u16string tag_name(const html::Element& element);  // as tagName: upper case for HTML

// ParentNode: of documents, fragments and elements (element.cpp).
extern const JSFunctionSpec parent_node_methods[];
extern const JSPropertySpec parent_node_properties[];
extern const JSFunctionSpec document_query_methods[];  // ParentNode and getElementsBy…

// ChildNode and ParentNode: child_nodes.cpp.
void remove_node(Call& call);
void append_nodes(Call& call);
void prepend_nodes(Call& call);
void nodes_before(Call& call);
void nodes_after(Call& call);
void replace_node_with(Call& call);
void replace_node_children(Call& call);

// shadow_root.cpp
void attach_shadow(Call& call);
void get_shadow_root(Call& call);
void get_assigned_slot(Call& call);
html::Element* assigned_slot(const html::Node& node);  // nullptr: it is not shown, or no host's child

// For innerHTML and its like: which script writes this markup (markup.cpp).
uint32_t tag_here(Call& call, std::string_view written_by);
// Parsed images load whether or not they stand in a document.
void load_images_below(html::Node& root);

}  // namespace shikake::honeyclient::low::page
