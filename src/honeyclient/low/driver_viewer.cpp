// Scripts of PDF documents: each document's in a page worker of its own, confined and bounded as a page is,
// that shows them a viewer's objects.
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/digest.h"
#include "honeyclient/components/table.h"
#include "honeyclient/low/driver.h"
#include "triage/triage.h"

namespace shikake::honeyclient::low {

namespace {

// "9.1.0" is 9.1 in app.viewerVersion.
std::string major_and_minor(std::string_view version) {
  const size_t point = version.find('.');
  if (point == version.npos) return std::string(version) + ".0";
  return std::string(version.substr(0, version.find('.', point + 1)));
}

// The viewer that the visitor's browser has; one of the years of most attacks where it has none.
std::string viewer_version(const Persona& persona) {
  for (const PersonaPlugin& plugin : persona.plugins)
    if (plugin.name.find("Acrobat") != std::string::npos && !plugin.version.empty())
      return major_and_minor(plugin.version);
  const components::Component* reader = components::find("AcroPDF.PDF");
  const uint32_t browser = persona.engine == Engine::trident ? persona.version : 0;
  const std::string version = reader && browser ? components::version(*reader, browser) : "";
  return version.empty() ? "9.0" : major_and_minor(version);
}

// What scripts tell apart: each hole was closed in one of them.
constexpr std::array<std::string_view, 3> other_versions = {"7.0", "8.0", "9.0"};

}  // namespace

void Driver::view(uint32_t node, const triage::Triage& facts) {
  const triage::Document& document = *facts.document;
  if (!document.format.starts_with("PDF")) return;
  auto viewed = std::make_shared<ViewedDocument>();
  for (const triage::DocumentScript& script : document.scripts)
    if (script.language == "JavaScript") viewed->scripts.push_back({script.where, script.text});
  if (viewed->scripts.empty()) return;
  viewed->viewer_version = viewer_version(persona_);
  viewed->size = facts.size;
  for (const triage::DocumentField& field : document.fields)
    viewed->fields.push_back({field.kind, field.name, field.value, field.subject, field.page});
  for (const triage::DocumentProperty& property : document.properties) {
    if (property.name == "pages")
      viewed->pages = static_cast<uint32_t>(std::strtoul(property.value.c_str(), nullptr, 10));
    else
      viewed->properties.push_back({property.name, property.value});
  }
  documents_[facts.hashes.sha256] = viewed;
  start_viewer(node, std::move(viewed));
}

void Driver::start_viewer(uint32_t node, std::shared_ptr<const ViewedDocument> viewed) {
  std::string body = base::to_wire(*viewed);
  if (!viewed_.insert(base::sha256(body).hex()).second) return;
  if (++viewers_ > limits::max_viewers) return record_.limit("documents");
  auto url = url::Url::parse(record_.at(node).url);
  if (!url) return;
  Context& context = new_context(nullptr, nullptr, "");
  context.node = node;
  context.url = std::move(*url);
  Document document;
  document.url = context.url.href();
  document.content_type = viewed_document_type;
  document.body = std::move(body);
  start_worker(context, std::move(document));
  if (context.worker) context.worker->viewed = std::move(viewed);
}

// Its script asked which version of the viewer this is: what it shows to others may be another attack.
void Driver::view_as_others(const WorkerState& worker) {
  if (forcing_) return;  // it goes every way already
  const uint32_t node = worker.root->node;
  const std::shared_ptr<const ViewedDocument> asked = worker.viewed;
  for (std::string_view version : other_versions) {
    auto other = std::make_shared<ViewedDocument>(*asked);
    other->viewer_version = version;
    start_viewer(node, std::move(other));
  }
}

}  // namespace shikake::honeyclient::low
