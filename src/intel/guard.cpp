#include "intel/guard.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "base/ascii.h"
#include "base/display.h"
#include "intel/names.h"
#include "url/ip.h"
#include "url/url.h"

namespace shikake::intel {
namespace {

constexpr std::array<std::string_view, 5> type_names = {"string", "hostname", "cidr", "substring", "regex"};

// A list's regular expressions meet text from strangers: stop one that backtracks without end. PCRE2's own
// default is ten million steps, most of a second.
constexpr uint32_t most_regex_steps = 100'000;

// Which indicator types a list speaks about, by MISP's attribute types
// (https://www.misp-standard.org/rfc/misp-standard-core.html, "type").
struct AttributeRow {
  std::string_view attribute;
  std::initializer_list<IndicatorType> types;
};
const AttributeRow attribute_rows[] = {
    {"url", {IndicatorType::url}},
    {"uri", {IndicatorType::url}},
    {"link", {IndicatorType::url}},
    {"domain", {IndicatorType::domain}},
    {"hostname", {IndicatorType::domain}},
    {"ip-src", {IndicatorType::ip, IndicatorType::cidr}},
    {"ip-dst", {IndicatorType::ip, IndicatorType::cidr}},
    {"ip-src|port", {IndicatorType::ip_port}},
    {"ip-dst|port", {IndicatorType::ip_port}},
    {"sha256", {IndicatorType::sha256}},
};

constexpr size_t type_count = 7;
using TypeMask = uint8_t;
static_assert(type_count <= 8 * sizeof(TypeMask));
TypeMask bit(IndicatorType type) {
  return static_cast<TypeMask>(1u << static_cast<unsigned>(type));
}

TypeMask types_of(const GuardList& list) {
  if (list.attributes.empty()) return 0xFF;
  TypeMask mask = 0;
  for (const AttributeRow& row : attribute_rows) {
    if (std::find(list.attributes.begin(), list.attributes.end(), row.attribute) == list.attributes.end())
      continue;
    for (IndicatorType type : row.types) mask |= bit(type);
  }
  return mask;
}

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

// "/…/i" or bare.
Code compile(std::string_view text, std::string& why) {
  uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
  if (text.size() >= 2 && text.front() == '/') {
    size_t end = text.rfind('/');
    if (end > 0) {
      if (text.substr(end + 1).find('i') != std::string_view::npos) options |= PCRE2_CASELESS;
      text = text.substr(1, end - 1);
    }
  }
  int error = 0;
  size_t offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options, &error, &offset,
                          nullptr));
  if (!code) {
    PCRE2_UCHAR message[200] = {};
    pcre2_get_error_message(error, message, sizeof message);
    why = reinterpret_cast<const char*>(message);
  }
  return code;
}

bool matches(const pcre2_code* code, std::string_view text) {
  struct Context {
    pcre2_match_context* match = pcre2_match_context_create(nullptr);
    ~Context() { pcre2_match_context_free(match); }
  } context;
  struct Data {
    pcre2_match_data* data;
    ~Data() { pcre2_match_data_free(data); }
  } data{pcre2_match_data_create_from_pattern(code, nullptr)};
  pcre2_set_match_limit(context.match, most_regex_steps);
  return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data.data,
                     context.match) >= 0;
}

struct Listed {
  uint32_t list = 0;  // index into names
  TypeMask types = 0;
};

// Several lists may name one value for different types.
using ByText = std::unordered_map<std::string, std::vector<Listed>>;

std::optional<uint32_t> find(const ByText& map, const std::string& text, IndicatorType type) {
  auto found = map.find(text);
  if (found == map.end()) return std::nullopt;
  for (const Listed& one : found->second) {
    if (one.types & bit(type)) return one.list;
  }
  return std::nullopt;
}

void add(ByText& map, std::string text, Listed listed) {
  auto& all = map[std::move(text)];
  for (Listed& one : all) {
    if (one.list == listed.list) return;
  }
  all.push_back(listed);
}

}  // namespace

std::string_view name(GuardType type) {
  return name_in(type_names, type);
}
std::optional<GuardType> guard_type(std::string_view name) {
  return value_in<GuardType>(type_names, name);
}

struct Guard::Lists {
  std::vector<std::string> names;
  ByText exact;  // string lists
  ByText hosts;  // hostname lists: the host and all below it
  ByText above;  // domains that have a listed host below them
  std::map<url::Cidr, Listed> networks;
  std::vector<unsigned> lengths_v4, lengths_v6;  // prefix lengths in use, longest first
  std::vector<std::pair<std::string, Listed>> substrings;
  std::vector<std::pair<Code, Listed>> patterns;

  void add_host(std::string_view value, Listed listed);
  void add_above(std::string_view value, Listed listed);
  bool add_value(GuardType type, const std::string& value, Listed listed, std::string& why);
  std::optional<uint32_t> host(std::string_view host, IndicatorType type) const;
  std::optional<uint32_t> network(const url::Cidr& cidr, IndicatorType type) const;
  std::optional<uint32_t> text(const std::string& value, IndicatorType type) const;
  std::optional<uint32_t> find_key(const IndicatorKey& key) const;
};

void Guard::Lists::add_host(std::string_view value, Listed listed) {
  add(hosts, std::string(value), listed);
  add_above(value, listed);
}

void Guard::Lists::add_above(std::string_view value, Listed listed) {
  for (size_t dot = value.find('.'); dot != std::string_view::npos; dot = value.find('.')) {
    value.remove_prefix(dot + 1);
    if (!value.empty()) add(above, std::string(value), listed);
  }
}

