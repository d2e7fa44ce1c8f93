#include "gateway/replies.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/file.h"
#include "gateway/toml_reader.h"
#include "net/dns.h"
#include "url/ip.h"

namespace shikake::gateway {
namespace {

constexpr uint64_t max_document_bytes = 4 << 20;  // the text itself; bodies of size lie in files
constexpr int64_t max_delay_ms = 600'000;         // longer than any run lasts by default
constexpr int64_t max_ttl = 86'400;
constexpr size_t max_steps = 1'000;

struct Named {
  std::string_view name;
  uint16_t value;
};
constexpr std::array<Named, 4> codes = {{{"noerror", net::dns_code::no_error},
                                         {"nxdomain", net::dns_code::no_such_name},
                                         {"servfail", net::dns_code::server_failure},
                                         {"refused", net::dns_code::refused}}};
constexpr std::array<Named, 7> types = {{{"A", net::dns_type::a},
                                         {"AAAA", net::dns_type::aaaa},
                                         {"CNAME", net::dns_type::cname},
                                         {"MX", net::dns_type::mx},
                                         {"NS", net::dns_type::ns},
                                         {"PTR", net::dns_type::ptr},
                                         {"TXT", net::dns_type::txt}}};

template <size_t count>
uint16_t one_of(const TomlRow& row, std::string_view key, const std::array<Named, count>& known,
                std::string_view fallback) {
  std::string wanted = row.text(key).value_or(std::string(fallback));
  std::string list;
  for (const Named& entry : known) {
    if (entry.name == wanted) return entry.value;
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", entry.name);
  }
  row.blame(key, fmt::format("wants one of {}", list));
}

// Reads files of the replies, and keeps count of what they and the texts take.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& folder) : folder_(folder) {}

  Replies read(const toml::table& document) {
    Replies replies;
    TomlRow root(document, {"http", "tcp", "udp", "dns"});
    for (const toml::table* table : root.tables("http")) replies.http.push_back(http(*table));
    for (const toml::table* table : root.tables("tcp")) replies.tcp.push_back(conversation(*table));
    for (const toml::table* table : root.tables("udp")) replies.udp.push_back(conversation(*table));
    for (const toml::table* table : root.tables("dns")) replies.dns.push_back(dns(*table));
    return replies;
  }

 private:
  Place place(const TomlRow& row) {
    Place place;
    place.host = row.text("host").value_or("");
    place.path = row.text("path").value_or("");
    place.method = row.text("method").value_or("");
    for (int64_t port : row.numbers("port", 1, 65535)) place.ports.push_back(static_cast<uint16_t>(port));
    count_row(row);
    return place;
  }

  static std::string rule(const TomlRow& row) { return fmt::format("replies line {}", row.line()); }

  static std::chrono::milliseconds delay(const TomlRow& row) {
    return std::chrono::milliseconds(row.number("delay_ms", 0, max_delay_ms).value_or(0));
  }

  void count(const TomlRow& row, std::string_view key, size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > Replies::max_bytes)
      row.blame(key, fmt::format("makes the replies larger than {} MiB together", Replies::max_bytes >> 20));
  }

  std::optional<std::string> text(const TomlRow& row, std::string_view key) {
    auto value = row.text(key);
    if (value) count(row, key, value->size());
    return value;
  }

  std::optional<std::string> file(const TomlRow& row, std::string_view key) {
    auto name = row.text(key);
    if (!name) return std::nullopt;
    std::filesystem::path path = std::filesystem::path(*name).lexically_normal();
    if (path.is_absolute() || path.empty() || *path.begin() == "..")
      row.blame(key, "wants a file in the folder of the replies");
    auto bytes = base::read_file(folder_ / path, Replies::max_bytes - bytes_);
    if (!bytes) row.blame(key, "cannot be read: " + bytes.error().message());
    count(row, key, bytes->size());
    return std::move(*bytes);
  }

  // The content of a row or step: text under one key, or a file under another.
  std::optional<std::string> content(const TomlRow& row, std::string_view text_key,
                                     std::string_view file_key) {
    auto value = text(row, text_key);
    auto from_file = file(row, file_key);
    if (value && from_file) row.blame(file_key, fmt::format("and \"{}\" exclude each other", text_key));
    return value ? value : from_file;
  }

