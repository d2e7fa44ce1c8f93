// The tree: documents, elements, text; what the parser builds and what a page's script changes.
//
//   Arena arena;                                    // one for all windows that can script each other
//   Document& document = arena.create_document();
//   parse_document(document, u"<p class=x>Hi");     // html/parser.h
//   Element* p = Selector::parse(u"p.x")->first(document);     // html/selectors.h
//   Element& img = document.create_element(Name::img);
//   img.set_attribute(Name::src, u"a.png");
//   if (check_insert(*p, img, nullptr) == InsertProblem::none) insert(*p, img, nullptr);
//   std::string html = to_utf8(outer_html(*p));     // html/serialise.h
//
// Ownership: an arena owns its documents, nodes and atoms; a node lives exactly as long as its arena, in
// the tree or out of it, so no script wrapper can dangle. Nodes of different arenas never meet in one tree
// (clone copies between them).
//
// Text is UTF-16 (char16_t), because its other owner is a script engine: JavaScript's strings are UTF-16,
// the DOM counts in code units, and document.write can put half a surrogate pair here. Nothing is
// converted at that border and every string of the engine can be represented. text.h converts to UTF-8.
//
// Nothing here walks by recursion: depth costs heap, never stack.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "html/atom.h"
#include "html/text.h"

namespace shikake::html {

class CharacterData;
class Document;
class DocumentType;
class Element;
class Fragment;
class Arena;

// Values of Node.nodeType.
enum class NodeType : uint8_t {
  element = 1,
  text = 3,
  processing_instruction = 7,
  comment = 8,
  document = 9,
  document_type = 10,
  fragment = 11,
};

// Where in the document's own text the thing began: both count from 1, columns in UTF-16 code units,
// after newline normalisation. {0, 0}: made by script. For what document.write wrote it is the place at
// which the parser stood; `origin` then tells the writer.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
  bool operator==(const Position&) const = default;
};

// Counts the changes of this thread's trees: of what stands where, and of attributes. Whoever keeps what it found in
// one sees by it whether that is still so.
inline thread_local uint64_t tree_changes = 0;

class Node {
 public:
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  NodeType type() const { return type_; }
  Document& document() const { return *document_; }  // the node document; a document's is itself
  Node* parent() const { return parent_; }
  Node* first_child() const { return first_child_; }
  Node* last_child() const { return last_child_; }
  Node* previous() const { return previous_; }
  Node* next() const { return next_; }
  bool connected() const { return connected_; }  // its root is a document

  // Itself as what it is; nullptr where it is something else.
  inline Element* as_element();
  inline const Element* as_element() const;
  inline CharacterData* as_text();  // a Text node
  inline const CharacterData* as_text() const;
  inline CharacterData* as_character_data();  // text, comment, processing instruction
  inline const CharacterData* as_character_data() const;
  inline DocumentType* as_document_type();
  inline const DocumentType* as_document_type() const;
  inline const Fragment* as_fragment() const;
  inline Document* as_document();
  bool is(Name html_element) const;  // an element of the HTML namespace with this local name

  Element* parent_element() const;
  Element* first_element_child() const;
  Element* next_element() const;      // sibling
  Element* previous_element() const;  // sibling
  Node& root();
  bool contains(const Node& other) const;  // inclusive

  void* binding = nullptr;  // free for the owner of the tree: the script wrapper
  Position position;
  // 0: from the document's own text or made by script. Otherwise the tag given to Parser::write() or
  // parse_fragment() with the characters that this node was made from (its first one decides).
  uint32_t origin = 0;

 protected:
  Node(NodeType type, Document* document) : document_(document), type_(type) {}

 private:
  friend class Arena;
  friend struct Links;

  Document* document_;
  Node* parent_ = nullptr;
  Node* first_child_ = nullptr;
  Node* last_child_ = nullptr;
  Node* previous_ = nullptr;
  Node* next_ = nullptr;
  NodeType type_;
  bool connected_ = false;
};

