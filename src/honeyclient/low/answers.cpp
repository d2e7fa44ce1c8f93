#include "honeyclient/low/answers.h"

#include <algorithm>

#include "base/digest.h"

namespace shikake::honeyclient::low {

std::string identity(const net::FetchRequest& request) {
  std::string all = request.method + " " + request.url + (request.http2 ? " 2\n" : " 1\n");
  for (const net::Header& header : request.headers) all += header.name + ": " + header.value + "\n";
  return base::sha256(all + "\n" + request.body).hex();
}

std::optional<net::FetchResponse> SharedAnswers::answer(const std::string& identity, uint32_t n) const {
  std::lock_guard lock(mutex_);
  auto found = answers_.find(identity);
  if (found == answers_.end() || n >= found->second.size()) return std::nullopt;
  return found->second[n];
}

void SharedAnswers::keep(const std::string& identity, uint32_t n, const net::FetchResponse& response) {
  std::lock_guard lock(mutex_);
  std::vector<net::FetchResponse>& all = answers_[identity];
  if (n == all.size()) all.push_back(response);  // else another visit was faster, or an earlier one failed
}

namespace {

std::string without_fragment(const std::string& url) {
  return url.substr(0, url.find('#'));
}
// A steady URL has its digits' "#": that is no fragment.
std::string place(const std::string& url, const std::string& method, const std::string& body,
                  bool steady = false) {
  return method + " " + (steady ? url : without_fragment(url)) + " " + base::sha256(body).hex();
}

}  // namespace

void KeptAnswers::keep(const net::FetchRequest& request, const net::FetchResponse& response) {
  std::string key = place(request.url, request.method, request.body);
  steady_.emplace(place(steady_url(without_fragment(request.url), 1), request.method, request.body, true),
                  key);
  answers_.emplace(std::move(key), response);
}

const net::FetchResponse* KeptAnswers::find(const std::string& url, const std::string& method,
                                            const std::string& body) const {
  auto found = answers_.find(place(url, method, body));
  if (found != answers_.end()) return &found->second;
  auto like = steady_.find(place(steady_url(without_fragment(url), 1), method, body, true));
  if (like == steady_.end()) return nullptr;
  found = answers_.find(like->second);
  return found == answers_.end() ? nullptr : &found->second;
}

std::optional<net::FetchResponse> KeptAnswers::answer(const net::FetchRequest& request) const {
  const net::FetchResponse* found = find(request.url, request.method, request.body);
  return found ? std::optional(*found) : std::nullopt;
}

bool KeptAnswers::holds(const std::string& url, const std::string& method, const std::string& body) const {
  return find(url, method, body) != nullptr;
}

std::string steady_url(const std::string& url, ptrdiff_t least_digits) {
  const size_t query = url.find('?');
  if (query == std::string::npos) return url;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string text = url.substr(0, query);
  for (auto at = url.begin() + static_cast<ptrdiff_t>(query); at != url.end();) {
    const auto end = is_digit(*at) ? std::find_if_not(at, url.end(), is_digit) : at + 1;
    if (is_digit(*at) && end - at >= least_digits)
      text += '#';
    else
      text.append(at, end);
    at = end;
  }
  return text;
}

}  // namespace shikake::honeyclient::low
