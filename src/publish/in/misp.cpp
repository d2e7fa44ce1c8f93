// MISP events as JSON: https://www.misp-standard.org/rfc/misp-standard-core.html
//
//   {"Event": {…}}   [{"Event": {…}}, …]   {"response": [{"Event": {…}}, …]}
//
// An event's attributes, and those of its objects, that are marked for detection (to_ids) become entries;
// its links become the evidence.
#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "publish/in/formats.h"
#include "publish/in/json_stream.h"
#include "publish/in/vocabulary.h"
#include "publish/stix_words.h"

namespace shikake::publish {
namespace {

using boost::json::array;
using boost::json::object;
using intel::FeedEntry;
using intel::IndicatorType;
using intel::Role;

// A document is read whole; the largest public events take some 50 MB.
constexpr size_t max_document_bytes = size_t{256} << 20;

// How an attribute's value is made of indicators: parts between '|', each of a type or of none.
struct AttributeType {
  std::string_view name;
  std::optional<IndicatorType> first, second;
  Role role = Role::unknown;
};
constexpr AttributeType attribute_types[] = {
    {"url", IndicatorType::url, {}},
    {"domain", IndicatorType::domain, {}},
    {"hostname", IndicatorType::domain, {}},
    {"ip-dst", IndicatorType::ip, {}},
    {"ip-src", IndicatorType::ip, {}, Role::attacker},
    {"domain|ip", IndicatorType::domain, IndicatorType::ip},
    {"ip-dst|port", IndicatorType::ip_port, {}},
    {"ip-src|port", IndicatorType::ip_port, {}, Role::attacker},
    {"hostname|port", IndicatorType::domain, {}},
    {"sha256", IndicatorType::sha256, {}},
    {"filename|sha256", {}, IndicatorType::sha256},
};

const AttributeType* find_type(std::string_view name) {
  for (const AttributeType& row : attribute_types) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const array* list_of(const object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value ? value->if_array() : nullptr;
}

// MISP writes truth values as true, "1" and 1.
bool flag(const object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (!value) return false;
  if (value->is_bool()) return value->get_bool();
  if (value->is_int64()) return value->get_int64() != 0;
  return value->is_string() && (value->get_string() == "1" || value->get_string() == "true");
}

std::optional<base::TimePoint> time_of(const object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (!value) return std::nullopt;
  if (value->is_int64()) return time_from_text(std::to_string(value->get_int64()));
  auto time = time_from_text(text_of(from, key));
  return time && *time == base::TimePoint() ? std::nullopt : time;  // "0": never
}

// What an event's or attribute's tags and galaxies say.
struct Labels {
  std::optional<intel::Tlp> tlp;
  std::string family;
  std::optional<Role> role;

  void take_tag(std::string_view tag) {
    if (auto word = tlp_from_word(tag); word && base::to_lower(tag).starts_with("tlp:")) {
      if (!tlp || *word > *tlp) tlp = word;
      return;
    }
    // namespace:predicate="value"
    size_t equals = tag.find('=');
    std::string_view predicate = tag.substr(0, equals);
    size_t colon = predicate.find(':');
    std::string_view value = equals == std::string_view::npos
                                 ? tag.substr(std::min(colon, tag.size() - 1) + 1)
                                 : tag.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    bool names_family =
        predicate.starts_with("misp-galaxy:") &&
        (predicate.find("malware") != std::string_view::npos || predicate.ends_with("malpedia") ||
         predicate.ends_with("rat") || predicate.ends_with("botnet") || predicate.ends_with("ransomware") ||
         predicate.ends_with("banker") || predicate.ends_with("stealer") || predicate.ends_with("tool"));
    if (names_family && family.empty()) family = value.substr(0, value.find(" - "));  // "Name - S0123"
    if (!role) role = role_from_word(value);
  }

  static Labels of(const object& from) {
    Labels labels;
    if (const array* tags = list_of(from, "Tag")) {
      for (const auto& tag : *tags) {
        if (tag.is_object() && !text_of(tag.get_object(), "name").empty())
          labels.take_tag(text_of(tag.get_object(), "name"));
      }
    }
    return labels;
  }
};

class EventReader {
 public:
  EventReader(Collector& collector, const object& event) : collector_(collector), event_(event) {}

  Result<> read() {
    if (const auto* organisation = event_.if_contains("Orgc"); organisation && organisation->is_object())
      collector_.set_feed(std::string(text_of(organisation->get_object(), "name")));
    labels_ = Labels::of(event_);
    time_ = time_of(event_, "date");
    SHIKAKE_TRY(collector_.flush());
    SHIKAKE_TRY(collector_.group(labels_.family, references()));
    SHIKAKE_TRY(collector_.add_context(described()));
    if (const array* attributes = list_of(event_, "Attribute")) {
      for (const auto& attribute : *attributes) SHIKAKE_TRY(take(attribute));
    }
    if (const array* objects = list_of(event_, "Object")) {
      for (const auto& value : *objects) {
        const object* group = value.if_object();
        const array* attributes = group ? list_of(*group, "Attribute") : nullptr;
        if (!attributes) continue;
        if (flag(*group, "deleted"))
          collector_.skipped("deleted", attributes->size());
        else
          SHIKAKE_TRY(take_object(*group, *attributes));
      }
    }
    return collector_.flush();
  }

 private:
  // The event without what becomes entries.
  object described() const {
    object out;
    for (const auto& [key, value] : event_) {
      if (key != "Attribute" && key != "Object" && key != "ShadowAttribute" && key != "RelatedEvent")
        out[key] = value;
    }
    return out;
  }

  std::vector<std::string> references() const {
    std::vector<std::string> links;
    auto collect = [&](const array* attributes) {
      for (size_t i = 0; attributes && i < attributes->size(); ++i) {
        const object* attribute = (*attributes)[i].if_object();
        if (!attribute || flag(*attribute, "to_ids") || flag(*attribute, "deleted")) continue;
        std::string_view type = text_of(*attribute, "type");
        bool report =
            type == "link" || (type == "url" && text_of(*attribute, "category") == "External analysis");
        std::string_view value = text_of(*attribute, "value");
        constexpr size_t max_references = 50;  // as many as a person would ever follow
        if (report && !value.empty() && links.size() < max_references) links.emplace_back(value);
      }
    };
    collect(list_of(event_, "Attribute"));
    std::string_view uuid = text_of(event_, "uuid");
    if (links.empty() && !uuid.empty()) links.push_back("MISP event " + std::string(uuid));
    return links;
  }

  // Hashes and endpoints that MISP spreads over an object's attributes are one value each.
  Result<> take_object(const object& group, const array& attributes) {
    std::string_view kind = text_of(group, "name");
    auto value_of = [&](std::initializer_list<std::string_view> relations) -> std::string_view {
      for (const auto& value : attributes) {
        const object* attribute = value.if_object();
        if (!attribute || flag(*attribute, "deleted")) continue;
        std::string_view relation = text_of(*attribute, "object_relation");
        if (std::find(relations.begin(), relations.end(), relation) != relations.end())
          return text_of(*attribute, "value");
      }
      return {};
    };
    std::string_view comment = text_of(group, "comment");
    std::string port = kind == "ip-port" ? std::string(value_of({"dst-port", "port"})) : "";
    std::vector<std::string> hashes;
    if (kind == "file") {
      for (std::string_view hash : {value_of({"md5"}), value_of({"sha1"})}) {
        if (!hash.empty()) hashes.push_back(base::to_lower(hash));
      }
    }
    bool has_sha256 = !value_of({"sha256"}).empty();
    for (const auto& value : attributes) {
      const object* attribute = value.if_object();
      std::string_view relation = attribute ? text_of(*attribute, "object_relation") : std::string_view();
      if (has_sha256 && (relation == "md5" || relation == "sha1")) {
        collector_.comment();  // an alias of the file's SHA-256
        continue;
      }
      bool address = relation == "ip" || relation == "ip-dst";
      SHIKAKE_TRY(take(value, comment, address ? port : "",
                       relation == "sha256" ? hashes : std::vector<std::string>()));
    }
    return {};
  }

  Result<> take(const boost::json::value& value, std::string_view group_comment = {},
                const std::string& port = {}, const std::vector<std::string>& aliases = {}) {
    ++number_;
    const object* attribute = value.if_object();
    if (!attribute) {
      refuse("not an object", boost::json::serialize(value));
      return {};
    }
    std::string_view type = text_of(*attribute, "type"), text = trimmed(text_of(*attribute, "value"));
    if (type.empty() || text.empty()) {
      refuse("an attribute without type or value", text_of(*attribute, "uuid"));
      return {};
    }
    if (flag(*attribute, "deleted")) return skip("deleted");
    if (type == "link" || text_of(*attribute, "category") == "External analysis") {
      collector_.comment();
      return {};
    }
    const AttributeType* row = find_type(type);
    if (!row && (type == "md5" || type == "sha1" || type == "filename|md5" || type == "filename|sha1"))
      return skip("an MD5 or SHA-1 and no SHA-256");
    if (!row) return skip("of a type that no indicator holds: " + std::string(type.substr(0, 40)));
    if (!flag(*attribute, "to_ids")) return skip("context, not for detection (to_ids is false)");
    return entries(*attribute, *row, text, group_comment, port, aliases);
  }

  Result<> entries(const object& attribute, const AttributeType& row, std::string_view text,
                   std::string_view group_comment, const std::string& port,
                   const std::vector<std::string>& aliases) {
    std::vector<intel::IndicatorKey> keys;
    if (row.first == IndicatorType::ip_port) {
      SHIKAKE_TRY(add_key(keys, IndicatorType::ip_port, endpoint(text)));
    } else {
      size_t bar = row.name.find('|') == std::string_view::npos ? std::string_view::npos : text.find('|');
      std::string first(text.substr(0, bar));
      if (row.first == IndicatorType::ip && !port.empty())
        SHIKAKE_TRY(add_key(keys, IndicatorType::ip_port, endpoint(first + "|" + port)));
      else if (row.first)
        SHIKAKE_TRY(add_key(keys, *row.first, first));
      if (row.second && bar != std::string_view::npos)
        SHIKAKE_TRY(add_key(keys, *row.second, std::string(text.substr(bar + 1))));
    }
    if (keys.empty()) {
      refuse(refusal_.empty() ? "the value lacks a part" : refusal_, text);
      return {};
    }
    FeedEntry common = describe(attribute, row, group_comment);
    common.aliases = aliases;
    collector_.accepted();
    for (size_t i = 0; i < keys.size(); ++i) {
      FeedEntry entry = common;
      entry.key = std::move(keys[i]);
      if (i == 0) entry.original = attribute;
      SHIKAKE_TRY(collector_.add(std::move(entry)));
    }
    return {};
  }

  FeedEntry describe(const object& attribute, const AttributeType& row,
                     std::string_view group_comment) const {
    FeedEntry entry;
    Labels labels = Labels::of(attribute);
    entry.tlp = labels.tlp ? labels.tlp : labels_.tlp;
    entry.family = labels.family;
    entry.role = labels.role.value_or(labels_.role.value_or(row.role));
    std::string_view category = text_of(attribute, "category");
    if (entry.role == Role::unknown && category == "Payload delivery" && row.first == IndicatorType::url)
      entry.role = Role::distribution;
    entry.first_seen = time_of(attribute, "first_seen");
    if (!entry.first_seen) entry.first_seen = time_;
    entry.last_seen = time_of(attribute, "last_seen");
    if (!entry.last_seen) entry.last_seen = time_of(attribute, "timestamp");
    if (entry.first_seen && entry.last_seen && *entry.last_seen < *entry.first_seen)
      entry.last_seen = entry.first_seen;
    entry.description = text_of(attribute, "comment");
    if (entry.description.empty()) entry.description = group_comment;
    if (entry.description.empty()) entry.description = text_of(event_, "info");
    return entry;
  }

  // "192.0.2.1|80"
  static std::string endpoint(std::string_view text) {
    size_t bar = text.rfind('|');
    if (bar == std::string_view::npos) bar = text.rfind(':');
    if (bar == std::string_view::npos) return std::string(text);
    std::string address(text.substr(0, bar));
    bool v6 = address.find(':') != std::string::npos && !address.starts_with('[');
    return (v6 ? "[" + address + "]" : address) + ":" + std::string(text.substr(bar + 1));
  }

  Result<> add_key(std::vector<intel::IndicatorKey>& keys, IndicatorType type, std::string value) {
    if (type == IndicatorType::ip && value.find('/') != std::string::npos) type = IndicatorType::cidr;
    auto canonical = intel::canonical_value(type, value);
    if (canonical) {
      keys.push_back({type, *std::move(canonical)});
    } else {
      refusal_ = canonical.error().what;
    }
    return {};
  }

  Result<> skip(std::string_view reason) {
    collector_.skipped(reason);
    return {};
  }
  void refuse(std::string reason, std::string_view text) {
    collector_.refused(0, 0, std::move(reason) + " (attribute " + std::to_string(number_) + ")", text);
    refusal_.clear();
  }

  Collector& collector_;
  const object& event_;
  Labels labels_;
  std::optional<base::TimePoint> time_;
  uint64_t number_ = 0;  // of the attribute, in the event
  std::string refusal_;
};

// Events in any of the wrappings; how many.
Result<size_t> read_events(Collector& collector, const boost::json::value& value, int depth) {
  constexpr int max_wrappings = 4;
  size_t events = 0;
  if (depth == max_wrappings) return events;
  if (const array* list = value.if_array()) {
    for (const auto& element : *list) {
      SHIKAKE_ASSIGN(size_t some, read_events(collector, element, depth + 1));
      events += some;
    }
    return events;
  }
  const object* one = value.if_object();
  if (!one) return events;
  for (std::string_view wrapping : {"response", "Event"}) {
    if (const auto* inner = one->if_contains(wrapping)) return read_events(collector, *inner, depth + 1);
  }
  if (!one->contains("Attribute") && !one->contains("Object") && !one->contains("info")) return events;
  SHIKAKE_TRY(EventReader(collector, *one).read());
  return events + 1;
}

}  // namespace

bool recognise_misp(std::string_view beginning) {
  std::vector<std::string> names = json_member_names(beginning);
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "Event" || name == "response" || name == "Attribute";
  });
}

Result<> read_misp(Input& input, Collector& collector) {
  collector.set_unit("attributes");
  SHIKAKE_ASSIGN(std::string text, input.rest(max_document_bytes));
  SHIKAKE_ASSIGN(boost::json::value document, parse_document(text));
  text = {};
  SHIKAKE_ASSIGN(size_t events, read_events(collector, document, 0));
  if (events == 0)
    return fail(Module::publish, ErrorCode::invalid_input,
                "the document holds no MISP event (a member \"Event\")");
  return {};
}

}  // namespace shikake::publish
