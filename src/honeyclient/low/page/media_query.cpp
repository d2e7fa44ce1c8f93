// matchMedia: the queries of https://www.w3.org/TR/mediaqueries-4/, asked of the persona's screen.
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "honeyclient/low/page/disguise.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// https://www.w3.org/TR/mediaqueries-4/#evaluating: what nobody knows is neither true nor false.
enum class Truth : uint8_t { no, yes, unknown };
Truth truth(bool value) {
  return value ? Truth::yes : Truth::no;
}
Truth opposite(Truth one) {
  return one == Truth::unknown ? one : truth(one == Truth::no);
}
Truth both(Truth a, Truth b) {
  if (a == Truth::no || b == Truth::no) return Truth::no;
  return a == Truth::yes && b == Truth::yes ? Truth::yes : Truth::unknown;
}
Truth either(Truth a, Truth b) {
  return opposite(both(opposite(a), opposite(b)));
}

// --- what is asked of the screen ---------------------------------------------------------------------------

enum class Unit : uint8_t { length, ratio, resolution, number };
struct Range {  // a feature with min- and max-
  std::string_view name;
  Unit unit;
  double value;
};
struct Choice {  // one with a word
  std::string_view name, word;
};

std::optional<Range> range_named(std::string_view name, const Persona& persona) {
  const double width = persona.inner_width, height = persona.inner_height;
  const double screen_width = persona.screen_width, screen_height = persona.screen_height;
  const Range ranges[] = {{"width", Unit::length, width},
                          {"height", Unit::length, height},
                          {"device-width", Unit::length, screen_width},
                          {"device-height", Unit::length, screen_height},
                          {"aspect-ratio", Unit::ratio, width / height},
                          {"device-aspect-ratio", Unit::ratio, screen_width / screen_height},
                          {"resolution", Unit::resolution, pixel_ratio(persona)},
                          {"-webkit-device-pixel-ratio", Unit::number, pixel_ratio(persona)},
                          {"color", Unit::number, 8},
                          {"color-index", Unit::number, 0},
                          {"monochrome", Unit::number, 0}};
  for (const Range& one : ranges)
    if (one.name == name) return one;
  return std::nullopt;
}

std::optional<std::string_view> word_of(std::string_view name, const Persona& persona) {
  const bool touch = has_touch(persona), trident = persona.engine == Engine::trident;
  const std::string_view pointer = touch ? "coarse" : "fine", hover = touch ? "none" : "hover";
  const Choice choices[] = {
      {"orientation", persona.inner_width > persona.inner_height ? "landscape" : "portrait"},
      {"pointer", pointer},
      {"any-pointer", pointer},
      {"hover", hover},
      {"any-hover", hover},
      {"grid", "0"},
      {"scan", "progressive"},
      {"update", "fast"},
      {"overflow-block", "scroll"},
      {"overflow-inline", "scroll"},
      {"color-gamut", "srgb"},
      {"dynamic-range", "standard"},
      {"display-mode", "browser"},
      {"scripting", "enabled"},
      {"prefers-color-scheme", "light"},
      {"prefers-reduced-motion", "no-preference"},
      {"prefers-reduced-transparency", "no-preference"},
      {"prefers-reduced-data", "no-preference"},
      {"prefers-contrast", "no-preference"},
      {"forced-colors", "none"},
      {"inverted-colors", "none"},
      {"-webkit-transform-3d", "1"}};
  constexpr std::string_view of_trident = "-ms-high-contrast";
  if (trident) {  // it knows of the later ones nothing
    if (name == of_trident) return "none";
    if (name != "orientation" && name != "grid" && name != "scan") return std::nullopt;
  }
  for (const Choice& one : choices)
    if (one.name == name) return one.word;
  return std::nullopt;
}

// Alone in its parentheses a word counts unless it says that there is nothing.
bool is_nothing(std::string_view word) {
  return word == "none" || word == "no-preference" || word == "0";
}

// --- the text ---------------------------------------------------------------------------------------------

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '+';
}

// "16/9" is a ratio, "600px" a length.
std::optional<double> read_value(std::string_view text, Unit unit) {
  double number = 0;
  auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc()) return std::nullopt;
  const std::string_view rest(end, static_cast<size_t>(text.data() + text.size() - end));
  auto scaled = [&](std::initializer_list<std::pair<std::string_view, double>> units) -> std::optional<double> {
    for (auto [name, factor] : units)
      if (rest == name) return number * factor;
    return std::nullopt;
  };
  switch (unit) {
    case Unit::length:
      if (rest.empty()) return number == 0 ? std::optional(0.0) : std::nullopt;
      return scaled({{"px", 1}, {"em", 16}, {"rem", 16}, {"ex", 8}, {"ch", 8}, {"pt", 96.0 / 72}, {"pc", 16},
                     {"in", 96}, {"cm", 96 / 2.54}, {"mm", 9.6 / 2.54}});
    case Unit::resolution:
      return scaled({{"dppx", 1}, {"x", 1}, {"dpi", 1.0 / 96}, {"dpcm", 2.54 / 96}});
    case Unit::ratio: {
      if (rest.empty()) return number;
      double below = 0;
      if (!rest.starts_with('/')) return std::nullopt;
      auto [last, bad] = std::from_chars(end + 1, text.data() + text.size(), below);
      if (bad != std::errc() || last != text.data() + text.size()) return std::nullopt;
      return number / below;
    }
    case Unit::number:
      return rest.empty() ? std::optional(number) : std::nullopt;
  }
  return std::nullopt;
}

