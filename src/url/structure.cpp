#include "url/structure.h"

#include <algorithm>

#include "url/ascii.h"
#include "url/suffix.h"

namespace shikake::url {
namespace {

constexpr size_t shortest_hex = 8;    // below it, words are hexadecimal by chance ("facade", "decade2")
constexpr size_t shortest_mixed = 8;  // below it, names look drawn by lot ("mp3hd2")
// Names have digits at one end ("item77", "2021news"): one change. Lots change more often.
constexpr int most_changes_in_a_name = 1;
constexpr size_t longest_extension = 8;  // ".download"; anything longer is a name with a dot
constexpr size_t longest_bare_key = 12;  // "?login", "?wsdl"; longer is a value without a key

bool is_uuid(std::string_view token) {
  if (token.size() != 36) return false;
  for (size_t i = 0; i < token.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? token[i] != '-' : hex_digit(token[i]) < 0) return false;
  }
  return true;
}

bool is_mixed(std::string_view token) {
  if (token.size() < shortest_mixed) return false;
  int changes = 0;
  bool lower = false, upper = false, digit = false;
  for (size_t i = 0; i < token.size(); ++i) {
    char c = token[i];
    lower |= is_lower(c), upper |= is_upper(c), digit |= is_digit(c);
    if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_' && c != '=' && c != '~') return false;
    if (i > 0 && ((is_digit(c) && is_alpha(token[i - 1])) || (is_alpha(c) && is_digit(token[i - 1]))))
      ++changes;
  }
  return changes > most_changes_in_a_name || (changes > 0 && lower && upper && digit);
}

std::string fold_digits(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    if (!is_digit(token[i]))
      out += token[i];
    else if (i == 0 || !is_digit(token[i - 1]))
      out += '#';
  }
  return out;
}

// Where the extension of a file name begins (its dot), or the name's size.
size_t extension_begin(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return name.size();
  std::string_view letters = name.substr(dot + 1);
  bool sound =
      !letters.empty() && letters.size() <= longest_extension &&
      std::all_of(letters.begin(), letters.end(), [](char c) { return is_alpha(c) || is_digit(c); }) &&
      std::any_of(letters.begin(), letters.end(), is_alpha);
  return sound ? dot : name.size();
}

void sort_and_unite(std::vector<std::string>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

std::vector<std::string> query_keys(std::string_view query) {
  std::vector<std::string> keys;
  while (!query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    size_t equals = pair.find('=');
    if (equals != pair.npos) {
      keys.emplace_back(pair.substr(0, equals));
    } else if (!pair.empty()) {
      bool word = pair.size() <= longest_bare_key && std::none_of(pair.begin(), pair.end(), is_digit);
      std::string folded = fold(pair);
      keys.push_back(word                                                 ? std::string(pair)
                     : pair.size() > longest_bare_key && folded[0] != '<' ? "<text>"
                                                                          : folded);
    }
  }
  sort_and_unite(keys);
  return keys;
}

void append_keys(std::string& out, const std::vector<std::string>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    out += i == 0 ? '?' : '&';
    out += keys[i];
  }
}

// A whole path, each segment folded; of the last one the extension stays.
std::string fold_path(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    size_t end = std::min(path.find('/'), path.size());
    std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    size_t dot = path.empty() ? extension_begin(segment) : segment.size();
    out += '/';
    out += fold(segment.substr(0, dot));
    out += to_lower(segment.substr(dot));
  }
  return out;
}

// "hex12", "number", ...: a label's class alone.
std::string label_class(std::string_view label) {
  if (label.starts_with("xn--")) return "idn";
  switch (classify(label)) {
    case TokenClass::number:
      return "number";
    case TokenClass::uuid:
      return "uuid";
    case TokenClass::hex:
      return "hex" + std::to_string(label.size());
    case TokenClass::mixed:
      return "mixed";
    case TokenClass::literal:
      break;
  }
  return "word";
}

}  // namespace

TokenClass classify(std::string_view token) {
  if (token.empty()) return TokenClass::literal;
  if (std::all_of(token.begin(), token.end(), is_digit)) return TokenClass::number;
  if (is_uuid(token)) return TokenClass::uuid;
  bool hex = token.size() >= shortest_hex &&
             std::all_of(token.begin(), token.end(), [](char c) { return hex_digit(c) >= 0; }) &&
             std::any_of(token.begin(), token.end(), is_digit);
  if (hex) return TokenClass::hex;
  return is_mixed(token) ? TokenClass::mixed : TokenClass::literal;
}

std::string fold(std::string_view token) {
  switch (classify(token)) {
    case TokenClass::number:
      return "<num>";
    case TokenClass::uuid:
      return "<uuid>";
    case TokenClass::hex:
      return "<hex" + std::to_string(token.size()) + '>';
    case TokenClass::mixed:
      return "<mixed>";
    case TokenClass::literal:
      break;
  }
  return fold_digits(token);
}

PathStructure path_structure(const Url& url) {
  PathStructure shape;
  if (url.has_opaque_path()) return shape;
  std::string_view path = url.pathname();
  size_t last_slash = path.rfind('/');
  std::string_view name = last_slash == path.npos ? std::string_view{} : path.substr(last_slash + 1);
  if (!path.empty()) shape.directories = static_cast<uint32_t>(std::count(path.begin(), path.end(), '/') - 1);
  std::string leaf = "/";
  if (!name.empty()) {
    shape.extension = to_lower(name.substr(extension_begin(name)));
    shape.leaf = shape.extension.empty() ? Leaf::none : Leaf::extension;
    leaf = shape.extension.empty() ? "-" : shape.extension;
  }
  shape.keys = query_keys(url.query().value_or(std::string_view{}));
  shape.s1 = std::to_string(shape.directories) + leaf;
  append_keys(shape.s1, shape.keys);

  shape.s2 = fold_path(path);
  std::vector<std::string> folded;
  for (const std::string& key : shape.keys) folded.push_back(key.starts_with('<') ? key : fold(key));
  sort_and_unite(folded);
  append_keys(shape.s2, folded);

  shape.s3 = path;
  append_keys(shape.s3, shape.keys);
  return shape;
}

HostStructure host_structure(const Url& url) {
  HostStructure shape;
  if (url.ip()) {
    shape.classes = shape.folded = url.host_kind() == HostKind::ipv4 ? "ipv4" : "ipv6";
    return shape;
  }
  std::string_view host = url.hostname();
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty()) return shape;
  shape.labels = static_cast<uint32_t>(std::count(host.begin(), host.end(), '.') + 1);
  std::string_view registrable = registrable_domain(host);
  std::string_view suffix = registrable.empty() ? host : registrable.substr(registrable.find('.') + 1);
  size_t free_end = host.size() - (registrable.empty() ? suffix.size() : registrable.size());
  shape.classes = std::to_string(shape.labels) + ':';
  for (size_t at = 0; at + suffix.size() < host.size();) {
    size_t end = std::min(host.find('.', at), host.size());
    std::string_view label = host.substr(at, end - at);
    std::string kind = label_class(label);
    shape.folded += at < free_end && kind != "idn" ? fold(label) : '<' + kind + '>';
    shape.classes += kind;
    if (end < host.size()) shape.classes += '.', shape.folded += '.';
    at = end + 1;
  }
  shape.classes += suffix;
  shape.folded += suffix;
  return shape;
}

}  // namespace shikake::url
