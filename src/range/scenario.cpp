#include "range/scenario.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "range/toml_values.h"

namespace shikake::range {
namespace {

constexpr size_t max_files = 20'000;  // of all folders: a scenario is a few sites, not a mirror
constexpr uint32_t default_ttl = 60;  // seconds

std::string canonical_address(const std::string& address, const toml::node& node) {
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  for (int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, address.c_str(), bytes.data()) != 1) continue;
    std::string result = inet_ntop(family, bytes.data(), canonical.data(), canonical.size());
    if (!is_documentation_address(result)) {
      bad(node, fmt::format("{} is outside the documentation ranges {}", address,
                            fmt::join(documentation_ranges, ", ")));
    }
    return result;
  }
  bad(node, fmt::format("\"{}\" is no IP address", address));
}

// Lower case, without the root's dot; a leading "*." where wildcards make sense.
std::string canonical_name(std::string name, const toml::node& node, bool wildcard = true) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.ends_with('.')) name.pop_back();
  std::string_view rest = name;
  if (wildcard && rest.starts_with("*.")) rest.remove_prefix(2);
  bool good = !rest.empty() && rest.size() <= 253;  // RFC 1035 section 3.1
  size_t label = 0;
  for (char c : rest) {
    label = c == '.' ? 0 : label + 1;
    good = good && label <= 63 &&
           (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.');
  }
  if (!good || rest.front() == '.' || rest.find("..") != rest.npos) {
    bad(node, fmt::format("\"{}\" is no host name", name));
  }
  return name;
}

std::vector<uint16_t> ports(const toml::table& table, std::string_view key, std::vector<uint16_t> unset) {
  if (!table.contains(key)) return unset;
  auto found = numbers(table, key, 1, 65535);
  return {found.begin(), found.end()};
}

std::vector<Header> headers(const toml::table& table) {
  std::vector<Header> found;
  const toml::node* node = table.get("headers");
  if (!node) return found;
  for (const auto& [key, value] : table_of(*node, "headers")) {
    std::string name(key.str());
    bool token = std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) || std::strchr("!#$%&'*+-.^_`|~", c);  // RFC 9110 section 5.6.2
    });
    if (name.empty() || !token) bad(value, fmt::format("\"{}\" is no header name", name));
    for (const auto& [content, place] : texts(*node->as_table(), key.str())) {
      if (content.find_first_of(std::string_view("\r\n\0", 3)) != content.npos) {
        bad(*place, fmt::format("the header \"{}\" may not hold a line break", name));
      }
      found.emplace_back(name, content);
    }
  }
  return found;
}

Traits traits(const toml::table& table, std::string_view key) {
  Traits found;
  const toml::node* node = table.get(key);
  if (!node) return found;
  const toml::table& inner = table_of(*node, key);
  only_keys(inner, {"user_agent", "referrer", "cookie", "accept_language", "query", "method"});
  found.user_agent = text(inner, "user_agent");
  found.referrer = text(inner, "referrer");
  found.cookie = text(inner, "cookie");
  found.accept_language = text(inner, "accept_language");
  found.query = text(inner, "query");
  found.method = text(inner, "method");
  return found;
}

// A path below the scenario's own folder: a scenario from somebody else publishes none of one's files.
std::filesystem::path below(const std::filesystem::path& root, const std::string& relative,
                            const toml::node& node) {
  std::filesystem::path path = (root / relative).lexically_normal();
  auto inside = path.lexically_relative(root.lexically_normal());
  if (std::filesystem::path(relative).is_absolute() || inside.empty() || *inside.begin() == "..") {
    bad(node, fmt::format("\"{}\" lies outside the scenario's folder", relative));
  }
  return path;
}

Reply read_reply(const toml::table& table, const std::filesystem::path& root) {
  only_keys(table, {"path", "when", "unless", "once", "status", "location", "headers", "type", "body", "file",
                    "delay_ms", "declared_length", "cut_after", "trickle_ms"});
  constexpr int64_t longest_ms = 600'000;
  constexpr int64_t largest = int64_t{1} << 40;
  Reply reply;
  reply.path = text(table, "path").value_or("");
  if (!reply.path.starts_with('/'))
    throw BadToml{line_of(table), "a reply wants a \"path\" that begins with /"};
  reply.when = traits(table, "when");
  reply.unless = traits(table, "unless");
  reply.once = flag(table, "once");
  reply.headers = headers(table);
  if (auto location = text(table, "location")) {
    reply.headers.emplace_back("Location", *location);
    reply.status = 302;
  }
  reply.status = static_cast<unsigned>(number(table, "status", 200, 599).value_or(reply.status));
  reply.type = text(table, "type").value_or("");
  reply.body = text(table, "body").value_or("");
  if (auto file = text(table, "file")) {
    const toml::node& node = *table.get("file");
    if (table.contains("body")) bad(node, "a reply has a \"body\" or a \"file\", not both");
    reply.file = below(root, *file, node);
    if (!std::filesystem::is_regular_file(*reply.file))
      bad(node, fmt::format("there is no file {}", reply.file->string()));
  }
  reply.delay = std::chrono::milliseconds(number(table, "delay_ms", 0, longest_ms).value_or(0));
  reply.trickle = std::chrono::milliseconds(number(table, "trickle_ms", 0, longest_ms).value_or(0));
  if (auto length = number(table, "declared_length", 0, largest))
    reply.declared_length = static_cast<uint64_t>(*length);
  if (auto length = number(table, "cut_after", 0, largest)) reply.cut_after = static_cast<uint64_t>(*length);
  return reply;
}

