// Module scripts: what a module imports is fetched, and what that imports, before any of them runs.
// https://html.spec.whatwg.org/#fetch-a-module-script-tree
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

class Modules;

struct Module {
  Module(JSContext* cx, Modules& the_owner, std::string the_url)
      : owner(the_owner), url(std::move(the_url)), record(cx) {}
  enum class State : uint8_t { loading, ready, failed };

  Modules& owner;
  std::string url;  // of its text: the base of what it imports
  State state = State::loading;
  JS::PersistentRootedObject record;
  std::vector<Module*> imports;
};

// Of one window or worker.
class Modules {
 public:
  explicit Modules(Window& window) : window_(window) {}

  // Called in the event loop once all that the module needs is there; nullptr: something of it failed.
  using Done = std::function<void(Module*)>;
  void load(const url::Url& url, const std::optional<Origin>& origin, Done done);
  void load_text(const Window::Text& text, Done done);  // an inline script
  // Runs it, with what it imports before it: the promise of its end. Throws Thrown.
  JSObject* evaluate(Module& module);
  void run(Module& module);  // the same as a script of the window's: what it throws is reported
  void add_import_map(std::u16string_view json);  // what can't be read is passed over

  // What `import` names: an address, a path, or a name of the import map. Throws what `import` throws.
  url::Url resolve(const Module* from, std::u16string_view specifier) const;
  Module* find(const std::string& url) const;

 private:
  Module* fetch(const url::Url& url, const std::optional<Origin>& origin);
  void arrived(Module& module, const Loaded& loaded);
  void compile(Module& module, const Window::Text& text);
  void settle();

  struct Waiting {
    Module* root;
    Done done;
  };
  Window& window_;
  std::deque<Module> modules_;
  std::map<std::string, Module*> by_url_;
  std::vector<Waiting> waiting_;
  std::map<std::u16string, std::u16string, std::less<>> import_map_;
};

Modules& modules_of(Window& window);  // made when first asked for
void use_modules(JSContext* cx);      // the engine's hooks
// First versions of browsers with modules, as their release notes have them.
bool runs_modules(const Persona& persona);

}  // namespace shikake::honeyclient::low::page
