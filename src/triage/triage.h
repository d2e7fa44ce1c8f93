// What a file is, before anyone runs it: type, hashes, headers, strings, rules that match, members of
// archives.
//
//   Result<Triage> facts = triage::triage_file("sample.bin", {});
//   boost::json::object record = triage::to_json(*facts);
//
// The file's bytes are parsed in a process of their own (shikake-triage), one a file, that can do nothing but
// compute. One that dies, hangs or bursts its limits costs the facts that it had not yet given: `complete` is
// false then, and `limits_hit` says why.
//
// All text fields hold bytes that the file's maker chose: to_json() makes them valid UTF-8, base/display.h
// makes them harmless to show.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace shikake::triage {

// What can be done with a file, coarsely; `mime` and `description` say more.
enum class FileKind : uint8_t {
  empty,
  elf,         // Triage::elf
  script,      // Triage::script
  archive,     // Triage::archive; also one compressed file
  text,        // no script that is known
  executable,  // of another system: PE, Mach-O, DOS, Java class
  document,    // PDF, Office, RTF, Flash, shortcuts, mail
  image,       // also sound and film
  data,        // anything else
};
constexpr FileKind wire_last(FileKind) {
  return FileKind::data;
}
std::string_view name(FileKind kind);

// Shannon entropy in thousandths of a bit per byte: 0 (one value only) to 8000 (all equally often).
// Compressed and encrypted bytes have more than 7200, machine code 5000 to 6800.
using Entropy = uint16_t;

struct Hashes {
  std::string md5, sha1, sha256;  // lower-case hex
  std::string ssdeep;             // "" past max_fuzzy_bytes
  std::string tlsh;  // "T1…"; "" for files that are too small (50 bytes) or too uniform for one, and
                     // past max_fuzzy_bytes

  static void wire(auto& codec, auto& self) {
    codec(self.md5, self.sha1, self.sha256, self.ssdeep, self.tlsh);
  }
};

// https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
struct ElfSection {
  std::string name;
  uint32_t type = 0;                           // sh_type
  uint64_t flags = 0;                          // sh_flags
  uint64_t address = 0, offset = 0, size = 0;  // bytes
  Entropy entropy = 0;                         // of its bytes in the file

  static void wire(auto& codec, auto& self) {
    codec(self.name, self.type, self.flags, self.address, self.offset, self.size, self.entropy);
  }
};

struct ElfSegment {
  uint32_t type = 0;   // p_type
  uint32_t flags = 0;  // PF_X 1, PF_W 2, PF_R 4
  uint64_t offset = 0, address = 0, file_size = 0, memory_size = 0;
  Entropy entropy = 0;

  static void wire(auto& codec, auto& self) {
    codec(self.type, self.flags, self.offset, self.address, self.file_size, self.memory_size, self.entropy);
  }
};

struct Elf {
  uint8_t bits = 0;  // 32 or 64; 0: neither
  bool little_endian = true;
  uint16_t type = 0;     // e_type: 1 relocatable, 2 executable, 3 shared (or position-independent), 4 core
  uint16_t machine = 0;  // e_machine
  std::string machine_name;  // "x86-64", "i386", "arm", "aarch64", "mips", …; "machine 1234" where unknown
  bool runs_here = false;    // an executable for the instruction set of this machine (i386 on x86-64 as well)
  bool is_static = false;    // asks for no interpreter
  bool is_pie = false;
  bool stripped = false;  // has no symbol table of its own (.symtab)
  bool has_debug = false;
  uint64_t entry = 0;                         // address
  std::string interpreter;                    // "" if static
  std::string soname, build_id;               // build_id in hex
  std::string run_path;                       // DT_RUNPATH, else DT_RPATH
  std::vector<std::string> needed;            // libraries
  std::vector<std::string> imports, exports;  // names of dynamic symbols; at most max_symbols each
  uint32_t import_count = 0, export_count = 0,
           symbol_count = 0;  // all that there are (symbol_count: .symtab)
  std::vector<ElfSection> sections;
  std::vector<ElfSegment> segments;
  bool writable_and_executable = false;  // a segment that is both
  bool executable_stack = false;
  uint64_t overlay_offset = 0, overlay_size = 0;  // bytes behind all that the headers name
  Entropy overlay_entropy = 0;
  std::string packer;                     // "UPX 4.0.2", …: named by its marks; "" none that is known
  std::vector<std::string> packed_hints;  // one sentence each
  std::vector<std::string> malformed;     // one sentence each: what the headers say that can't be

  static void wire(auto& codec, auto& self) {
    codec(self.bits, self.little_endian, self.type, self.machine, self.machine_name, self.runs_here,
          self.is_static, self.is_pie, self.stripped, self.has_debug, self.entry, self.interpreter,
          self.soname, self.build_id, self.run_path, self.needed, self.imports, self.exports,
          self.import_count, self.export_count, self.symbol_count, self.sections, self.segments,
          self.writable_and_executable, self.executable_stack, self.overlay_offset, self.overlay_size,
          self.overlay_entropy, self.packer, self.packed_hints, self.malformed);
  }
};

