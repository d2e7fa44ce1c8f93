#include "honeyclient/low/page/protocols.h"

#include "honeyclient/components/judge.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"
#include "url/percent.h"

namespace shikake::honeyclient::low::page {

void note_protocol(Window& window, const url::Url& to) {
  if (to.is_http() || to.scheme() == "data" || to.scheme() == "blob") return;
  const std::string name = std::string(to.scheme()) + ":";
  const components::Component* row = components::find(name);
  if (!row) return;
  ComponentUse use;
  use.window = window.id;
  use.name = row->program_ids[0];
  use.member = "open";
  use.origin = window.page.in_script() ? window.page.positions.origin_here() : std::nullopt;
  auto argument = [&use](const std::string& text) {
    use.lengths.push_back(static_cast<uint32_t>(text.size()));
    use.arguments.push_back(text.substr(0, limits::max_argument_text));
  };
  argument(to.href());
  // What ends one for ms-its: is "::", behind which the file in the archive is named.
  for (std::string address : components::addresses_in(url::percent_decode(to.href())))
    argument(address.substr(0, address.find("::")));
  window.page.tell(FromPage::component, use);
}

}  // namespace shikake::honeyclient::low::page