void index_folder(Host& host, const std::filesystem::path& folder, size_t& count, const toml::node& node) {
  if (!std::filesystem::is_directory(folder))
    bad(node, fmt::format("there is no folder {}", folder.string()));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!std::filesystem::is_regular_file(entry.symlink_status())) continue;
    if (++count > max_files) bad(node, fmt::format("the folders hold more than {} files", max_files));
    std::string path = "/" + entry.path().lexically_relative(folder).generic_string();
    if (entry.path().filename() == "index.html") {
      host.files.emplace(path.substr(0, path.size() - std::strlen("index.html")), entry.path());
    }
    host.files.emplace(std::move(path), entry.path());
  }
}

Host read_host(const toml::table& table, const std::filesystem::path& root, size_t& file_count) {
  only_keys(table, {"names", "addresses", "http", "https", "folder", "headers", "reply"});
  Host host;
  host.line = line_of(table);
  for (const auto& [name, node] : texts(table, "names")) host.names.push_back(canonical_name(name, *node));
  for (const auto& [address, node] : texts(table, "addresses")) {
    host.addresses.push_back(canonical_address(address, *node));
  }
  if (host.addresses.empty()) throw BadToml{host.line, "a host wants \"addresses\""};
  host.https = ports(table, "https", {});
  host.http = ports(table, "http", host.https.empty() ? std::vector<uint16_t>{80} : std::vector<uint16_t>{});
  host.headers = headers(table);
  for (const toml::table* reply : tables(table, "reply")) host.replies.push_back(read_reply(*reply, root));
  if (auto folder = text(table, "folder")) {
    const toml::node& node = *table.get("folder");
    index_folder(host, below(root, *folder, node), file_count, node);
  }
  return host;
}

