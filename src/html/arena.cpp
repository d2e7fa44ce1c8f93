#include <array>
#include <new>

#include "base/check.h"
#include "html/dom.h"
#include "html/links.h"

namespace shikake::html {
namespace {

// Objects that stay where they are until all go at once.
template <class T>
class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (size_t i = 0; i < size_; ++i) std::launder(reinterpret_cast<T*>(place_of(i)))->~T();
  }

  void* place() {  // for one T; the caller constructs it at once, without throwing
    if (size_ == blocks_.size() * block_nodes) blocks_.push_back(std::make_unique_for_overwrite<Block>());
    return place_of(size_++);
  }

 private:
  static constexpr size_t block_nodes = 128;
  struct Block {
    alignas(T) std::array<std::byte, sizeof(T) * block_nodes> bytes;
  };

  std::byte* place_of(size_t index) {
    return blocks_[index / block_nodes]->bytes.data() + index % block_nodes * sizeof(T);
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  size_t size_ = 0;
};

}  // namespace

struct Arena::Pools {
  Pool<Document> documents;
  Pool<Element> elements;
  Pool<CharacterData> texts;
  Pool<DocumentType> document_types;
  Pool<Fragment> fragments;
};

Arena::Arena(ArenaLimits limits) : pools_(std::make_unique<Pools>()), limits_(limits) {}
Arena::~Arena() = default;

Document& Arena::create_document() {
  ++nodes_;
  auto* document = new (pools_->documents.place()) Document(this);
  document->connected_ = true;
  return *document;
}

Document& Document::template_document() {
  if (!template_document_) {
    template_document_ = &arena_->create_document();
    template_document_->template_document_ = template_document_;
    template_document_->mode = mode;
  }
  return *template_document_;
}

Element& Document::create_element(Atom local_name, Atom ns, Atom prefix) {
  ++arena_->nodes_;
  auto* element = new (arena_->pools_->elements.place()) Element(this, ns, prefix, local_name);
  if (element->is(Name::template_)) {
    ++arena_->nodes_;
    Document& inert = template_document();
    element->template_content_ = new (arena_->pools_->fragments.place()) Fragment(&inert, element);
  }
  return *element;
}

Fragment& Document::attach_shadow_root(Element& host) {
  SHIKAKE_CHECK(!host.shadow_root_ && !host.template_content_);
  ++arena_->nodes_;
  host.shadow_root_ = new (arena_->pools_->fragments.place()) Fragment(this, &host);
  Links::mark_connected(*host.shadow_root_, host.connected());
  return *host.shadow_root_;
}

Element& Document::create_element(std::u16string_view local_name) {
  return create_element(intern(local_name));
}

CharacterData& Document::create_text(std::u16string_view data) {
  ++arena_->nodes_;
  return *new (arena_->pools_->texts.place()) CharacterData(NodeType::text, this, data, {});
}

CharacterData& Document::create_comment(std::u16string_view data) {
  ++arena_->nodes_;
  return *new (arena_->pools_->texts.place()) CharacterData(NodeType::comment, this, data, {});
}

CharacterData& Document::create_processing_instruction(std::u16string_view target, std::u16string_view data) {
  ++arena_->nodes_;
  return *new (arena_->pools_->texts.place())
      CharacterData(NodeType::processing_instruction, this, data, target);
}

DocumentType& Document::create_document_type(std::u16string_view name, std::u16string_view public_id,
                                             std::u16string_view system_id) {
  ++arena_->nodes_;
  return *new (arena_->pools_->document_types.place()) DocumentType(this, name, public_id, system_id);
}

Fragment& Document::create_fragment() {
  ++arena_->nodes_;
  return *new (arena_->pools_->fragments.place()) Fragment(this, nullptr);
}

Atom Document::intern(std::u16string_view text) {
  return arena_->atoms_.intern(text);
}

}  // namespace shikake::html
