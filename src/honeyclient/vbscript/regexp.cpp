// RegExp and what it finds: "Regular Expression (RegExp) Object", over PCRE2, whose syntax holds that of the
// language.
#define PCRE2_CODE_UNIT_WIDTH 16
#include <pcre2.h>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/functions.h"

namespace shikake::honeyclient::vbscript {

namespace {

// Backtracking ends a pattern that explodes; no honest one comes near.
constexpr uint32_t match_limit = 1'000'000;
constexpr size_t max_matches = 100'000;

struct Found {
  size_t start = 0, end = 0;
  std::vector<std::optional<std::u16string>> groups;  // without the whole
};

class Groups final : public Object {
 public:
  explicit Groups(std::vector<Value> values) : values_(std::move(values)) {}
  std::u16string type_name() const override { return u"SubMatches"; }
  Value call(std::u16string_view given_name, Arguments arguments) override {
    std::u16string name = lower_case(given_name);
    if (name == u"count") return static_cast<int32_t>(values_.size());
    if (!name.empty() && name != u"item") raise(Fault::no_such_member, given_name);
    if (arguments.size() != 1) raise(Fault::wrong_arguments);
    int32_t index = long_of(arguments[0].value);
    if (index < 0 || static_cast<size_t>(index) >= values_.size()) raise(Fault::invalid_call);
    return values_[static_cast<size_t>(index)];
  }
  void put(std::u16string_view name, Arguments, const Value&, bool) override {
    raise(Fault::no_such_member, name);
  }
  std::vector<Value> items() override { return values_; }

 private:
  std::vector<Value> values_;
};

class Match final : public Object {
 public:
  Match(std::u16string value, Found found) : value_(std::move(value)), found_(std::move(found)) {}
  std::u16string type_name() const override { return u"Match"; }
  Value call(std::u16string_view given_name, Arguments arguments) override {
    std::u16string name = lower_case(given_name);
    if (name.empty() || name == u"value") return value_;
    if (name == u"firstindex") return static_cast<int32_t>(found_.start);
    if (name == u"length") return static_cast<int32_t>(found_.end - found_.start);
    if (name != u"submatches") raise(Fault::no_such_member, given_name);
    std::vector<Value> values;
    for (const auto& group : found_.groups) values.push_back(group ? Value(*group) : Value());
    auto groups = std::make_shared<Groups>(std::move(values));
    return arguments.empty() ? Value(ObjectRef(groups)) : groups->call({}, arguments);
  }
  void put(std::u16string_view name, Arguments, const Value&, bool) override {
    raise(Fault::no_such_member, name);
  }

 private:
  std::u16string value_;
  Found found_;
};

class RegularExpression final : public Object {
 public:
  std::u16string type_name() const override { return u"IRegExp2"; }

  Value call(std::u16string_view given_name, Arguments arguments) override {
    std::u16string name = lower_case(given_name);
    if (name == u"pattern") return pattern_;
    if (name == u"global") return global_;
    if (name == u"ignorecase") return ignore_case_;
    if (name == u"multiline") return multiline_;
    if (arguments.empty()) raise(Fault::wrong_arguments, given_name);
    std::u16string text = text_of(arguments[0].value);
    if (name == u"test") return !find(text, 1).empty();
    if (name == u"execute") return matches(text);
    if (name == u"replace" && arguments.size() == 2) return replaced(text, text_of(arguments[1].value));
    raise(Fault::no_such_member, given_name);
  }
  void put(std::u16string_view given_name, Arguments, const Value& value, bool) override {
    std::u16string name = lower_case(given_name);
    if (name == u"pattern")
      pattern_ = text_of(value);
    else if (name == u"global")
      global_ = boolean_of(value);
    else if (name == u"ignorecase")
      ignore_case_ = boolean_of(value);
    else if (name == u"multiline")
      multiline_ = boolean_of(value);
    else
      raise(Fault::no_such_member, given_name);
  }