bool Guard::Lists::add_value(GuardType type, const std::string& raw, Listed listed, std::string& why) {
  std::string value = base::to_lower(raw);
  switch (type) {
    case GuardType::string:
      // Lists of domains are made with a dot in front where the names below are meant too.
      if (value.starts_with('.')) {
        add_host(std::string_view(value).substr(1), listed);
      } else {
        add(exact, value, listed);
        if (value.find('/') == std::string::npos) add_above(value, listed);
      }
      return true;
    case GuardType::hostname: {
      std::string_view host = value;
      if (host.starts_with('.')) host.remove_prefix(1);
      if (host.empty())
        why = "it is empty";
      else
        add_host(host, listed);
      return !host.empty();
    }
    case GuardType::cidr: {
      auto network = url::Cidr::parse(value);
      if (!network) {
        why = "it is no network";
        return false;
      }
      networks[*network].list = listed.list;
      networks[*network].types |= listed.types;
      auto& lengths = network->network().is_v4() ? lengths_v4 : lengths_v6;
      if (std::find(lengths.begin(), lengths.end(), network->prefix_length()) == lengths.end())
        lengths.push_back(network->prefix_length());
      return true;
    }
    case GuardType::substring:
      if (value.empty())
        why = "it is empty";
      else
        substrings.emplace_back(value, listed);
      return !value.empty();
    case GuardType::regex: {
      Code code = compile(raw, why);
      if (!code) return false;
      patterns.emplace_back(std::move(code), listed);
      return true;
    }
  }
  return false;
}

std::optional<uint32_t> Guard::Lists::host(std::string_view host, IndicatorType type) const {
  for (std::string_view rest = host; !rest.empty();) {
    if (auto found = find(hosts, std::string(rest), type)) return found;
    size_t dot = rest.find('.');
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

std::optional<uint32_t> Guard::Lists::network(const url::Cidr& cidr, IndicatorType type) const {
  for (unsigned length : cidr.network().is_v4() ? lengths_v4 : lengths_v6) {
    if (length > cidr.prefix_length()) continue;
    auto found = networks.find(*url::Cidr::make(cidr.network(), length));
    if (found != networks.end() && (found->second.types & bit(type))) return found->second.list;
  }
  // Networks inside ours stand right behind its own address in the map's order.
  for (auto it = networks.lower_bound(cidr); it != networks.end() && cidr.contains(it->first); ++it) {
    if (it->second.types & bit(type)) return it->second.list;
  }
  return std::nullopt;
}

std::optional<uint32_t> Guard::Lists::text(const std::string& value, IndicatorType type) const {
  if (auto found = find(exact, value, type)) return found;
  for (const auto& [part, listed] : substrings) {
    if ((listed.types & bit(type)) && value.find(part) != std::string::npos) return listed.list;
  }
  for (const auto& [code, listed] : patterns) {
    if ((listed.types & bit(type)) && matches(code.get(), value)) return listed.list;
  }
  return std::nullopt;
}

std::optional<uint32_t> Guard::Lists::find_key(const IndicatorKey& key) const {
  if (auto found = text(key.value, key.type)) return found;
  switch (key.type) {
    case IndicatorType::domain:
      if (auto found = host(key.value, key.type)) return found;
      return find(above, key.value, key.type);
    case IndicatorType::url: {
      auto url = url::Url::parse(key.value);
      if (!url) return std::nullopt;
      if (auto ip = url->ip()) return network(*url::Cidr::make(*ip, ip->is_v4() ? 32 : 128), key.type);
      return host(url->hostname(), key.type);
    }
    case IndicatorType::ip:
    case IndicatorType::cidr:
      if (auto cidr = url::Cidr::parse(key.value)) return network(*cidr, key.type);
      return std::nullopt;
    case IndicatorType::ip_port: {
      std::string_view address = std::string_view(key.value).substr(0, key.value.rfind(':'));
      if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
      if (auto cidr = url::Cidr::parse(address)) return network(*cidr, key.type);
      return std::nullopt;
    }
    case IndicatorType::pattern:
    case IndicatorType::sha256:
      return std::nullopt;
  }
  return std::nullopt;
}

Guard::Guard() : lists_(std::make_shared<const Lists>()) {}

Guard Guard::make(const std::vector<GuardList>& lists, std::vector<std::string>* refused) {
  auto made = std::make_shared<Lists>();
  for (const GuardList& list : lists) {
    Listed listed{static_cast<uint32_t>(made->names.size()), types_of(list)};
    made->names.push_back(list.name);
    if (listed.types == 0) continue;  // speaks of e-mail addresses, file names, …
    for (const std::string& value : list.values) {
      std::string why;
      if (!made->add_value(list.type, value, listed, why) && refused)
        refused->push_back(list.name + ": \"" + base::for_terminal(value, 200) + "\" was left out: " + why);
    }
  }
  std::sort(made->lengths_v4.rbegin(), made->lengths_v4.rend());
  std::sort(made->lengths_v6.rbegin(), made->lengths_v6.rend());
  Guard guard;
  guard.lists_ = std::move(made);
  return guard;
}

std::optional<std::string_view> Guard::protects(const IndicatorKey& key) const {
  auto list = empty() ? std::nullopt : lists_->find_key(key);
  if (!list) return std::nullopt;
  return lists_->names[*list];
}

bool Guard::empty() const {
  return lists_->names.empty();
}

}  // namespace shikake::intel
