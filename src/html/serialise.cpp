#include "html/serialise.h"

#include <algorithm>

#include "html/traits.h"

namespace shikake::html {
namespace {

void escape(std::u16string& out, std::u16string_view text, bool attribute) {
  size_t done = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    std::u16string_view by;
    switch (text[i]) {
      case u'&':
        by = u"&amp;";
        break;
      case 0xA0:
        by = u"&nbsp;";
        break;
      case u'"':
        by = attribute ? u"&quot;" : u"";
        break;
      case u'<':
        by = attribute ? u"" : u"&lt;";
        break;
      case u'>':
        by = attribute ? u"" : u"&gt;";
        break;
      default:
        break;
    }
    if (by.empty()) continue;
    out.append(text.substr(done, i - done)).append(by);
    done = i + 1;
  }
  out.append(text.substr(done));
}

std::u16string tag_name(const Element& element) {
  Atom ns = element.ns();
  bool plain = ns == Atom(Name::ns_html) || ns == Atom(Name::ns_svg) || ns == Atom(Name::ns_mathml);
  return plain ? std::u16string(element.local_name().text()) : element.qualified_name();
}

std::u16string attribute_name(const Attribute& attribute) {
  std::u16string local(attribute.local_name.text());
  if (!attribute.ns) return local;
  switch (attribute.ns.name()) {
    case Name::ns_xml:
      return u"xml:" + local;
    case Name::ns_xmlns:
      return local == u"xmlns" ? local : u"xmlns:" + local;
    case Name::ns_xlink:
      return u"xlink:" + local;
    default:
      return attribute.qualified_name();
  }
}

bool holds_raw_text(const Node* parent, bool scripting) {
  const Element* element = parent ? parent->as_element() : nullptr;
  if (!element || !element->is_html()) return false;
  return has_trait(element->name(), raw_text_trait) || (scripting && element->name() == Name::noscript);
}

class Writer {
 public:
  Writer(std::u16string& out, bool scripting) : out_(out), scripting_(scripting) {}

  void children(const Node& node) {
    const Node* first = content(node).first_child();
    if (!first || is_void(node)) return;
    const Node* at = first;
    // Down, to the side, or up; a template's content hangs between the template and its children.
    while (at) {
      open(*at);
      const Node* child = is_void(*at) ? nullptr : content(*at).first_child();
      if (child) {
        path_.push_back(at);
        at = child;
        continue;
      }
      close(*at);
      while (!at->next() && !path_.empty()) {
        at = path_.back();
        path_.pop_back();
        close(*at);
      }
      at = at->next();
    }
  }

  void open(const Node& node) {
    switch (node.type()) {
      case NodeType::element:
        return open_element(static_cast<const Element&>(node));
      case NodeType::text: {
        const std::u16string& data = node.as_text()->data();
        return holds_raw_text(node.parent(), scripting_) ? void(out_ += data) : escape(out_, data, false);
      }
      case NodeType::comment:
        out_.append(u"<!--").append(node.as_character_data()->data()).append(u"-->");
        return;
      case NodeType::processing_instruction: {
        const CharacterData& data = *node.as_character_data();
        out_.append(u"<?").append(data.target()).append(u" ").append(data.data()).append(u">");
        return;
      }
      case NodeType::document_type:
        out_.append(u"<!DOCTYPE ").append(node.as_document_type()->name).append(u">");
        return;
      default:
        return;
    }
  }

  void close(const Node& node) {
    const Element* element = node.as_element();
    if (element && !is_void(node)) out_.append(u"</").append(tag_name(*element)).append(u">");
  }

 private:
  static const Node& content(const Node& node) {
    const Element* element = node.as_element();
    return element && element->template_content() ? *element->template_content() : node;
  }
  static bool is_void(const Node& node) {
    return node.as_element() && has_trait(*node.as_element(), void_trait);
  }

  void open_element(const Element& element) {
    out_.append(u"<").append(tag_name(element));
    for (const Attribute& each : element.attributes()) {
      out_.append(u" ").append(attribute_name(each)).append(u"=\"");
      escape(out_, each.value, true);
      out_ += u'"';
    }
    out_ += u'>';
  }

  std::u16string& out_;
  bool scripting_;
  std::vector<const Node*> path_;
};

void dump_line(std::u16string& out, const Node& node, size_t depth) {
  std::u16string indent(depth * 2, u' ');
  out.append(u"| ").append(indent);
  switch (node.type()) {
    case NodeType::element: {
      const auto& element = static_cast<const Element&>(node);
      out += u'<';
      if (element.ns() == Atom(Name::ns_svg)) out += u"svg ";
      if (element.ns() == Atom(Name::ns_mathml)) out += u"math ";
      out.append(element.qualified_name()).append(u">\n");
      std::vector<std::u16string> lines;
      for (const Attribute& each : element.attributes()) {
        std::u16string name = each.prefix ? std::u16string(each.prefix.text()) + u" " : std::u16string();
        lines.push_back(u"| " + indent + u"  " + name.append(each.local_name.text()) + u"=\"" + each.value +
                        u"\"\n");
      }
      std::ranges::sort(lines);
      for (const std::u16string& line : lines) out += line;
      return;
    }
    case NodeType::text:
      out.append(u"\"").append(node.as_text()->data()).append(u"\"\n");
      return;
    case NodeType::comment:
      out.append(u"<!-- ").append(node.as_character_data()->data()).append(u" -->\n");
      return;
    case NodeType::document_type: {
      const DocumentType& type = *node.as_document_type();
      out.append(u"<!DOCTYPE ").append(type.name);
      if (!type.public_id.empty() || !type.system_id.empty()) {
        out.append(u" \"").append(type.public_id).append(u"\" \"").append(type.system_id).append(u"\"");
      }
      out += u">\n";
      return;
    }
    case NodeType::processing_instruction:
      out.append(u"<?").append(node.as_character_data()->target()).append(u">\n");
      return;
    default:
      out += u"content\n";
  }
}

}  // namespace

std::u16string inner_html(const Node& node, bool scripting) {
  std::u16string out;
  Writer(out, scripting).children(node);
  return out;
}

std::u16string outer_html(const Node& node, bool scripting) {
  std::u16string out;
  Writer writer(out, scripting);
  writer.open(node);
  writer.children(node);
  writer.close(node);
  return out;
}

std::u16string dump_tree(const Node& root) {
  struct Place {
    const Node* node;
    size_t depth;
  };
  std::u16string out;
  std::vector<Place> pending;
  auto push_children = [&](const Node& node, size_t depth) {
    for (const Node* child = node.last_child(); child; child = child->previous())
      pending.push_back({child, depth});
    const Element* element = node.as_element();
    if (element && element->template_content()) pending.push_back({element->template_content(), depth});
  };
  push_children(root, 0);
  while (!pending.empty()) {
    auto [node, depth] = pending.back();
    pending.pop_back();
    dump_line(out, *node, depth);
    push_children(*node, depth + 1);
  }
  return out;
}

}  // namespace shikake::html
