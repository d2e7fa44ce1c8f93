// Which check of its environment a script's step hangs on, in words.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "honeyclient/forced/lexer.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// A word of a script that asks what it runs in, and how that is called.
struct Asks {
  std::u16string_view word;
  std::string_view about;
};
constexpr Asks asks[] = {
    Asks{u"userAgent", "navigator.userAgent"},
    Asks{u"appVersion", "navigator.appVersion"},
    Asks{u"appName", "navigator.appName"},
    Asks{u"appCodeName", "navigator.appCodeName"},
    Asks{u"appMinorVersion", "navigator.appMinorVersion"},
    Asks{u"platform", "navigator.platform"},
    Asks{u"vendor", "navigator.vendor"},
    Asks{u"cpuClass", "navigator.cpuClass"},
    Asks{u"language", "navigator.language"},
    Asks{u"languages", "navigator.languages"},
    Asks{u"userLanguage", "navigator.userLanguage"},
    Asks{u"browserLanguage", "navigator.browserLanguage"},
    Asks{u"systemLanguage", "navigator.systemLanguage"},
    Asks{u"plugins", "navigator.plugins"},
    Asks{u"mimeTypes", "navigator.mimeTypes"},
    Asks{u"javaEnabled", "navigator.javaEnabled"},
    Asks{u"cookieEnabled", "navigator.cookieEnabled"},
    Asks{u"webdriver", "navigator.webdriver"},
    Asks{u"onLine", "navigator.onLine"},
    Asks{u"hardwareConcurrency", "navigator.hardwareConcurrency"},
    Asks{u"deviceMemory", "navigator.deviceMemory"},
    Asks{u"maxTouchPoints", "navigator.maxTouchPoints"},
    Asks{u"ontouchstart", "touch"},
    Asks{u"ActiveXObject", "ActiveXObject"},
    Asks{u"CreateObject", "ActiveXObject"},
    Asks{u"GetVariable", "plugin version"},
    Asks{u"screen", "screen"},
    Asks{u"innerWidth", "window size"},
    Asks{u"innerHeight", "window size"},
    Asks{u"outerWidth", "window size"},
    Asks{u"outerHeight", "window size"},
    Asks{u"devicePixelRatio", "screen"},
    Asks{u"matchMedia", "media query"},
    Asks{u"getTimezoneOffset", "time zone"},
    Asks{u"timeZone", "time zone"},
    Asks{u"Date", "the time"},
    Asks{u"performance", "the time"},
    Asks{u"referrer", "document.referrer"},
    Asks{u"cookie", "document.cookie"},
    Asks{u"localStorage", "localStorage"},
    Asks{u"sessionStorage", "sessionStorage"},
    Asks{u"history", "history"},
    Asks{u"documentMode", "document.documentMode"},
    Asks{u"compatMode", "document.compatMode"},
    Asks{u"all", "document.all"},
    Asks{u"attachEvent", "attachEvent"},
    Asks{u"addEventListener", "addEventListener"},
    Asks{u"chrome", "window.chrome"},
    Asks{u"opera", "window.opera"},
    Asks{u"top", "window.top"},
    Asks{u"callee", "its own source"},
    Asks{u"toString", "its own source"},
    Asks{u"hasFocus", "focus"},
    Asks{u"visibilityState", "visibility"},
    Asks{u"hidden", "visibility"},
    Asks{u"clientX", "the mouse"},
    Asks{u"pageX", "the mouse"},
    Asks{u"screenX", "the mouse"},
    Asks{u"keyCode", "the keyboard"},
    Asks{u"isTrusted", "a real event"},
    Asks{u"ScriptEngineMajorVersion", "script engine version"},
    Asks{u"ScriptEngineMinorVersion", "script engine version"},
};

void add(std::string& list, std::string_view one) {
  if (list.find(one) == std::string::npos) list += (list.empty() ? "" : ", ") + std::string(one);
}

const std::unordered_map<std::u16string_view, std::string_view>& askers() {
  static const auto* all = [] {
    auto* made = new std::unordered_map<std::u16string_view, std::string_view>;
    for (const Asks& one : asks) made->emplace(one.word, one.about);
    return made;
  }();
  return *all;
}

void asked_in(std::u16string_view text, std::string& found) {
  forced::Lexer lexer(text);
  for (forced::Token token = lexer.next(0); token.kind != forced::TokenKind::end;
       token = lexer.next(token.end)) {
    std::u16string_view word = token.text;
    if (token.kind == forced::TokenKind::string && word.size() > 2) word = word.substr(1, word.size() - 2);
    if (auto one = askers().find(word); one != askers().end()) add(found, one->second);
  }
}

