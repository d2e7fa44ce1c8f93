#include "honeyclient/low/page/stand_in.h"

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// A SafeArray of bytes: VBScript's byte functions see two to a character.
class Bytes final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::bytes;
  Bytes(Window& the_window, std::string the_bytes)
      : Exotic(the_window, native_kind), bytes(std::move(the_bytes)) {}
  const std::string bytes;
};

constexpr size_t max_array = 4u << 20;  // of numbers that a script hands over as bytes

}  // namespace

JSObject* make_bytes(JSContext* cx, Window& window, std::string bytes) {
  return wrap_exotic(cx, *new Bytes(window, std::move(bytes)), "(bytes)");
}

void bytes_text(Call& call) {
  const std::string& bytes = call.self<Bytes>().bytes;
  std::u16string packed;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    auto low = static_cast<uint8_t>(bytes[i]);
    auto high = i + 1 < bytes.size() ? static_cast<uint8_t>(bytes[i + 1]) : uint8_t{0};
    packed += static_cast<char16_t>(low | high << 8);
  }
  call.give(std::u16string_view(packed));
}

std::optional<std::string> bytes_of_value(JSContext* cx, JS::HandleValue value) {
  if (Bytes* bytes = native_as<Bytes>(value)) return bytes->bytes;
  if (!value.isObject()) return std::nullopt;
  JS::RootedObject object(cx, &value.toObject());
  if (auto buffer = bytes_of(object)) return buffer;
  bool is_array = false;
  must(JS::IsArrayObject(cx, object, &is_array));
  if (!is_array) return std::nullopt;
  uint32_t length = 0;
  must(JS::GetArrayLength(cx, object, &length));
  if (length > max_array) return std::nullopt;
  std::string bytes;
  JS::RootedValue item(cx);
  for (uint32_t i = 0; i < length; ++i) {
    must(JS_GetElement(cx, object, i, &item));
    if (!item.isNumber()) return std::nullopt;
    bytes += static_cast<char>(static_cast<uint32_t>(item.toNumber()));
  }
  return bytes;
}

bool on_windows_xp(const Window& window) {
  return window.page.persona().user_agent.find("Windows NT 5") != std::string::npos;
}

void write_file(Window& window, std::string_view by, std::u16string_view path, std::string bytes) {
  WroteFile wrote;
  wrote.window = window.id;
  wrote.component = by;
  wrote.path = utf8(path.substr(0, limits::max_argument_text));
  wrote.bytes = bytes;
  wrote.origin = window.page.positions.origin_here();
  if (!window.page.disk.write(path, std::move(bytes))) return window.page.limit("disk");
  window.page.tell(FromPage::wrote_file, wrote);
}

std::shared_ptr<StandIn> make_stand_in(JSContext* cx, Window& window, components::Behaviour behaviour) {
  using components::Behaviour;
  switch (behaviour) {
    case Behaviour::xml_http:
      return make_xml_http(cx, window);
    case Behaviour::dictionary:
      return make_dictionary(cx);
    case Behaviour::stream:
      return make_stream(window);
    case Behaviour::file_system:
      return make_file_system(window);
    case Behaviour::shell:
      return make_shell(window);
    case Behaviour::application:
      return make_application(window);
    case Behaviour::xml:
      return make_xml(window);
    case Behaviour::management:
      return make_management(window);
    case Behaviour::scheduler:
      return make_scheduler(window);
    case Behaviour::office:
      return make_office(window);
    case Behaviour::interpreter:
      return make_script_control(window);
    case Behaviour::creator:
    case Behaviour::absorbs:
      break;
  }
  return nullptr;
}

}  // namespace shikake::honeyclient::low::page
