#include "url/structure.h"

#include <algorithm>
#include <array>
#include <charconv>

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

// What a byte may be within a token, for one pass over it.
enum Class : uint8_t {
  digit = 1,
  hex = 2,  // a digit too
  lower = 4,
  upper = 8,
  joins = 16,  // stands in what is drawn by lot beside letters and digits
};
constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    unsigned bits = 0;
    if (is_digit(c)) bits |= digit;
    if (hex_digit(c) >= 0) bits |= hex;
    if (is_lower(c)) bits |= lower;
    if (is_upper(c)) bits |= upper;
    if (c == '-' || c == '_' || c == '=' || c == '~') bits |= joins;
    classes[byte] = static_cast<uint8_t>(bits);
  }
  return classes;
}
constexpr auto classes = make_classes();
constexpr uint8_t letter = lower | upper;

uint8_t class_of(char c) {
  return classes[static_cast<unsigned char>(c)];
}

constexpr size_t uuid_size = 36;
bool is_uuid(std::string_view token) {
  if (token.size() != uuid_size || token[8] != '-') return false;
  for (size_t i = 0; i < token.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? token[i] != '-' : hex_digit(token[i]) < 0) return false;
  }
  return true;
}

bool has_digit(std::string_view token) {
  for (char c : token)
    if (class_of(c) & digit) return true;
  return false;
}

void append_with_digits_folded(std::string& out, std::string_view token) {
  for (size_t i = 0; i < token.size(); ++i) {
    if (!is_digit(token[i]))
      out += token[i];
    else if (i == 0 || !is_digit(token[i - 1]))
      out += '#';
  }
}

// fold(), behind what `out` holds.
void append_folded(std::string& out, std::string_view token) {
  if (token.size() != uuid_size && !has_digit(token)) {  // most; all other classes have one
    out += token;
    return;
  }
  switch (classify(token)) {
    case TokenClass::number:
      out += "<num>";
      return;
    case TokenClass::uuid:
      out += "<uuid>";
      return;
    case TokenClass::hex:
      out.append("<hex").append(std::to_string(token.size())) += '>';
      return;
    case TokenClass::mixed:
      out += "<mixed>";
      return;
    case TokenClass::literal:
      break;
  }
  append_with_digits_folded(out, token);
}

void append_lower(std::string& out, std::string_view text) {
  for (char c : text) out += to_lower(c);
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

void sort_and_unite(std::vector<std::string_view>& keys) {
  if (keys.size() < 2) return;
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

template <class Keys>
void append_keys(std::string& out, const Keys& keys) {
  char before = '?';
  for (std::string_view key : keys) {
    out += before;
    out += key;
    before = '&';
  }
}

// Folding makes a token longer by this at most: "1" is "<num>".
constexpr size_t most_longer_folded = 7;

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
  if (is_uuid(token)) return TokenClass::uuid;
  if (!has_digit(token)) return TokenClass::literal;  // all other classes have one
  uint8_t any = 0, all = 0xFF, before = 0;
  bool of_a_lot = true;
  int changes = 0;
  for (char c : token) {
    const uint8_t now = class_of(c);
    any |= now, all &= now;
    of_a_lot &= now != 0;
    changes += (now & digit && before & letter) || (now & letter && before & digit);
    before = now;
  }
  if (all & digit) return TokenClass::number;
  if (all & hex && token.size() >= shortest_hex) return TokenClass::hex;
  if (!of_a_lot || token.size() < shortest_mixed) return TokenClass::literal;
  const bool all_kinds = any & lower && any & upper;
  return changes > most_changes_in_a_name || (changes > 0 && all_kinds) ? TokenClass::mixed
                                                                        : TokenClass::literal;
}

std::string fold(std::string_view token) {
  std::string out;
  append_folded(out, token);
  return out;
}

// A key that is no key but a value is told by what it is made of.
std::string_view ShapeReader::bare_key(std::string_view text) {
  if (text.size() <= longest_bare_key && !has_digit(text)) return text;
  const size_t at = folded_.size();
  append_folded(folded_, text);
  const std::string_view folded = std::string_view(folded_).substr(at);
  return text.size() > longest_bare_key && folded[0] != '<' ? "<text>" : folded;
}

void ShapeReader::read_keys(std::string_view query) {
  keys_.clear();
  folded_.clear();
  if (query.empty()) return;
  // Views into what is folded stay good while it need not grow: keys once for s1 and once for s2.
  const size_t pairs = static_cast<size_t>(std::count(query.begin(), query.end(), '&')) + 1;
  folded_.reserve(2 * (query.size() + pairs * most_longer_folded));
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = pair.find('=');
    if (equals != pair.npos)
      keys_.push_back(pair.substr(0, equals));
    else if (!pair.empty())
      keys_.push_back(bare_key(pair));
  }
  sort_and_unite(keys_);
}

void ShapeReader::read(std::string_view path, std::string_view query) {
  read_keys(query);
  path_ = path;
  s1_.clear();
  s2_.clear();
  const size_t last_slash = path.rfind('/');
  const std::string_view name = last_slash == path.npos ? std::string_view{} : path.substr(last_slash + 1);
  directories_ =
      path.empty() ? 0 : static_cast<uint32_t>(std::count(path.begin(), path.end() - name.size() - 1, '/'));
  extension_ = name.substr(extension_begin(name));
  std::array<char, 10> digits;
  s1_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), directories_).ptr);
  if (!extension_.empty())
    append_lower(s1_, extension_);
  else
    s1_ += name.empty() ? '/' : '-';
  append_keys(s1_, keys_);
}

const std::string& ShapeReader::s2() {
  if (!s2_.empty()) return s2_;
  for (std::string_view rest = path_; !rest.empty();) {
    rest.remove_prefix(1);  // the slash
    const size_t end = std::min(rest.find('/'), rest.size());
    std::string_view segment = rest.substr(0, end);
    rest.remove_prefix(end);
    if (rest.empty()) segment.remove_suffix(extension_.size());  // the last one's stays
    s2_ += '/';
    append_folded(s2_, segment);
  }
  append_lower(s2_, extension_);
  append_folded_keys();
  return s2_;
}

void ShapeReader::append_folded_keys() {
  folded_keys_.clear();
  for (std::string_view key : keys_) {
    if (key.starts_with('<') || !has_digit(key)) {
      folded_keys_.push_back(key);
      continue;
    }
    const size_t at = folded_.size();
    append_folded(folded_, key);
    folded_keys_.push_back(std::string_view(folded_).substr(at));
  }
  sort_and_unite(folded_keys_);
  append_keys(s2_, folded_keys_);
}

PathStructure path_structure(const Url& url) {
  PathStructure shape;
  if (url.has_opaque_path()) return shape;
  ShapeReader reader;
  reader.read(url.pathname(), url.query().value_or(std::string_view{}));
  shape.directories = reader.directories();
  shape.extension = to_lower(reader.extension());
  if (!shape.extension.empty())
    shape.leaf = Leaf::extension;
  else if (!url.pathname().empty() && !url.pathname().ends_with('/'))
    shape.leaf = Leaf::none;
  shape.keys.assign(reader.keys().begin(), reader.keys().end());
  shape.s1 = reader.s1();
  shape.s2 = reader.s2();
  shape.s3 = url.pathname();
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
