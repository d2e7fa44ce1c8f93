// A window: one document, its realm, its place among the frames.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/jscript.h"
#include "honeyclient/low/page/loader.h"
#include "honeyclient/low/page/page.h"
#include "url/url.h"

namespace shikake::honeyclient::low::page {

struct WorkerScope;

constexpr uint32_t global_native_slot = 0;
const JSClass* global_class();

// A frame of a window.
struct WindowChild {
  WindowChild(uint32_t the_id, html::Element& the_element) : id(the_id), element(&the_element) {}

  uint32_t id;
  Window* window = nullptr;  // nullptr: no script has looked yet, or it lives in another worker
  html::Element* element;
  JS::Heap<JSObject*> remote;  // stands for it there, once asked for
  bool loading = false;        // holds back the load event of the window around it
  bool elsewhere = false;
};

class Window final : public Native {
 public:
  static constexpr Kind native_kind = Kind::window;

  Window(Page& the_page, uint32_t the_id, Window* the_parent, html::Element* the_frame);
  // Makes the realm; false: out of memory.
  bool make_realm();
  void trace(JSTracer* tracer) override;

  JSObject* global() const { return wrapper; }

  Page& page;
  const uint32_t id;
  Window* const parent;        // in this worker; nullptr for the first
  html::Element* const frame;  // the element that shows it
  Window* opener = nullptr;    // of an empty window that a script of this worker opened, and writes into
  uint32_t depth = 0;          // of frames in this worker around it
  std::string name;
  std::string told_name;  // the parent knows it as
  bool gone = false;  // replaced by another document, or its frame was removed
  void leave();       // gone from now on, with its workers

  url::Url url;                                              // of the document
  url::Url base_url() const;                                 // with <base href>
  Result<url::Url> resolve(std::u16string_view text) const;  // against base_url()
  std::string referrer;                                      // document.referrer
  std::string last_modified;
  // What requests name as their referrer: the document's URL, of the embedder for about:blank and srcdoc.
  std::string referrer_for_requests() const;
  std::string origin() const;  // as location.origin; an about: document's is its creator's

  html::Document* document = nullptr;
  std::unique_ptr<Loader> loader;

  // Number 0 for the page itself; what `asked.window` wants.
  Asked asked(intel::Mechanism mechanism, const url::Url& to) const;
  // location = …, form submission, refresh: javascript: runs here, a fragment moves nowhere.
  // `by` is whose script asks, where it is another window's.
  void navigate(const url::Url& to, intel::Mechanism mechanism, std::optional<Origin> origin, Asked more = {},
                std::string target_name = {}, const Window* by = nullptr);
  void evaluate_javascript_url(const url::Url& to, const std::optional<Place>& by);

  // --- scripts
  // Runs a source text as a classic script. Whatever it throws is reported, not returned.
  struct Text {
    std::u16string_view text;
    std::string file;
    uint32_t line = 1, column = 1;
    std::optional<Place> by;  // what made it, for ancestry
    std::string_view how;     // "" for the document's own scripts and files
  };
  // The completion value, or undefined.
  JS::Value run(const Text& text);

  // Frames by element; a child window may be in another worker (nullptr then).
  using Child = WindowChild;
  std::deque<Child> children;
  Child* child_of(const html::Element& element);
  Child* child_named(std::u16string_view name);

  std::map<std::string, JS::Heap<JSObject*>, std::less<>> prototypes, constructors, singletons;
  ConditionalCompilation compilation;
  std::shared_ptr<void> vbscript;      // vbscript.cpp's, once a script is in it
  std::shared_ptr<void> modules;       // modules.cpp's, once there is one
  std::shared_ptr<WorkerScope> scope;  // of a worker, which has no document (worker_scope.h)
  std::vector<Window*> workers;        // that this one made
  uint32_t event_depth = 0;
  JS::Heap<JS::Value> current_event;
  html::Element* current_script = nullptr;
  html::Element* active_element = nullptr;
};

// The navigator, location, … of a window: made once.
JSObject* singleton(JSContext* cx, Window& window, std::string_view name,
                    const std::function<JSObject*()>& make);
// A window as its own script sees it: `window`, or for one of another worker what stands for it.
JSObject* remote_window(JSContext* cx, Window& window, Relative whose, uint32_t child = 0);
JSObject* parent_object(JSContext* cx, Window& window);
JSObject* top_object(JSContext* cx, Window& window);
JSObject* child_object(JSContext* cx, Window& window, Window::Child& child);
void open_window(Call& call);  // window.open
// Functions and properties of the global object itself (window_object.cpp).
void define_window(JSContext* cx, Window& window);

}  // namespace shikake::honeyclient::low::page
