// Reading: one indicator, what concerns a value, all of them.
#include <algorithm>
#include <set>

#include "intel/json.h"
#include "store/job_table.h"
#include "store/state.h"
#include "url/host.h"
#include "url/ip.h"
#include "url/url.h"

namespace shikake::store {
namespace {

using intel::IndicatorKey;
using intel::IndicatorType;
using soci::into;
using soci::use;
using Number = long long;

// Indicators read at a time: enough to hide the cost of a query, little enough to hold in memory.
constexpr Number page = 4096;

void add_address(std::vector<IndicatorKey>& keys, const url::IpAddress& address) {
  keys.push_back({IndicatorType::ip, address.to_string()});
  // Narrowest network first.
  for (unsigned length = address.is_v4() ? 32 : 128; length > 0; --length)
    keys.push_back({IndicatorType::cidr, url::Cidr::make(address, length)->to_string()});
}

void add_domains(std::vector<IndicatorKey>& keys, std::string_view host) {
  while (host.ends_with('.')) host.remove_suffix(1);
  while (!host.empty()) {
    keys.push_back({IndicatorType::domain, std::string(host)});
    size_t dot = host.find('.');
    if (dot == std::string_view::npos) break;
    host.remove_prefix(dot + 1);
  }
}

void add_url(std::vector<IndicatorKey>& keys, const url::Url& url) {
  if (auto address = url.ip()) {
    std::string text = address->is_v6() ? "[" + address->to_string() + "]" : address->to_string();
    if (auto port = url.effective_port())
      keys.push_back({IndicatorType::ip_port, text + ":" + std::to_string(*port)});
    add_address(keys, *address);
  } else {
    add_domains(keys, url.hostname());
  }
}

// Every key under which something that concerns `key` may be stored, most specific first.
std::vector<IndicatorKey> concerning(const IndicatorKey& key) {
  std::vector<IndicatorKey> keys = {key};
  switch (key.type) {
    case IndicatorType::url:
      if (auto url = url::Url::parse(key.value)) add_url(keys, *url);
      break;
    case IndicatorType::domain:
      add_domains(keys, key.value);
      break;
    case IndicatorType::ip:
      if (auto address = url::IpAddress::parse(key.value)) add_address(keys, *address);
      break;
    case IndicatorType::ip_port:
      if (auto url = url::Url::parse("http://" + key.value + "/"); url && url->ip())
        add_address(keys, *url->ip());
      break;
    default:
      break;
  }
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

bool passes(const Filter& filter, const intel::Indicator& indicator, base::TimePoint added) {
  auto has = [](const auto& all, const auto& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  if (filter.role && !has(indicator.roles, *filter.role)) return false;
  if (filter.action && filter.point && !indicator.uses.has(*filter.action, *filter.point)) return false;
  if (filter.action && !filter.point && !indicator.uses.has(*filter.action)) return false;
  if (!filter.source.empty() && !has(indicator.sources, filter.source)) return false;
  if (indicator.score < filter.min_score) return false;
  if (filter.max_tlp && indicator.tlp > *filter.max_tlp) return false;
  if (filter.since && indicator.last_seen < *filter.since) return false;
  if (filter.added_after && added <= *filter.added_after) return false;
  return true;
}

// The observation in a row's body.
Result<intel::Observation> unpack(const std::string& body) {
  SHIKAKE_ASSIGN(std::string canonical, decompress(body));
  auto observation = intel::observation_from_json(canonical);
  if (!observation)
    return fail(Module::store, ErrorCode::corrupted,
                "a stored observation cannot be read: " + observation.error().what);
  return observation;
}

}  // namespace

Result<std::optional<intel::Indicator>> Store::find(const IndicatorKey& key) const {
  return guarded("looking up an indicator", [&]() -> Result<std::optional<intel::Indicator>> {
    return state_->reader->one(state_->reader->find(key), state_->clock->now());
  });
}

Result<std::vector<intel::Indicator>> Store::matching(const IndicatorKey& key) const {
  return guarded("looking up indicators", [&]() -> Result<std::vector<intel::Indicator>> {
    std::vector<intel::Indicator> found;
    for (const IndicatorKey& candidate : concerning(key)) {
      if (auto one = state_->reader->one(state_->reader->find(candidate), state_->clock->now()))
        found.push_back(std::move(*one));
    }
    return found;
  });
}

Result<std::vector<intel::Indicator>> Store::lookup(std::string_view text) const {
  auto key = intel::guess_key(text);
  if (key) return matching(*key);
  // Not an indicator by itself: maybe a file's MD5 or SHA-1, or a pattern that begins with neither '/' nor
  // '*'.
  return guarded("looking up a value", [&]() -> Result<std::vector<intel::Indicator>> {
    std::string alias(text);
    std::transform(alias.begin(), alias.end(), alias.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    std::vector<Number> ids;
    Number id = 0;
    soci::statement rows =
        (state_->sql().prepare << "SELECT indicator FROM aliases WHERE value = :value", use(alias), into(id));
    rows.execute();
    while (rows.fetch()) ids.push_back(id);
    if (Number pattern = state_->reader->find({IndicatorType::pattern, std::string(text)}))
      ids.push_back(pattern);
    std::vector<intel::Indicator> found;
    for (Number one : ids) {
      if (auto indicator = state_->reader->one(one, state_->clock->now()))
        found.push_back(std::move(*indicator));
    }
    if (found.empty()) return fail(std::move(key.error()));
    return found;
  });
}

Result<> Store::for_each(const Filter& filter, const Visitor& visit) const {
  const base::TimePoint at = filter.at.value_or(state_->clock->now());
  auto judgements = guarded("reading judgements",
                            [&]() -> Result<Reader::Judgements> { return state_->reader->judgements(); });
  if (!judgements) return fail(std::move(judgements.error()));
  Number last = static_cast<Number>(filter.after);
  uint64_t left = filter.limit;
  while (left > 0) {
    Number end = last;
    auto rows = guarded("reading indicators", [&]() -> Result<std::vector<Reader::Row>> {
      end = state_->reader->page_end(last, page);
      if (end == last) return std::vector<Reader::Row>{};
      return state_->reader->range(last, end, at, filter.with_evidence, *judgements, filter.type);
    });
    if (!rows) return fail(std::move(rows.error()));
    if (end == last) break;
    for (const Reader::Row& row : *rows) {
      if (!passes(filter, row.indicator, row.added)) continue;
      if (!visit(row.indicator, static_cast<Position>(row.id)) || --left == 0) return {};
    }
    last = end;
  }
  return {};
}

Result<std::vector<intel::Indicator>> Store::list(const Filter& filter) const {
  std::vector<intel::Indicator> all;
  SHIKAKE_TRY(for_each(filter, [&](const intel::Indicator& indicator, Position) {
    all.push_back(indicator);
    return true;
  }));
  return all;
}

Result<std::optional<intel::Observation>> Store::observation(const base::Digest& id) const {
  return guarded("reading an observation", [&]() -> Result<std::optional<intel::Observation>> {
    const std::string digest = id.hex();
    std::string body;
    state_->sql() << "SELECT body FROM observations WHERE digest = :digest", use(digest), into(body);
    if (!state_->sql().got_data()) return std::nullopt;
    SHIKAKE_ASSIGN(intel::Observation observation, unpack(body));
    return observation;
  });
}

Result<> Store::for_each_observation(
    const std::function<bool(const base::Digest&, const intel::Observation&)>& visit) const {
  Number last_time = INT64_MIN, last_id = 0;
  for (;;) {
    Number time = 0, id = 0;
    std::string digest, body;
    auto more = guarded("reading observations", [&]() -> Result<bool> {
      // Two steps in the index; asked as one, all observations of one import would be walked each time.
      state_->sql() << "SELECT id, time, digest, body FROM observations WHERE time = :t AND id > :id"
                       " ORDER BY id LIMIT 1",
          use(last_time), use(last_id), into(id), into(time), into(digest), into(body);
      if (state_->sql().got_data()) return true;
      state_->sql()
          << "SELECT id, time, digest, body FROM observations WHERE time > :t ORDER BY time, id LIMIT 1",
          use(last_time), into(id), into(time), into(digest), into(body);
      return state_->sql().got_data();
    });
    if (!more) return fail(std::move(more.error()));
    if (!*more) return {};
    SHIKAKE_ASSIGN(intel::Observation observation, unpack(body));
    if (!visit(base::Digest::from_hex(digest).value_or(base::Digest{}), observation)) return {};
    last_time = time;
    last_id = id;
  }
}

Result<uint64_t> Store::count_before(intel::ObservationKind kind, const std::string& subject,
                                     base::TimePoint time) const {
  return guarded("counting observations", [&]() -> Result<uint64_t> {
    const Number hash = static_cast<Number>(siphash(state_->hash_key, subject));
    const Number which = static_cast<Number>(kind), before = base::to_micros(time);
    Number count = 0;
    state_->sql()
        << "SELECT COUNT(*) FROM observations WHERE subject_hash = :hash AND kind = :kind AND time < :time",
        use(hash), use(which), use(before), into(count);
    return static_cast<uint64_t>(count);
  });
}

Result<uint64_t> Store::sites_of(const IndicatorKey& key, intel::Role role, const std::string& but) const {
  return guarded("counting sites", [&]() -> Result<uint64_t> {
    const Number id = state_->reader->find(key), which = static_cast<Number>(role);
    const Number here = site_hash(state_->hash_key, but),
                 visit = static_cast<Number>(intel::ObservationKind::visit);
    Number count = 0;
    state_->sql()
        << "SELECT COUNT(DISTINCT o.site_hash) FROM evidence e JOIN observations o ON o.id = e.observation"
           " WHERE e.indicator = :indicator AND e.role = :role AND o.kind = :visit AND o.site_hash <> :here",
        use(id), use(which), use(visit), use(here), into(count);
    return static_cast<uint64_t>(count);
  });
}

Result<std::vector<intel::Judgement>> Store::judgements() const {
  return guarded("reading judgements", [&]() -> Result<std::vector<intel::Judgement>> {
    std::vector<intel::Judgement> all;
    for (auto& [key, judgement] : state_->reader->judgements()) all.push_back(std::move(judgement));
    return all;
  });
}

Result<Totals> Store::totals() const {
  return guarded("counting", [&]() -> Result<Totals> {
    auto count = [&](const char* query) {
      Number number = 0;
      state_->sql() << query, into(number);
      return static_cast<uint64_t>(number);
    };
    return Totals{count("SELECT COUNT(*) FROM observations"),
                  count("SELECT COUNT(*) FROM indicators"),
                  count("SELECT COUNT(*) FROM evidence"),
                  count("SELECT COUNT(*) FROM judgements"),
                  count("SELECT COUNT(*) FROM guard_lists"),
                  count("SELECT COUNT(*) FROM guard_values"),
                  count("SELECT COUNT(*) FROM jobs WHERE state IN (0, 1)"),
                  count("SELECT COUNT(*) FROM jobs WHERE state = 3")};
  });
}

Result<Details> Store::show(const IndicatorKey& key) const {
  return guarded("reading all about an indicator", [&]() -> Result<Details> {
    const Number id = state_->reader->find(key);
    auto indicator = state_->reader->one(id, state_->clock->now());
    if (!indicator) return fail(Module::store, ErrorCode::not_found, "nothing is known about " + key.value);
    Details details;
    std::set<base::Digest> wanted;
    for (const intel::Evidence& evidence : indicator->evidence) wanted.insert(evidence.observation);
    for (const base::Digest& digest : wanted) {
      SHIKAKE_ASSIGN(auto one, observation(digest));
      if (one) details.observations.push_back(std::move(*one));
    }
    std::sort(details.observations.begin(), details.observations.end(),
              [](const auto& a, const auto& b) { return a.time > b.time; });
    Number source = 0, count = 0, first = 0, last = 0;
    std::vector<std::pair<Number, Sighting>> sightings;
    soci::statement rows = (state_->sql().prepare << "SELECT source, count, first, last FROM sightings"
                                                     " WHERE indicator = :indicator ORDER BY last DESC",
                            use(id), into(source), into(count), into(first), into(last));
    rows.execute();
    while (rows.fetch()) {
      sightings.push_back({source, Sighting{key, "", base::from_micros(first), base::from_micros(last),
                                            static_cast<uint64_t>(count)}});
    }
    for (auto& [text, sighting] : sightings) {
      sighting.source = state_->texts->text_of(text);
      details.sightings.push_back(std::move(sighting));
    }
    SHIKAKE_ASSIGN(details.jobs, jobs_about(state_->sql(), key.value, wanted));
    details.indicator = std::move(*indicator);
    return details;
  });
}

}  // namespace shikake::store
