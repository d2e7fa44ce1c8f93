#include <fmt/format.h>

#include "base/checked.h"
#include "base/file.h"
#include "neighbourhood/corpus.h"
#include "neighbourhood/hash.h"

// shikake corpus 2
// next 12
// segment 000003.seg
// sum 0123456789abcdef      hash64 of the lines above
namespace shikake::neighbourhood {
namespace {

constexpr uint64_t largest_manifest = 1 << 20;
constexpr std::string_view title = "shikake corpus ";

std::string_view take_line(std::string_view& rest) {
  size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

bool is_segment_name(std::string_view name) {
  return name.size() <= 32 && name.ends_with(".seg") &&
         name.find_first_not_of("0123456789") == name.size() - std::string_view(".seg").size();
}

}  // namespace

Result<Manifest> read_manifest(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "CORPUS";
  auto text = base::read_file(path, largest_manifest);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) return fail(std::move(text.error()));
    return fail(Error{Module::neighbourhood, ErrorCode::not_found,
                      "there is no corpus here; `shikake corpus add` makes one", directory.string()});
  }
  auto damaged = [&](std::string_view what) {
    return fail(Error{Module::neighbourhood, ErrorCode::corrupted,
                      fmt::format("the corpus's list of segments is damaged: {}", what), path.string()});
  };
  std::string_view rest = *text, head = take_line(rest);
  auto version =
      head.starts_with(title) ? base::parse_integer<uint32_t>(head.substr(title.size())) : std::nullopt;
  if (!version) return damaged("it does not begin as one");
  if (*version != segment_version) {
    return fail(Error{Module::neighbourhood,
                      *version > segment_version ? ErrorCode::too_new : ErrorCode::unsupported,
                      fmt::format("the corpus is of version {} and this program reads version {}", *version,
                                  segment_version),
                      path.string()});
  }
  const size_t sum_at = text->rfind("sum ");
  if (sum_at == text->npos ||
      text->substr(sum_at) != fmt::format("sum {:016x}\n", hash64(std::string_view(*text).substr(0, sum_at))))
    return damaged("it is cut short or was changed");
  Manifest manifest;
  while (rest.size() > text->size() - sum_at) {
    std::string_view line = take_line(rest);
    size_t blank = line.find(' ');
    std::string_view word = line.substr(0, blank), value = blank == line.npos ? "" : line.substr(blank + 1);
    if (word == "next") {
      auto next = base::parse_integer<uint64_t>(value);
      if (!next) return damaged("its next number is none");
      manifest.next = *next;
    } else if (word == "segment" && is_segment_name(value)) {
      manifest.segments.emplace_back(value);
    } else {
      return damaged("a line is not known");
    }
  }
  return manifest;
}

Result<> write_manifest(const std::filesystem::path& directory, const Manifest& manifest) {
  std::string text = fmt::format("{}{}\nnext {}\n", title, segment_version, manifest.next);
  for (const std::string& segment : manifest.segments) text += "segment " + segment + "\n";
  text += fmt::format("sum {:016x}\n", hash64(text));
  return base::write_file_atomically(directory / "CORPUS", text);
}

}  // namespace shikake::neighbourhood
