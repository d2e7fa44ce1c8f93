#include "range/site.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/bytes.h"
#include "url/percent.h"

namespace shikake::range {
namespace {

bool matches(std::string_view value, const std::optional<std::string>& wanted) {
  if (!wanted) return true;
  return wanted->empty() ? !value.empty() : value.find(*wanted) != value.npos;
}

bool fits(const Reply& reply, const Request& request) {
  std::string_view path = reply.path;
  bool prefix = path.ends_with('*');
  if (prefix) path.remove_suffix(1);
  if (prefix ? !request.path.starts_with(path) : request.path != path) return false;

  auto list = [&request](const Traits& traits) {
    return std::array<std::pair<const std::optional<std::string>*, std::string_view>, 5>{{
        {&traits.user_agent, request.user_agent},
        {&traits.referrer, request.referrer},
        {&traits.cookie, request.cookie},
        {&traits.accept_language, request.accept_language},
        {&traits.query, request.query},
    }};
  };
  if (reply.when.method && request.method != *reply.when.method) return false;
  if (reply.unless.method && request.method == *reply.unless.method) return false;
  for (const auto& [wanted, value] : list(reply.when)) {
    if (!matches(value, *wanted)) return false;
  }
  for (const auto& [unwanted, value] : list(reply.unless)) {
    if (*unwanted && matches(value, *unwanted)) return false;
  }
  return true;
}

bool set_body_from_file(Response& response, const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  response.body.assign(std::istreambuf_iterator<char>(in), {});
  return in.good() || in.eof();
}

Response plain_page(unsigned status, std::string_view title) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
  response.body = fmt::format("<!DOCTYPE html>\n<title>{0}</title>\n<h1>{0}</h1>\n", title);
  return response;
}

Response from_file(const std::filesystem::path& file, std::string_view type) {
  Response response;
  if (!set_body_from_file(response, file)) return plain_page(500, "The file is gone");
  response.headers.emplace_back("Content-Type", type.empty() ? content_type(file) : type);
  return response;
}

Response from_reply(const Reply& reply) {
  Response response;
  if (reply.file) {
    response = from_file(*reply.file, reply.type);
    if (response.status == 500) return response;
  } else {
    response.body = reply.body;
    response.headers.emplace_back("Content-Type",
                                  reply.type.empty() ? "text/html; charset=utf-8" : reply.type);
  }
  response.status = reply.status;
  response.headers.insert(response.headers.end(), reply.headers.begin(), reply.headers.end());
  return response;
}

Response decide(const Host& host, const Request& request, OnceLedger& ledger) {
  for (const Reply& reply : host.replies) {
    if (!fits(reply, request)) continue;
    if (reply.once && !ledger.emplace(&reply, request.client).second) continue;
    Response response = from_reply(reply);
    response.reply = &reply;
    return response;
  }
  if (auto file = host.files.find(request.path); file != host.files.end()) return from_file(file->second, {});
  if (host.files.contains(request.path + "/")) {
    Response response = plain_page(301, "Moved");
    response.headers.emplace_back("Location", request.path + "/");
    return response;
  }
  return plain_page(404, "Not Found");
}

}  // namespace

void set_target(Request& request, std::string_view target, std::string& host) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    size_t end = std::min(target.find_first_of("/?"), target.size());
    host = target.substr(0, end);
    target.remove_prefix(end);
    break;
  }
  size_t question = target.find('?');
  request.path = url::percent_decode(target.substr(0, question));
  if (request.path.empty()) request.path = "/";
  request.query = question == target.npos ? "" : target.substr(question + 1);
}

Response answer(const Host& host, const Request& request, OnceLedger& ledger) {
  Response response = decide(host, request, ledger);
  response.headers.insert(response.headers.end(), host.headers.begin(), host.headers.end());
  return response;
}

const Host* choose_host(const std::vector<const Host*>& candidates, std::string_view name) {
  for (const Host* host : candidates) {
    if (std::find(host->names.begin(), host->names.end(), name) != host->names.end()) return host;
  }
  for (const Host* host : candidates) {
    for (std::string_view own : host->names) {
      if (own.starts_with("*.") && name.ends_with(own.substr(1))) return host;
    }
  }
  return candidates.empty() ? nullptr : candidates.front();
}

std::string host_without_port(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(0, host.find(']') + 1));
  std::string name(host.substr(0, host.find(':')));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.ends_with('.')) name.pop_back();
  return name;
}

}  // namespace shikake::range
