// The oracle of the tests and the fuzzer: libgumbo's tree in the form of dump_tree(). Gumbo 0.10 follows
// the standard of 2015; what has changed since is kept out of what it is asked.
#pragma once

#include <gumbo.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace shikake::html {

// Where gumbo strays from the standard as it is now, so that it can't be asked.
inline bool gumbo_applies(std::string_view html) {
  auto has = [&](std::string_view text) { return html.find(text) != std::string_view::npos; };
  bool foreign = has("<svg") || has("<math");
  if (foreign && (has("</p>") || has("</br>"))) return false;  // they leave foreign content since 2020
  if (has("<hr") && has("<select")) return false;              // hr in select: since 2023
  // Looks for them in table scope instead of scope.
  if (has("<applet") + has("<marquee") + has("<object") > 1) return false;
  // It takes control characters for ill-formed UTF-8.
  for (size_t i = 0; i < html.size(); ++i) {
    auto byte = static_cast<unsigned char>(html[i]);
    bool c1 = byte == 0xC2 && i + 1 < html.size() && static_cast<unsigned char>(html[i + 1]) < 0xA0;
    if (c1 || byte == 0x7F || (byte < 0x20 && !std::isspace(byte))) return false;
  }
  if (has("</form")) return false;  // puts text that stands before it behind the form
  // It does not tell what stood before the doctype.
  auto doctype = std::ranges::search(html, std::string_view("<!doctype"),
                                     [](char a, char b) { return std::tolower(a) == b; });
  if (doctype.begin() != html.begin() && doctype.begin() != html.end()) return false;
  if (has("</>")) return false;  // spoils its next unknown tag's name
  // It takes all unknown names for one, so that </x> closes <y>.
  std::set<std::string> unknown;
  for (size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    size_t begin = at + 1 + (at + 1 < html.size() && html[at + 1] == '/');
    size_t end = std::min(html.find_first_of(" \t\r\n\f/>", begin), html.size());
    std::string name(html.substr(begin, end - begin));
    bool is_name = !name.empty() && std::isalpha(static_cast<unsigned char>(name.front()));
    if (is_name && gumbo_tag_enum(name.c_str()) == GUMBO_TAG_UNKNOWN) unknown.insert(name);
  }
  return unknown.size() <= 1;
}

class GumboTree {
 public:
  explicit GumboTree(std::string_view utf8) : text_(utf8) {
    options_ = kGumboDefaultOptions;
    options_.max_errors = 0;
    output_ = gumbo_parse_with_options(&options_, text_.data(), text_.size());
  }
  ~GumboTree() { gumbo_destroy_output(&options_, output_); }
  GumboTree(const GumboTree&) = delete;
  GumboTree& operator=(const GumboTree&) = delete;

  GumboQuirksModeEnum mode() const { return output_->document->v.document.doc_type_quirks_mode; }

  std::string dump() const {
    std::string out;
    const GumboDocument& document = output_->document->v.document;
    if (document.has_doctype) {
      std::string public_id = document.public_identifier, system_id = document.system_identifier;
      out += "| <!DOCTYPE " + std::string(document.name);
      if (!public_id.empty() || !system_id.empty()) out += " \"" + public_id + "\" \"" + system_id + "\"";
      out += ">\n";
    }
    dump_children(document.children, 0, out);
    return out;
  }

 private:
  // Gumbo keeps white space apart from other text, where the standard makes one node.
  void dump_children(const GumboVector& children, size_t depth, std::string& out) const {
    std::string text;
    auto flush = [&] {
      if (!text.empty()) out += "| " + std::string(depth * 2, ' ') + "\"" + text + "\"\n";
      text.clear();
    };
    for (unsigned i = 0; i < children.length; ++i) {
      const auto* node = static_cast<const GumboNode*>(children.data[i]);
      switch (node->type) {
        case GUMBO_NODE_TEXT:
        case GUMBO_NODE_WHITESPACE:
        case GUMBO_NODE_CDATA:
          text += node->v.text.text;
          break;
        case GUMBO_NODE_COMMENT:
          flush();
          out += "| " + std::string(depth * 2, ' ') + "<!-- " + node->v.text.text + " -->\n";
          break;
        default:
          flush();
          dump_element(*node, depth, out);
      }
    }
    flush();
  }

  static std::string tag_name(const GumboElement& element) {
    if (element.tag != GUMBO_TAG_UNKNOWN) {
      if (element.tag_namespace == GUMBO_NAMESPACE_SVG) {
        GumboStringPiece piece = element.original_tag;
        gumbo_tag_from_original_text(&piece);
        if (const char* adjusted = gumbo_normalize_svg_tagname(&piece)) return adjusted;
      }
      return gumbo_normalized_tagname(element.tag);
    }
    GumboStringPiece piece = element.original_tag;
    gumbo_tag_from_original_text(&piece);
    if (element.tag_namespace == GUMBO_NAMESPACE_SVG) {
      if (const char* adjusted = gumbo_normalize_svg_tagname(&piece)) return adjusted;
    }
    std::string name(piece.data, piece.length);
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 0x20);
    }
    return name;
  }

  void dump_element(const GumboNode& node, size_t depth, std::string& out) const {
    const GumboElement& element = node.v.element;
    std::string indent(depth * 2, ' ');
    static constexpr const char* prefixes[] = {"", "svg ", "math "};
    out += "| " + indent + "<" + prefixes[element.tag_namespace] + tag_name(element) + ">\n";
    std::vector<std::string> lines;
    for (unsigned i = 0; i < element.attributes.length; ++i) {
      const auto* each = static_cast<const GumboAttribute*>(element.attributes.data[i]);
      static constexpr const char* spaces[] = {"", "xlink ", "xml ", "xmlns "};
      std::string prefix = spaces[each->attr_namespace];
      if (std::string_view(each->name) == "xmlns") prefix.clear();
      lines.push_back("| " + indent + "  " + prefix + each->name + "=\"" + each->value + "\"\n");
    }
    std::ranges::sort(lines);
    for (const std::string& line : lines) out += line;
    if (node.type == GUMBO_NODE_TEMPLATE) {
      out += "| " + indent + "  content\n";
      return dump_children(element.children, depth + 2, out);
    }
    dump_children(element.children, depth + 1, out);
  }

  std::string text_;
  GumboOptions options_;
  GumboOutput* output_;
};

}  // namespace shikake::html
