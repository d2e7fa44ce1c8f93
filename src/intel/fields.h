// Reads a record's members with their types checked. The first thing that is wrong is kept and the rest
// reads as empty, so that a record's reader is a list of fields and one question at the end.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"

namespace shikake::intel {

// A record's strings, times and digests as they stand in JSON.
std::string json_time(base::TimePoint time);  // RFC 3339; outside the years 1 to 9999 the nearest that fits
boost::json::array json_texts(const std::vector<std::string>& texts);

class Fields {
 public:
  // `place` is the JSON pointer of `object`, for messages. Both must outlive the reader.
  Fields(const boost::json::object& object, std::string place) : object_(object), place_(std::move(place)) {}

  std::string text(std::string_view key);           // required
  std::string text_or_empty(std::string_view key);  // "" where absent
  std::vector<std::string> texts(std::string_view key);
  bool flag(std::string_view key, bool fallback);
  uint64_t number(std::string_view key, uint64_t most);  // required
  std::optional<uint64_t> optional_number(std::string_view key, uint64_t most);
  base::TimePoint time(std::string_view key);  // required
  std::optional<base::TimePoint> optional_time(std::string_view key);
  base::Digest digest(std::string_view key);  // required
  std::optional<base::Digest> optional_digest(std::string_view key);
  const boost::json::object* object(std::string_view key);  // null where absent
  const boost::json::array* array(std::string_view key);    // null where absent

  // One of an enum's names, by its reader: named("role", role).
  template <class Enum>
  std::optional<Enum> optional_named(std::string_view key, std::optional<Enum> (*read)(std::string_view)) {
    std::string found = text_or_empty(key);
    if (found.empty()) return std::nullopt;
    std::optional<Enum> value = read(found);
    if (!value) wrong(key, "is not a name that is known here: " + found);
    return value;
  }
  template <class Enum>
  Enum named(std::string_view key, std::optional<Enum> (*read)(std::string_view)) {
    if (!object_.contains(key)) wrong(key, "is missing");
    return optional_named(key, read).value_or(Enum{});
  }

  // Each element must be an object; `each` gets a reader for it. Its first error becomes ours.
  template <class Each>
  void objects(std::string_view key, Each each) {
    const boost::json::array* list = array(key);
    if (!list) return;
    for (size_t i = 0; i < list->size() && !error_; ++i) {
      std::string where = place_ + "/" + std::string(key) + "/" + std::to_string(i);
      const boost::json::object* element = (*list)[i].if_object();
      if (!element) {
        error_ = Error{Module::intel, ErrorCode::invalid_input, "the record has no object at " + where};
        return;
      }
      Fields fields(*element, std::move(where));
      each(fields);
      if (fields.error_) error_ = std::move(fields.error_);
    }
  }
  template <class Each>
  bool nested(std::string_view key, Each each) {
    const boost::json::object* inner = object(key);
    if (!inner) return false;
    Fields fields(*inner, place_ + "/" + std::string(key));
    each(fields);
    if (fields.error_ && !error_) error_ = std::move(fields.error_);
    return true;
  }

  void wrong(std::string_view key, std::string_view how);
  const std::optional<Error>& error() const { return error_; }
  const boost::json::object& raw() const { return object_; }

 private:
  const boost::json::value* find(std::string_view key);  // null where absent or null

  const boost::json::object& object_;
  std::string place_;
  std::optional<Error> error_;
};

}  // namespace shikake::intel
