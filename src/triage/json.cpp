#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/bytes.h"
#include "base/digest.h"
#include "triage/triage.h"

namespace shikake::triage {
namespace {

namespace json = boost::json;

std::string text(std::string_view bytes) {
  return base::to_valid_utf8(bytes);
}

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& one : list) out.emplace_back(text(one));
  return out;
}

template <class T, class Convert>
json::array each(const std::vector<T>& list, Convert convert) {
  json::array out;
  for (const T& one : list) out.emplace_back(convert(one));
  return out;
}

double bits(Entropy entropy) {
  return static_cast<double>(entropy) / 1000;
}

void put_text(json::object& out, std::string_view key, const std::string& value) {
  if (!value.empty()) out[key] = text(value);
}

json::object to_json(const Hashes& hashes) {
  json::object out{{"md5", hashes.md5}, {"sha1", hashes.sha1}, {"sha256", hashes.sha256}};
  put_text(out, "ssdeep", hashes.ssdeep);
  put_text(out, "tlsh", hashes.tlsh);
  return out;
}

json::object to_json(const ElfSection& section) {
  return {{"name", text(section.name)},      {"type", section.type},     {"flags", section.flags},
          {"address", section.address},      {"offset", section.offset}, {"size", section.size},
          {"entropy", bits(section.entropy)}};
}

json::object to_json(const ElfSegment& segment) {
  std::string access;
  if (segment.flags & 4) access += 'r';
  if (segment.flags & 2) access += 'w';
  if (segment.flags & 1) access += 'x';
  return {{"type", segment.type},
          {"access", access},
          {"offset", segment.offset},
          {"address", segment.address},
          {"file_size", segment.file_size},
          {"memory_size", segment.memory_size},
          {"entropy", bits(segment.entropy)}};
}

std::string_view type_name(const Elf& elf) {
  switch (elf.type) {
    case 1:
      return "relocatable";
    case 2:
      return "executable";
    case 3:
      return elf.is_pie ? "pie" : "shared";
    case 4:
      return "core";
    default:
      return "unknown";
  }
}

json::object to_json(const Elf& elf) {
  json::object out{{"bits", elf.bits},
                   {"endian", elf.little_endian ? "little" : "big"},
                   {"type", type_name(elf)},
                   {"machine", elf.machine_name},
                   {"runs_here", elf.runs_here},
                   {"static", elf.is_static},
                   {"stripped", elf.stripped},
                   {"debug", elf.has_debug},
                   {"entry", elf.entry},
                   {"needed", texts(elf.needed)},
                   {"imports", texts(elf.imports)},
                   {"exports", texts(elf.exports)},
                   {"import_count", elf.import_count},
                   {"export_count", elf.export_count},
                   {"symbol_count", elf.symbol_count},
                   {"sections", each(elf.sections, [](const auto& one) { return to_json(one); })},
                   {"segments", each(elf.segments, [](const auto& one) { return to_json(one); })},
                   {"writable_and_executable", elf.writable_and_executable},
                   {"executable_stack", elf.executable_stack},
                   {"packed_hints", texts(elf.packed_hints)},
                   {"malformed", texts(elf.malformed)}};
  put_text(out, "interpreter", elf.interpreter);
  put_text(out, "soname", elf.soname);
  put_text(out, "build_id", elf.build_id);
  put_text(out, "run_path", elf.run_path);
  put_text(out, "packer", elf.packer);
  if (elf.overlay_size > 0) {
    out["overlay"] = json::object{
        {"offset", elf.overlay_offset}, {"size", elf.overlay_size}, {"entropy", bits(elf.overlay_entropy)}};
  }
  return out;
}

json::object to_json(const Script& script) {
  json::object out{{"language", script.language},
                   {"interpreter", text(script.interpreter)},
                   {"arguments", texts(script.arguments)}};
  put_text(out, "shebang", script.shebang);
  return out;
}

std::string_view type_name(const Member& member) {
  switch (member.type) {
    case 'f':
      return "file";
    case 'd':
      return "folder";
    case 'l':
      return "link";
    default:
      return "other";
  }
}

