// What documents hold that is told from its words or bytes, whatever the format around it.
#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"
#include "triage/documents/document.h"
#include "triage/machine_code.h"

namespace shikake::triage {
namespace {

bool is_word_char(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '_';
}

// A whole word, in any case.
bool has_word(std::string_view text, std::string_view word) {
  auto same = [](char a, char b) { return base::to_lower(a) == base::to_lower(b); };
  for (size_t at = 0;;) {
    const auto found =
        std::search(text.begin() + static_cast<ptrdiff_t>(at), text.end(), word.begin(), word.end(), same);
    if (found == text.end()) return false;
    const auto begin = static_cast<size_t>(found - text.begin());
    const size_t end = begin + word.size();
    if ((begin == 0 || !is_word_char(text[begin - 1])) && (end == text.size() || !is_word_char(text[end])))
      return true;
    at = begin + 1;
  }
}

// --- macros: names that Office calls by itself, and what macros of droppers use

constexpr std::string_view automatic[] = {
    "AutoOpen",       "AutoExec",          "AutoClose",         "AutoNew",
    "Auto_Open",      "Auto_Close",        "Document_Open",     "Document_New",
    "Document_Close", "Workbook_Open",     "Workbook_Activate", "Workbook_BeforeClose",
    "Workbook_Close", "Presentation_Open", "DocumentOpen",      "DocumentBeforeClose"};

struct MacroWord {
  std::string_view word, trait;
};
constexpr MacroWord macro_words[] = {
    {"Shell", "starts programs"},
    {"WScript.Shell", "starts programs"},
    {"ShellExecute", "starts programs"},
    {"Win32_Process", "starts programs"},
    {"URLDownloadToFile", "downloads"},
    {"URLDownloadToFileA", "downloads"},
    {"MSXML2.XMLHTTP", "downloads"},
    {"Microsoft.XMLHTTP", "downloads"},
    {"WinHttp.WinHttpRequest.5.1", "downloads"},
    {"ADODB.Stream", "writes files"},
    {"SaveToFile", "writes files"},
    {"CreateObject", "makes components"},
    {"VirtualAlloc", "writes machine code"},
    {"RtlMoveMemory", "writes machine code"},
    {"CreateThread", "writes machine code"},
    {"Environ", "reads the environment"},
    {"StrReverse", "hides its texts"},
    {"powershell", "starts PowerShell"},
};

// --- command lines: programs that run what they are given

constexpr std::string_view hosts[] = {
    "powershell", "pwsh",        "cmd",       "mshta",    "wscript", "cscript",  "rundll32",
    "regsvr32",   "certutil",    "bitsadmin", "msiexec",  "conhost", "forfiles", "pcalua",
    "hh",         "installutil", "msbuild",   "odbcconf", "cmstp",   "wmic",     "ftp"};

// --- JavaScript in PDF: methods that were overrun, with what convicts a call

enum class Proof : uint8_t {
  call,      // no innocent document calls it
  overlong,  // a width of three digits or more in a format
  mention,   // also called innocently
};
struct VulnerableCall {
  std::string_view method, cve, source;
  Proof proof;
};
constexpr VulnerableCall vulnerable_calls[] = {
    {"collectEmailInfo", "CVE-2007-5659", "https://www.adobe.com/support/security/bulletins/apsb08-13.html",
     Proof::call},
    {"util.printf", "CVE-2008-2992", "https://www.adobe.com/support/security/bulletins/apsb08-19.html",
     Proof::overlong},
    {"getIcon", "CVE-2009-0927", "https://www.adobe.com/support/security/bulletins/apsb09-04.html",
     Proof::mention},
    {"getAnnots", "CVE-2009-1492", "https://www.adobe.com/support/security/bulletins/apsb09-06.html",
     Proof::mention},
    {"customDictionaryOpen", "CVE-2009-1493",
     "https://www.adobe.com/support/security/bulletins/apsb09-06.html", Proof::call},
    {"newPlayer", "CVE-2009-4324", "https://www.adobe.com/support/security/bulletins/apsb10-02.html",
     Proof::call},
    {"printSeps", "CVE-2010-4091", "https://www.adobe.com/support/security/bulletins/apsb10-28.html",
     Proof::call},
};

// "%45000f", "%45000.45000f": a width of three digits or more.
bool has_overlong_format(std::string_view text) {
  for (size_t at = 0; (at = text.find('%', at)) != text.npos; ++at) {
    size_t digits = 0;
    while (at + 1 + digits < text.size() && base::is_digit(text[at + 1 + digits])) ++digits;
    size_t end = at + 1 + digits;
    while (end < text.size() && (base::is_digit(text[end]) || text[end] == '.')) ++end;
    if (digits >= 3 && end < text.size() &&
        std::string_view("fdsx").find(text[end]) != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace

void judge_macros(std::string_view source, DocumentNotes& notes) {
  bool by_itself = false, programs = false, downloads = false;
  for (std::string_view name : automatic)
    if (has_word(source, name)) {
      notes.trait("runs by itself", std::string(name));
      by_itself = true;
    }
  for (const MacroWord& one : macro_words) {
    if (!has_word(source, one.word)) continue;
    notes.trait(one.trait, std::string(one.word));
    programs = programs || one.trait.starts_with("starts");
    downloads = downloads || one.trait == "downloads";
  }
  notes.links_in(source, "macro", by_itself && downloads);
  if (by_itself && programs && downloads)
    notes.trait(
        {"dropper", "macros that run by themselves download something and start programs", {}, {}, true});
}

void judge_command(std::string_view command, std::string_view how, bool opens, DocumentNotes& notes) {
  for (std::string_view host : hosts) {
    if (!has_word(command, host)) continue;
    notes.trait("script host", std::string(host));
    const bool hidden = contains_ignoring_case(command, " -enc") ||
                        contains_ignoring_case(command, " -w hid") ||
                        contains_ignoring_case(command, "frombase64string");
    if (opens && (hidden || command.find("://") != command.npos))
      notes.trait({"command", fmt::format("{} starts {}", how, host), {}, {}, true});
    break;
  }
  notes.links_in(command, how, opens);
}

void judge_document_script(std::string_view source, DocumentNotes& notes) {
  for (const VulnerableCall& one : vulnerable_calls) {
    if (!has_word(source, one.method)) continue;
    const bool convicts =
        one.proof == Proof::call || (one.proof == Proof::overlong && has_overlong_format(source));
    if (one.proof == Proof::overlong && !convicts) continue;
    notes.trait({"vulnerable call", std::string(one.method), std::string(one.cve), std::string(one.source),
                 convicts});
  }
  for (std::string_view word :
       {"unescape", "eval", "fromCharCode", "exportDataObject", "submitForm", "launchURL"})
    if (has_word(source, word)) notes.trait("calls " + std::string(word), std::string(word));
  notes.links_in(source, "script");
  for (std::string& code : code_in_source(source)) notes.code(std::move(code));
}

// EQNOLEFILEHDR (28 bytes), MTEF header (5), then records; a FONT record holds a name of 32 characters at
// most.
void judge_equation(base::ByteSpan native, DocumentNotes& notes) {
  constexpr uint32_t header = 28 + 5;
  constexpr uint8_t font = 8;
  constexpr size_t longest_name = 40;  // of the buffer that it was copied into
  if (native.size() < header) return;
  notes.trait("equation object", "of the old equation editor");
  // Sizes and typefaces stand before it, of one byte or three.
  for (size_t at = header; at < std::min<size_t>(native.size(), header + 16); ++at) {
    if (native[at] != font) continue;
    size_t length = 0;
    for (size_t i = at + 3; i < native.size() && native[i] != 0 && length <= 4096; ++i) ++length;
    if (length > longest_name)
      notes.trait({"overlong font name", fmt::format("{} bytes", length), "CVE-2017-11882",
                   "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2017-11882", true});
    break;
  }
}

void judge_object_bytes(base::ByteSpan bytes, DocumentNotes& notes) {
  // The common controls' serialised form: "Cobj", a version, and a size that is never above 8.
  const std::string_view text = base::as_text(bytes);
  for (size_t at = 0; (at = text.find("Cobj", at)) != text.npos; ++at) {
    const Bytes in(bytes);
    if (in.u32(at + 4) == 0x64 && in.u32(at + 8) > 8 && at + 12 <= bytes.size())
      notes.trait({"overlong control data", fmt::format("{} bytes", in.u32(at + 8)), "CVE-2012-0158",
                   "https://learn.microsoft.com/security-updates/securitybulletins/2012/ms12-027", true});
  }
  // A moniker that fetches: its class, then the address in UTF-16.
  constexpr uint8_t url_moniker[] = {0xE0, 0xC9, 0xEA, 0x79, 0xF9, 0xBA, 0xCE, 0x11,
                                     0x8C, 0x82, 0x00, 0xAA, 0x00, 0x4B, 0xA9, 0x0B};
  const auto found = std::search(bytes.begin(), bytes.end(), std::begin(url_moniker), std::end(url_moniker));
  if (found == bytes.end()) return;
  const auto at = static_cast<size_t>(found - bytes.begin()) + sizeof url_moniker + 4;
  std::string address =
      at < bytes.size() ? utf8_of_utf16(bytes.subspan(at, std::min<size_t>(bytes.size() - at, 4096))) : "";
  address.resize(std::min(address.size(), address.find('\0')));
  if (!address.starts_with("http")) return;
  notes.link(address, "URL moniker", true);
  notes.trait({"URL moniker", "an object that is fetched when the document is opened", "CVE-2017-0199",
               "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2017-0199", false});
}

}  // namespace shikake::triage
