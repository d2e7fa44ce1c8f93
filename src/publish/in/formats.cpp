#include "publish/in/formats.h"

#include <algorithm>

#include "intel/model.h"

namespace shikake::publish {
namespace {

constexpr size_t probe_bytes = size_t{64} << 10;

constexpr InputFormat table[] = {
    {"warninglist", "MISP warninglist: values that must never be blocked", recognise_warninglist,
     read_warninglist},
    {"stix", "STIX 2.1 bundle", recognise_stix, read_stix},
    {"misp", "MISP event, or list of events, as JSON", recognise_misp, read_misp},
    {"maltrail", "Maltrail trails", recognise_maltrail, read_maltrail},
    {"csv", "CSV with named columns (RFC 4180; also ; and tab)", recognise_csv, read_csv},
    {"list", "plain list: one value a line, or hosts-file lines", recognise_list, read_list},
};

tl::unexpected<Error> not_text(std::string what, uint64_t line, uint64_t offset) {
  Error error{Module::publish, ErrorCode::invalid_input, std::move(what)};
  error.line = line;
  error.offset = offset;
  return fail(std::move(error));
}

// Text in one of the encodings that every format here is in; nothing else gets as far as a parser.
Result<> check_text(std::string_view beginning) {
  if (beginning.starts_with("\xFF\xFE") || beginning.starts_with("\xFE\xFF"))
    return not_text("this is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)", 1, 0);
  if (beginning.starts_with("\x1F\x8B"))
    return not_text("this is compressed (gzip); decompress it first", 1, 0);
  size_t nul = beginning.find('\0');
  if (nul == std::string_view::npos) return {};
  auto line = std::count(beginning.begin(), beginning.begin() + static_cast<ptrdiff_t>(nul), '\n') + 1;
  return not_text("a zero byte: this is binary, not a text feed", static_cast<uint64_t>(line), nul);
}

std::string_view skip_mark(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

}  // namespace

std::span<const InputFormat> input_formats() {
  return table;
}

Result<const InputFormat*> find_input_format(std::string_view name, Input& input) {
  SHIKAKE_ASSIGN(std::string_view beginning, input.peek(probe_bytes));
  beginning = skip_mark(beginning.substr(0, probe_bytes));
  SHIKAKE_TRY(check_text(beginning));
  for (const InputFormat& format : table) {
    if (name.empty() ? format.recognise(beginning) : format.name == name) return &format;
  }
  std::string names;
  for (const InputFormat& format : table) names += (names.empty() ? "" : ", ") + std::string(format.name);
  if (!name.empty())
    return fail(Module::publish, ErrorCode::invalid_usage,
                "there is no feed format \"" + std::string(name) + "\"; there are: " + names);
  return fail(Module::publish, ErrorCode::invalid_input,
              "the content is of no feed format that is known (" + names + "); name one with --format");
}

Result<ReadReport> read_feed(Input& input, const ReadOptions& options, ReadSinks sinks) {
  SHIKAKE_ASSIGN(const InputFormat* format, find_input_format(options.format, input));
  Collector collector(options, format->name, std::move(sinks));
  SHIKAKE_TRY(format->read(input, collector));
  SHIKAKE_TRY(collector.flush());
  return std::move(collector).report();
}

std::vector<std::string> json_member_names(std::string_view text) {
  std::vector<std::string> names;
  int depth = 0, wanted = 1;  // the depth at which names count
  bool in_string = false, expect_name = false;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
        if (expect_name && depth == wanted) names.emplace_back(text.substr(begin, i - begin));
        expect_name = false;
      }
      continue;
    }
    switch (c) {
      case '"':
        in_string = true;
        begin = i + 1;
        break;
      case '[':
        if (depth == 0) wanted = 2;
        ++depth;
        expect_name = false;
        break;
      case '{':
        ++depth;
        expect_name = true;
        break;
      case ']':
      case '}':
        if (--depth < wanted && c == '}') return names;
        break;
      case ',':
        expect_name = depth == wanted;
        break;
      case ' ':
      case '\t':
      case '\r':
      case '\n':
      case ':':
        break;
      default:
        if (depth == 0) return names;  // no object and no array: not our JSON
    }
  }
  return names;
}

}  // namespace shikake::publish
