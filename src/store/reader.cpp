#include "store/reader.h"

#include "store/writer.h"

namespace shikake::store {
namespace {

using soci::into;
using soci::use;
using Number = long long;

// One row of the join below.
struct Joined {
  Number id = 0, type = 0, added = 0, observation = 0, role = 0, uses = 0, confidence = 0, tlp = 0,
         source = 0, family = 0, guarded_by = 0, first_seen = 0, last_seen = 0, valid_until = 0, why = 0;
  std::string value, place;
};

// What is always read of it: neither key nor reason.
intel::Assertion assertion_of(const Joined& row, Texts& texts) {
  intel::Assertion said;
  said.role = static_cast<intel::Role>(row.role);
  said.uses = intel::UseSet::from_bits(static_cast<uint16_t>(row.uses));
  said.confidence = static_cast<uint8_t>(row.confidence);
  said.tlp = static_cast<intel::Tlp>(row.tlp);
  said.source = texts.text_of(row.source);
  said.family = texts.text_of(row.family);
  said.guarded_by = texts.text_of(row.guarded_by);
  said.first_seen = base::from_micros(row.first_seen);
  said.last_seen = base::from_micros(row.last_seen);
  if (row.valid_until != 0) said.valid_until = base::from_micros(row.valid_until);
  return said;
}

intel::Judgement to_judgement(intel::IndicatorKey key, Number verdict, std::string analyst, std::string why,
                              Number time) {
  return {std::move(key), static_cast<intel::Verdict>(verdict), std::move(analyst), std::move(why),
          base::from_micros(time)};
}

// Bounds the digest cache; a feed has one observation for thousands of indicators.
constexpr size_t most_digests = 100'000;

}  // namespace

Reader::Reader(soci::session& sql, Texts& texts, const HashKey& key)
    : sql_(sql),
      texts_(texts),
      key_(key),
      find_((sql.prepare << "SELECT id, value FROM indicators WHERE hash = :hash AND type = :type",
             use(find_hash_), use(find_type_), into(found_), into(found_value_))) {}

long long Reader::find(const intel::IndicatorKey& key) {
  find_hash_ = key_hash(key_, key);
  find_type_ = static_cast<Number>(key.type);
  Number id = 0;
  find_.execute();
  while (find_.fetch()) {  // to the end: an open cursor would hold on to an old view of the store
    if (found_value_ == key.value) id = found_;
  }
  return id;
}

std::vector<Reader::Row> Reader::range(long long first, long long last, base::TimePoint at, bool with_texts,
                                       const Judgements& judgements,
                                       std::optional<intel::IndicatorType> type) {
  auto seen = sightings(first, last);
  auto other_names = aliases(first, last);
  const Number least_type = type ? static_cast<Number>(*type) : 0;
  const Number most_type = type ? static_cast<Number>(*type) : INT16_MAX;
  Joined row;
  soci::statement rows =
      (sql_.prepare
           << "SELECT i.id, i.type, i.value, i.added, e.observation, e.role, e.uses, e.confidence, e.tlp,"
              " e.source, e.family, e.guarded_by, e.first_seen, e.last_seen, e.valid_until, e.why, e.place"
              " FROM indicators i JOIN evidence e ON e.indicator = i.id"
              " WHERE i.id > :first AND i.id <= :last AND i.type >= :least AND i.type <= :most"
              " ORDER BY i.id, e.observation, e.n",
       use(first), use(last), use(least_type), use(most_type), into(row.id), into(row.type), into(row.value),
       into(row.added), into(row.observation), into(row.role), into(row.uses), into(row.confidence),
       into(row.tlp), into(row.source), into(row.family), into(row.guarded_by), into(row.first_seen),
       into(row.last_seen), into(row.valid_until), into(row.why), into(row.place));
  std::vector<Row> found;
  std::vector<intel::Evidence> evidence;
  std::vector<Number> observations;
  Row current;
  auto finish = [&] {
    if (current.id == 0) return;
    if (with_texts) {
      for (size_t i = 0; i < evidence.size(); ++i)
        evidence[i].observation = observation_digest(observations[i]);
    }
    if (auto names = other_names.find(current.id); names != other_names.end())
      evidence.front().assertion.aliases = std::move(names->second);
    auto judged = judgements.find(current.indicator.key);
    auto sighted = seen.find(current.id);
    current.indicator =
        intel::summarize(std::move(current.indicator.key), std::move(evidence),
                         judged == judgements.end() ? std::nullopt : std::optional(judged->second),
                         sighted == seen.end() ? intel::Sightings{} : sighted->second, at);
    if (!with_texts) current.indicator.evidence.clear();
    found.push_back(std::move(current));
    current = {};
    evidence.clear();
    observations.clear();
  };
  rows.execute();
  while (rows.fetch()) {
    if (row.id != current.id) {
      finish();
      current.id = row.id;
      current.added = base::from_micros(row.added);
      current.indicator.key = {static_cast<intel::IndicatorType>(row.type), row.value};
    }
    intel::Assertion said = assertion_of(row, texts_);
    said.key = current.indicator.key;
    if (with_texts) {
      said.why = texts_.text_of(row.why);
      said.place = row.place;
      observations.push_back(row.observation);
    }
    evidence.push_back({{}, std::move(said)});
  }
  finish();
  return found;
}

std::optional<intel::Indicator> Reader::one(long long id, base::TimePoint at) {
  if (id == 0) return std::nullopt;
  // The key is known only after the row is read; judgements are few against indicators, but may be many.
  Number type = 0;
  std::string value;
  sql_ << "SELECT type, value FROM indicators WHERE id = :id", use(id), into(type), into(value);
  if (!sql_.got_data()) return std::nullopt;
  intel::IndicatorKey key{static_cast<intel::IndicatorType>(type), value};
  Judgements own;
  if (auto judged = judgement(key)) own.emplace(key, std::move(*judged));
  std::vector<Row> rows = range(id - 1, id, at, true, own);
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front().indicator);
}