// One query of a list. nullopt: it is no query, and so never true.
class Query {
 public:
  Query(std::string_view text, const Persona& persona) : text_(text), persona_(persona) {}

  std::optional<Truth> read() {
    blanks();
    if (at_end()) return Truth::yes;  // "" is "all"
    auto whole = peek() == '(' ? condition(true) : typed();
    blanks();
    return at_end() ? whole : std::nullopt;
  }

 private:
  static constexpr int deepest = 50;

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  void blanks() {
    while (!at_end() && text_[at_] == ' ') ++at_;
  }
  std::string_view word() {
    blanks();
    const size_t from = at_;
    while (!at_end() && is_word(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  // The word, if it comes next, with something else behind it.
  bool take(std::string_view wanted) {
    const size_t before = at_;
    if (word() == wanted) return true;
    at_ = before;
    return false;
  }

  // [not | only]? type [and condition]
  std::optional<Truth> typed() {
    const bool denied = take("not");
    blanks();
    if (denied && peek() == '(') {
      auto inner = in_parentheses();
      return inner ? std::optional(opposite(*inner)) : std::nullopt;
    }
    if (!denied) take("only");
    const std::string_view type = word();
    for (std::string_view reserved : {"", "not", "only", "and", "or", "layer"})
      if (type == reserved) return std::nullopt;
    Truth whole = truth(type == "all" || type == "screen");
    blanks();
    if (!at_end()) {
      if (!take("and")) return std::nullopt;
      auto more = condition(false);
      if (!more) return std::nullopt;
      whole = both(whole, *more);
    }
    return denied ? opposite(whole) : whole;
  }

  // not (…), or (…) and (…), or (…) or (…)
  std::optional<Truth> condition(bool may_be_either) {
    if (take("not")) {
      auto inner = in_parentheses();
      return inner ? std::optional(opposite(*inner)) : std::nullopt;
    }
    auto whole = in_parentheses();
    std::string_view joined;
    for (blanks(); whole && !at_end() && peek() != ')'; blanks()) {
      const std::string_view joins = word();
      if ((joins != "and" && joins != "or") || (!joined.empty() && joins != joined)) return std::nullopt;
      if (joins == "or" && !may_be_either) return std::nullopt;
      joined = joins;
      auto next = in_parentheses();
      if (!next) return std::nullopt;
      whole = joins == "and" ? both(*whole, *next) : either(*whole, *next);
    }
    return whole;
  }

  std::optional<Truth> in_parentheses() {
    blanks();
    if (peek() != '(' || ++depth_ > deepest) return std::nullopt;
    ++at_;
    blanks();
    const size_t inside = at_;
    std::optional<Truth> found;
    if (peek() == '(' || take("not")) {
      at_ = inside;
      found = condition(true);
      blanks();
      if (!found || peek() != ')') return std::nullopt;
    } else {
      const size_t end = text_.find_first_of("()", at_);
      if (end == text_.npos) return std::nullopt;
      if (text_[end] == '(') return std::nullopt;  // a function: calc() and its like
      found = feature(text_.substr(at_, end - at_));
      at_ = end;
    }
    ++at_;
    --depth_;
    return found;
  }

  // "name", "name: value", "value <= name < value". What nobody has heard of is unknown.
  Truth feature(std::string_view text) const {
    while (text.ends_with(' ')) text.remove_suffix(1);
    const size_t sign = text.find_first_of("<>=");
    if (sign != text.npos) return compared(text);
    const size_t colon = text.find(':');
    std::string_view name = trimmed(text.substr(0, colon));
    if (colon == text.npos) {
      if (auto range = range_named(name, persona_)) return truth(range->value != 0);
      if (auto chosen = word_of(name, persona_)) return truth(!is_nothing(*chosen));
      return Truth::unknown;
    }
    const std::string value = without_blanks(text.substr(colon + 1));
    if (auto chosen = word_of(name, persona_)) return truth(value == *chosen || is_weaker(name, value));
    bool least = false, most = false;
    for (std::string_view prefix : {"", "-webkit-"}) {
      if (!name.starts_with(prefix)) continue;
      const std::string_view rest = name.substr(prefix.size());
      least = rest.starts_with("min-"), most = rest.starts_with("max-");
      if (!least && !most) continue;
      return measured(std::string(prefix) + std::string(rest.substr(4)), value, least ? ">=" : "<=");
    }
    return measured(std::string(name), value, "=");
  }

  // A display of many colours shows fewer, too.
  static bool is_weaker(std::string_view name, std::string_view value) {
    return name == "overflow-block" && value == "optional-paged";
  }

  Truth measured(std::string_view name, std::string_view value, std::string_view sign) const {
    auto range = range_named(name, persona_);
    if (!range) return Truth::unknown;
    auto wanted = read_value(value, range->unit);
    if (!wanted) return Truth::unknown;
    constexpr double nearly = 1e-3;  // ratios of whole numbers
    const double has = range->value;
    if (sign == ">=") return truth(has >= *wanted - nearly);
    if (sign == "<=") return truth(has <= *wanted + nearly);
    if (sign == ">") return truth(has > *wanted + nearly);
    if (sign == "<") return truth(has < *wanted - nearly);
    return truth(std::abs(has - *wanted) <= nearly);
  }

  // https://www.w3.org/TR/mediaqueries-4/#mq-range-context
  Truth compared(std::string_view text) const {
    std::vector<std::string> parts(1), signs;
    for (size_t i = 0; i < text.size(); ++i) {
      if (std::string_view("<>=").find(text[i]) == std::string_view::npos) {
        parts.back() += text[i];
        continue;
      }
      signs.emplace_back(1, text[i]);
      if (text[i] != '=' && i + 1 < text.size() && text[i + 1] == '=') signs.back() += text[++i];
      parts.emplace_back();
    }
    for (std::string& part : parts) part = without_blanks(part);
    auto turned = [](std::string sign) {
      if (sign[0] == '<') sign[0] = '>';
      else if (sign[0] == '>') sign[0] = '<';
      return sign;
    };
    if (parts.size() == 3) {
      if (signs[0][0] != signs[1][0] || signs[0] == "=") return Truth::unknown;
      return both(measured(parts[1], parts[0], turned(signs[0])), measured(parts[1], parts[2], signs[1]));
    }
    if (parts.size() != 2) return Truth::unknown;
    if (range_named(parts[0], persona_)) return measured(parts[0], parts[1], signs[0]);
    return measured(parts[1], parts[0], turned(signs[0]));
  }

  static std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
  }
  static std::string without_blanks(std::string_view text) {
    std::string kept;
    for (char c : text)
      if (c != ' ') kept += c;
    return kept;
  }

  const std::string_view text_;
  const Persona& persona_;
  size_t at_ = 0;
  int depth_ = 0;
};

// In lower letters, with single blanks.
std::string plain(std::u16string_view given) {
  std::string text;
  for (char c : utf8(lower(given))) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
    if (!blank) text += c;
    else if (!text.empty() && text.back() != ' ') text += ' ';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

class List final : public Native {
 public:
  static constexpr Kind native_kind = Kind::media_query;
  List(Window& the_window, std::string the_text, bool does) : Native(the_window, native_kind), media(std::move(the_text)), matches(does) {}
  const std::string media;
  const bool matches;
};

// Of the queries between commas one is enough.
List& list_of(Window& window, std::u16string_view given) {
  constexpr size_t longest = 10'000;
  std::string text = plain(given.substr(0, longest)), media;
  bool matches = false;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const size_t comma = std::min(rest.find(','), rest.size());
    more = comma < rest.size();
    const std::string_view one = rest.substr(0, comma);
    rest.remove_prefix(comma + (more ? 1 : 0));
    const auto found = Query(one, window.page.persona()).read();
    matches |= found == Truth::yes;
    const size_t begins = std::min(one.find_first_not_of(' '), one.size());
    media += (media.empty() ? "" : ", ") + (found ? std::string(one.substr(begins)) : "not all");
  }
  // Colons have one blank behind them.
  std::string shown;
  for (size_t i = 0; i < media.size(); ++i) {
    shown += media[i];
    if (media[i] == ':' && i + 1 < media.size() && media[i + 1] != ' ') shown += ' ';
  }
  return *new List(window, std::move(shown), matches);
}

void get_matches(Call& call) {
  call.give(call.self<List>().matches);
}
void get_media(Call& call) {
  call.give(std::string_view(call.self<List>().media));
}
// The screen stays as it is: no listener is ever called.
void ignore(Call& call) {
  call.give();
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("addListener", ignore, 1),
                                      SHIKAKE_METHOD("removeListener", ignore, 1), JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("media", get_media), SHIKAKE_GETTER("matches", get_matches),
                                         JS_PS_END};
constexpr const char* handlers[] = {"onchange"};
constexpr Interface table[] = {{.name = "MediaQueryList",
                                .parent = "EventTarget",
                                .methods = methods,
                                .properties = properties,
                                .handlers = handlers}};

}  // namespace

void match_media(Call& call) {
  call.give(wrap_native(call.cx, list_of(call.self_window(), call.text(0)), "MediaQueryList"));
}

std::span<const Interface> media_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