json::object to_json(const Member& member) {
  json::object out{{"path", text(member.path)},     {"type", type_name(member)},
                   {"size", member.size},           {"mode", member.mode},
                   {"encrypted", member.encrypted}, {"extracted", member.extracted}};
  put_text(out, "sha256", member.sha256);
  put_text(out, "link_target", member.link_target);
  put_text(out, "why_not", member.why_not);
  return out;
}

json::object to_json(const Archive& archive) {
  json::object out{{"format", text(archive.format)},
                   {"member_count", archive.member_count},
                   {"members", each(archive.members, [](const auto& one) { return to_json(one); })}};
  put_text(out, "password", archive.password);
  put_text(out, "error", archive.error);
  return out;
}

json::object to_json(const DocumentScript& script) {
  json::object out{{"language", script.language},
                   {"size", script.size},
                   {"sha256", script.sha256},
                   {"text", text(script.text.substr(0, max_shown_script))}};
  put_text(out, "where", script.where);
  return out;
}

json::object to_json(const DocumentField& field) {
  constexpr size_t shown = 4096;
  json::object out{{"kind", field.kind}, {"page", field.page}};
  put_text(out, "name", field.name.substr(0, shown));
  put_text(out, "value", field.value.substr(0, shown));
  put_text(out, "subject", field.subject.substr(0, shown));
  return out;
}

json::object to_json(const DocumentTrait& trait) {
  json::object out{{"name", text(trait.name)}, {"convicts", trait.convicts}};
  put_text(out, "detail", trait.detail);
  put_text(out, "cve", trait.cve);
  put_text(out, "source", trait.source);
  return out;
}

json::object to_json(const Document& document) {
  return {
      {"format", text(document.format)},
      {"properties", each(document.properties,
                          [](const DocumentProperty& one) {
                            return json::object{{"name", text(one.name)}, {"value", text(one.value)}};
                          })},
      {"links",
       each(document.links,
            [](const DocumentLink& one) {
              return json::object{{"target", text(one.target)}, {"how", text(one.how)}, {"opens", one.opens}};
            })},
      {"scripts", each(document.scripts, [](const auto& one) { return to_json(one); })},
      {"fields", each(document.fields, [](const auto& one) { return to_json(one); })},
      {"traits", each(document.traits, [](const auto& one) { return to_json(one); })},
      {"parts", each(document.parts,
                     [](const DocumentPart& one) {
                       return json::object{{"name", text(one.name)},
                                           {"type", text(one.type)},
                                           {"size", one.size},
                                           {"sha256", one.sha256}};
                     })},
      {"code", each(document.code,
                    [](const std::string& one) {
                      return json::object{{"size", one.size()}, {"sha256", base::sha256(one).hex()}};
                    })},
      {"malformed", texts(document.malformed)}};
}

json::object to_json(const Strings& strings) {
  return {{"count", strings.count},
          {"values", texts(strings.values)},
          {"urls", texts(strings.urls)},
          {"domains", texts(strings.domains)},
          {"addresses", texts(strings.addresses)},
          {"paths", texts(strings.paths)},
          {"mail_addresses", texts(strings.mail_addresses)}};
}

json::object to_json(const RuleMatch& match) {
  json::object out{{"rule", text(match.rule)},
                   {"source", text(match.source)},
                   {"tags", texts(match.tags)},
                   {"strings", texts(match.strings)}};
  put_text(out, "description", match.description);
  put_text(out, "technique", match.technique);
  return out;
}

}  // namespace

json::object to_json(const Triage& triage) {
  json::object out{{"name", text(triage.name)},
                   {"size", triage.size},
                   {"hashes", to_json(triage.hashes)},
                   {"kind", name(triage.kind)},
                   {"mime", text(triage.mime)},
                   {"description", text(triage.description)},
                   {"entropy", bits(triage.entropy)},
                   {"strings", to_json(triage.strings)},
                   {"rules", each(triage.rules, [](const auto& one) { return to_json(one); })},
                   {"complete", triage.complete},
                   {"limits_hit", texts(triage.limits_hit)}};
  if (triage.elf) out["elf"] = to_json(*triage.elf);
  if (triage.script) out["script"] = to_json(*triage.script);
  if (triage.archive) out["archive"] = to_json(*triage.archive);
  if (triage.document) out["document"] = to_json(*triage.document);
  if (!triage.rule_errors.empty()) out["rule_errors"] = texts(triage.rule_errors);
  return out;
}

}  // namespace shikake::triage