long long Reader::page_end(long long first, long long count) {
  Number last = 0;
  sql_ << "SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM indicators WHERE id > :first ORDER BY id LIMIT "
          ":count) t",
      use(first), use(count), into(last);
  return last == 0 ? first : last;
}

Reader::Judgements Reader::judgements() {
  Judgements all;
  Number type = 0, verdict = 0, time = 0;
  std::string value, analyst, why;
  soci::statement rows = (sql_.prepare << "SELECT type, value, verdict, analyst, why, time FROM judgements",
                          into(type), into(value), into(verdict), into(analyst), into(why), into(time));
  rows.execute();
  while (rows.fetch()) {
    intel::IndicatorKey key{static_cast<intel::IndicatorType>(type), value};
    all.emplace(key, to_judgement(key, verdict, analyst, why, time));
  }
  return all;
}

std::optional<intel::Judgement> Reader::judgement(const intel::IndicatorKey& key) {
  const Number type = static_cast<Number>(key.type);
  Number verdict = 0, time = 0;
  std::string analyst, why;
  sql_ << "SELECT verdict, analyst, why, time FROM judgements WHERE type = :type AND value = :value",
      use(type), use(key.value), into(verdict), into(analyst), into(why), into(time);
  if (!sql_.got_data()) return std::nullopt;
  return to_judgement(key, verdict, analyst, why, time);
}

base::Digest Reader::observation_digest(long long row) {
  if (auto cached = digests_.find(row); cached != digests_.end()) return cached->second;
  std::string hex;
  sql_ << "SELECT digest FROM observations WHERE id = :id", use(row), into(hex);
  base::Digest digest = base::Digest::from_hex(hex).value_or(base::Digest{});
  if (digests_.size() >= most_digests) digests_.clear();
  digests_.emplace(row, digest);
  return digest;
}

std::unordered_map<long long, intel::Sightings> Reader::sightings(long long first, long long last) {
  std::unordered_map<long long, intel::Sightings> all;
  Number id = 0, count = 0, latest = 0;
  soci::statement rows =
      (sql_.prepare << "SELECT indicator, SUM(count), MAX(last) FROM sightings"
                       " WHERE indicator > :first AND indicator <= :last GROUP BY indicator",
       use(first), use(last), into(id), into(count), into(latest));
  rows.execute();
  while (rows.fetch()) all[id] = {static_cast<uint64_t>(count), base::from_micros(latest)};
  return all;
}

std::unordered_map<long long, std::vector<std::string>> Reader::aliases(long long first, long long last) {
  std::unordered_map<long long, std::vector<std::string>> all;
  Number id = 0;
  std::string value;
  soci::statement rows = (sql_.prepare << "SELECT indicator, value FROM aliases"
                                          " WHERE indicator > :first AND indicator <= :last",
                          use(first), use(last), into(id), into(value));
  rows.execute();
  while (rows.fetch()) all[id].push_back(value);
  return all;
}

}  // namespace shikake::store
