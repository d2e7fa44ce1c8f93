// Requests of a visit: sent, redirected, recorded, handed to whoever asked.
#include <algorithm>

#include "honeyclient/chain/payload.h"
#include "honeyclient/low/data_url.h"
#include "honeyclient/low/driver.h"
#include "net/redirect.h"

namespace shikake::honeyclient::low {

using intel::Mechanism;

namespace {

// Of a page's own making, fetched again and again at will: what a browser keeps in memory.
bool cacheable(Mechanism mechanism) {
  return mechanism == Mechanism::script || mechanism == Mechanism::image ||
         mechanism == Mechanism::stylesheet || mechanism == Mechanism::link || mechanism == Mechanism::media;
}

// Of Java Web Start: markup that names what else is to be loaded; archives are not for a worker.
bool is_launch_file(Mechanism mechanism, std::string_view body) {
  const size_t begins = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return mechanism == Mechanism::applet && begins != body.npos && body[begins] == '<';
}

}  // namespace

void Driver::begin(Purpose purpose, const Asked& asked, uint32_t node, const Context* from) {
  UnderWay fetch;
  fetch.purpose = purpose;
  fetch.mechanism = asked.mechanism;
  fetch.node = node;
  if (purpose.worker) ++purpose.worker->waiting;
  auto to = url::Url::parse(asked.url);
  if (!to) return failed(fetch, "not a URL");
  auto given = [&asked](std::string_view name) {
    auto header = std::ranges::find(asked.headers, name, &Header::name);
    return header == asked.headers.end() ? std::string() : header->value;
  };
  auto data = read_data_url(*to);
  // With a type, be it an empty one: the worker knows such a blob.
  const bool known = std::ranges::find(asked.headers, "Content-Type", &Header::name) != asked.headers.end();
  if (!data && to->scheme() == "blob" && known) data = DataUrl{given("Content-Type"), asked.body};
  if (data) {
    if (!count_bytes(asked.mechanism, data->body.size())) return failed(fetch, "limit: bytes");
    record_.at(node).fetched = true;
    const std::string saved_as = given("File-Name");
    record_.body(node, data->body, data->mime,
                 saved_as.empty() ? std::nullopt : std::optional<std::string_view>(saved_as));
    look_into(node, data->body);
    return deliver(fetch, {200, "OK", asked.url, {{"Content-Type", data->mime}}, std::move(data->body)});
  }
  if (!to->is_http()) return failed(fetch, "scheme: " + std::string(to->scheme()));
  if (cacheable(asked.mechanism))
    if (auto cached = cache_.find(asked.url); cached != cache_.end()) return deliver(fetch, cached->second);
  if (!count_request(fetch.mechanism)) return failed(fetch, "limit: resources");
  if (!count_bytes(fetch.mechanism, 0)) return failed(fetch, "limit: bytes");
  if (!asked.referrer.empty())
    if (auto referrer = url::Url::parse(asked.referrer)) fetch.from = std::move(*referrer);
  fetch.policy = from ? from->policy
                      : net::parse_referrer_policy(persona_.referrer_policy)
                            .value_or(net::ReferrerPolicy::strict_origin_when_cross_origin);
  // The whole window's own documents are nobody's third party.
  const bool whole_window =
      purpose.kind == Purpose::Kind::document && purpose.context && !purpose.context->parent;
  if (!whole_window) fetch.top = top_of(from);
  fetch.method = asked.method;
  fetch.body = asked.body;
  fetch.given = asked.headers;
  fetch.mode = asked.mode;
  fetch.credentials = asked.credentials;
  submit(std::move(fetch), *to);
}

void Driver::submit(UnderWay fetch, const url::Url& to) {
  if (!fetcher_ && !options_.recording && !forcing_) return failed(fetch, "offline");
  if (auto why = taint(fetch, to)) return failed(fetch, "cors: " + *why);
  fetch.preflight = asks_first(fetch, to);
  if (fetch.preflight) {
    fetch.sent = preflight(fetch, to);
  } else {
    RequestContext context{persona_,     fetch.mechanism,        fetch.from,
                           fetch.policy, cookies_for(fetch, to), fetch.mode};
    if (fetch.type == ResponseType::cors) context.cors_origin = cors_request(fetch).origin;
    fetch.sent = make_request(context, to, fetch.method, fetch.body, fetch.given);
  }
  auto replay = [&](net::FetchResponse answer) {
    answer.id = (uint64_t{1} << 63) | ++replayed_count_;  // never one of the fetcher's
    under_way_.emplace(answer.id, std::move(fetch));
    replayed_.push_back(std::move(answer));
  };
  // Whoever wrote the recording, or the visit itself, need not have asked first: what it then had is there.
  auto go_on_unasked = [&] {
    preflights_.insert(preflight_key(fetch, to));
    submit(std::move(fetch), to);
  };
  if (forcing_) {
    auto answer = forcing_->kept_.answer(fetch.sent);
    if (!answer && fetch.preflight) return go_on_unasked();
    return answer ? replay(std::move(*answer)) : failed(fetch, std::string(not_visited));
  }
  if (options_.recording) {
    auto answer = options_.recording->answer(fetch.sent);
    if (!answer && fetch.preflight) return go_on_unasked();
    return answer ? replay(std::move(*answer)) : failed(fetch, "not in the recording");
  }
  if (options_.shared) {
    fetch.identity = identity(fetch.sent);
    fetch.repeated = asked_[fetch.identity]++;
    if (auto answer = options_.shared->answer(fetch.identity, fetch.repeated))
      return replay(std::move(*answer));
  }
  auto id = fetcher_->submit(fetch.sent);
  if (!id) return failed(fetch, id.error().what);
  under_way_.emplace(*id, std::move(fetch));
}

void Driver::record_answer(uint32_t id, const net::FetchResponse& response) {
  intel::VisitNode& node = record_.at(id);
  node.time = response.requested_at;
  if (!response.remote_ip.empty()) node.ip = response.remote_ip;
  node.status = response.status;
  if (!response.answered()) return;
  node.fetched = true;
  node.why_not.clear();
  const std::string* declared = net::find_header(response.headers, "Content-Type");
  // Byte for byte as it was sent; where a coding was undone, the plain form is what scripts saw.
  record_.body(id, response.body, declared ? *declared : "", net::attachment_name(response.headers));
  look_into(id, response.body);
  if (response.failure != net::FetchFailure::none) {
    record_.event("network", std::string(net::name(response.failure)) + ": " + response.why, id);
    if (response.failure == net::FetchFailure::body_too_large) record_.limit("body");
  }
  if (response.tls && !response.tls->verified)
    record_.event("tls", "certificate not trusted: " + response.tls->verify_error, id);
}

void Driver::arrived(net::FetchResponse response) {
  auto found = under_way_.find(response.id);
  if (found == under_way_.end()) return;
  UnderWay fetch = std::move(found->second);
  under_way_.erase(found);
  if (options_.on_exchange) options_.on_exchange(fetch.sent, response);
  if (options_.forced && response.answered()) kept_.keep(fetch.sent, response);
  if (options_.shared && response.answered()) options_.shared->keep(fetch.identity, fetch.repeated, response);
  if (fetch.preflight) return preflight_answered(std::move(fetch), response);
  record_answer(fetch.node, response);
  keep_cookies(fetch, response);
  if (!response.answered())
    return failed(fetch, response.why.empty() ? std::string(net::name(response.failure)) : response.why);
  if (!count_bytes(fetch.mechanism, response.body.size())) return failed(fetch, "limit: bytes");
  if (withheld(fetch, response)) return;
  if (net::redirect_location(response)) return redirect(std::move(fetch), response);
  Answer200 answer{response.status, response.reason, response.url, std::move(response.headers),
                   std::move(response.body)};
  if (cacheable(fetch.mechanism) && answer.status == 200 && cache_.size() < limits::max_resources)
    cache_.emplace(fetch.sent.url, answer);
  deliver(fetch, std::move(answer));
}

void Driver::redirect(UnderWay fetch, const net::FetchResponse& response) {
  auto location = net::redirect_location(response);
  auto next = net::redirected(fetch.sent, response);
  auto to = record_.node(location->href(), next ? next->method : "GET", next ? next->body : "");
  if (!to) return failed(fetch, "limit: record-nodes");
  record_.edge(fetch.node, *to, Mechanism::http_redirect, std::nullopt);
  if (is_navigation(fetch.mechanism)) remember_redirector(fetch, *location);
  fetch.node = *to;
  if (!next) {
    record_.at(*to).why_not = "scheme: " + std::string(location->scheme());
    return failed(fetch, record_.at(*to).why_not);
  }
  if (++fetch.redirects > limits::max_redirects) {
    record_.limit("redirects");
    return failed(fetch, "limit: redirects");
  }
  if (!count_request(fetch.mechanism)) return failed(fetch, "limit: resources");
  if (auto why = taint_by_redirect(fetch, *location)) return failed(fetch, "cors: " + *why);
  // What the page set goes along, but for what the redirect took away: the body's, and what names somebody.
  std::erase_if(fetch.given,
                [&](const Header& header) { return !net::find_header(next->headers, header.name); });
  fetch.method = next->method;
  fetch.body = next->body;
  submit(std::move(fetch), *location);
}

bool Driver::count_request(Mechanism mechanism) {
  if (resources_ >= room_for(mechanism, options_.max_resources)) return record_.limit("resources"), false;
  ++resources_;
  return true;
}

// What is too large for its kind takes that kind's room, and no other's.
bool Driver::count_bytes(Mechanism mechanism, uint64_t size) {
  const uint64_t room = room_for(mechanism, options_.max_bytes);
  if (body_bytes_ < room && size <= room - body_bytes_) {
    body_bytes_ += size;
    return true;
  }
  body_bytes_ = std::max(body_bytes_, room);
  record_.limit("bytes");
  return false;
}

void Driver::failed(const UnderWay& fetch, std::string why) {
  intel::VisitNode& node = record_.at(fetch.node);
  if (!node.fetched && node.why_not.empty()) node.why_not = why.substr(0, 300);
  if (fetch.purpose.kind == Purpose::Kind::resource) hand_over(fetch, nullptr);
  if (fetch.purpose.kind == Purpose::Kind::document) no_document(fetch);
}

void Driver::deliver(const UnderWay& fetch, Answer200 answer) {
  if (fetch.purpose.kind == Purpose::Kind::payload) return record_.download(fetch.node);
  if (fetch.purpose.kind == Purpose::Kind::resource) {
    bool embedded = fetch.mechanism == Mechanism::object || fetch.mechanism == Mechanism::embed ||
                    fetch.mechanism == Mechanism::applet || fetch.mechanism == Mechanism::component;
    if (embedded && chain::payload_by_mime(record_.at(fetch.node).mime).kind != chain::PayloadKind::none)
      record_.download(fetch.node);
    hand_over(fetch, &answer);
  } else
    show(fetch, answer);
}

void Driver::hand_over(const UnderWay& fetch, const Answer200* answer) {
  if (!fetch.purpose.worker) return;
  WorkerState& worker = *fetch.purpose.worker;
  if (worker.waiting > 0) --worker.waiting;
  if (worker.dead) return;
  Loaded loaded;
  loaded.request = fetch.purpose.request;
  if (answer) {
    loaded.ok = true;
    loaded.type = fetch.type;
    if (fetch.type == ResponseType::opaque) return tell(worker, ToPage::loaded, loaded);
    loaded.status = static_cast<uint32_t>(answer->status);
    loaded.status_text = answer->status_text;
    loaded.url = answer->url;
    for (const net::Header& header : readable_headers(answer->headers, fetch.type, fetch.credentials))
      loaded.headers.push_back({header.name, header.value});
    // Pictures and the like: nothing in a worker reads their bytes.
    bool read = fetch.mechanism == Mechanism::script || fetch.mechanism == Mechanism::stylesheet ||
                fetch.mechanism == Mechanism::xhr || fetch.mechanism == Mechanism::fetch ||
                fetch.mechanism == Mechanism::worker || is_launch_file(fetch.mechanism, answer->body);
    if (read && answer->body.size() > limits::max_handed) {
      record_.limit("script-size");
      loaded.ok = false;
    } else if (read) {
      loaded.body = answer->body;
    }
  }
  tell(worker, ToPage::loaded, loaded);
}

}  // namespace shikake::honeyclient::low
