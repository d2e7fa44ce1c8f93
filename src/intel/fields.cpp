#include "intel/fields.h"

#include <algorithm>

namespace shikake::intel {

std::string json_time(base::TimePoint time) {
  static const base::TimePoint first = *base::from_rfc3339("0001-01-01");
  static const base::TimePoint last = *base::from_rfc3339("9999-12-31T23:59:59.999999Z");
  return base::to_rfc3339(std::clamp(time, first, last));
}

boost::json::array json_texts(const std::vector<std::string>& texts) {
  boost::json::array array;
  array.reserve(texts.size());
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

void Fields::wrong(std::string_view key, std::string_view how) {
  if (error_) return;
  error_ = Error{Module::intel, ErrorCode::invalid_input,
                 "the record's " + place_ + "/" + std::string(key) + " " + std::string(how)};
}

const boost::json::value* Fields::find(std::string_view key) {
  const boost::json::value* value = object_.if_contains(key);
  return value && !value->is_null() ? value : nullptr;
}

std::string Fields::text_or_empty(std::string_view key) {
  const boost::json::value* value = find(key);
  if (!value) return {};
  if (const boost::json::string* text = value->if_string()) return std::string(text->data(), text->size());
  wrong(key, "is not a string");
  return {};
}

std::string Fields::text(std::string_view key) {
  if (!find(key)) wrong(key, "is missing");
  return text_or_empty(key);
}

std::vector<std::string> Fields::texts(std::string_view key) {
  std::vector<std::string> all;
  const boost::json::array* list = array(key);
  if (!list) return all;
  all.reserve(list->size());
  for (const boost::json::value& element : *list) {
    const boost::json::string* text = element.if_string();
    if (!text) {
      wrong(key, "holds something that is not a string");
      break;
    }
    all.emplace_back(text->data(), text->size());
  }
  return all;
}

bool Fields::flag(std::string_view key, bool fallback) {
  const boost::json::value* value = find(key);
  if (!value) return fallback;
  if (const bool* flag = value->if_bool()) return *flag;
  wrong(key, "is neither true nor false");
  return fallback;
}

std::optional<uint64_t> Fields::optional_number(std::string_view key, uint64_t most) {
  const boost::json::value* value = find(key);
  if (!value) return std::nullopt;
  uint64_t number = 0;
  if (const int64_t* small = value->if_int64(); small && *small >= 0) {
    number = static_cast<uint64_t>(*small);
  } else if (const uint64_t* large = value->if_uint64()) {
    number = *large;
  } else {
    wrong(key, "is not a whole number of zero or more");
    return std::nullopt;
  }
  if (number > most) {
    wrong(key, "is more than " + std::to_string(most));
    return std::nullopt;
  }
  return number;
}

uint64_t Fields::number(std::string_view key, uint64_t most) {
  if (!find(key)) wrong(key, "is missing");
  return optional_number(key, most).value_or(0);
}

std::optional<base::TimePoint> Fields::optional_time(std::string_view key) {
  std::string found = text_or_empty(key);
  if (found.empty()) return std::nullopt;
  auto time = base::from_rfc3339(found);
  if (!time) wrong(key, "is not a time as RFC 3339 writes it");
  return time;
}

base::TimePoint Fields::time(std::string_view key) {
  if (!find(key)) wrong(key, "is missing");
  return optional_time(key).value_or(base::TimePoint{});
}

std::optional<base::Digest> Fields::optional_digest(std::string_view key) {
  std::string found = text_or_empty(key);
  if (found.empty()) return std::nullopt;
  auto digest = base::Digest::from_hex(found);
  if (!digest) wrong(key, "is not a SHA-256 in hexadecimal");
  return digest;
}

base::Digest Fields::digest(std::string_view key) {
  if (!find(key)) wrong(key, "is missing");
  return optional_digest(key).value_or(base::Digest{});
}

const boost::json::object* Fields::object(std::string_view key) {
  const boost::json::value* value = find(key);
  if (!value) return nullptr;
  if (const boost::json::object* object = value->if_object()) return object;
  wrong(key, "is not an object");
  return nullptr;
}

const boost::json::array* Fields::array(std::string_view key) {
  const boost::json::value* value = find(key);
  if (!value) return nullptr;
  if (const boost::json::array* array = value->if_array()) return array;
  wrong(key, "is not an array");
  return nullptr;
}

}  // namespace shikake::intel
