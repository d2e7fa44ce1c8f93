// Names without paths, from passive DNS and certificate logs. A line is
//   a name             example.com, *.example.com
//   fields             name,first,last (commas, semicolons, tabs or blanks; the first field that is a name)
//   a JSON object      the Passive DNS Common Output Format (draft-dulaunoy-dnsop-passive-dns-cof): rrname,
//                      time_first, time_last; or a certificate search's: name_value (several, one a line),
//                      common_name, not_before
#include <boost/json.hpp>
#include <vector>

#include "neighbourhood/sources/source.h"
#include "neighbourhood/sources/text.h"

namespace shikake::neighbourhood {
namespace {

std::string text_of(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (!value) return {};
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_int64()) return std::to_string(value->get_int64());
  return {};
}

Result<> read_object(const boost::json::object& object, Rows& rows, uint64_t line) {
  std::string first = text_of(object, "time_first"), last = text_of(object, "time_last");
  if (first.empty()) first = text_of(object, "not_before");
  std::string names;
  for (std::string_view key : {"rrname", "name_value", "common_name", "name", "host"})
    if (names.empty()) names = text_of(object, key);
  if (names.empty()) return rows.skip("no name in the object", line);
  for (std::string_view rest = names; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    SHIKAKE_TRY(rows.host(rest.substr(0, end), first, last, line));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Result<> read_json(std::string_view text, Rows& rows, uint64_t line) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return rows.skip("no JSON object", line);
  return read_object(value.get_object(), rows, line);
}

bool looks_like_a_name(std::string_view field) {
  return field.find('.') != field.npos && !day_from_text(field) &&
         field.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != field.npos;
}

}  // namespace

Result<> read_hosts(Input& input, Rows& rows) {
  std::vector<std::string> fields;
  while (true) {
    SHIKAKE_ASSIGN(std::optional<InputLine> line, input.line());
    if (!line) return {};
    std::string_view text = base::trimmed(line->text);
    if (line->too_long) {
      SHIKAKE_TRY(rows.skip("too long a line", line->number));
      continue;
    }
    if (text.empty() || is_comment(text)) continue;
    if (text.starts_with('{')) {
      SHIKAKE_TRY(read_json(text, rows, line->number));
      continue;
    }
    const char separator = text.find(',') != text.npos    ? ','
                           : text.find(';') != text.npos  ? ';'
                           : text.find('\t') != text.npos ? '\t'
                                                          : ' ';
    if (!split_fields(text, separator, fields)) {
      SHIKAKE_TRY(rows.skip("a quote that never closes", line->number));
      continue;
    }
    std::string name, first, last;
    for (const std::string& field : fields) {
      if (name.empty() && looks_like_a_name(base::trimmed(field)))
        name = field;
      else if (day_from_text(field))
        (first.empty() ? first : last) = field;
    }
    if (name.empty())
      SHIKAKE_TRY(rows.skip("not a host name", line->number));
    else
      SHIKAKE_TRY(rows.host(name, first, last, line->number));
  }
}

}  // namespace shikake::neighbourhood
