#include "publish/stix_words.h"

#include <boost/json.hpp>

#include "publish/in/vocabulary.h"
#include "publish/uuid.h"

namespace shikake::publish {
namespace {

using intel::Role;
using intel::Tlp;

// https://github.com/oasis-open/cti-stix-common-objects (TLP 2.0)
constexpr std::string_view tlp_extension_id = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
constexpr std::string_view tlp_created = "2022-10-01T00:00:00.000Z";

constexpr TlpMarking markings[] = {
    {Tlp::clear, "clear", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
     "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"},
    {Tlp::green, "green", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
     "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"},
    {Tlp::amber, "amber", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
     "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"},
    {Tlp::amber_strict, "amber+strict", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", ""},
    {Tlp::red, "red", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
     "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"},
};

const TlpMarking& marking_of(Tlp tlp) {
  return markings[static_cast<size_t>(tlp)];
}

}  // namespace

const std::string_view own_extension_id = "extension-definition--1ad02c26-7e15-5c11-8f8a-0b6f6f3f4d0e";

std::span<const TlpMarking> tlp_markings() {
  return markings;
}

std::string_view tlp_marking_id(Tlp tlp) {
  return marking_of(tlp).id;
}

boost::json::object tlp_definition(Tlp tlp) {
  const TlpMarking& marking = marking_of(tlp);
  std::string name = "TLP:";
  for (char c : marking.word) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  boost::json::object extension{{"extension_type", "property-extension"}, {"tlp_2_0", marking.word}};
  return {{"type", "marking-definition"},
          {"spec_version", "2.1"},
          {"id", marking.id},
          {"created", tlp_created},
          {"name", name},
          {"extensions", boost::json::object{{tlp_extension_id, std::move(extension)}}}};
}

std::optional<Tlp> tlp_of_marking_id(std::string_view id) {
  for (const TlpMarking& marking : markings) {
    if (id == marking.id || id == marking.old_id) return marking.tlp;
  }
  return std::nullopt;
}

std::optional<Tlp> tlp_of_definition(const boost::json::object& object) {
  if (text_of(object, "definition_type") == "tlp") {
    const auto* definition = object.if_contains("definition");
    if (definition && definition->is_object()) return tlp_from_word(text_of(definition->get_object(), "tlp"));
  }
  const auto* extensions = object.if_contains("extensions");
  const auto* extension = extensions && extensions->is_object()
                              ? extensions->get_object().if_contains(tlp_extension_id)
                              : nullptr;
  if (extension && extension->is_object()) return tlp_from_word(text_of(extension->get_object(), "tlp_2_0"));
  return std::nullopt;
}

std::string_view text_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

const boost::json::object* own_extension(const boost::json::object& object) {
  const auto* extensions = object.if_contains("extensions");
  if (!extensions || !extensions->is_object()) return nullptr;
  const auto* own = extensions->get_object().if_contains(own_extension_id);
  return own ? own->if_object() : nullptr;
}

bool is_stix_id(std::string_view text) {
  size_t dashes = text.find("--");
  return dashes != std::string_view::npos && dashes > 0 && is_uuid(text.substr(dashes + 2));
}

std::string_view kill_chain_phase(Role role) {
  switch (role) {
    case Role::landing:
    case Role::relay:
    case Role::phishing:
      return "delivery";
    case Role::exploit:
      return "exploitation";
    case Role::distribution:
      return "installation";
    case Role::c2:
      return "command-and-control";
    case Role::drop:
      return "actions-on-objectives";
    case Role::attacker:
    case Role::leaker:
    case Role::unknown:
      return "";
  }
  return "";
}

}  // namespace shikake::publish
