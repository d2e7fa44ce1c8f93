// Finding and copying: what walks a tree without changing it.
#include <algorithm>

#include "html/dom.h"

namespace shikake::html {

DocumentType* Document::document_type() const {
  for (Node* child = first_child(); child; child = child->next()) {
    if (DocumentType* found = child->as_document_type()) return found;
  }
  return nullptr;
}

Element* Document::document_element() const {
  return first_element_child();
}

Element* Document::head() const {
  Element* html = document_element();
  if (!html || !html->is(Name::html)) return nullptr;
  Element* child = html->first_element_child();
  while (child && !child->is(Name::head)) child = child->next_element();
  return child;
}

Element* Document::body() const {
  Element* html = document_element();
  if (!html || !html->is(Name::html)) return nullptr;
  Element* child = html->first_element_child();
  while (child && !child->is(Name::body) && !child->is(Name::frameset)) child = child->next_element();
  return child;
}

std::u16string text_content(const Node& node) {
  if (const CharacterData* data = node.as_character_data()) return data->data();
  std::u16string text;
  for (const Node* at = &node; at; at = next_in_tree(*at, node)) {
    if (const CharacterData* data = at->as_text()) text += data->data();
  }
  return text;
}

void set_text_content(Node& node, std::u16string_view text) {
  if (CharacterData* data = node.as_character_data()) {
    data->set_data(text);
    return;
  }
  if (node.type() != NodeType::element && node.type() != NodeType::fragment) return;
  remove_children(node);
  if (!text.empty()) append(node, node.document().create_text(text));
}

Element* element_by_id(const Node& root, std::u16string_view id) {
  if (id.empty()) return nullptr;
  for (const Node* at = &root; at; at = next_in_tree(*at, root)) {
    const Element* element = at->as_element();
    if (element && at != &root && element->id() == id) return const_cast<Element*>(element);
  }
  return nullptr;
}

namespace {

template <class Wanted>
std::vector<Element*> elements_below(const Node& root, Wanted wanted) {
  std::vector<Element*> found;
  for (const Node* at = next_in_tree(root, root); at; at = next_in_tree(*at, root)) {
    const Element* element = at->as_element();
    if (element && wanted(*element)) found.push_back(const_cast<Element*>(element));
  }
  return found;
}

// The children are not copied; nullptr where the arena is full.
Node* clone_one(const Node& node, Document& into) {
  if (into.arena().full()) return nullptr;
  bool same_arena = &node.document().arena() == &into.arena();
  auto atom = [&](Atom from) { return same_arena || !from ? from : into.intern(from.text()); };
  Node* copy = nullptr;
  switch (node.type()) {
    case NodeType::element: {
      const auto& from = static_cast<const Element&>(node);
      Element& element = into.create_element(atom(from.local_name()), atom(from.ns()), atom(from.prefix()));
      std::vector<Attribute> attributes = from.attributes();
      for (Attribute& each : attributes) {
        each.ns = atom(each.ns), each.prefix = atom(each.prefix), each.local_name = atom(each.local_name);
      }
      element.start_with(std::move(attributes));
      element.script.already_started = from.script.already_started;
      element.script.force_async = from.script.force_async;
      copy = &element;
      break;
    }
    case NodeType::text:
      copy = &into.create_text(node.as_text()->data());
      break;
    case NodeType::comment:
      copy = &into.create_comment(node.as_character_data()->data());
      break;
    case NodeType::processing_instruction: {
      const CharacterData& from = *node.as_character_data();
      copy = &into.create_processing_instruction(from.target(), from.data());
      break;
    }
    case NodeType::document_type: {
      const DocumentType& from = *node.as_document_type();
      copy = &into.create_document_type(from.name, from.public_id, from.system_id);
      break;
    }
    case NodeType::document:
      copy = &into.arena().create_document();
      break;
    case NodeType::fragment:
      copy = &into.create_fragment();
      break;
  }
  copy->position = node.position;
  copy->origin = node.origin;
  return copy;
}

}  // namespace

Node* clone(const Node& node, Document& into, bool deep) {
  struct Pair {
    const Node* from;
    Node* to;
  };
  Node* result = clone_one(node, into);
  std::vector<Pair> subtrees;  // whose children are still to be copied
  if (deep && result) subtrees.push_back({&node, result});
  while (!subtrees.empty()) {
    auto [from_root, to_root] = subtrees.back();
    subtrees.pop_back();
    const Node* from = from_root;
    Node* to = to_root;
    Document& document = to_root->as_document() ? *to_root->as_document() : to_root->document();
    for (;;) {
      if (const Element* element = from->as_element(); element && element->template_content()) {
        subtrees.push_back({element->template_content(), to->as_element()->template_content()});
      }
      if (from->first_child()) {
        from = from->first_child();
      } else {
        while (from != from_root && !from->next()) from = from->parent(), to = to->parent();
        if (from == from_root) break;
        from = from->next(), to = to->parent();
      }
      Node* copy = clone_one(*from, document);
      if (!copy) return nullptr;
      append(*to, *copy);
      to = copy;
    }
  }
  return result;
}

std::vector<Element*> elements_by_tag_name(const Node& root, std::u16string_view qualified_name) {
  if (qualified_name == u"*") return elements_below(root, [](const Element&) { return true; });
  std::u16string lower = to_lower(qualified_name);
  return elements_below(root, [&](const Element& element) {
    std::u16string_view wanted = element.is_html() ? std::u16string_view(lower) : qualified_name;
    return element.prefix() ? element.qualified_name() == wanted : element.local_name().text() == wanted;
  });
}

std::vector<Element*> elements_by_class_name(const Node& root, std::u16string_view names) {
  std::vector<std::u16string_view> wanted;
  for (auto name = next_token(names); !name.empty(); name = next_token(names)) wanted.push_back(name);
  if (wanted.empty()) return {};
  return elements_below(root, [&](const Element& element) {
    return std::ranges::all_of(wanted, [&](std::u16string_view name) { return element.has_class(name); });
  });
}

}  // namespace shikake::html