struct Script {
  std::string language;     // "sh", "python", "perl", "php", "node", "ruby", "lua", "awk", "tcl"; never empty
  std::string shebang;      // the first line without "#!"; "" where there is none
  std::string interpreter;  // the program to run it with: "/bin/sh", "/usr/bin/python3", …
  std::vector<std::string> arguments;  // that the shebang gives the interpreter

  static void wire(auto& codec, auto& self) {
    codec(self.language, self.shebang, self.interpreter, self.arguments);
  }
};

struct Member {
  std::string path;   // as the archive has it: may be absolute, hold "..", be no UTF-8
  char type = 'f';    // f file, d folder, l link (symbolic or hard), o other
  uint64_t size = 0;  // as unpacked, where all of it was; else what was unpacked
  uint32_t mode = 0;  // permission bits
  bool encrypted = false;
  bool extracted = false;  // its bytes were given to the sink, all of them
  std::string sha256;      // of what was extracted; "" otherwise
  std::string link_target;
  std::string why_not;  // when a file was not extracted: "encrypted", "larger than …", …

  static void wire(auto& codec, auto& self) {
    codec(self.path, self.type, self.size, self.mode, self.encrypted, self.extracted, self.sha256,
          self.link_target, self.why_not);
  }
};

struct Archive {
  std::string format;    // "ZIP 2.0 (deflation)", "GNU tar format + gzip", …: libarchive's words
  std::string password;  // that opened it; "" if none was needed
  std::vector<Member> members;
  uint32_t member_count = 0;  // also of those past max_members, where known
  std::string error;          // why it could not be read to its end; "" otherwise

  static void wire(auto& codec, auto& self) {
    codec(self.format, self.password, self.members, self.member_count, self.error);
  }
};

// Runs of at least 6 printable ASCII characters, also those written as UTF-16 (little-endian), in file order,
// and what stands in them. Each list holds each value once.
struct Strings {
  std::vector<std::string> values;     // UTF-8; cut at max_string_bytes
  uint32_t count = 0;                  // of all runs, kept or not
  std::vector<std::string> urls;       // as the URL Standard writes them
  std::vector<std::string> domains;    // lower case; of URLs, and of names under a known top-level domain
  std::vector<std::string> addresses;  // IPv4 and IPv6, canonical
  std::vector<std::string> paths;      // absolute file names below the usual folders
  std::vector<std::string> mail_addresses;

  static void wire(auto& codec, auto& self) {
    codec(self.values, self.count, self.urls, self.domains, self.addresses, self.paths, self.mail_addresses);
  }
};

// Of documents: what they do, lead to and hold.
struct DocumentProperty {
  std::string name, value;
  static void wire(auto& codec, auto& self) { codec(self.name, self.value); }
};
struct DocumentLink {
  std::string target;  // a URL or a path, as the document has it
  std::string how;     // "URI action", "hyperlink", "macro", …
  bool opens = false;  // when the document is opened, without a click
  static void wire(auto& codec, auto& self) { codec(self.target, self.how, self.opens); }
};
struct DocumentScript {
  std::string language;  // "JavaScript", "VBA", "ActionScript 3", "command", "XFA"
  std::string where;     // in the document
  std::string text;      // UTF-8; cut at max_script_bytes
  uint64_t size = 0;     // of all of it, bytes
  std::string sha256;    // of all of it
  static void wire(auto& codec, auto& self) {
    codec(self.language, self.where, self.text, self.size, self.sha256);
  }
};
// What a document's scripts can ask it for: there they hide what they are made of.
struct DocumentField {
  std::string kind;  // "annotation", "field", "form" (of an XFA form)
  std::string name;
  std::string value;    // of annotations: their contents; UTF-8, cut at max_field_bytes
  std::string subject;  // of annotations
  uint32_t page = 0;    // from 0
  static void wire(auto& codec, auto& self) {
    codec(self.kind, self.name, self.value, self.subject, self.page);
  }
};
struct DocumentTrait {
  std::string name;       // "macros", "runs by itself", "vulnerable call", …
  std::string detail;     // what was seen; may be empty
  std::string cve;        // "CVE-2009-4324", where it is of a known vulnerability
  std::string source;     // URL of the advisory that says so; "" without a cve
  bool convicts = false;  // no innocent document has it
  static void wire(auto& codec, auto& self) {
    codec(self.name, self.detail, self.cve, self.source, self.convicts);
  }
};
struct DocumentPart {
  std::string name, type;  // "embedded file", "OLE package", "binary data", …
  uint64_t size = 0;       // bytes
  std::string sha256;
  static void wire(auto& codec, auto& self) { codec(self.name, self.type, self.size, self.sha256); }
};
struct Document {
  std::string
      format;  // "PDF 1.7", "Flash 9, zlib", "Java archive", "Word 97-2003", "RTF", "Windows shortcut", …
  std::vector<DocumentProperty> properties;
  std::vector<DocumentLink> links;      // each target once
  std::vector<DocumentScript> scripts;  // at most max_document_scripts, in the order in which they run
  std::vector<DocumentField> fields;    // at most max_fields
  std::vector<DocumentTrait> traits;    // each name and CVE once
  std::vector<DocumentPart> parts;      // given to the sink as members are
  std::vector<std::string> code;        // bytes that look like machine code in what scripts make
  std::vector<std::string> malformed;   // one sentence each
  static void wire(auto& codec, auto& self) {
    codec(self.format, self.properties, self.links, self.scripts, self.fields, self.traits, self.parts,
          self.code, self.malformed);
  }
};

