#include "honeyclient/low/page/machine_code.h"

#include <js/Array.h>
#include <js/ArrayBuffer.h>
#include <js/Object.h>
#include <js/PropertyDescriptor.h>
#include <js/experimental/TypedData.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"
#include "triage/machine_code.h"

namespace shikake::honeyclient::low::page {

namespace {

// Looking is one pass over the bytes; a page that makes a thousand large texts is looked at in part.
constexpr uint64_t max_looked_at = 64ull << 20;
// Properties looked at of one window: pages that spray keep what they spray in one array.
constexpr unsigned max_properties = 20'000;
constexpr unsigned max_depth = 3;
constexpr uint32_t max_elements = 1u << 16;
constexpr size_t max_sent = 16;

void send(Window& window, const std::optional<std::string>& code, std::string_view how) {
  Page& page = window.page;
  if (!code) return;
  std::string name = base::sha256(*code).hex();
  if (std::ranges::find(page.code_sent, name) != page.code_sent.end()) return;
  if (page.code_sent.size() >= max_sent) return page.limit("shellcode");
  page.code_sent.push_back(std::move(name));
  MachineCode message{window.id, std::string(how), *code, std::nullopt};
  if (page.in_script()) message.origin = page.positions.origin_here();
  page.tell(FromPage::machine_code, message);
}

bool worth_looking(Page& page, uint64_t bytes) {
  if (bytes < triage::min_code_bytes || page.code_looked_at + bytes > max_looked_at) return false;
  page.code_looked_at += std::min<uint64_t>(bytes, triage::max_looked_through);
  return true;
}

class Survey {
 public:
  explicit Survey(Window& window) : window_(window), cx_(window.page.cx) {}

  void properties(JS::HandleObject object, unsigned depth) {
    JS::Rooted<JS::IdVector> ids(cx_, JS::IdVector(cx_));
    if (!JS_Enumerate(cx_, object, &ids)) return JS_ClearPendingException(cx_);
    JS::RootedId id(cx_);
    for (size_t i = 0; i < ids.length() && left_ > 0; ++i) {
      id = ids[i];
      look(data_property(object, id), depth);
    }
  }

 private:
  // Undefined for what is computed: nothing of the page's may run.
  JS::Value data_property(JS::HandleObject object, JS::HandleId id) {
    --left_;
    JS::Rooted<mozilla::Maybe<JS::PropertyDescriptor>> found(cx_);
    if (!JS_GetOwnPropertyDescriptorById(cx_, object, id, &found)) {
      JS_ClearPendingException(cx_);
      return JS::UndefinedValue();
    }
    return found.isSome() && found->isDataDescriptor() ? found->value() : JS::UndefinedValue();
  }

  void look(const JS::Value& given, unsigned depth) {
    JS::RootedValue value(cx_, given);
    if (value.isString()) {
      if (worth_looking(window_.page, 2ull * JS_GetStringLength(value.toString())))
        send(window_, triage::code_in_text(to_text(cx_, value)), "text");
    } else if (value.isObject()) {
      JS::RootedObject object(cx_, &value.toObject());
      look_into(object, depth);
    }
  }

  void look_into(JS::HandleObject object, unsigned depth) {
    bool is_array = false;
    js::ESClass kind = js::ESClass::Other;
    if (JS_IsArrayBufferViewObject(object) || JS::IsArrayBufferObject(object)) return typed(object);
    if (depth >= max_depth || !JS::GetBuiltinClass(cx_, object, &kind)) return JS_ClearPendingException(cx_);
    if (JS::IsArrayObject(cx_, object, &is_array) && is_array) return array(object, depth);
    if (kind == js::ESClass::Object && JS::GetClass(object)->name == std::string_view("Object"))
      properties(object, depth + 1);
  }

  void typed(JS::HandleObject object) {
    const bool view = JS_IsArrayBufferViewObject(object);
    const size_t size = view ? JS_GetArrayBufferViewByteLength(object) : JS::GetArrayBufferByteLength(object);
    if (!worth_looking(window_.page, size)) return;
    std::string bytes;
    {
      JS::AutoCheckCannotGC no_gc;
      bool shared = false;
      const void* data = view ? JS_GetArrayBufferViewData(object, &shared, no_gc)
                              : JS::GetArrayBufferData(object, &shared, no_gc);
      if (data) bytes.assign(static_cast<const char*>(data), std::min(size, triage::max_looked_through));
    }
    send(window_, triage::code_in_bytes(base::as_bytes(bytes)), "typed array");
  }

