// ActiveX controls, plugins and other objects that pages make, as a table: what each is called, how its
// stand-in behaves, and which use of it convicts. data/components/*.toml holds the rows; docs/honeyclient.md
// explains the columns.
//
// A row that no advisory vouches for is emulated all the same, but its use convicts nobody: only a misuse
// with a source is one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace shikake::honeyclient::components {

// What the argument of a method, or the value given to a property, is like when it attacks.
enum class Trait : uint8_t {
  overlong,  // a text longer than `length`, with one of `texts` in it where there are any
  number,    // at least `at_least`, or less than `below`
  path,      // a place in the file system: drive, share, or a way out of a folder
  address,   // something that is fetched: http, https, ftp
  contains,  // one of `texts`, whatever the case
  command,   // anything that a program or a shell is told to do
  file,      // the stand-in wrote a file
  called,    // whatever it is
  width,     // a format that widens a value to more than `length` characters
};

struct Misuse {
  std::vector<std::string> members;  // as written in the row; compared without case
  Trait trait = Trait::called;
  std::optional<uint32_t> argument;  // which, from 0; nothing: any of them
  uint32_t length = 0;               // overlong: UTF-16 code units that are still innocent; width too
  std::optional<double> at_least, below;
  std::vector<std::string> texts;  // lower case
  std::vector<std::string> cves;   // may be none: some holes never got a number
  std::string source;              // the advisory's address; "": convicts nobody
};

// What stands in for it beyond taking every call.
enum class Behaviour : uint8_t {
  absorbs,
  xml_http,
  dictionary,
  stream,       // ADODB.Stream
  file_system,  // Scripting.FileSystemObject
  shell,        // WScript.Shell
  application,  // Shell.Application
  xml,          // an XML document: decodes bin.base64 and bin.hex
  creator,      // its CreateObject makes others
  management,   // WMI: Win32_Process and the like
  scheduler,    // the task scheduler
  office,       // Word, Excel, Outlook: documents, macros, CreateObject
  interpreter,  // the Script Control: runs what it is given
};

struct Component {
  std::string name;                      // for people
  std::vector<std::string> program_ids;  // as registered; the first is the one shown
  std::vector<std::string> class_ids;    // "844f4806-e8a8-11d2-9652-00c04fc30871"
  std::vector<std::string> types;        // MIME types of <embed> and <object type>
  Behaviour behaviour = Behaviour::absorbs;
  bool in_documents = false;  // an object of PDF scripts: "Acrobat.app" is their app
  // Versions of Internet Explorer whose personas have it; 0 and 0: those that list it by name.
  uint32_t first_browser = 0, last_browser = 0;
  std::vector<std::pair<uint32_t, std::string>> versions;  // of the component, from that browser version on
  bool numbered = false;  // its ProgIDs end in a version: those up to its own exist
  std::vector<std::string> methods, properties;
  // What a member gives: texts with {version} or {version,} (commas for points) filled in.
  std::vector<std::pair<std::string, std::string>> answers;
  std::vector<std::string> fetches;  // members whose argument names a file that it then loads
  std::vector<Misuse> misuses;
  std::string file;   // of the row
  uint32_t line = 0;  // where it begins
};

// The rows of one file. A row that does not keep to the columns is refused: file, line, which column, why.
Result<std::vector<Component>> parse_table(std::string_view toml, std::string_view file);

// All of data/components. Read when first asked for; lives as long as the program.
std::span<const Component> table();

// By ProgID (whatever the case; a version at its end may be left out or differ) or by CLSID ("clsid:" and
// braces may be there). nullptr: no row.
const Component* find(std::string_view name);
const Component* find_by_type(std::string_view mime_type);

// Whether it is there for a visitor with this version of Internet Explorer (0: another browser) who lists
// these ProgIDs, when asked for by this name.
bool installed(const Component& component, std::string_view name, uint32_t browser,
               std::span<const std::string> listed);
// "" where the row has none.
std::string version(const Component& component, uint32_t browser);
// What a member gives, filled in; nothing: no answer of its own.
std::optional<std::string> answer(const Component& component, std::string_view member, uint32_t browser);

bool same_name(std::string_view a, std::string_view b);  // ASCII, without case
// A ProgID without its version and in lower case, or a CLSID's digits.
std::string plain_name(std::string_view name);

std::string_view name(Trait trait);

}  // namespace shikake::honeyclient::components