struct RuleMatch {
  std::string rule;
  std::string source;  // the file of rules, without its folder; "built-in/…" for our own
  std::vector<std::string> tags;
  std::string description;           // its meta "description"
  std::string technique;             // its meta "technique": MITRE ATT&CK, "T1547.006"
  std::vector<std::string> strings;  // identifiers that matched, with the first offset: "$a@0x40"

  static void wire(auto& codec, auto& self) {
    codec(self.rule, self.source, self.tags, self.description, self.technique, self.strings);
  }
};

struct Triage {
  std::string name;  // without folders
  uint64_t size = 0;
  Hashes hashes;
  FileKind kind = FileKind::empty;
  std::string mime;         // libmagic's
  std::string description;  // one line
  Entropy entropy = 0;      // of the first max_examined_bytes
  std::optional<Elf> elf;
  std::optional<Script> script;
  std::optional<Archive> archive;
  std::optional<Document> document;
  Strings strings;
  std::vector<RuleMatch> rules;
  std::vector<std::string> rule_errors;  // files of rules that were left out, and why
  bool complete = false;                 // every step was taken and none was cut short
  std::vector<std::string> limits_hit;   // one phrase each: what was cut short
  uint32_t milliseconds = 0;             // that the worker took

  static void wire(auto& codec, auto& self) {
    codec(self.name, self.size, self.hashes, self.kind, self.mime, self.description, self.entropy, self.elf,
          self.script, self.archive, self.document, self.strings, self.rules, self.rule_errors, self.complete,
          self.limits_hit, self.milliseconds);
  }
};

// What is examined beyond hashes and size. Malware is far smaller; padding to get past scanners is what
// larger files hold, and hashes cover all of it.
inline constexpr uint64_t max_examined_bytes = uint64_t{128} << 20;
// ssdeep and TLSH run at some 50 MB a second.
inline constexpr uint64_t max_fuzzy_bytes = uint64_t{64} << 20;
// A larger file is refused: hashing takes longer than its worker may.
inline constexpr uint64_t max_file_bytes = uint64_t{16} << 30;
inline constexpr size_t max_symbols = 4000;
inline constexpr size_t max_sections = 200;  // also segments; a linker makes some 40
inline constexpr size_t max_strings = 2000;
inline constexpr size_t max_string_bytes = 400;
inline constexpr size_t max_found = 200;  // URLs, domains, addresses, paths: of each
inline constexpr size_t max_rule_matches = 200;
inline constexpr size_t max_members = 1000;
inline constexpr uint64_t max_member_bytes = uint64_t{64} << 20;
inline constexpr uint64_t max_unpacked_bytes = uint64_t{256} << 20;  // of one archive
// Past the first 16 MiB, more than this many bytes out for one in is a bomb (deflate reaches 1030, text 20).
inline constexpr uint64_t max_unpack_ratio = 200;
inline constexpr size_t max_document_scripts = 64;
inline constexpr size_t max_script_bytes = size_t{1} << 20;   // kept of each; what unpacks itself is long
inline constexpr size_t max_scripts_bytes = size_t{4} << 20;  // of all of a document
inline constexpr size_t max_shown_script = size_t{64} << 10;  // of each in JSON
inline constexpr size_t max_fields = 500;
inline constexpr size_t max_field_bytes = size_t{1} << 20;
inline constexpr size_t max_fields_bytes = size_t{4} << 20;  // of all of a document
inline constexpr size_t max_document_code = 4;
inline constexpr unsigned max_archive_depth = 3;  // archives in archives that are opened

// Gets each file of an archive as it is unpacked; `bytes` are all of it. An error stops the triage with it.
using MemberSink = std::function<Result<>(const Member& member, std::string bytes)>;

struct Options {
  std::string name = {};  // of the file, for records and by its extension for scripts; without folders
  std::vector<std::filesystem::path> rule_folders = {};  // of *.yar and *.yara, besides our own rules
  bool own_rules = true;
  std::vector<std::string> passwords = {"infected"};  // that archives are tried with
  // How many archives this file was found inside: from max_archive_depth on it is not opened.
  unsigned depth = 0;
  MemberSink on_member = {};          // without it, archives are listed and their members hashed
  std::chrono::seconds patience{60};  // for the whole worker
};

// Errors are about the file as a whole: not_found and io (no such file, no permission), invalid_usage (a
// folder, a device), limit (max_file_bytes). Whatever the bytes are is no error.
Result<Triage> triage_file(const std::filesystem::path& path, Options options);
// The same of an open regular file (a memory file as well); read from its start by position, its offset left
// alone.
Result<Triage> triage_fd(int fd, const Options& options);

// As docs/formats.md has it.
boost::json::object to_json(const Triage& triage);

}  // namespace shikake::triage