  // Numbers are bytes, words or double words, by the largest of them; of texts and objects the first ones and
  // the last tell what the others are.
  void array(JS::HandleObject object, unsigned depth) {
    uint32_t length = 0;
    if (!JS::GetArrayLength(cx_, object, &length)) return JS_ClearPendingException(cx_);
    length = std::min(length, max_elements);
    std::vector<uint32_t> numbers;
    JS::RootedId id(cx_);
    unsigned others = 0;
    constexpr unsigned enough = 4;
    for (uint32_t i = 0; i < length; ++i) {
      if (!JS_IndexToId(cx_, i, &id)) return JS_ClearPendingException(cx_);
      JS::RootedValue value(cx_, data_property(object, id));
      if (value.isNumber()) {
        numbers.push_back(JS::ToUint32(value.toNumber()));
        ++left_;  // cheap
      } else if (value.isString() || value.isObject()) {
        if (++others > enough && i + 1 < length) i = length - 2;
        look(value, depth + 1);
      }
      if (left_ == 0) break;
    }
    send_numbers(numbers);
  }

  void send_numbers(const std::vector<uint32_t>& numbers) {
    if (numbers.empty()) return;
    const uint32_t largest = *std::ranges::max_element(numbers);
    const unsigned width = largest <= 0xFF ? 1 : largest <= 0xFFFF ? 2 : 4;
    if (!worth_looking(window_.page, uint64_t{width} * numbers.size())) return;
    std::string bytes;
    for (uint32_t number : numbers)
      for (unsigned i = 0; i < width; ++i) bytes += static_cast<char>(number >> (8 * i));
    send(window_, triage::code_in_bytes(base::as_bytes(bytes)), "array");
  }

  Window& window_;
  JSContext* cx_;
  unsigned left_ = max_properties;
};

}  // namespace

void look_for_code(Window& window, std::u16string_view text, std::string_view how) {
  if (worth_looking(window.page, 2 * text.size())) send(window, triage::code_in_text(text), how);
}

void look_in_source(Window& window, std::string_view source) {
  if (!worth_looking(window.page, source.size())) return;
  std::vector<std::string>& literals = window.page.code_in_literals;
  for (std::string& code : triage::code_in_source(source))
    if (literals.size() < max_sent) literals.push_back(std::move(code));
}

void survey_for_code(Window& window) {
  JSContext* cx = window.page.cx;
  JS::RootedObject global(cx, window.global());
  JSAutoRealm realm(cx, global);
  Survey(window).properties(global, 0);
  for_each_vbscript_text(window, [&](std::u16string_view text) { look_for_code(window, text, "text"); });
  for (const std::string& code : std::exchange(window.page.code_in_literals, {}))
    send(window, code, "literal");
}

void unescape(Call& call) {
  const std::u16string given = call.text_or(0, u"undefined");
  auto number = [&given](size_t at, size_t digits) -> std::optional<char16_t> {
    if (at + digits > given.size()) return std::nullopt;
    unsigned value = 0;
    for (char16_t digit : std::u16string_view(given).substr(at, digits)) {
      if (digit >= '0' && digit <= '9')
        value = value * 16 + (digit - '0');
      else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
        value = value * 16 + ((digit | 0x20) - 'a' + 10);
      else
        return std::nullopt;
    }
    return static_cast<char16_t>(value);
  };
  std::u16string made;
  made.reserve(given.size());
  for (size_t i = 0; i < given.size(); ++i) {
    char16_t unit = given[i];
    if (unit == '%' && i + 1 < given.size()) {
      const bool wide = given[i + 1] == 'u';
      if (auto value = wide ? number(i + 2, 4) : number(i + 1, 2)) {
        unit = *value;
        i += wide ? 5 : 2;
      }
    }
    made += unit;
  }
  look_for_code(call.window, made, "unescape");
  call.give(std::u16string_view(made));
}

}  // namespace shikake::honeyclient::low::page
