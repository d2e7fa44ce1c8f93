// Brings a document to life: feeds the parser, runs scripts in the standard's order, asks for
// subresources and frames. https://html.spec.whatwg.org/multipage/scripting.html#the-script-element
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "honeyclient/low/page/position.h"
#include "honeyclient/low/protocol.h"
#include "html/dom.h"
#include "html/parser.h"
#include "url/url.h"

namespace shikake::honeyclient::low::page {

class Window;
struct Module;
struct WindowChild;

class Loader final : public html::Observer {
 public:
  explicit Loader(Window& window) : window_(window) {}

  void start(const Document& document);
  void start_text(std::u16string_view text);  // srcdoc, javascript: results
  void start_empty();                         // about:blank: complete at once

  // document.write: at the insertion point; opens the document anew when it was complete.
  void write(std::u16string_view text, const Place& place);
  void open();
  void close();
  bool parsing() const { return parser_ != nullptr && !ended_; }
  // While an asynchronous script runs: its document.write() would wipe the document, so browsers ignore it.
  bool ignore_destructive_writes = false;

  // After each DOM call: runs what the changes ask for (scripts, frames, requests).
  void flush();

  // The load event waits for each block().
  void block() { ++blockers_; }
  void unblock();

  std::u16string_view ready_state() const { return ready_state_; }
  html::Element* base_element = nullptr;

  // Requests the element's resource anew, as setting src does (images need no tree).
  void load_image(html::Element& image);
  void navigate_frame(html::Element& frame);
  void frame_done(html::Element& frame);  // its document is complete, or runs elsewhere
  // By which script the element came to ask: who wrote it, else who runs now.
  std::optional<Origin> origin_for(const html::Node& node, bool changed = false);

  void inserted(html::Node& root) override;
  void removed(html::Node& root, html::Node& old_parent) override;
  void attribute_changed(html::Element& element, const html::Attribute& attribute,
                         const std::u16string* before, const std::u16string* now) override;
  void text_changed(html::CharacterData& node, std::u16string_view before) override;
  void child_added(html::Node& parent, html::Node& child) override;
  void child_removed(html::Node& parent, html::Node& child, html::Node* previous, html::Node* next) override;
  void closed(html::Element& element) override;

  // Of a picture: nothing of it is on its way; it has come. No worker reads its bytes.
  bool is_complete(const html::Element& image) const;
  bool is_there(const html::Element& image) const;

 private:
  struct Script {
    html::Element* element;
    bool ready = false, failed = false;
    std::u16string text;
    std::string file;
    uint32_t line = 1, column = 1;
    std::optional<Place> by;
    std::string_view how;
    bool vbscript = false;
    Module* module = nullptr;
    bool is_module = false;
    bool destructive_writes_ignored = false;  // document.write() of an asynchronous script
  };
  struct Change {
    enum class What : uint8_t { inserted, removed, attribute, closed } what;
    html::Node* node;
    std::u16string name;
  };

  void begin(std::string_view content_type);
  void pump();
  void end_of_parsing();
  void after_deferred();
  void check_complete();
  void set_ready_state(std::u16string_view state);

  bool prepare_script(html::Element& element, bool by_parser);  // true: the parser must wait for it
  void execute(Script& script);
  void run_deferred();
  void script_arrived(std::shared_ptr<Script> script, const Loaded& loaded);
  void script_ready(std::shared_ptr<Script> script);  // what waited for it goes on
  void load_module(std::shared_ptr<Script> script, const std::u16string* source);
  void note(html::Node& node, Change::What what, std::u16string name = {});
  void handle(const Change& change);
  void connect(html::Element& element);
  void open_frame(html::Element& element);
  void tell_of_frame(html::Element& element);
  void frame_removed(html::Element& element);
  void frame_begins(WindowChild& child);
  void attribute_effect(html::Element& element, std::u16string_view name);
  void subresource(html::Element& element, intel::Mechanism mechanism, std::u16string_view url);
  void import_sheets(html::Element& element, std::u16string_view css, const url::Url& base);
  void connect_meta(html::Element& element);
  void connect_link(html::Element& element);
  void connect_object(html::Element& element);
  void note_applet(html::Element& element);

  Window& window_;
  std::unique_ptr<html::Parser> parser_;
  bool ended_ = false;           // of input
  bool finished_ = false;        // DOMContentLoaded was sent
  bool completed_ = false;       // load was sent
  bool script_created_ = false;  // document.open
  std::shared_ptr<Script> blocking_;
  std::deque<std::shared_ptr<Script>> deferred_, in_order_;
  std::deque<Change> changes_;
  uint32_t blockers_ = 0;
  void has_come(html::Element& element, bool came);  // or failed: its event
  struct Picture {
    std::u16string source;  // that it was asked with
    bool complete = false, came = false;
  };
  std::unordered_map<const html::Element*, Picture> images_;
  std::set<std::string> sheets_imported_;                            // by @import: each is asked for once
  bool changing_ = false;  // an attribute that script has set is being followed
  uint32_t write_depth_ = 0;
  uint64_t written_ = 0;
  std::u16string ready_state_ = u"loading";
};

// "5; url=http://…", of a meta element (which tells its origin) or the Refresh header.
void schedule_refresh(Window& window, std::u16string_view text, const html::Element* meta);
}  // namespace shikake::honeyclient::low::page
