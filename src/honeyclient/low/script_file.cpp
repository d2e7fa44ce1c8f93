#include "honeyclient/low/script_file.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"

namespace shikake::honeyclient::low {

namespace {

struct Type {
  std::string_view extension, content_type;
};
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

bool is_script_file_type(std::string_view content_type) {
  return std::ranges::any_of(types, [&](const Type& type) { return type.content_type == content_type; });
}

}  // namespace shikake::honeyclient::low