void read_record(const toml::table& table, Scenario& scenario) {
  only_keys(table, {"name", "type", "value", "ttl", "failure"});
  auto named = text(table, "name");
  if (!named) throw BadToml{line_of(table), "a DNS record wants a \"name\""};
  std::string name = canonical_name(*named, *table.get("name"));
  if (auto failure = text(table, "failure")) {
    const std::map<std::string, uint8_t> codes = {{"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"REFUSED", 5}};
    auto code = codes.find(*failure);
    if (code == codes.end()) bad(*table.get("failure"), "\"failure\" is SERVFAIL, NXDOMAIN or REFUSED");
    scenario.failures.emplace(std::move(name), code->second);
    return;
  }
  const std::map<std::string, RecordType> types = {{"A", RecordType::a},
                                                   {"AAAA", RecordType::aaaa},
                                                   {"CNAME", RecordType::cname},
                                                   {"TXT", RecordType::txt},
                                                   {"PTR", RecordType::ptr}};
  auto type = types.find(text(table, "type").value_or(""));
  if (type == types.end()) {
    throw BadToml{line_of(table),
                  "a DNS record wants a \"type\" (A, AAAA, CNAME, TXT, PTR) or a \"failure\""};
  }
  auto ttl = static_cast<uint32_t>(number(table, "ttl", 0, 604'800).value_or(default_ttl));
  auto values = texts(table, "value");
  if (values.empty()) throw BadToml{line_of(table), "a DNS record wants a \"value\""};
  for (const auto& [value, node] : values) {
    std::string canonical = value;
    if (type->second == RecordType::a || type->second == RecordType::aaaa) {
      canonical = canonical_address(value, *node);
      bool six = canonical.find(':') != canonical.npos;
      if (six != (type->second == RecordType::aaaa)) bad(*node, "the address is not of the record's type");
    } else if (type->second != RecordType::txt) {
      canonical = canonical_name(value, *node, false);
    }
    scenario.records.push_back({name, type->second, std::move(canonical), ttl});
  }
}

void read_network(const toml::table& table, Scenario& scenario) {
  only_keys(table, {"client", "resolver"});
  for (auto [key, addresses] : {std::pair{"client", &scenario.client}, {"resolver", &scenario.resolver}}) {
    if (!table.contains(key)) continue;
    addresses->clear();
    for (const auto& [address, node] : texts(table, key))
      addresses->push_back(canonical_address(address, *node));
    auto four = std::count_if(addresses->begin(), addresses->end(),
                              [](const std::string& address) { return address.find(':') == address.npos; });
    if (four != 1 || addresses->size() > 2) {
      bad(*table.get(key), fmt::format("\"{}\" wants one IPv4 address and at most one IPv6 address", key));
    }
  }
}

// What only shows between hosts.
void check_together(const Scenario& scenario) {
  std::set<std::string> names;
  std::map<std::pair<std::string, uint16_t>, bool> secure;  // by address and port
  for (const Host& host : scenario.hosts) {
    for (const std::string& name : host.names) {
      if (!names.insert(name).second)
        throw BadToml{host.line, fmt::format("{} is the name of an earlier host too", name)};
    }
    for (const std::string& address : host.addresses) {
      for (const auto* own : {&scenario.client, &scenario.resolver}) {
        if (std::find(own->begin(), own->end(), address) == own->end()) continue;
        throw BadToml{host.line, fmt::format("{} is the range's own (see [network])", address)};
      }
      for (bool tls : {false, true}) {
        for (uint16_t port : tls ? host.https : host.http) {
          if (secure.emplace(std::pair{address, port}, tls).first->second == tls) continue;
          throw BadToml{host.line, fmt::format("{} port {} cannot be both http and https", address, port)};
        }
      }
    }
  }
}

Scenario read_scenario(const toml::table& document, const std::filesystem::path& root) {
  only_keys(document, {"name", "description", "network", "host", "dns"});
  Scenario scenario;
  scenario.name = text(document, "name").value_or("");
  scenario.description = text(document, "description").value_or("");
  if (scenario.name.empty()) throw BadToml{1, "a scenario wants a \"name\""};
  if (const toml::node* network = document.get("network"))
    read_network(table_of(*network, "network"), scenario);
  size_t files = 0;
  for (const toml::table* host : tables(document, "host"))
    scenario.hosts.push_back(read_host(*host, root, files));
  if (scenario.hosts.empty()) throw BadToml{1, "a scenario wants at least one [[host]]"};
  for (const toml::table* record : tables(document, "dns")) read_record(*record, scenario);
  check_together(scenario);
  return scenario;
}

}  // namespace

Result<Scenario> Scenario::load(const std::filesystem::path& file) {
  std::error_code ignored;
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, ignored)) {
    return fail(Error{Module::range, ErrorCode::not_found, "the scenario cannot be read", file.string()});
  }
  std::string content{std::istreambuf_iterator<char>(in), {}};
  return parse(content, std::filesystem::absolute(file, ignored).parent_path(), file.string());
}

Result<Scenario> Scenario::parse(std::string_view toml, const std::filesystem::path& folder,
                                 const std::string& name) {
  Error error{Module::range, ErrorCode::invalid_input, {}, name};
  try {
    return read_scenario(toml::parse(toml, name), folder);
  } catch (const toml::parse_error& problem) {
    error.what = problem.description();
    error.line = problem.source().begin.line;
  } catch (const BadToml& problem) {
    error.what = problem.what;
    error.line = problem.line;
  } catch (const std::filesystem::filesystem_error& problem) {
    error.code = ErrorCode::io;
    error.what = problem.what();
    error.line = 1;
  }
  return fail(std::move(error));
}

bool is_documentation_address(std::string_view address) {
  for (std::string_view range : documentation_ranges) {
    std::array<unsigned char, 16> network{};
    std::array<unsigned char, 16> bytes{};
    size_t slash = range.find('/');
    std::string base(range.substr(0, slash));
    int family = base.find(':') == base.npos ? AF_INET : AF_INET6;
    if (inet_pton(family, std::string(address).c_str(), bytes.data()) != 1) continue;
    inet_pton(family, base.c_str(), network.data());
    size_t prefix_bytes = static_cast<size_t>(std::stoi(std::string(range.substr(slash + 1)))) / 8;
    if (std::memcmp(network.data(), bytes.data(), prefix_bytes) == 0) return true;
  }
  return false;
}

std::string_view content_type(const std::filesystem::path& file) {
  static const std::map<std::string, std::string_view, std::less<>> types = {
      {".html", "text/html; charset=utf-8"},
      {".htm", "text/html; charset=utf-8"},
      {".css", "text/css"},
      {".js", "text/javascript"},
      {".json", "application/json"},
      {".xml", "application/xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".gif", "image/gif"},
      {".jpg", "image/jpeg"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".pdf", "application/pdf"},
      {".zip", "application/zip"},
      {".jar", "application/java-archive"},
      {".swf", "application/x-shockwave-flash"},
  };
  auto found = types.find(file.extension().string());
  return found == types.end() ? "application/octet-stream" : found->second;
}

}  // namespace shikake::range
