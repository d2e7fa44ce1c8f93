// What a person would do who believes the page, and then believes what it shows next: nothing where it asks
// for nothing.
#include <algorithm>
#include <bitset>
#include <initializer_list>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "honeyclient/chain/bait.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forms.h"
#include "honeyclient/low/page/lures.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/person.h"
#include "honeyclient/low/page/watchers.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

using html::Name;

namespace {

constexpr size_t max_clicks = 6;   // an urgent page has one button, or one a system
constexpr size_t max_fields = 20;  // a checkout has about ten
constexpr size_t max_words = 80;   // code units of a button's text: longer ones are paragraphs

// Which of the lists of words have one in the text: a bit each, in their order. In one pass: a page is long
// and hardly any two of its letters begin one of the words, each of which has two or more.
using Words = std::span<const std::u16string_view>;
uint32_t found_of(std::u16string_view text, std::initializer_list<Words> lists) {
  constexpr size_t hashes = 4096;
  auto hash = [](std::u16string_view pair) { return (pair[0] ^ (pair[1] << 6)) % hashes; };
  std::bitset<hashes> begins;
  for (Words words : lists)
    for (std::u16string_view word : words) begins.set(hash(word));
  const uint32_t all = (1u << lists.size()) - 1;
  uint32_t found = 0;
  for (; text.size() >= 2 && found != all; text.remove_prefix(1)) {
    if (!begins[hash(text)]) continue;
    uint32_t bit = 1;
    for (Words words : lists) {
      if (!(found & bit) && std::ranges::any_of(words, [&](auto word) { return text.starts_with(word); }))
        found |= bit;
      bit <<= 1;
    }
  }
  return found;
}
bool any_of(std::u16string_view text, Words words) {
  return found_of(text, {words}) != 0;
}

// --- what the page says -------------------------------------------------------------------------------

constexpr std::u16string_view run_boxes[] = {
    u"windows + r",     u"windows+r",         u"win + r",         u"win+r",           u"run dialog",
    u"windows key + r", u"windows-taste + r", u"windowsキー + r", u"windows キー + r"};
constexpr std::u16string_view consoles[] = {u"terminal", u"powershell", u"command prompt", u"ターミナル"};
// A path is asked for there, and a command is one that nobody expects.
constexpr std::u16string_view folders[] = {u"file explorer", u"explorer window", u"datei-explorer",
                                           u"エクスプローラー"};
constexpr std::u16string_view address_bars[] = {u"address bar", u"adressleiste", u"アドレスバー"};
constexpr std::u16string_view pastes[] = {u"ctrl + v", u"ctrl+v", u"strg + v", u"strg+v",  u"⌘ + v",
                                          u"cmd + v",  u"paste",  u"einfügen", u"貼り付け"};
constexpr std::u16string_view proofs[] = {u"not a robot",  u"are human", u"you're human",
                                          u"verification", u"captcha",   u"verify yourself",
                                          u"ロボットでは"};
constexpr std::u16string_view programs[] = {u"chrome",       u"firefox", u"edge", u"safari", u"browser",
                                            u"flash player", u"java",    u"font", u"plugin", u"ブラウザ"};
constexpr std::u16string_view updates[] = {u"out of date",         u"outdated",
                                           u"update required",     u"update is required",
                                           u"must be updated",     u"critical update",
                                           u"needs to be updated", u"update available",
                                           u"old version",         u"older version",
                                           u"wasn't found",        u"was not found",
                                           u"please update",       u"update your browser",
                                           u"update now",          u"veraltet",
                                           u"更新が必要",          u"最新ではありません"};
constexpr std::u16string_view allows[] = {u"click allow",     u"press allow",     u"tap allow",
                                          u"click \"allow\"", u"press \"allow\"", u"click 'allow'",
                                          u"click «allow»",   u"click “allow”",   u"許可をクリック"};

struct Signs {
  bool paste_and_run = false, update = false, allow = false;
  bool proof = false;  // asks whether somebody is there: by itself no lure, but often the first step of one
  bool any() const { return paste_and_run || update || allow || proof; }
};

// A window that was looked at.
struct Visited {
  Signs told;
  bool look_again = true;  // something was done since
  bool met = false;        // somebody was there (person.h)
  size_t clicks = 0;
  std::unordered_set<const html::Element*> done;  // filled or clicked
};

Signs signs_of(Window& window, Signs& told) {
  const uint32_t found = found_of(shown_text(window), {pastes, run_boxes, consoles, proofs, updates, programs,
                                                       allows, folders, address_bars});
  auto says = [&](unsigned list) { return (found >> list & 1) != 0; };
  Signs signs;
  signs.proof = says(3);
  signs.paste_and_run = says(0) && (says(1) || (says(2) && signs.proof) || (says(7) && says(8)));
  signs.update = says(4) && says(5);
  signs.allow = says(6);
  if (signs.paste_and_run && !told.paste_and_run) window.page.happened(window, "asks", u"paste and run");
  if (signs.update && !told.update) window.page.happened(window, "asks", u"update");
  if (signs.proof && !told.proof) window.page.happened(window, "asks", u"proof");
  if (signs.allow && !told.allow) window.page.happened(window, "asks", u"allow");
  told = signs;
  return signs;
}

std::vector<html::Element*> elements_of(Window& window) {
  std::vector<html::Element*> all;
  if (!window.document) return all;
  html::Node& root = *window.document;
  for (html::Node* node = &root; node; node = html::next_with_shadows(*node, root))
    if (html::Element* element = node->as_element()) all.push_back(element);
  return all;
}

std::u16string attribute_of(const html::Element& element, std::u16string_view name) {
  const std::u16string* value = element.attribute(name);
  return value ? lower(*value) : std::u16string();
}

// --- fields -------------------------------------------------------------------------------------------

// What a field wants to hear, by what its author calls it; empty: nothing that anybody would steal.
std::u16string bait_for(const html::Element& field) {
  if (!field.is(Name::input)) return {};
  const std::u16string type = attribute_of(field, u"type");
  if (type == u"password") return wide(chain::bait_password);
  if (!type.empty() && type != u"text" && type != u"tel" && type != u"number") return {};
  const std::u16string called = attribute_of(field, u"name") + u' ' + attribute_of(field, u"id") + u' ' +
                                attribute_of(field, u"autocomplete");
  constexpr std::u16string_view card_names[] = {u"cc-number", u"card_number", u"cardnumber", u"card-number",
                                                u"ccnumber",  u"cc_number",   u"ccnum",      u"cardno"};
  constexpr std::u16string_view code_names[] = {u"cvv", u"cvc", u"cc-csc", u"securitycode", u"security_code"};
  if (any_of(called, card_names)) return wide(chain::bait_card);
  if (any_of(called, code_names)) return u"731";
  return {};
}

bool fill_fields(Window& window, const std::vector<html::Element*>& all, Visited& visited) {
  std::vector<html::Element*> filled;
  for (html::Element* field : all) {
    std::u16string bait = filled.size() < max_fields ? bait_for(*field) : std::u16string();
    if (bait.empty() || !visited.done.insert(field).second) continue;
    window.page.run_script(window, [&] { native_of_node(window.page.cx, window, *field).live_value = bait; });
    filled.push_back(field);
  }
  for (html::Element* field : filled)
    for (std::u16string_view type :
         {u"focus", u"keydown", u"keypress", u"input", u"keyup", u"change", u"blur"})
      if (!window.gone) fire_at_node(*field, type, type != u"focus" && type != u"blur", true);
  if (filled.empty() || window.gone) return !filled.empty();
  // What is sent by the form itself goes where its author wants it: only those who listen are let hear.
  html::Element* form = form_of(*filled.front());
  const std::u16string* action = form ? form->attribute(Name::action) : nullptr;
  auto to = window.resolve(action ? trim(*action) : std::u16string_view());
  window.page.happened(window, "typed", to ? wide(to->href()) : u"");
  for (html::Element* element : all) {
    bool button = element->is(Name::button) ||
                  (element->is(Name::input) && attribute_of(*element, u"type") == u"submit");
    if (button && !window.gone && form_of(*element) == form) {
      fire_at_node(*element, u"click", true, true);
      break;
    }
  }
  if (form && !window.gone) fire_at_node(*form, u"submit", true, true);
  return true;
}

// --- clicks -------------------------------------------------------------------------------------------

bool can_be_clicked(const html::Element& element) {
  if (element.is(Name::a) || element.is(Name::button) || element.attribute(u"onclick") != nullptr)
    return true;
  if (element.is(Name::input)) {
    const std::u16string type = attribute_of(element, u"type");
    return type == u"button" || type == u"submit" || type == u"checkbox" || type == u"image";
  }
  if (attribute_of(element, u"role") == u"button") return true;
  const auto* native = static_cast<const NodeNative*>(element.binding);
  return native && std::ranges::any_of(native->listeners, [](const auto& listener) {
           return !listener.removed && (listener.type == u"click" || listener.type == u"mousedown");
         });
}

// The words of a picture, too.
std::u16string words_of(html::Element& element) {
  std::u16string text(trim(html::text_content(element)));
  if (text.size() > max_words) return text;
  for (html::Node* node = &element; node; node = html::next_in_tree(*node, element))
    if (html::Element* inner = node->as_element(); inner && inner->is(Name::img))
      text += u' ' + attribute_of(*inner, u"alt");
  return lower(text);
}

// Waits for nothing itself, but lies in what does, and holds nothing but its words.
bool is_heard_above(Window& window, html::Element& element, const Visited& visited) {
  for (html::Node* child = element.first_child(); child; child = child->next())
    if (child->as_element()) return false;
  for (html::Node* up = &element; up; up = up->parent())
    if (const html::Element* outer = up->as_element(); outer && visited.done.contains(outer)) return false;
  return is_heard(window, &element, u"click") || is_heard(window, &element, u"mousedown") ||
         is_heard(window, &element, u"pointerdown");
}

// A button with nothing to fill in beside it goes somewhere, as a link does; a form is for who fills it in.
bool goes_somewhere(html::Element& button) {
  html::Element* form = form_of(button);
  return form && std::ranges::all_of(controls_of(*form), [](html::Element* one) {
           const std::u16string type = attribute_of(*one, u"type");
           return one->is(Name::button) || type == u"submit" || type == u"hidden" || type == u"button";
         });
}

bool is_urged(html::Element& element, const Signs& signs, bool by_itself) {
  constexpr std::u16string_view words[] = {u"update", u"download", u"install", u"verify",
                                           u"robot",  u"human",    u"allow",   u"continue",
                                           u"copy",   u"fix",      u"更新",    u"ダウンロード"};
  constexpr std::u16string_view proof_words[] = {u"verify", u"robot", u"human", u"captcha", u"ロボット"};
  std::u16string text = words_of(element);
  if (text.size() > max_words) return false;
  text += u' ' + attribute_of(element, u"value") + u' ' + attribute_of(element, u"id") + u' ' +
          attribute_of(element, u"class");
  if (signs.paste_and_run) return by_itself || any_of(text, words);
  if (signs.update || signs.allow) return any_of(text, words);
  // A link elsewhere is no box to tick.
  return signs.proof && !element.attribute(Name::href) && any_of(text, proof_words);
}

void click_as_a_person(Window& window, html::Element& element) {
  for (std::u16string_view type : {u"pointerdown", u"mousedown", u"pointerup", u"mouseup"})
    if (!window.gone) fire_at_node(element, type, true, true);
  if (window.gone) return;
  const bool button =
      element.is(Name::button) || (element.is(Name::input) && attribute_of(element, u"type") != u"checkbox");
  if (button && !goes_somewhere(element)) {
    fire_at_node(element, u"click", true, true);
    return;
  }
  window.page.run_script(window, [&] {
    JSContext* cx = window.page.cx;
    click(cx, native_of_node(cx, window, element),
          make_event(cx, window, u"click", "MouseEvent", true, true));
  });
}

bool click_what_is_urged(Window& window, const Signs& signs, const std::vector<html::Element*>& all,
                         Visited& visited) {
  if (!signs.any()) return false;
  const size_t before = visited.clicks;
  for (html::Element* element : all) {
    if (visited.clicks >= max_clicks || window.gone) break;
    if (!element->connected()) continue;
    const bool by_itself = can_be_clicked(*element);
    if (!by_itself && !is_heard_above(window, *element, visited)) continue;
    if (!is_urged(*element, signs, by_itself)) continue;
    if (!visited.done.insert(element).second) continue;
    ++visited.clicks;
    click_as_a_person(window, *element);
  }
  return visited.clicks > before;
}

}  // namespace

bool visitor_acts(Page& page) {
  // Of the one page of this process; windows live as long as it does.
  static std::unordered_map<const Window*, Visited> acted;
  for (size_t i = 0; i < page.windows().size(); ++i) {
    Window& window = *page.windows()[i];
    Visited& visited = acted[&window];
    if (window.gone || !window.document || !std::exchange(visited.look_again, false)) continue;
    const Signs signs = signs_of(window, visited.told);
    const std::vector<html::Element*> all = elements_of(window);
    const bool present = !std::exchange(visited.met, true) && be_present(window, all);
    const bool filled = fill_fields(window, all, visited),
               clicked = click_what_is_urged(window, signs, all, visited);
    visited.look_again = filled || clicked;
    if (visited.look_again || present) return true;
  }
  return look_at_watched(page);
}

}  // namespace shikake::honeyclient::low::page
