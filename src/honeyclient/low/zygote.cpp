#include "honeyclient/low/zygote.h"

namespace shikake::honeyclient::low {

Result<base::Zygote> start_page_zygote(const std::optional<std::filesystem::path>& program) {
  base::ChildOptions options;
  if (program) {
    options.path = *program;
  } else {
    SHIKAKE_ASSIGN(options.path, base::find_sibling_executable("shikake-page"));
  }
  options.inherit_stderr = false;  // hostile bytes that took a worker over could write to a terminal
  return base::Zygote::start(std::move(options));
}

}  // namespace shikake::honeyclient::low
