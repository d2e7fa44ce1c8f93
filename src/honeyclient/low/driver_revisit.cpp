// A second look at who sent the visitor on: traffic distribution systems show each visitor something once.
#include <algorithm>

#include "base/ascii.h"
#include "base/deadline.h"
#include "honeyclient/low/driver.h"
#include "net/redirect.h"
#include "url/tenant.h"

namespace shikake::honeyclient::low {

namespace {

constexpr size_t max_second_looks = 3;  // a chain has one or two distributors
constexpr auto max_second_look = std::chrono::seconds(5);

}  // namespace

void Driver::remember_redirector(const UnderWay& fetch, const url::Url& to) {
  auto from = url::Url::parse(fetch.sent.url);
  if (redirectors_.size() >= max_second_looks || !from || fetch.sent.method != "GET" ||
      url::tenant_key(*from) == url::tenant_key(to))
    return;
  redirectors_.push_back({fetch.node, fetch.sent, to.href()});
}

std::optional<net::FetchResponse> Driver::ask_again(const net::FetchRequest& request) {
  if (options_.recording) return options_.recording->answer(request);
  auto answer = fetcher_->fetch(request, base::Deadline::after(max_second_look));
  if (!answer) return std::nullopt;
  if (options_.on_exchange) options_.on_exchange(request, *answer);
  return std::move(*answer);
}

// The same visitor comes back, with the cookies that it was given. Only where something bad came of the
// visit: innocent servers are not asked twice.
void Driver::look_again() {
  if ((!fetcher_ && !options_.recording) || !record_.convicts()) return;
  for (Redirector& one : redirectors_) {
    if (std::chrono::steady_clock::now() >= deadline_) return;
    auto from = url::Url::parse(one.sent.url);
    auto then = url::Url::parse(one.led_to);
    if (!from || !then) continue;
    std::erase_if(one.sent.headers,
                  [](const net::Header& header) { return base::to_lower(header.name) == "cookie"; });
    if (std::string cookies = cookies_.get(*from, {.top_level_get = true}); !cookies.empty())
      one.sent.headers.push_back({"Cookie", std::move(cookies)});
    auto answer = ask_again(one.sent);
    if (!answer || !answer->answered()) continue;
    auto now = net::redirect_location(*answer);
    if (now && url::tenant_key(*now) == url::tenant_key(*then)) continue;
    record_.happened("second-look",
                     "sent the same visitor " + (now ? "to " + now->href() : std::string("nowhere")) +
                         " the second time, instead of to " + one.led_to,
                     one.node);
  }
}

}  // namespace shikake::honeyclient::low
