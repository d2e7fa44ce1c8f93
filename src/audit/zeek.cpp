#include "audit/zeek.h"

#include <algorithm>

#include "audit/tokens.h"
#include "base/checked.h"
#include "url/ip.h"

namespace shikake::audit {
namespace {

using F = ZeekField;
using What = Observable::What;

constexpr std::array<std::pair<std::string_view, F>, 44> names = {{
    {"_path", F::path_name},
    {"ts", F::ts},
    {"id.orig_h", F::orig_h},
    {"id.orig_p", F::orig_p},
    {"id.resp_h", F::resp_h},
    {"id.resp_p", F::resp_p},
    {"id_orig_h", F::orig_h},
    {"id_orig_p", F::orig_p},
    {"id_resp_h", F::resp_h},
    {"id_resp_p", F::resp_p},
    {"query", F::query},
    {"answers", F::answers},
    {"rcode_name", F::rcode_name},
    {"rejected", F::rejected},
    {"method", F::method},
    {"host", F::host},
    {"uri", F::uri},
    {"referrer", F::referrer},
    {"username", F::username},
    {"status_code", F::status_code},
    {"proxied", F::proxied},
    {"server_name", F::server_name},
    {"established", F::established},
    {"conn_state", F::conn_state},
    {"orig_bytes", F::orig_bytes},
    {"resp_bytes", F::resp_bytes},
    {"proto", F::proto},
    {"helo", F::helo},
    {"mailfrom", F::mailfrom},
    {"x_originating_ip", F::x_originating_ip},
    {"path", F::smtp_path},
    {"arg", F::arg},
    {"user", F::user},
    {"data_channel.resp_h", F::data_resp_h},
    {"data_channel_resp_h", F::data_resp_h},
    {"san.dns", F::san_dns},
    {"san_dns", F::san_dns},
    {"san.ip", F::san_ip},
    {"certificate.subject", F::subject},
    {"subject", F::subject},
    {"sha256", F::sha256},
    {"tx_hosts", F::tx_hosts},
    {"rx_hosts", F::rx_hosts},
    {"seen_bytes", F::seen_bytes},
}};

bool is_true(std::string_view value) {
  return value == "T" || value == "true";
}
bool is_false(std::string_view value) {
  return value == "F" || value == "false";
}

uint16_t port_of(std::string_view text) {
  return base::parse_integer<uint16_t>(text).value_or(0);
}

// An answer that a resolver gives in place of the true one, to keep clients away.
bool is_sinkhole(std::string_view answer) {
  const auto address = url::IpAddress::parse(answer);
  if (!address) return false;
  const auto purpose = url::special_purpose(*address);
  return purpose == url::SpecialPurpose::unspecified || purpose == url::SpecialPurpose::loopback;
}

template <class Do>
void for_each_value(const ZeekLine& line, F field, Do&& act) {
  if (!line[field].empty()) act(line[field]);
  for (const auto& [other, value] : line.more)
    if (other == field && !value.empty()) act(value);
}

Outcome dns_outcome(const ZeekLine& line) {
  if (is_true(line[F::rejected]) || line[F::rcode_name] == "REFUSED") return Outcome::denied;
  if (line[F::rcode_name] != "NOERROR") return Outcome::failed;
  bool any = false, all_sinkholes = true;
  for_each_value(line, F::answers, [&](std::string_view answer) {
    if (!url::IpAddress::parse(answer)) return;
    any = true;
    all_sinkholes = all_sinkholes && is_sinkhole(answer);
  });
  if (any && all_sinkholes) return Outcome::denied;
  return line[F::answers].empty() ? Outcome::answered : Outcome::content;
}

void read_dns(const ZeekLine& line, Record& record) {
  record.outcome = dns_outcome(line);
  for (F field : {F::query, F::answers})
    for_each_value(line, field, [&](std::string_view name) {
      record.seen.push_back({What::host, Contact::lookup, name});
    });
}

void read_http(const ZeekLine& line, Record& record) {
  const int status = base::parse_integer<int>(line[F::status_code]).value_or(0);
  const std::string_view uri = line[F::uri];
  const bool is_path = uri.empty() || uri.starts_with('/');
  record.outcome = status == 0                                    ? Outcome::failed
                   : status < 400                                 ? Outcome::content
                   : !is_path && (status == 403 || status == 407) ? Outcome::denied
                                                                  : Outcome::answered;
  if (line[F::method] == "CONNECT" && !uri.empty())
    record.seen.push_back({What::authority, Contact::tunnel, uri, {}, 443});
  else if (!line[F::host].empty())
    record.seen.push_back({What::target, Contact::request, line[F::host], uri, port_of(line[F::resp_p])});
  else if (!is_path)
    record.seen.push_back({What::url, Contact::request, uri});
  if (!line[F::referrer].empty()) record.seen.push_back({What::url, Contact::mention, line[F::referrer]});
  record.user = line[F::username];
}

void read_ssl(const ZeekLine& line, Record& record) {
  record.outcome = is_false(line[F::established]) ? Outcome::failed : Outcome::content;
  if (!line[F::server_name].empty())
    record.seen.push_back(
        {What::authority, Contact::tunnel, line[F::server_name], {}, port_of(line[F::resp_p])});
}

// https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html#type-Conn::Info
Outcome conn_outcome(const ZeekLine& line) {
  const std::string_view state = line[F::conn_state];
  for (std::string_view lost : {"REJ", "S0", "SH", "SHR", "RSTOS0", "RSTRH"})
    if (state == lost) return Outcome::failed;
  const std::string_view bytes = line[F::resp_bytes];
  return bytes.empty() || bytes == "0" ? Outcome::answered : Outcome::content;
}

std::string_view mail_domain(std::string_view address) {
  const size_t at = address.rfind('@');
  if (at == std::string_view::npos) return {};
  address.remove_prefix(at + 1);
  return address.substr(0, address.find_first_of("> \t\""));
}

void read_smtp(const ZeekLine& line, Record& record) {
  const auto mention = [&](std::string_view host) {
    if (!host.empty()) record.seen.push_back({What::host, Contact::mention, host});
  };
  mention(line[F::helo]);
  mention(mail_domain(line[F::mailfrom]));
  mention(line[F::x_originating_ip]);
  for_each_value(line, F::smtp_path, mention);
}

void read_certificate(const ZeekLine& line, Record& record) {
  const auto mention = [&](std::string_view host) {
    if (host.starts_with("*.")) host.remove_prefix(2);
    if (!host.empty()) record.seen.push_back({What::host, Contact::mention, host});
  };
  for_each_value(line, F::san_dns, mention);
  for_each_value(line, F::san_ip, mention);
  std::string_view subject = line[F::subject];
  while (!subject.empty()) {
    const std::string_view part = subject.substr(0, subject.find(','));
    subject.remove_prefix(std::min(part.size() + 1, subject.size()));
    if (part.starts_with("CN=")) mention(part.substr(3));
  }
}

void read_file(const ZeekLine& line, Record& record) {
  if (record.client.empty()) record.client = line[F::rx_hosts];
  record.seen.push_back({What::digest, Contact::file, line[F::sha256]});
  for_each_value(line, F::tx_hosts, [&](std::string_view host) {
    record.seen.push_back({What::endpoint, Contact::connection, host});
  });
}

}  // namespace

std::optional<ZeekField> zeek_field(std::string_view name) {
  for (const auto& [known, field] : names)
    if (known == name) return field;
  return std::nullopt;
}

std::optional<ZeekField> ZeekKeyOrder::field(std::string_view name) {
  if (next < keys.size() && keys[next].name == name) return keys[next++].field;
  for (size_t i = 0; i < keys.size(); ++i) {  // a key left out or moved
    if (keys[i].name != name) continue;
    next = i + 1;
    return keys[i].field;
  }
  const auto found = zeek_field(name);
  // Far past the keys of any log; hostile keys are asked anew each time instead of remembered.
  constexpr size_t max_keys = 256;
  if (keys.size() < max_keys && name.size() < max_keys) {
    keys.insert(keys.begin() + static_cast<ptrdiff_t>(std::min(next, keys.size())),
                Key{std::string(name), found});
    ++next;
  }
  return found;
}

bool zeek_to_record(const ZeekLine& line, Record& record) {
  record.time = line[F::ts];
  record.client = line[F::orig_h];
  record.user = line[F::user];
  const std::string_view path = line[F::path_name];
  // Where no path is named, fields that only one log has name it.
  if (path == "dns" || (path.empty() && !(line[F::query].empty() && line[F::rcode_name].empty()))) {
    read_dns(line, record);
  } else if (path == "http" || (path.empty() && !(line[F::uri].empty() && line[F::method].empty()))) {
    read_http(line, record);
  } else if (path == "conn" || (path.empty() && !line[F::conn_state].empty())) {
    record.outcome = conn_outcome(line);
  } else if (path == "ssl" || (path.empty() && !line[F::established].empty())) {
    read_ssl(line, record);
  } else if (path == "smtp" || (path.empty() && !(line[F::helo].empty() && line[F::mailfrom].empty()))) {
    read_smtp(line, record);
  } else if (path == "x509" || (path.empty() && !line[F::san_dns].empty())) {
    read_certificate(line, record);
  } else if (!line[F::sha256].empty() || !line[F::tx_hosts].empty()) {
    read_file(line, record);
  } else if (!line[F::server_name].empty()) {
    read_ssl(line, record);
  }
  if (path != "x509" && !line[F::arg].empty() && line[F::arg].find("://") != std::string_view::npos)
    record.seen.push_back({What::url, Contact::request, line[F::arg]});
  if (!line[F::resp_h].empty())
    record.seen.push_back(
        {What::endpoint, Contact::connection, line[F::resp_h], {}, port_of(line[F::resp_p])});
  if (!line[F::data_resp_h].empty())
    record.seen.push_back({What::endpoint, Contact::connection, line[F::data_resp_h]});
  if (!line[F::orig_h].empty()) {
    record.peer = line[F::resp_h];
    record.seen.push_back({What::endpoint, Contact::inbound, line[F::orig_h]});
  }
  return !record.seen.empty();
}

std::string_view zeek_unescape(std::string_view text, Record& record) {
  const auto hex = [](char c) {
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  if (text.find("\\x") == std::string_view::npos) return text;
  char* const begin = record.room(text.size());
  char* to = begin;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' && hex(text[i + 2]) >= 0 &&
        hex(text[i + 3]) >= 0) {
      *to++ = static_cast<char>(hex(text[i + 2]) * 16 + hex(text[i + 3]));
      i += 3;
    } else {
      *to++ = text[i];
    }
  }
  return record.keep(begin, static_cast<size_t>(to - begin));
}

}  // namespace shikake::audit