constexpr size_t max_text = 2000;      // of a definition that is looked into, units
constexpr int max_looked_into = 60;    // definitions, for one condition
constexpr size_t max_condition = 120;  // shown, units
constexpr int depth_of_names = 2;      // a name that is made of a name that asks

std::u16string_view part(std::u16string_view text, forced::Span span) {
  return text.substr(span.start, span.end - span.start);
}

}  // namespace

const std::vector<const forced::Leaf*>& Forced::definitions(Text& text, std::u16string_view name) {
  if (!std::exchange(text.indexed, true))
    for (const forced::Leaf& leaf : text.made.leaves)
      for (uint32_t i = leaf.first_name; i < leaf.last_name; ++i) {
        if (!text.made.names[i].defines || leaf.text.end - leaf.text.start > max_text) continue;
        auto& known = text.definitions[part(text.original, text.made.names[i].text)];
        if (known.empty() || known.back() != &leaf) known.push_back(&leaf);
      }
  static const std::vector<const forced::Leaf*> none;
  auto found = text.definitions.find(name);
  return found == text.definitions.end() ? none : found->second;
}

// What a condition asks for, by itself or by the names in it, as they are defined in the same script.
void Forced::environment(Text& text, forced::Span span, int depth, int& looked_into, std::string& found) {
  const std::vector<forced::Name>& names = text.made.names;
  asked_in(part(text.original, span), found);
  if (depth == 0) return;
  auto name =
      std::ranges::lower_bound(names, span.start, {}, [](const forced::Name& one) { return one.text.start; });
  for (; name != names.end() && name->text.end <= span.end; ++name)
    for (const forced::Leaf* leaf : definitions(text, part(text.original, name->text))) {
      if (leaf->text.start <= span.start && leaf->text.end >= span.end) continue;
      if (++looked_into > max_looked_into) return;
      environment(text, leaf->text, depth - 1, looked_into, found);
    }
}

const std::string& Forced::asked_by(uint32_t number) {
  Site& site = sites_[number];
  if (!site.asks) {
    int looked_into = 0;
    environment(*site.text, site.what->condition, depth_of_names, looked_into, site.asks.emplace());
  }
  return *site.asks;
}

std::string Forced::describe(const Decision& decision) {
  const Site& site = sites_[decision.site];
  const Text& text = *site.text;
  std::string said = asked_by(decision.site);
  std::u16string_view condition = part(text.original, site.what->condition);
  bool cut = condition.size() > max_condition;
  std::string shown = utf8(condition.substr(0, max_condition)) + (cut ? "…" : "");
  std::ranges::replace(shown, '\n', ' ');
  if (!said.empty()) said += ": ";
  said += shown;
  if (site.what->kind == forced::Hook::selection)
    said += decision.arm < 32 ? " has the value of case " + std::to_string(decision.arm + 1)
                              : " has the value of no case";
  else if (site.what->kind == forced::Hook::completed)
    said += " fails";
  else
    said += decision.arm == 0 ? " is true" : " is false";
  uint32_t line = text.line + site.what->line - 1;
  return said + ", line " + std::to_string(line);
}

void Forced::tell_checks() {
  for (uint32_t number = 0; number < sites_.size() && checks_ < limits::max_checks; ++number) {
    Site& site = sites_[number];
    const uint32_t fresh = site.natural & ~std::exchange(site.told, site.natural);
    Window* window = site.text->window;
    if (!fresh || !window || asked_by(number).empty()) continue;
    for (uint32_t arm = 0; arm < 32 && checks_ < limits::max_checks; ++arm) {
      if (!(fresh >> arm & 1)) continue;
      ++checks_;
      std::string said = describe({number, arm, false});
      if (site.text->source && site.text->source->url != window->url.href())
        said += " of " + site.text->source->url;
      page_.happened(*window, check_event, wide(said));
    }
  }
}

std::string Forced::decided_by() {
  for (auto one = decisions_.rbegin(); one != decisions_.rend(); ++one)
    if (!asked_by(one->site).empty()) return describe(*one);
  if (passed_ && !asked_by(passed_->site).empty()) return describe(*passed_);
  if (!reasons_.empty() && !reasons_.back().empty()) return reasons_.back();
  if (!decisions_.empty()) return describe(decisions_.back());
  return passed_ ? describe(*passed_) : std::string();
}

}  // namespace shikake::honeyclient::low::page