  HttpReply http(const toml::table& table) {
    TomlRow row(table, {"host", "path", "method", "port", "status", "headers", "body", "file", "raw",
                        "raw_file", "delay_ms", "times"});
    HttpReply reply;
    reply.place = place(row);
    reply.rule = rule(row);
    reply.status = static_cast<uint16_t>(row.number("status", 100, 999).value_or(200));
    reply.delay = delay(row);
    reply.times = static_cast<uint32_t>(row.number("times", 1, INT32_MAX).value_or(0));
    reply.body = content(row, "body", "file").value_or("");
    reply.raw = content(row, "raw", "raw_file");
    if (const toml::table* headers = row.table("headers")) {
      for (const auto& [name, value] : *headers) {
        auto texts = value.is_array() ? value.as_array()->size() : 0;
        if (texts == 0 && !value.is_string()) bad(value, "a header's value wants text in quotes");
        auto add = [&, header = std::string(name.str())](const toml::node& item) {
          auto written = item.value_exact<std::string>();
          if (!written || written->find_first_of("\r\n") != written->npos)
            bad(item, "a header's value wants text of one line in quotes");
          reply.headers.emplace_back(header, *written);
        };
        if (texts == 0) add(value);
        for (size_t i = 0; i < texts; ++i) add((*value.as_array())[i]);
      }
    }
    return reply;
  }

  Conversation conversation(const toml::table& table) {
    TomlRow row(table, {"host", "port", "steps"});
    Conversation conversation{place(row), {}, rule(row)};
    for (const toml::table* step_table : row.tables("steps")) {
      TomlRow step_row(*step_table, {"expect", "send", "send_file", "delay_ms", "close"});
      Step step;
      step.expect = text(step_row, "expect");
      step.send = content(step_row, "send", "send_file").value_or("");
      step.delay = delay(step_row);
      step.close = step_row.flag("close");
      conversation.steps.push_back(std::move(step));
    }
    if (conversation.steps.empty() || conversation.steps.size() > max_steps)
      row.blame("steps", fmt::format("wants 1 to {} steps", max_steps));
    return conversation;
  }

  DnsReply dns(const toml::table& table) {
    TomlRow row(table, {"name", "type", "code", "value", "ttl"});
    DnsReply reply;
    count_row(row);
    reply.rule = rule(row);
    auto name = row.text("name");
    if (!name || name->empty()) row.blame("name", "is missing: which names is this row for? \"*\" is all");
    reply.name = *name;
    if (row.node("type")) reply.type = one_of(row, "type", types, "A");
    reply.code = static_cast<uint8_t>(one_of(row, "code", codes, "noerror"));
    reply.values = row.texts("value");
    for (const std::string& value : reply.values) {
      auto address = url::IpAddress::parse(value);
      if ((reply.type == net::dns_type::a && !(address && address->is_v4())) ||
          (reply.type == net::dns_type::aaaa && !(address && address->is_v6())) ||
          (reply.type == 0 && !address))
        row.blame("value", fmt::format("\"{}\" is no address of the row's type", value));
    }
    reply.ttl = static_cast<uint32_t>(row.number("ttl", 0, max_ttl).value_or(60));
    return reply;
  }

  void count_row(const TomlRow& row) {
    if (++rows_ > Replies::max_rows)
      throw BadToml{row.line(), fmt::format("more than {} rows of replies", Replies::max_rows)};
  }

  const std::filesystem::path& folder_;
  uint64_t bytes_ = 0;
  size_t rows_ = 0;
};

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

Result<Replies> Replies::parse(std::string_view toml, const std::filesystem::path& folder) {
  Replies replies;
  SHIKAKE_TRY(read_toml(toml, [&](const toml::table& document) { replies = Reader(folder).read(document); }));
  return replies;
}

Result<Replies> Replies::load(const std::filesystem::path& file) {
  SHIKAKE_ASSIGN(std::string text, base::read_file(file, max_document_bytes));
  auto replies = parse(text, file.parent_path());
  if (!replies) return fail(std::move(replies).error().in(file.string()));
  return replies;
}

bool fits(std::string_view pattern, std::string_view text, bool fold) {
  // Greedy with one point to go back to: a later star makes every earlier one's choice good.
  size_t p = 0, t = 0, star = pattern.npos, resume = 0;
  auto same = [fold](char a, char b) { return fold ? folded(a) == folded(b) : a == b; };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && same(pattern[p], text[t])) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace shikake::gateway
