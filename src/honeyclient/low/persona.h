// The browser, operating system, plugins and locale that a visit shows. One file a persona in
// data/personas/, built into the program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wire.h"

namespace shikake::honeyclient::low {

// Edge's own engine, before it took Blink, is "edge".
enum class Engine : uint8_t { trident, gecko, blink, webkit, edge };
constexpr Engine wire_last(Engine) {
  return Engine::edge;
}

struct PersonaField {  // a property and its value, or a header
  std::string name, value;
  static void wire(auto& codec, auto& self) { codec(self.name, self.value); }
};

struct PersonaPlugin {
  std::string name, filename, description, version;
  std::vector<PersonaField> types;  // MIME type → its suffixes
  static void wire(auto& codec, auto& self) {
    codec(self.name, self.filename, self.description, self.version, self.types);
  }
};

struct Persona {
  std::string name;
  std::string description;
  Engine engine = Engine::blink;
  uint32_t version = 0;  // of the browser: document.documentMode for trident
  std::string user_agent;
  std::string language;                // navigator.language
  std::vector<std::string> languages;  // navigator.languages
  std::string time_zone;               // a name of the tz database
  std::string referrer_policy;         // a token of the Referrer Policy standard
  // Where a visit comes from unless it is told: a URL, in which {host} stands for the visited one; empty:
  // nowhere. Of no interest to page workers.
  std::string referrer;
  // In this order on the wire; "accept" stands where each kind of request puts its own.
  std::vector<PersonaField> headers;
  std::string accept_document, accept_image, accept_script, accept_style, accept_other;
  std::vector<PersonaField> navigator;  // strings beside those above: appName, platform, vendor, …
  uint32_t hardware_concurrency = 0, device_memory = 0;  // 0: the property is absent
  uint32_t screen_width = 0, screen_height = 0, screen_available_height = 0, color_depth = 24;
  uint32_t inner_width = 0, inner_height = 0;
  std::vector<PersonaPlugin> plugins;
  std::vector<std::string> components;  // ActiveX ProgIDs that exist; empty: no ActiveXObject

  static void wire(auto& codec, auto& self) {
    codec(self.name, self.description, self.engine, self.version, self.user_agent, self.language,
          self.languages, self.time_zone, self.referrer_policy, self.headers, self.accept_document,
          self.accept_image, self.accept_script, self.accept_style, self.accept_other, self.navigator);
    codec(self.hardware_concurrency, self.device_memory, self.screen_width, self.screen_height,
          self.screen_available_height, self.color_depth, self.inner_width, self.inner_height, self.plugins,
          self.components);
  }
};

// Internet Explorer's own ways, which it gave up with version 11.
inline bool shows_document_all(const Persona& persona) {
  return persona.engine == Engine::trident && persona.version <= 10;
}
inline bool runs_vbscript(const Persona& persona) {
  return persona.engine == Engine::trident && persona.version <= 10;
}
// typeof ActiveXObject tells; in version 11 it is there all the same.
inline bool shows_active_x(const Persona& persona) {
  return persona.engine == Engine::trident && persona.version <= 10;
}

inline constexpr std::string_view default_persona = "chrome-win10";

// not_found names the personas that there are.
Result<Persona> find_persona(std::string_view name);
std::vector<std::string> persona_names();  // sorted
Result<Persona> parse_persona(std::string_view toml, std::string_view file);

// The URL that a visit to the host comes from; empty: none.
std::string referrer_of(const Persona& persona, std::string_view host);

}  // namespace shikake::honeyclient::low
