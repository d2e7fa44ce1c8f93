#include "honeyclient/low/page/absence.h"

#include <js/Class.h>
#include <js/Id.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "honeyclient/low/page/absent_members.h"
#include "honeyclient/low/page/global_functions.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// The names that an interface lacks, by the engine's own keys: those of pinned atoms stay what they are.
struct Owner {
  struct Name {
    std::string_view name;
    const AbsentMembers* row;
  };
  std::unordered_map<uintptr_t, Name> names;
};

std::map<std::string_view, Owner>& owners() {
  static std::map<std::string_view, Owner> all;
  return all;
}

template <class Function>
void each_name(std::string_view names, Function function) {
  while (!names.empty()) {
    const size_t end = std::min(names.find(' '), names.size());
    function(names.substr(0, end));
    names.remove_prefix(std::min(names.size(), end + 1));
  }
}

// One worker has one page.
struct Missed {
  Owner::Name what;
  std::optional<Place> place;
};
std::vector<Missed> missed;
constexpr size_t max_missed = 500;  // a page that looks for one thing in a loop; each costs a microsecond

bool note(JSContext*, JS::HandleObject object, JS::HandleId id, bool* resolved) {
  *resolved = false;
  if (!id.isString() || missed.size() >= max_missed) return true;
  const auto* owner = JS::GetMaybePtrFromReservedSlot<const Owner>(object, 0);
  if (!owner) return true;
  auto found = owner->names.find(id.asRawBits());
  if (found == owner->names.end()) return true;
  Native* global = native_of(JS::GetNonCCWObjectGlobal(object));
  if (global) missed.push_back({found->second, global->window->page.positions.here()});
  return true;
}
bool may_note(const JSAtomState&, jsid id, JSObject*) {
  return id.isString();
}

constexpr JSClassOps noting_ops = {.resolve = note, .mayResolve = may_note};
constexpr JSClass noting_class = {"Object", JSCLASS_HAS_RESERVED_SLOTS(1), &noting_ops};

// Whether the persona's browser has what this row names. The last Edge of its own engine had what both others
// had by its time.
bool has(const Persona& persona, const Window& window, const AbsentMembers& row) {
  constexpr uint32_t firefox_by_then = 50, chrome_by_then = 50;
  if (row.secure && !is_secure(window)) return false;
  switch (persona.engine) {
    case Engine::gecko:
      return persona.version >= row.gecko;
    case Engine::blink:
      return persona.version >= row.blink;
    case Engine::webkit:
      return persona.version >= row.webkit;
    case Engine::edge:
      return row.gecko <= firefox_by_then && row.blink <= chrome_by_then;
    case Engine::trident:
      return false;
  }
  return false;
}

// --- what an error is about
// ---------------------------------------------------------------------------------

bool in_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$';
}

// As a whole name, not as a part of one.
bool names(std::string_view message, std::string_view name) {
  for (size_t at = message.find(name); at != message.npos; at = message.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || !in_a_name(message[at - 1])) && (end == message.size() || !in_a_name(message[end])))
      return true;
  }
  return false;
}

// "x" of "TypeError: x is undefined", of "x is not a function" and of "can't access property "y", x is
// undefined".
std::string_view subject(std::string_view message) {
  for (std::string_view end :
       {" is undefined", " is not a function", " is not a constructor", " is not iterable"}) {
    const size_t at = message.find(end);
    if (at == message.npos) continue;
    message = message.substr(0, at);
    constexpr std::string_view access = "can't access property ";
    if (const size_t found = message.find(access); found != message.npos) {
      const size_t comma = message.find(", ", found);
      return comma == message.npos ? std::string_view() : message.substr(comma + 2);
    }
    const size_t colon = message.find(": ");
    return colon == message.npos ? message : message.substr(colon + 2);
  }
  return {};
}

// A variable that was given what is not there, or a member by a computed name: the error does not name it,
// but it is at most a few lines, or a statement, away from where it was asked for.
bool is_near(const Missed& one, const Uncaught& error) {
  constexpr uint32_t lines = 3, columns = 160;
  const std::string_view about = subject(error.message);
  if (about.empty() || !one.place || !one.place->source) return false;
  const bool computed = about.find('[') != about.npos || about.starts_with("(intermediate value)");
  if (!computed && !std::ranges::all_of(about, in_a_name)) return false;
  if (!error.file.starts_with(one.place->source->url) || error.line < one.place->line) return false;
  if (error.line > one.place->line) return error.line - one.place->line <= lines;
  return error.column >= one.place->column ? error.column - one.place->column <= columns
                                           : one.place->column - error.column <= columns;
}

bool lacks(JSContext* cx, const Window& window, std::string_view path, std::string_view name) {
  JS::RootedObject object(cx, window.global());
  JS::RootedValue value(cx);
  while (!path.empty()) {
    const std::string part(path.substr(0, path.find('.')));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (!JS_GetProperty(cx, object, part.c_str(), &value) || !value.isObject()) return true;
    object = &value.toObject();
  }
  bool found = true;
  return JS_HasProperty(cx, object, std::string(name).c_str(), &found) && !found;
}

// Of the language: nothing notes that they are asked for, but what the engine says names them.
void weigh_language(Page& page, const Window& window, const Uncaught& error) {
  for (const AbsentMembers& row : absent_members) {
    const size_t dot = row.owner.find('.');
    if (dot == row.owner.npos || !has(page.persona(), window, row)) continue;
    const bool of_object = dot + 1 < row.owner.size();  // a member of any, whatever it is called
    each_name(row.names, [&](std::string_view name) {
      const std::string path = std::string(of_object ? "." : row.owner) + std::string(name);
      if (!subject(error.message).ends_with(path)) return;
      JSAutoRealm realm(page.cx, window.global());
      if (lacks(page.cx, window, row.owner, name))
        page.unemulated(std::string(row.owner) + (of_object ? "." : "") + std::string(name), true);
      if (JS_IsExceptionPending(page.cx)) JS_ClearPendingException(page.cx);
    });
  }
}

}  // namespace

void know_absent_members(JSContext* cx) {
  for (const AbsentMembers& row : absent_members) {
    if (row.owner.find('.') != row.owner.npos) continue;
    Owner& owner = owners()[row.owner];
    each_name(row.names, [&](std::string_view name) {
      JSString* atom = JS_AtomizeAndPinStringN(cx, name.data(), name.size());
      if (atom)
        owner.names.emplace(JS::PropertyKey::fromPinnedString(atom).asRawBits(), Owner::Name{name, &row});
    });
  }
}

JSObject* make_prototype(JSContext* cx, std::string_view interface, JS::HandleObject parent) {
  auto found = owners().find(interface);
  if (found == owners().end()) return JS_NewObjectWithGivenProto(cx, nullptr, parent);
  JSObject* made = JS_NewObjectWithGivenProto(cx, &noting_class, parent);
  if (made) JS::SetReservedSlot(made, 0, JS::PrivateValue(&found->second));
  return made;
}

void weigh_absence(Page& page, const Window& window, const Uncaught& error) {
  if (page.forced) return;  // where nobody went, errors say nothing
  for (const Missed& one : missed)
    if (has(page.persona(), window, *one.what.row) &&
        (names(error.message, one.what.name) || is_near(one, error)))
      page.unemulated(std::string(one.what.row->owner) + "." + std::string(one.what.name), true);
  weigh_language(page, window, error);
}

}  // namespace shikake::honeyclient::low::page
