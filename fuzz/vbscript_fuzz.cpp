// Any text: it parses or is refused with a place inside it, it runs until it is told to stop, and the same
// text does the same again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/interpreter.h"

namespace {

using namespace shikake::honeyclient::vbscript;

class Absorbing final : public Object {
 public:
  std::u16string type_name() const override { return u"Object"; }
  Value call(std::u16string_view name, Arguments arguments) override {
    if (name.empty()) return Value(u"");
    return arguments.empty() ? Value(ObjectRef(std::make_shared<Absorbing>())) : Value(int16_t{1});
  }
  void put(std::u16string_view, Arguments, const Value&, bool) override {}
};

class Page final : public Host {
 public:
  std::optional<Value> global(std::u16string_view name) override {
    if (same_name(name, u"document")) return ObjectRef(std::make_shared<Absorbing>());
    return std::nullopt;
  }
  bool assign_global(std::u16string_view name, const Value&) override { return same_name(name, u"location"); }
  void defined(std::u16string_view, bool) override { ++events; }
  ObjectRef create_object(std::u16string_view) override { return std::make_shared<Absorbing>(); }
  ObjectRef get_object(std::u16string_view, std::u16string_view) override {
    return std::make_shared<Absorbing>();
  }
  int32_t message_box(std::u16string_view, int32_t, std::u16string_view) override { return 1; }
  std::u16string input_box(std::u16string_view, std::u16string_view, std::u16string_view otherwise) override {
    return std::u16string(otherwise);
  }
  uint32_t evaluated(std::u16string_view, std::u16string_view) override { return ++events; }
  double now() override { return 38719.5; }
  uint32_t seed() override { return 7; }
  bool keep_going() override { return ++questions < 4; }

  uint32_t events = 0;
  int questions = 0;
};

struct Said {
  int32_t number = 0;
  uint32_t line = 0, events = 0;
  bool stopped = false;
  bool operator==(const Said&) const = default;
};

Said run(const std::u16string& text) {
  Page page;
  Interpreter interpreter(page);
  Outcome outcome = interpreter.run(text, 1);
  Said said;
  said.stopped = outcome.stopped;
  said.events = page.events;
  if (outcome.error) said.number = outcome.error->number, said.line = outcome.error->line;
  if (interpreter.whereabouts().line != 0) std::abort();
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  std::u16string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char16_t>(data[i] == 1 ? 0x65E5 : data[i]);
  Said first = run(text);
  size_t lines = 2;
  for (char16_t unit : text) lines += unit == '\n' || unit == '\r';
  bool evaluates = first.events > 0;  // an Execute's text has lines of its own
  if (!evaluates && first.line > lines) std::abort();
  if (!(run(text) == first)) std::abort();
  return 0;
}
