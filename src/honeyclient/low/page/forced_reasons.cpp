// Which check of its environment a script's step hangs on, in words.
#include <algorithm>
#include <array>

#include "honeyclient/forced/lexer.h"
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
constexpr std::array asks = {
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

void asked_in(std::u16string_view text, std::string& found) {
  forced::Lexer lexer(text);
  for (forced::Token token = lexer.next(0); token.kind != forced::TokenKind::end;
       token = lexer.next(token.end)) {
    std::u16string_view word = token.text;
    if (token.kind == forced::TokenKind::string && word.size() > 2) word = word.substr(1, word.size() - 2);
    for (const Asks& one : asks)
      if (one.word == word) add(found, one.about);
  }
}

constexpr size_t max_text = 2000;      // of a definition that is looked into, units
constexpr size_t max_names = 20'000;   // of a script whose definitions are looked for
constexpr size_t max_condition = 120;  // shown, units

}  // namespace

// What a condition asks for, by itself or by the names in it, as they are defined in the same script.
std::string Forced::environment(const Text& text, forced::Span span, int depth) const {
  const forced::Rewritten& made = text.made;
  std::u16string_view original = text.original;
  auto part = [&](forced::Span of) { return original.substr(of.start, of.end - of.start); };
  std::string found;
  asked_in(part(span), found);
  if (depth == 0 || made.names.size() > max_names) return found;
  auto first = std::ranges::lower_bound(made.names, span.start, {},
                                        [](const forced::Name& name) { return name.text.start; });
  for (auto name = first; name != made.names.end() && name->text.end <= span.end; ++name)
    for (const forced::Leaf& leaf : made.leaves) {
      if (leaf.text.end - leaf.text.start > max_text ||
          (leaf.text.start <= span.start && leaf.text.end >= span.end))
        continue;
      for (uint32_t i = leaf.first_name; i < leaf.last_name; ++i)
        if (made.names[i].defines && part(made.names[i].text) == part(name->text)) {
          std::string more = environment(text, leaf.text, depth - 1);
          if (!more.empty() && found.find(more) == std::string::npos) add(found, more);
          break;
        }
    }
  return found;
}

std::string Forced::describe(const Decision& decision) const {
  const Site& site = sites_[decision.site];
  const Text& text = *site.text;
  forced::Span span = site.what->condition;
  std::string said = environment(text, span, 2);
  std::u16string condition = text.original.substr(span.start, span.end - span.start);
  bool cut = condition.size() > max_condition;
  std::string shown = utf8(condition.substr(0, max_condition)) + (cut ? "…" : "");
  std::ranges::replace(shown, '\n', ' ');
  if (!said.empty()) said += ": ";
  said += shown;
  if (site.what->kind == forced::Hook::selection)
    said += " has the value of case " + std::to_string(decision.arm + 1);
  else if (site.what->kind == forced::Hook::completed)
    said += " fails";
  else
    said += decision.arm == 0 ? " is true" : " is false";
  uint32_t line = text.line + site.what->line - 1;
  return said + ", line " + std::to_string(line);
}

std::string Forced::decided_by() const {
  auto asks_for_something = [&](const Decision& decision) {
    return !environment(*sites_[decision.site].text, sites_[decision.site].what->condition, 2).empty();
  };
  for (auto one = decisions_.rbegin(); one != decisions_.rend(); ++one)
    if (asks_for_something(*one)) return describe(*one);
  if (passed_ && asks_for_something(*passed_)) return describe(*passed_);
  if (!reasons_.empty() && !reasons_.back().empty()) return reasons_.back();
  if (!decisions_.empty()) return describe(decisions_.back());
  return passed_ ? describe(*passed_) : std::string();
}

}  // namespace shikake::honeyclient::low::page