struct Attribute {
  Atom ns;      // null for nearly all
  Atom prefix;  // null for nearly all
  Atom local_name;
  std::u16string value;

  std::u16string qualified_name() const;  // "xlink:href"
  bool operator==(const Attribute&) const = default;
};

// https://html.spec.whatwg.org/multipage/scripting.html#script-processing-model; of script elements only.
struct ScriptFlags {
  bool already_started = false;
  bool parser_inserted = false;  // "parser document" is set: this node's document at that time
  bool force_async = true;       // the parser clears it; so must setting or removing `async` by script
};

class Element final : public Node {
 public:
  Atom ns() const { return ns_; }
  Atom prefix() const { return prefix_; }
  Atom local_name() const { return local_name_; }
  Name name() const { return local_name_.name(); }  // whatever the namespace
  bool is_html() const { return ns_ == Atom(Name::ns_html); }
  std::u16string qualified_name() const;  // as tagName before its upper-casing

  const std::vector<Attribute>& attributes() const { return attributes_; }
  // Attributes in no namespace, by exact local name; getAttribute lower-cases first for HTML elements.
  const std::u16string* attribute(Atom local_name) const;
  const std::u16string* attribute(std::u16string_view local_name) const;
  const Attribute* attribute_ns(Atom ns, Atom local_name) const;
  const Attribute* attribute_qualified(std::u16string_view qualified_name) const;
  bool has_attribute(Atom local_name) const { return attribute(local_name) != nullptr; }
  void set_attribute(Atom local_name, std::u16string_view value);
  void set_attribute(std::u16string_view local_name, std::u16string_view value);
  void set_attribute_ns(Attribute attribute);  // replaces the one of the same namespace and local name
  bool remove_attribute(Atom local_name);
  bool remove_attribute_ns(Atom ns, Atom local_name);
  // All at once, of an element that nobody has seen yet; nobody is told.
  void start_with(std::vector<Attribute> attributes) {
    attributes_ = std::move(attributes);
    ++tree_changes;
  }

  std::u16string_view id() const;
  // One of the blank-separated names of `class`; letters compare without case in quirks mode.
  bool has_class(std::u16string_view name) const;

  // A template's content: a fragment whose document is the inert template_document(). nullptr for all else.
  Node* template_content() const { return template_content_; }
  // https://dom.spec.whatwg.org/#concept-element-shadow-root: a fragment whose host this is, connected when the
  // host is, and child of nobody. nullptr: there is none.
  Fragment* shadow_root() const { return shadow_root_; }
  // Set by the parser for form controls that a misnested form owns although it is not an ancestor.
  Element* form_owner = nullptr;
  ScriptFlags script;

 private:
  friend class Document;
  friend class OpenElements;
  friend struct Links;
  Element(Document* document, Atom ns, Atom prefix, Atom local_name)
      : Node(NodeType::element, document), ns_(ns), prefix_(prefix), local_name_(local_name) {}

  Atom ns_, prefix_, local_name_;
  bool open_ = false;   // on a parser's stack of open elements
  uint32_t depth_ = 0;  // where a parser put it: elements above it and itself
  Node* template_content_ = nullptr;
  Fragment* shadow_root_ = nullptr;
  std::vector<Attribute> attributes_;
};

class CharacterData final : public Node {
 public:
  const std::u16string& data() const { return data_; }
  void set_data(std::u16string_view data);
  void append_data(std::u16string_view data);
  std::u16string_view target() const { return target_; }  // of a processing instruction

 private:
  friend class Document;
  CharacterData(NodeType type, Document* document, std::u16string_view data, std::u16string_view target)
      : Node(type, document), data_(data), target_(target) {}

  std::u16string data_;
  std::u16string target_;
};

class DocumentType final : public Node {
 public:
  const std::u16string name, public_id, system_id;