 private:
  Value matches(const std::u16string& text) const {
    std::vector<Value> made;
    for (Found& found : find(text, global_ ? max_matches : 1)) {
      std::u16string value = text.substr(found.start, found.end - found.start);
      made.push_back(ObjectRef(std::make_shared<Match>(std::move(value), std::move(found))));
    }
    return ObjectRef(std::make_shared<Groups>(std::move(made)));
  }

  Value replaced(const std::u16string& text, const std::u16string& by) const {
    std::u16string made;
    size_t at = 0;
    for (const Found& found : find(text, global_ ? max_matches : 1)) {
      made.append(text, at, found.start - at);
      append_replacement(made, text, by, found);
      if (made.size() > max_text_units) raise(Fault::out_of_string_space);
      at = found.end;
    }
    made.append(text, at);
    return made;
  }
  // "$1" to "$99", "$&", "$`", "$'" and "$$".
  static void append_replacement(std::u16string& made, const std::u16string& text, const std::u16string& by,
                                 const Found& found) {
    for (size_t i = 0; i < by.size(); ++i) {
      char16_t next = i + 1 < by.size() ? by[i + 1] : u'\0';
      if (by[i] != '$' || next == 0) {
        made += by[i];
        continue;
      }
      if (next == '$')
        made += u'$';
      else if (next == '&')
        made.append(text, found.start, found.end - found.start);
      else if (next == '`')
        made.append(text, 0, found.start);
      else if (next == '\'')
        made.append(text, found.end);
      else if (next >= '1' && next <= '9' && static_cast<size_t>(next - '0') <= found.groups.size())
        made += found.groups[static_cast<size_t>(next - '1')].value_or(u"");
      else {
        made += u'$';
        continue;
      }
      ++i;
    }
  }

  std::vector<Found> find(const std::u16string& text, size_t most) const {
    uint32_t options =
        PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    if (ignore_case_) options |= PCRE2_CASELESS;
    if (multiline_) options |= PCRE2_MULTILINE;
    int error = 0;
    PCRE2_SIZE at = 0;
    auto* pattern = reinterpret_cast<PCRE2_SPTR16>(pattern_.data());
    std::unique_ptr<pcre2_code_16, decltype(&pcre2_code_free_16)> code(
        pcre2_compile_16(pattern, pattern_.size(), options, &error, &at, nullptr), &pcre2_code_free_16);
    if (!code) raise(Fault::regexp_syntax);
    std::unique_ptr<pcre2_match_data_16, decltype(&pcre2_match_data_free_16)> data(
        pcre2_match_data_create_from_pattern_16(code.get(), nullptr), &pcre2_match_data_free_16);
    std::unique_ptr<pcre2_match_context_16, decltype(&pcre2_match_context_free_16)> context(
        pcre2_match_context_create_16(nullptr), &pcre2_match_context_free_16);
    pcre2_set_match_limit_16(context.get(), match_limit);
    std::vector<Found> all;
    size_t from = 0;
    auto* subject = reinterpret_cast<PCRE2_SPTR16>(text.data());
    while (all.size() < most && from <= text.size()) {
      int count = pcre2_match_16(code.get(), subject, text.size(), from, 0, data.get(), context.get());
      if (count < 0) break;
      const PCRE2_SIZE* ends = pcre2_get_ovector_pointer_16(data.get());
      Found found{ends[0], ends[1], {}};
      for (uint32_t i = 1; i < pcre2_get_ovector_count_16(data.get()); ++i) {
        bool set = static_cast<int>(i) < count && ends[2 * i] != PCRE2_UNSET;
        found.groups.push_back(set ? std::optional(text.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i]))
                                   : std::nullopt);
      }
      // \K in a look-around can put the start behind the end.
      if (found.start > found.end || found.end < from) break;
      from = found.end > found.start ? found.end : found.end + 1;
      all.push_back(std::move(found));
    }
    return all;
  }

  std::u16string pattern_;
  bool global_ = false, ignore_case_ = false, multiline_ = false;
};

}  // namespace

ObjectRef make_regular_expression() {
  return std::make_shared<RegularExpression>();
}

}  // namespace shikake::honeyclient::vbscript
