#include "honeyclient/low/page/script_type.h"

#include <array>

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/modules.h"

namespace shikake::honeyclient::low::page {

namespace {

// https://mimesniff.spec.whatwg.org/#javascript-mime-type
constexpr std::array<std::u16string_view, 16> javascript_types = {u"application/ecmascript",
                                                                  u"application/javascript",
                                                                  u"application/x-ecmascript",
                                                                  u"application/x-javascript",
                                                                  u"text/ecmascript",
                                                                  u"text/javascript",
                                                                  u"text/javascript1.0",
                                                                  u"text/javascript1.1",
                                                                  u"text/javascript1.2",
                                                                  u"text/javascript1.3",
                                                                  u"text/javascript1.4",
                                                                  u"text/javascript1.5",
                                                                  u"text/jscript",
                                                                  u"text/livescript",
                                                                  u"text/x-ecmascript",
                                                                  u"text/x-javascript"};

}  // namespace

bool is_vbscript_handler(const Persona& persona, const html::Element& element, std::u16string& text) {
  if (!runs_vbscript(persona)) return false;
  std::u16string start = lower(trim(std::u16string_view(text).substr(0, 40)));
  if (start.starts_with(u"vbscript:")) {
    text = text.substr(text.find(u':') + 1);
    return true;
  }
  const std::u16string* language = element.attribute(html::Name::language);
  return language && lower(trim(*language)).starts_with(u"vbs") && !start.starts_with(u"javascript:");
}

ScriptType script_type(const Persona& persona, const html::Element& element) {
  const std::u16string* type = element.attribute(html::Name::type);
  const std::u16string* language = element.attribute(html::Name::language);
  std::u16string kind = u"text/javascript";
  if (type && !type->empty())
    kind = lower(trim(*type));
  else if (!type && language && !language->empty())
    kind = u"text/" + lower(*language);
  bool trident = persona.engine == Engine::trident;
  if (kind.ends_with(u".encode") && trident) kind.resize(kind.size() - 7);  // encoded_script.h
  if (kind == u"text/vbscript" || kind == u"text/vbs")
    return runs_vbscript(persona) ? ScriptType::vbscript : ScriptType::data;
  const bool modules = runs_modules(persona);
  if (kind == u"module") return modules ? ScriptType::module : ScriptType::data;
  if (kind == u"importmap") return modules ? ScriptType::import_map : ScriptType::data;
  bool known = false;
  for (std::u16string_view one : javascript_types) known = known || kind == one;
  if (!known) return ScriptType::data;
  if (modules && element.attribute(u"nomodule")) return ScriptType::data;
  // https://html.spec.whatwg.org/#attr-script-event: only <script for=window event=onload> runs.
  const std::u16string* target = element.attribute(html::Name::for_);
  const std::u16string* event = element.attribute(u"event");
  if (target && event) {
    std::u16string when = lower(trim(*event));
    if (lower(trim(*target)) != u"window" || (when != u"onload" && when != u"onload()"))
      return ScriptType::data;
  }
  return ScriptType::classic;
}

}  // namespace shikake::honeyclient::low::page
