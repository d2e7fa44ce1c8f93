// Documents, archives and shortcuts that pages hand over: taken apart by static triage in its own process,
// and where they lead.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/unique_fd.h"
#include "honeyclient/chain/payload.h"
#include "honeyclient/low/driver.h"
#include "triage/triage.h"

namespace shikake::honeyclient::low {

using intel::Mechanism;

namespace {

// Office's types by libmagic and by first bytes, Flash, Java, PDF, archives, shortcuts. Programs are the
// sandbox's.
bool is_taken_apart(std::string_view mime) {
  const chain::Payload payload = chain::payload_by_mime(mime);
  return payload.kind == chain::PayloadKind::document || payload.kind == chain::PayloadKind::archive ||
         payload.mime == "application/x-ms-shortcut";
}

Result<base::UniqueFd> in_memory(std::string_view bytes) {
  base::UniqueFd file(::memfd_create("document", MFD_CLOEXEC));
  if (!file) return fail_errno(Module::honeyclient, "no memory file for a document");
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0) return fail_errno(Module::honeyclient, "a document can't be kept in memory");
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return file;
}

}  // namespace

void Driver::look_into(uint32_t node, std::string_view body) {
  if (!is_taken_apart(record_.at(node).mime)) return;
  const std::string& path = record_.at(node).url;
  std::string name = path.substr(path.rfind('/') + 1);
  name = name.substr(0, name.find_first_of("?#"));
  take_apart({node, "", std::move(name), 0}, body);
}

void Driver::take_apart(const Inside& where, std::string_view bytes) {
  const std::string digest = base::sha256(bytes).hex();
  if (forcing_ && forcing_->files_read_.contains(digest)) {  // the visit has it; its scripts are forced
    if (auto known = forcing_->documents_.find(digest); known != forcing_->documents_.end())
      start_viewer(where.node, known->second);
    return;
  }
  if (!files_read_.insert(digest).second) return;
  if (files_read_.size() > limits::max_documents) return record_.limit("documents");
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(deadline_ - std::chrono::steady_clock::now());
  if (left.count() <= 0) return;
  std::vector<std::pair<std::string, std::string>> members;
  triage::Options options;
  options.name = where.name;
  options.depth = where.depth;
  options.patience = std::clamp(left, std::chrono::seconds(1), limits::max_document_time);
  std::vector<base::Digest> kept;
  const bool archive = chain::payload_of(bytes, "", where.name).kind == chain::PayloadKind::archive;
  options.on_member = [&](const triage::Member& member, std::string content) -> Result<> {
    document_bytes_ += content.size();
    if (document_bytes_ > limits::max_visit_bytes) {
      record_.limit("documents");
      return {};
    }
    const std::string path = where.inside.empty() ? member.path : where.inside + "!" + member.path;
    kept.push_back(record_.part(where.node, path, content, archive));
    if (members.size() < limits::max_documents) members.emplace_back(member.path, std::move(content));
    return {};
  };
  auto file = in_memory(bytes);
  auto facts =
      file ? triage::triage_fd(file->get(), options) : Result<triage::Triage>(tl::unexpected(file.error()));
  if (!facts) {
    record_.limit("documents");
    return record_.event("error", "a file could not be taken apart: " + facts.error().what, where.node);
  }
  record_.file(where.node, where.inside, *facts, kept);
  weigh(where, *facts);
  for (auto& [name, content] : members) {
    const std::string inside = where.inside.empty() ? name : where.inside + "!" + name;
    // What a part is, its bytes say; plain text and pictures are not asked.
    const chain::Payload payload = chain::payload_of(content, "", name);
    const bool known = payload.mime == "application/java-vm";  // read with its archive
    if (!known && is_taken_apart(payload.mime))
      take_apart({where.node, inside, name, where.depth + 1}, content);
  }
}

void Driver::weigh(const Inside& where, const triage::Triage& facts) {
  if (!facts.document) return;
  const triage::Document& document = *facts.document;
  for (const std::string& code : document.code)
    run_code(where.node, MachineCode{0, "script of a document", code, std::nullopt});
  view(where.node, facts);
  const bool convicted = std::ranges::any_of(document.traits, &triage::DocumentTrait::convicts);
  for (const triage::DocumentLink& link : document.links) {
    auto url = url::Url::parse(link.target);
    if (!link.opens || !url || !url->is_http()) continue;
    if (++document_links_ > limits::max_document_links) return record_.limit("documents");
    fetch_payload(where.node, link.target, Mechanism::download, std::nullopt,
                  convicted ? fmt::format("a {} from {} opens it ({})", document.format,
                                          record_.at(where.node).url, link.how)
                            : "");
  }
}

}  // namespace shikake::honeyclient::low
