// sources.list(5): the one-line format and deb822.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "cell/guest_build.h"

namespace shikake::cell {
namespace {

using Words = std::vector<std::string>;

Words words(const std::string& text) {
  std::istringstream in(text);
  Words all;
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

bool has(const Words& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// "bookworm", "bookworm-updates", "bookworm-security": what a guest is made of; not backports.
bool fits(const std::string& offered, std::string_view suite) {
  return offered == suite || offered == std::string(suite) + "-updates" ||
         offered == std::string(suite) + "-security";
}

void add_one_line(const std::string& line, std::string_view suite, Words& found) {
  const Words parts = words(line);
  if (parts.empty() || parts[0] != "deb") return;
  size_t at = 1;
  if (at < parts.size() && parts[at][0] == '[') {
    while (at < parts.size() && parts[at].back() != ']') ++at;
    ++at;
  }
  // URI, suite, components.
  if (at + 2 >= parts.size() || !fits(parts[at + 1], suite)) return;
  if (std::find(parts.begin() + static_cast<std::ptrdiff_t>(at) + 2, parts.end(), "main") == parts.end())
    return;
  found.push_back(line);
}

// A stanza's fields; a line that begins with a space goes on with the one before.
using Stanza = std::map<std::string, std::string>;

void add_stanza(const Stanza& stanza, std::string_view suite, Words& found) {
  auto field = [&stanza](const char* name) {
    auto at = stanza.find(name);
    return at == stanza.end() ? Words{} : words(at->second);
  };
  const Words enabled = field("enabled");
  if (!has(field("types"), "deb") || (!enabled.empty() && enabled[0] == "no") ||
      !has(field("components"), "main"))
    return;
  const Words key = field("signed-by");
  // A key that is written out in the stanza has no path to name; apt's own keyring is tried then.
  const std::string options =
      key.size() == 1 && key[0][0] == '/' ? fmt::format("[signed-by={}] ", key[0]) : "";
  for (const std::string& uri : field("uris"))
    for (const std::string& offered : field("suites"))
      if (fits(offered, suite)) found.push_back(fmt::format("deb {}{} {} main", options, uri, offered));
}

void add_deb822(std::istream& file, std::string_view suite, Words& found) {
  Stanza stanza;
  std::string last;
  auto end = [&] {
    add_stanza(stanza, suite, found);
    stanza.clear();
    last.clear();
  };
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] == '#') continue;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      end();
    } else if (std::isspace(static_cast<unsigned char>(line[0]))) {
      stanza[last] += " " + line;
    } else if (const size_t colon = line.find(':'); colon != std::string::npos) {
      last = line.substr(0, colon);
      std::transform(last.begin(), last.end(), last.begin(),
                     [](unsigned char letter) { return std::tolower(letter); });
      stanza[last] = line.substr(colon + 1);
    }
  }
  end();
}

}  // namespace

std::vector<std::string> sources_of_machine(const std::filesystem::path& etc_apt, std::string_view suite) {
  Words found;
  std::vector<std::filesystem::path> files = {etc_apt / "sources.list"};
  std::error_code error;
  for (std::filesystem::directory_iterator at(etc_apt / "sources.list.d", error), end; !error && at != end;
       at.increment(error))
    files.push_back(at->path());
  std::sort(files.begin() + 1, files.end());
  for (const auto& path : files) {
    std::ifstream file(path);
    if (path.extension() == ".sources") {
      add_deb822(file, suite, found);
    } else if (path.extension() == ".list") {
      for (std::string line; std::getline(file, line);) add_one_line(line, suite, found);
    }
  }
  return found;
}

}  // namespace shikake::cell
