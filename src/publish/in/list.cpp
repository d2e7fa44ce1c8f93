// Plain lists: one value a line (URL, domain, address, network, address:port, SHA-256; defanged or not),
// comments behind # ; or //, and hosts-file lines, whose names are what a resolver sends nowhere:
//
//   0.0.0.0 bad.example other.example   # remark
#include <algorithm>
#include <array>
#include <optional>

#include "publish/in/formats.h"
#include "publish/in/vocabulary.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

using intel::FeedEntry;

// Where hosts-file lines send a name to get rid of it.
constexpr std::string_view nowhere[] = {"0.0.0.0", "127.0.0.1", "127.0.1.1", "::", "::1", "255.255.255.255"};
// Names that such files hold for the machine itself (hosts(5)).
constexpr std::string_view own_names[] = {"localhost",      "localhost.localdomain", "local",
                                          "broadcasthost",  "ip6-localhost",         "ip6-loopback",
                                          "ip6-localnet",   "ip6-mcastprefix",       "ip6-allnodes",
                                          "ip6-allrouters", "ip6-allhosts",          "0.0.0.0"};

template <size_t N>
bool contains(const std::string_view (&list)[N], std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

// The next word of `text`, which loses it.
std::string_view next_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t";
  size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  size_t end = std::min(text.find_first_of(blanks, begin), text.size());
  std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// A remark starts at a # or ; behind a blank: without one it is a part of the URL.
std::string_view take_remark(std::string_view& text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '#' || text[i] == ';') && (text[i - 1] == ' ' || text[i - 1] == '\t')) {
      std::string_view remark = trimmed(text.substr(i + 1));
      text = trimmed(text.substr(0, i));
      return remark;
    }
  }
  return {};
}

bool is_comment(std::string_view text) {
  return text.empty() || text.starts_with('#') || text.starts_with(';') || text.starts_with("//") ||
         text.starts_with('!');
}

Result<> hosts_line(Collector& collector, const Line& line, std::string_view names, std::string_view remark) {
  size_t entries = 0;
  std::optional<Error> refusal;
  std::string_view refused_name;
  while (true) {
    std::string_view name = next_word(names);
    if (name.empty()) break;
    if (contains(own_names, name)) continue;
    auto canonical = intel::canonical_value(intel::IndicatorType::domain, name);
    if (!canonical) {
      refusal = std::move(canonical).error();
      refused_name = name;
      continue;
    }
    FeedEntry entry;
    entry.key = {intel::IndicatorType::domain, *std::move(canonical)};
    entry.line = line.number;
    entry.description = remark;
    SHIKAKE_TRY(collector.add(std::move(entry)));
    ++entries;
  }
  if (entries > 0) {
    collector.accepted();
    if (refusal) collector.note("a name beside good ones on a hosts line is not a domain");
  } else if (refusal) {
    collector.refused(line.number, line.offset, refusal->what, refused_name);
  } else {
    collector.skipped("names of the machine itself");
  }
  return {};
}

Result<> list_line(Collector& collector, const Line& line) {
  std::string_view text = trimmed(line.text);
  if (is_comment(text)) {
    collector.comment();
    return {};
  }
  std::string_view remark = take_remark(text);
  std::string_view rest = text;
  std::string_view first = next_word(rest);
  if (!trimmed(rest).empty()) {
    if (contains(nowhere, first)) return hosts_line(collector, line, rest, remark);
    collector.refused(line.number, line.offset, "more than one value on a line", text);
    return {};
  }
  auto key = intel::guess_key(text);
  if (!key) {
    bool table = text.find(',') != std::string_view::npos;
    collector.refused(
        line.number, line.offset,
        table ? "not one value; if this is CSV without a header, say --format csv and name its columns"
              : key.error().what,
        text);
    return {};
  }
  FeedEntry entry;
  entry.key = *std::move(key);
  entry.line = line.number;
  entry.description = remark;
  collector.accepted();
  return collector.add(std::move(entry));
}

}  // namespace

bool recognise_list(std::string_view beginning) {
  // Anything in lines of text; a JSON document would be one refusal a line.
  std::string_view start = trimmed(beginning);
  return !start.starts_with('{') && !(start.starts_with('[') && start.find(':') != std::string_view::npos &&
                                      trimmed(start.substr(1)).starts_with('{'));
}

Result<> read_list(Input& input, Collector& collector) {
  for (;;) {
    SHIKAKE_ASSIGN(std::optional<Line> line, input.next_line());
    if (!line) return {};
    if (line->too_long) {
      collector.refused(line->number, line->offset, "the line is longer than 1 MiB", line->text);
      continue;
    }
    SHIKAKE_TRY(list_line(collector, *line));
  }
}

}  // namespace shikake::publish