 private:
  friend class Document;
  DocumentType(Document* document, std::u16string_view the_name, std::u16string_view the_public_id,
               std::u16string_view the_system_id)
      : Node(NodeType::document_type, document),
        name(the_name),
        public_id(the_public_id),
        system_id(the_system_id) {}
};

class Fragment final : public Node {
 public:
  Element* host() const { return host_; }  // of a template's content: that template; of a shadow root: its host
  inline bool is_shadow_root() const;

 private:
  friend class Document;
  Fragment(Document* document, Element* host) : Node(NodeType::fragment, document), host_(host) {}

  Element* host_;
};

// Told of changes at once and in order. It must not change the tree nor run script from these calls: note
// what is to be done and do it when the parser's run() or the DOM call has returned.
class Observer {
 public:
  virtual ~Observer() = default;
  // `root` has been put into a connected tree, with all that is below it. The parser inserts elements
  // with their attributes and without children. A text node is told once, when it is new.
  virtual void inserted(Node& /*root*/) {}
  virtual void removed(Node& /*root*/, Node& /*old_parent*/) {}
  // nullptr: was not or is not there. Connected or not; not for the parser's own making of an element.
  virtual void attribute_changed(Element& /*element*/, const Attribute& /*now_or_before*/,
                                 const std::u16string* /*before*/, const std::u16string* /*now*/) {}
  virtual void text_changed(CharacterData& /*node*/, std::u16string_view /*before*/) {}
  // Of every node with a parent, connected or not, and beside the above: a child has come, or has gone from between
  // these siblings.
  virtual void child_added(Node& /*parent*/, Node& /*child*/) {}
  virtual void child_removed(Node& /*parent*/, Node& /*child*/, Node* /*previous*/, Node* /*next*/) {}
  // The parser has taken it off its stack: the children that the page's text gives it are there (an
  // object's params, a style's text). Of connected elements only.
  virtual void closed(Element& /*element*/) {}
};

enum class DocumentMode : uint8_t { no_quirks, limited_quirks, quirks };

class Document final : public Node {
 public:
  Arena& arena() const { return *arena_; }

  DocumentMode mode = DocumentMode::no_quirks;
  Observer* observer = nullptr;    // must outlive the document or be set back
  std::string encoding = "UTF-8";  // what the parser's bytes were in: the Encoding Standard's name

  DocumentType* document_type() const;
  Element* document_element() const;
  Element* head() const;
  Element* body() const;  // body or frameset, as document.body
  // The inert document that holds templates' content.
  // https://html.spec.whatwg.org/#appropriate-template-contents-owner-document
  Document& template_document();

  // Nodes without a parent. Names are taken as they are (createElement lower-cases first).
  Element& create_element(Atom local_name, Atom ns = Name::ns_html, Atom prefix = {});
  Element& create_element(std::u16string_view local_name);
  CharacterData& create_text(std::u16string_view data);
  CharacterData& create_comment(std::u16string_view data);
  CharacterData& create_processing_instruction(std::u16string_view target, std::u16string_view data);
  DocumentType& create_document_type(std::u16string_view name, std::u16string_view public_id,
                                     std::u16string_view system_id);
  Fragment& create_fragment();
  Fragment& attach_shadow_root(Element& host);  // once, and to no template
  Atom intern(std::u16string_view text);

 private:
  friend class Arena;
  explicit Document(Arena* arena) : Node(NodeType::document, this), arena_(arena) {}

  Arena* arena_;
  Document* template_document_ = nullptr;
};

struct ArenaLimits {
  // The largest real pages hold a few hundred thousand nodes; a million cost about 250 MB.
  size_t max_nodes = 1'000'000;
};

class Arena {
 public:
  explicit Arena(ArenaLimits limits = {});
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  Document& create_document();
  AtomTable& atoms() { return atoms_; }
  size_t node_count() const { return nodes_; }
  // The limit on nodes is reached. Parser and clone stop by themselves; bindings ask before they create
  // (creation itself never fails).
  bool full() const { return nodes_ >= limits_.max_nodes; }

