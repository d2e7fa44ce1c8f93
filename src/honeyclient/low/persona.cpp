#include "honeyclient/low/persona.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "honeyclient/low/personas_embedded.h"

namespace shikake::honeyclient::low {

namespace {

struct Reader {
  const toml::table& table;
  std::string_view file;
  std::optional<Error> error = {};
  std::set<std::string, std::less<>> asked = {};

  toml::node_view<const toml::node> at(std::string_view key) {
    asked.emplace(key);
    return table[key];
  }
  // A word that nobody asked about is a slip of the pen, and what it meant is missing.
  void refuse_the_rest() {
    for (const auto& [key, node] : table)
      if (!asked.contains(key.str()) && !error)
        error = Error{Module::honeyclient, ErrorCode::invalid_input,
                      "a persona has no " + std::string(key.str()), std::string(file)};
  }
  void refuse(std::string_view key, std::string_view wanted) {
    if (!error)
      error =
          Error{Module::honeyclient, ErrorCode::invalid_input,
                "the persona's " + std::string(key) + " must be " + std::string(wanted), std::string(file)};
  }
  std::string text(std::string_view key) {
    auto value = at(key).value<std::string>();
    if (!value) refuse(key, "a string");
    return value.value_or("");
  }
  uint32_t number(std::string_view key, bool needed = true) {
    auto value = at(key).value<int64_t>();
    if (!value && needed) refuse(key, "a whole number");
    int64_t found = value.value_or(0);
    if (found < 0 || found > 1'000'000) refuse(key, "between 0 and 1000000");
    return static_cast<uint32_t>(std::clamp<int64_t>(found, 0, 1'000'000));
  }
  std::vector<std::string> list(std::string_view key) {
    std::vector<std::string> all;
    if (const toml::array* array = at(key).as_array())
      for (const toml::node& node : *array) {
        auto value = node.value<std::string>();
        if (!value) refuse(key, "a list of strings");
        all.push_back(value.value_or(""));
      }
    return all;
  }
  // An array of pairs, because their order counts.
  std::vector<PersonaField> pairs(std::string_view key) {
    std::vector<PersonaField> all;
    const toml::array* array = at(key).as_array();
    if (!array) return all;
    for (const toml::node& node : *array) {
      const toml::array* pair = node.as_array();
      auto name = pair && pair->size() == 2 ? pair->get(0)->value<std::string>() : std::nullopt;
      auto value = pair && pair->size() == 2 ? pair->get(1)->value<std::string>() : std::nullopt;
      if (!name || !value) refuse(key, "a list of [name, value]");
      all.push_back({name.value_or(""), value.value_or("")});
    }
    return all;
  }
};

std::vector<PersonaPlugin> plugins(Reader& reader) {
  std::vector<PersonaPlugin> all;
  const toml::array* array = reader.at("plugin").as_array();
  if (!array) return all;
  for (const toml::node& node : *array) {
    const toml::table* one = node.as_table();
    if (!one) continue;
    Reader inner{*one, reader.file};
    PersonaPlugin plugin{inner.text("name"), inner.text("filename"), inner.text("description"),
                         inner.text("version"), inner.pairs("types")};
    inner.refuse_the_rest();
    if (inner.error) reader.error = inner.error;
    all.push_back(std::move(plugin));
  }
  return all;
}

}  // namespace

Result<Persona> parse_persona(std::string_view text, std::string_view file) {
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    Error error{Module::honeyclient, ErrorCode::invalid_input, std::string(parsed.error().description()),
                std::string(file)};
    error.line = parsed.error().source().begin.line;
    return fail(std::move(error));
  }
  Reader reader{parsed.table(), file};
  Persona persona;
  persona.name = reader.text("name");
  persona.description = reader.text("description");
  std::string engine = reader.text("engine");
  if (engine == "trident")
    persona.engine = Engine::trident;
  else if (engine == "gecko")
    persona.engine = Engine::gecko;
  else if (engine == "blink")
    persona.engine = Engine::blink;
  else if (engine == "webkit")
    persona.engine = Engine::webkit;
  else if (engine == "edge")
    persona.engine = Engine::edge;
  else
    reader.refuse("engine", "trident, gecko, blink, webkit or edge");
  persona.version = reader.number("version");
  persona.user_agent = reader.text("user_agent");
  persona.language = reader.text("language");
  persona.languages = reader.list("languages");
  persona.time_zone = reader.text("time_zone");
  persona.referrer_policy = reader.text("referrer_policy");
  persona.headers = reader.pairs("headers");
  persona.accept_document = reader.text("accept_document");
  persona.accept_image = reader.text("accept_image");
  persona.accept_script = reader.text("accept_script");
  persona.accept_style = reader.text("accept_style");
  persona.accept_other = reader.text("accept_other");
  persona.navigator = reader.pairs("navigator");
  persona.hardware_concurrency = reader.number("hardware_concurrency", false);
  persona.device_memory = reader.number("device_memory", false);
  persona.screen_width = reader.number("screen_width");
  persona.screen_height = reader.number("screen_height");
  persona.screen_available_height = reader.number("screen_available_height");
  persona.color_depth = reader.number("color_depth");
  persona.inner_width = reader.number("inner_width");
  persona.inner_height = reader.number("inner_height");
  persona.plugins = plugins(reader);
  persona.components = reader.list("components");
  if (reader.at("referrer")) persona.referrer = reader.text("referrer");
  reader.refuse_the_rest();
  if (reader.error) return fail(std::move(*reader.error));
  return persona;
}

std::string referrer_of(const Persona& persona, std::string_view host) {
  constexpr std::string_view place = "{host}";
  std::string url = persona.referrer;
  if (size_t at = url.find(place); at != std::string::npos) url.replace(at, place.size(), host);
  return url;
}

std::vector<std::string> persona_names() {
  std::vector<std::string> names;
  for (const EmbeddedPersona& one : embedded_personas()) names.emplace_back(one.name);
  std::ranges::sort(names);
  return names;
}

Result<Persona> find_persona(std::string_view name) {
  for (const EmbeddedPersona& one : embedded_personas())
    if (one.name == name) return parse_persona(one.text, std::string(one.name) + ".toml");
  std::string known;
  for (const std::string& one : persona_names()) known += (known.empty() ? "" : ", ") + one;
  return fail(Module::honeyclient, ErrorCode::not_found,
              "there is no persona " + std::string(name) + "; there are: " + known);
}

}  // namespace shikake::honeyclient::low
