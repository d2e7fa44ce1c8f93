// MISP warninglists, as guards. Format: https://github.com/MISP/misp-warninglists (README, schema.json):
//
//   {"name", "description", "version", "type": "string"|"substring"|"hostname"|"cidr"|"regex",
//    "list": [value, …], "matching_attributes": ["domain", …]}
#include <algorithm>
#include <boost/json.hpp>

#include "publish/in/formats.h"
#include "publish/in/json_stream.h"
#include "publish/in/vocabulary.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

// A document is read whole; the largest lists, a million names, take 30 MB.
constexpr size_t max_document_bytes = size_t{256} << 20;
constexpr size_t max_value_bytes = 4096;  // longer than any name or expression that could match

tl::unexpected<Error> wrong(std::string what) {
  return fail(Module::publish, ErrorCode::invalid_input, std::move(what));
}

std::string text_or_number(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (!value) return "";
  if (const auto* text = value->if_string()) return std::string(*text);
  return value->is_int64() || value->is_uint64() ? boost::json::serialize(*value) : "";
}

std::string_view why_refused(intel::GuardType type, const std::string& value) {
  if (value.empty()) return "an empty value, which would cover everything";
  if (value.size() > max_value_bytes) return "a value longer than 4 KiB";
  if (type == intel::GuardType::cidr && !url::Cidr::parse(value)) return "not an address or network";
  return {};
}

}  // namespace

bool recognise_warninglist(std::string_view beginning) {
  std::vector<std::string> names = json_member_names(beginning);
  auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return has("list") && trimmed(beginning).starts_with('{');
}

Result<> read_warninglist(Input& input, Collector& collector) {
  collector.set_unit("values");
  SHIKAKE_ASSIGN(std::string text, input.rest(max_document_bytes));
  SHIKAKE_ASSIGN(boost::json::value document, parse_document(text));
  const boost::json::object* object = document.if_object();
  const boost::json::value* values = object ? object->if_contains("list") : nullptr;
  if (!values || !values->is_array()) return wrong("a warninglist has a member \"list\" with its values");

  intel::GuardList list;
  list.name = text_or_number(*object, "name");
  list.description = text_or_number(*object, "description");
  list.version = text_or_number(*object, "version");
  list.source = collector.options().file;
  if (list.name.empty()) return wrong("the warninglist has no name, and would be no reason for anything");
  std::string type = text_or_number(*object, "type");
  auto known = intel::guard_type(type.empty() ? "string" : type);  // the schema's default
  if (!known)
    return wrong("the warninglist's type \"" + type +
                 "\" is not one of string, substring, hostname, cidr, regex");
  list.type = *known;
  if (const auto* attributes = object->if_contains("matching_attributes");
      attributes && attributes->is_array()) {
    for (const auto& attribute : attributes->get_array()) {
      if (attribute.is_string()) list.attributes.emplace_back(attribute.get_string());
    }
  }

  // ".example.com" in a list of whole strings would equal nothing that is looked up; it is meant, and read,
  // as the domain with all below it.
  intel::GuardList below = list;
  below.name += " (with subdomains)";
  below.type = intel::GuardType::hostname;
  for (size_t i = 0; i < values->get_array().size(); ++i) {
    const auto* value = values->get_array()[i].if_string();
    std::string plain = value ? std::string(trimmed(*value)) : "";
    std::string_view why = value ? why_refused(list.type, plain) : "not a string";
    if (!why.empty()) {
      collector.refused(0, 0, std::string(why) + " (value " + std::to_string(i + 1) + ")", plain);
      continue;
    }
    collector.accepted();
    bool dotted = plain.size() > 1 && plain[0] == '.' &&
                  (list.type == intel::GuardType::string || list.type == intel::GuardType::hostname);
    if (dotted && list.type == intel::GuardType::string)
      below.values.push_back(plain.substr(1));
    else
      list.values.push_back(dotted ? plain.substr(1) : plain);
  }
  if (!below.values.empty()) SHIKAKE_TRY(collector.add_guard(std::move(below)));
  return collector.add_guard(std::move(list));
}

}  // namespace shikake::publish