 private:
  friend class Document;
  struct Pools;
  std::unique_ptr<Pools> pools_;
  AtomTable atoms_;
  ArenaLimits limits_;
  size_t nodes_ = 0;
};

// https://dom.spec.whatwg.org/#concept-node-ensure-pre-insertion-validity; `replacing` is the child that
// replaceChild would take away (then `before` is ignored).
enum class InsertProblem : uint8_t { none, hierarchy_request, not_found };
InsertProblem check_insert(const Node& parent, const Node& node, const Node* before,
                           const Node* replacing = nullptr);

// Puts `node` (or a fragment's children) into `parent` before `before`, at the end if that is nullptr;
// takes it from where it was, adopts it into the parent's document. The caller has used check_insert.
void insert(Node& parent, Node& node, Node* before);
inline void append(Node& parent, Node& node) {
  insert(parent, node, nullptr);
}
void remove(Node& node);  // from its parent, if it has one
void remove_children(Node& parent);
void adopt(Node& node, Document& into);  // the subtree and its templates' content

// A copy without a parent, in any arena's document; nullptr where that arena is full. Origin and position
// are copied, bindings are not; a script's "already started" is, as the standard says.
Node* clone(const Node& node, Document& into, bool deep);

// The text of all descendants (of a text, comment: its data).
std::u16string text_content(const Node& node);
void set_text_content(Node& node, std::u16string_view text);

// Tree order: the node after `node` below `root`, nullptr at the end.
const Node* next_in_tree(const Node& node, const Node& root);
Node* next_in_tree(Node& node, const Node& root);
// The same through shadow trees, each before the children of its host.
Node* next_with_shadows(Node& node, const Node& root);
const Node* next_skipping_children(const Node& node, const Node& root);
Node* next_skipping_children(Node& node, const Node& root);

Element* element_by_id(const Node& root, std::u16string_view id);
// "*" is all. HTML elements of an HTML document are found by the lower-cased name, others exactly.
std::vector<Element*> elements_by_tag_name(const Node& root, std::u16string_view qualified_name);
// All of the blank-separated names.
std::vector<Element*> elements_by_class_name(const Node& root, std::u16string_view names);

inline Element* Node::as_element() {
  return type_ == NodeType::element ? static_cast<Element*>(this) : nullptr;
}
inline const Element* Node::as_element() const {
  return type_ == NodeType::element ? static_cast<const Element*>(this) : nullptr;
}
inline CharacterData* Node::as_text() {
  return type_ == NodeType::text ? static_cast<CharacterData*>(this) : nullptr;
}
inline const CharacterData* Node::as_text() const {
  return type_ == NodeType::text ? static_cast<const CharacterData*>(this) : nullptr;
}
inline const CharacterData* Node::as_character_data() const {
  bool is_data =
      type_ == NodeType::text || type_ == NodeType::comment || type_ == NodeType::processing_instruction;
  return is_data ? static_cast<const CharacterData*>(this) : nullptr;
}
inline CharacterData* Node::as_character_data() {
  return const_cast<CharacterData*>(static_cast<const Node*>(this)->as_character_data());
}
inline DocumentType* Node::as_document_type() {
  return type_ == NodeType::document_type ? static_cast<DocumentType*>(this) : nullptr;
}
inline const DocumentType* Node::as_document_type() const {
  return type_ == NodeType::document_type ? static_cast<const DocumentType*>(this) : nullptr;
}
inline bool Fragment::is_shadow_root() const {
  return host_ && host_->shadow_root() == this;
}
inline const Fragment* Node::as_fragment() const {
  return type_ == NodeType::fragment ? static_cast<const Fragment*>(this) : nullptr;
}
inline Document* Node::as_document() {
  return type_ == NodeType::document ? static_cast<Document*>(this) : nullptr;
}
inline bool Node::is(Name html_element) const {
  const Element* element = as_element();
  return element && element->local_name() == Atom(html_element) && element->is_html();
}

}  // namespace shikake::html
