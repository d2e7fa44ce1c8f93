#include "honeyclient/low/script_file.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"
#include "honeyclient/chain/payload.h"

namespace shikake::honeyclient::low {

namespace {

struct Type {
  std::string_view extension, content_type;
};
constexpr std::string_view page_type = "text/html";

constexpr std::array types = {
    Type{".vbs", "application/x-wsh-vbscript"}, Type{".vbe", "application/x-wsh-vbscript"},
    Type{".jse", "application/x-wsh-jscript"},  Type{".js", "application/x-wsh-jscript"},
    Type{".wsf", "application/x-wsh-wsf"},      Type{".hta", "application/hta"}};

}  // namespace

std::string_view script_file_type(std::string_view file_name) {
  const std::string name = base::to_lower(file_name);
  for (const Type& type : types)
    if (name.ends_with(type.extension)) return type.content_type;
  return {};
}

std::string_view file_type(std::string_view file_name, std::string_view content) {
  if (const std::string_view type = script_file_type(file_name); !type.empty()) return type;
  const std::string name = base::to_lower(file_name);
  for (std::string_view page : {".html", ".htm", ".xhtml", ".svg", ".txt"})
    if (name.ends_with(page)) return page_type;
  const chain::Payload payload = chain::payload_of(content, "", name);
  return payload.kind == chain::PayloadKind::none ? page_type : payload.mime;
}

bool is_script_file_type(std::string_view content_type) {
  return std::ranges::any_of(types, [&](const Type& type) { return type.content_type == content_type; });
}

}  // namespace shikake::honeyclient::low
