// Java: manifests and classes. "The Java Virtual Machine Specification", chapter 4.
#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"
#include "triage/documents/document.h"

namespace shikake::triage {
namespace {

// What an attack's classes name, all of it; no applet needs all of a row.
struct Attack {
  std::string_view name;
  std::initializer_list<std::string_view> words;
  std::string_view cve, source;
};
const Attack attacks[] = {
    {"internal field access",
     {"sun.awt.SunToolkit", "java/beans/Statement", "getField"},
     "CVE-2012-4681",
     "https://www.kb.cert.org/vuls/id/636312"},
    {"management beans",
     {"com.sun.jmx.mbeanserver.MBeanInstantiator", "sun.org.mozilla.javascript.internal.Context"},
     "CVE-2013-0422",
     "https://www.kb.cert.org/vuls/id/625617"},
    {"confused array types",
     {"java/util/concurrent/atomic/AtomicReferenceArray", "java/lang/ClassLoader", "java/applet/Applet"},
     "CVE-2012-0507",
     "https://www.oracle.com/security-alerts/javacpufeb2012.html"},
};

struct Trait {
  std::string_view word, trait;
};
constexpr Trait traits[] = {
    {"java/lang/Runtime", "may start programs"},
    {"java/lang/ProcessBuilder", "may start programs"},
    {"java/applet/Applet", "applet"},
    {"javax/swing/JApplet", "applet"},
    {"java/security/AllPermission", "asks for all permissions"},
    {"setSecurityManager", "sets the security manager"},
    {"defineClass", "makes classes from bytes"},
    {"java/net/URLConnection", "fetches"},
    {"openStream", "fetches"},
    {"javax/crypto/Cipher", "decrypts"},
};

enum Tag : uint8_t {
  utf8_tag = 1,
  integer = 3,
  floating = 4,
  long_integer = 5,
  double_floating = 6,
  class_tag = 7,
  string_tag = 8,
  method_handle = 15,
  method_type = 16,
  module = 19,
  package = 20,
};

}  // namespace

bool is_java_class(base::ByteSpan bytes) {
  // Fat Mach-O files share the magic; their count of architectures stands where classes have a version.
  return bytes.size() >= 10 && bytes[0] == 0xCA && bytes[1] == 0xFE && bytes[2] == 0xBA && bytes[3] == 0xBE &&
         bytes[6] == 0 && bytes[7] >= 45;
}

std::vector<std::string> java_class_words(base::ByteSpan bytes, DocumentNotes& notes) {
  Bytes in(bytes);
  const unsigned count = in.u16_big(8);
  std::vector<std::string> constants(count), out;
  std::vector<uint16_t> names(count);
  uint64_t at = 10;
  for (unsigned i = 1; i < count && at < bytes.size(); ++i) {
    switch (const uint8_t tag = in.u8(at++)) {
      case utf8_tag: {
        const uint16_t size = in.u16_big(at);
        constants[i] = base::as_text(in.at(at + 2, size));
        at += 2u + size;
        if (constants[i].size() >= 4) out.push_back(constants[i]);
        if (constants[i].find("://") != std::string::npos) notes.links_in(constants[i], "text of a class");
        break;
      }
      case class_tag:
        names[i] = in.u16_big(at);
        at += 2;
        break;
      case string_tag:
      case method_type:
      case module:
      case package:
        at += 2;
        break;
      case method_handle:
        at += 3;
        break;
      case long_integer:
      case double_floating:
        at += 8;
        ++i;  // takes two numbers
        break;
      default:
        if (tag < integer || tag > 18) {
          notes.malformed("a class holds constants of no known kind");
          return out;
        }
        at += 4;
    }
  }
  auto class_name = [&](uint16_t index) {
    return index < count && names[index] < count ? constants[names[index]] : std::string();
  };
  const std::string name = class_name(in.u16_big(at + 2)), parent = class_name(in.u16_big(at + 4));
  if (!name.empty() && parent != "java/lang/Object")
    notes.property("class", parent.empty() ? name : name + " extends " + parent);
  if (in.past_end()) notes.malformed("a class is cut");
  return out;
}

void judge_java(const std::vector<std::string>& words, DocumentNotes& notes) {
  auto holds = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  for (const Trait& one : traits)
    if (holds(one.word)) notes.trait(one.trait, std::string(one.word));
  for (const Attack& attack : attacks)
    if (std::ranges::all_of(attack.words, holds))
      notes.trait({std::string(attack.name), fmt::format("names {}", *attack.words.begin()),
                   std::string(attack.cve), std::string(attack.source), true});
}

void read_java_class(base::ByteSpan bytes, DocumentNotes& notes) {
  notes.format(fmt::format("Java class, version {}", Bytes(bytes).u16_big(6)));
  judge_java(java_class_words(bytes, notes), notes);
}

// "JAR File Specification": a name, a colon, a value; a line that begins with a blank goes on the last one.
void read_manifest(std::string_view text, DocumentNotes& notes) {
  constexpr std::string_view kept[] = {"Main-Class",
                                       "Class-Path",
                                       "Created-By",
                                       "Permissions",
                                       "Codebase",
                                       "Premain-Class",
                                       "Launcher-Agent-Class",
                                       "Application-Name",
                                       "Trusted-Library",
                                       "Caller-Allowable-Codebase"};
  constexpr size_t max_manifest = size_t{1} << 20;
  text = text.substr(0, max_manifest);
  std::string line;
  auto take = [&] {
    const size_t colon = line.find(": ");
    if (colon == line.npos) return;
    for (std::string_view name : kept)
      if (base::equal_ignoring_case(line.substr(0, colon), name))
        notes.property(name, line.substr(colon + 2));
    notes.links_in(line, "manifest");
  };
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view one = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (one.starts_with(' ')) {
      line += one.substr(1);
      continue;
    }
    take();
    line = one;
    if (one.empty()) break;  // what follows are the members' own
  }
  take();
}

}  // namespace shikake::triage
