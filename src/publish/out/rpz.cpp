// DNS response policy zones: https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00
//
//   bad.example            CNAME .              NXDOMAIN for the name …
//   *.bad.example          CNAME .              … and all below it
//   32.1.2.0.192.rpz-ip    CNAME .              for answers that hold 192.0.2.1
//
// An export of what is fit to alert gets rpz-passthru. in place of ".": the server logs and answers.
// Presentation format and its escapes: RFC 1035, section 5.1.
#include <fmt/format.h>

#include <array>
#include <optional>

#include "publish/out/selection.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

using intel::IndicatorType;

constexpr size_t max_name_bytes = 253;  // RFC 1035 section 2.3.4, in presentation form
constexpr size_t max_label_bytes = 63;
// So that a change is known everywhere within minutes.
constexpr unsigned ttl_seconds = 300;

// What has a meaning in a zone file gets a backslash; a wildcard label can't be escaped, for it is one by
// its very byte.
std::optional<std::string> owner_name(std::string_view domain, std::string_view zone) {
  constexpr size_t wildcard_and_dots = 3;
  if (domain.size() + zone.size() + wildcard_and_dots > max_name_bytes) return std::nullopt;
  std::string out;
  for (size_t begin = 0; begin <= domain.size();) {
    size_t end = std::min(domain.find('.', begin), domain.size());
    std::string_view label = domain.substr(begin, end - begin);
    if (label.empty() || label.size() > max_label_bytes || label == "*") return std::nullopt;
    if (begin > 0) out += '.';
    for (char c : label) {
      bool plain =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      if (c <= ' ' || c == 0x7F) return std::nullopt;
      if (!plain) out += '\\';
      out += c;
    }
    begin = end + 1;
  }
  return out;
}

// Section 4.3 of the draft: prefix length, then the address backwards; in IPv6 "zz" for the longest run of
// zero words, which is where RFC 5952 writes "::".
std::string address_name(const url::Cidr& network) {
  std::string out = std::to_string(network.prefix_length());
  auto bytes = network.network().bytes();
  if (network.network().is_v4()) {
    for (size_t i = bytes.size(); i-- > 0;) out += "." + std::to_string(bytes[i]);
    return out + ".rpz-ip";
  }
  constexpr size_t words = 8;
  std::array<unsigned, words> word{};
  for (size_t i = 0; i < words; ++i) word[i] = static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  size_t run_begin = words, run_length = 1;  // one zero alone is written as a zero
  for (size_t i = 0; i < words; ++i) {
    size_t length = 0;
    while (i + length < words && word[i + length] == 0) ++length;
    if (length > run_length) run_begin = i, run_length = length;
  }
  for (size_t i = words; i-- > 0;) {
    bool in_run = run_begin < words && i >= run_begin && i < run_begin + run_length;
    if (!in_run)
      out += fmt::format(".{:x}", word[i]);
    else if (i == run_begin)
      out += ".zz";
  }
  return out + ".rpz-ip";
}

std::optional<std::string> records_of(const intel::IndicatorKey& key, std::string_view zone,
                                      std::string_view action) {
  switch (key.type) {
    case IndicatorType::domain: {
      auto name = owner_name(key.value, zone);
      if (!name) return std::nullopt;
      return fmt::format("{0} CNAME {1}\n*.{0} CNAME {1}\n", *name, action);
    }
    case IndicatorType::ip:
    case IndicatorType::cidr: {
      auto network = url::Cidr::parse(key.value);
      if (!network) return std::nullopt;
      return fmt::format("{} CNAME {}\n", address_name(*network), action);
    }
    default:
      return std::nullopt;  // DNS sees neither paths nor ports
  }
}

}  // namespace

Result<ExportReport> write_rpz(const ByteSink& sink, const ExportOptions& options,
                               const store::Store& store) {
  std::string_view zone = options.zone;
  while (zone.ends_with('.')) zone.remove_suffix(1);
  auto origin = owner_name(zone, "");
  if (!origin || *origin != zone)
    return fail(Module::publish, ErrorCode::invalid_usage,
                "\"" + options.zone + "\" can't be the name of a zone");
  std::string_view action = *options.action == intel::Action::block ? "." : "rpz-passthru.";
  SHIKAKE_ASSIGN(Spool body, Spool::open());
  SHIKAKE_ASSIGN(
      ExportReport report,
      select_indicators(options, store, false, [&](const intel::Indicator& indicator) -> Result<Written> {
        auto records = records_of(indicator.key, zone, action);
        if (!records) return Written::inexpressible;
        SHIKAKE_TRY(body.write(*records));
        return Written::yes;
      }));
  std::string head = header_lines(";", "Shikake response policy zone", options, report);
  auto serial =
      static_cast<uint32_t>(base::to_micros(*options.at) / 1'000'000);  // seconds: rises with each export
  head += fmt::format(
      "$ORIGIN {}.\n$TTL {}\n@ SOA localhost. root.localhost. {} 3600 600 86400 {}\n@ NS localhost.\n", zone,
      ttl_seconds, serial, ttl_seconds);
  SHIKAKE_TRY(sink(head));
  SHIKAKE_TRY(body.copy_to(sink));
  return report;
}

}  // namespace shikake::publish
