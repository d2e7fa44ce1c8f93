#include "store/writer.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include "base/bytes.h"
#include "store/database.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::store {
namespace {

using soci::into;
using soci::use;
using Number = long long;

// Observations of one series speak about the same thing again: a feed's file, imported once more.
std::string series_name(const intel::Observation& observation) {
  if (observation.kind != intel::ObservationKind::feed) return {};
  std::string series = "feed\n" + observation.subject + "\n";
  if (const auto* file = observation.record.if_contains("file"); file && file->is_string())
    series.append(file->get_string().data(), file->get_string().size());
  return series;
}

// One column of texts, most of which are what the row before had.
struct Repeated {
  Texts& texts;
  std::string last;
  int64_t id = 0;

  int64_t id_of(const std::string& text) {
    if (text != last) {
      // Sensors quote what strangers wrote; everything behind the store may count on UTF-8.
      id = texts.id_of(base::is_valid_utf8(text) ? text : base::to_valid_utf8(text));
      last = text;
    }
    return id;
  }
};

// 0 means that there is none, so the one microsecond that would say so moves on.
Number stored_end(base::TimePoint end) {
  return end == base::TimePoint() ? 1 : base::to_micros(end);
}

std::string site_of(const std::string& subject) {
  auto url = url::Url::parse(subject);
  return url ? url::tenant_key(*url) : std::string();
}

}  // namespace

long long site_hash(const HashKey& key, const std::string& site) {
  return static_cast<long long>(siphash(key, site));
}

long long key_hash(const HashKey& key, const intel::IndicatorKey& indicator) {
  return static_cast<long long>(
      siphash({key.k0 ^ static_cast<uint64_t>(indicator.type), key.k1}, indicator.value));
}

// Bound once to these members; each execution takes their values of then.
struct Writer::Statements {
  Number hash = 0, type = 0, added = 0, indicator = 0, found = 0, found_first_seen = 0;
  std::string value, found_value;
  Number observation = 0, n = 0, role = 0, uses = 0, confidence = 0, tlp = 0, source = 0, family = 0, why = 0,
         guarded_by = 0, first_seen = 0, last_seen = 0, valid_until = 0;
  std::string place;

  soci::statement find_indicator, add_indicator, add_evidence, find_evidence, remove_evidence;

  explicit Statements(soci::session& sql)
      : find_indicator((sql.prepare << "SELECT id, value FROM indicators WHERE hash = :hash AND type = :type",
                        use(hash), use(type), into(found), into(found_value))),
        add_indicator((sql.prepare << "INSERT INTO indicators (type, value, hash, added)"
                                      " VALUES (:type, :value, :hash, :added)",
                       use(type), use(value), use(hash), use(added))),
        add_evidence(
            (sql.prepare << "INSERT INTO evidence (indicator, observation, n, role, uses, confidence,"
                            " tlp, source, family, why, guarded_by, first_seen, last_seen,"
                            " valid_until, place) VALUES (:indicator, :observation, :n, :role, :uses,"
                            " :confidence, :tlp, :source, :family, :why, :guarded_by, :first_seen,"
                            " :last_seen, :valid_until, :place)",
             use(indicator), use(observation), use(n), use(role), use(uses), use(confidence), use(tlp),
             use(source), use(family), use(why), use(guarded_by), use(first_seen), use(last_seen),
             use(valid_until), use(place))),
        find_evidence(
            (sql.prepare << "SELECT observation, first_seen FROM evidence WHERE indicator = :indicator",
             use(indicator), into(found), into(found_first_seen))),
        remove_evidence((sql.prepare << "DELETE FROM evidence WHERE indicator = :indicator"
                                        " AND observation = :observation",
                         use(indicator), use(observation))) {}
};

Writer::Writer(soci::session& sql, Texts& texts, const HashKey& key)
    : sql_(sql), texts_(texts), key_(key), statements_(std::make_unique<Statements>(sql)) {}
Writer::~Writer() = default;

std::optional<ObservationRow> Writer::add_observation(const intel::Observation& observation,
                                                      const base::Digest& id, const std::string& canonical) {
  const std::string digest = id.hex();
  Number known = 0;
  sql_ << "SELECT id FROM observations WHERE digest = :digest", use(digest), into(known);
  if (sql_.got_data()) return std::nullopt;

  ObservationRow row{0, texts_.id_of(series_name(observation)), observation.time};
  const Number kind = static_cast<Number>(observation.kind);
  const Number subject = static_cast<Number>(siphash(key_, observation.subject));
  const Number site = site_hash(key_, site_of(observation.subject));
  const Number time = base::to_micros(observation.time);
  const std::string body = compress(canonical);
  // CAST: SOCI's strings are text to SQLite, and this is not.
  sql_ << "INSERT INTO observations (digest, kind, subject_hash, site_hash, series, time, body)"
          " VALUES (:digest, :kind, :subject, :site, :series, :time, CAST(:body AS BLOB))",
      use(digest), use(kind), use(subject), use(site), use(row.series), use(time), use(body);
  sql_.get_last_insert_id("observations", row.id);

  std::vector<base::Digest> blobs = observation.blobs;
  std::sort(blobs.begin(), blobs.end());
  blobs.erase(std::unique(blobs.begin(), blobs.end()), blobs.end());
  for (const base::Digest& blob : blobs) {
    const std::string name = blob.hex();
    sql_ << "INSERT INTO observation_blobs (digest, observation) VALUES (:digest, :observation)", use(name),
        use(row.id);
  }
  return row;
}

std::pair<long long, bool> Writer::indicator(const intel::IndicatorKey& key, base::TimePoint now) {
  Statements& s = *statements_;
  s.hash = key_hash(key_, key);
  s.type = static_cast<Number>(key.type);
  s.find_indicator.execute();
  while (s.find_indicator.fetch()) {
    if (s.found_value != key.value) continue;
    const Number id = s.found;
    while (s.find_indicator.fetch()) {  // an open cursor would keep the commit from finishing
    }
    return {id, true};
  }
  s.value = key.value;
  s.added = base::to_micros(now);
  s.add_indicator.execute(true);
  Number id = 0;
  sql_.get_last_insert_id("indicators", id);
  return {id, false};
}

const std::unordered_map<long long, base::TimePoint>& Writer::series_of(const ObservationRow& row) {
  if (series_for_ == row.id) return series_;
  series_.clear();
  Number id = 0, time = 0;
  soci::statement rows = (sql_.prepare << "SELECT id, time FROM observations WHERE series = :series",
                          use(row.series), into(id), into(time));
  rows.execute();
  while (rows.fetch()) series_.emplace(id, base::from_micros(time));
  series_for_ = row.id;
  return series_;
}

bool Writer::supersede(const ObservationRow& row, long long indicator, long long& first_seen) {
  const auto& series = series_of(row);
  if (series.size() < 2) return true;
  Statements& s = *statements_;
  s.indicator = indicator;
  s.find_evidence.execute();
  std::vector<Number> earlier;
  bool later = false;
  while (s.find_evidence.fetch()) {
    auto same = series.find(s.found);
    if (same == series.end() || same->second == row.time) continue;
    later |= same->second > row.time;
    if (same->second < row.time) {
      earlier.push_back(s.found);
      first_seen = std::min(first_seen, s.found_first_seen);
    }
  }
  for (Number observation : earlier) {
    s.observation = observation;
    s.remove_evidence.execute(true);
  }
  s.observation = row.id;
  return !later;
}

void Writer::add_evidence(const ObservationRow& row, const std::vector<intel::Assertion>& assertions,
                          base::TimePoint now) {
  Statements& s = *statements_;
  Repeated source{texts_, {}}, family{texts_, {}}, why{texts_, {}}, guarded_by{texts_, {}};
  s.observation = row.id;
  s.n = -1;
  for (const intel::Assertion& said : assertions) {
    ++s.n;
    auto [id, known] = indicator(said.key, now);
    s.indicator = id;
    s.first_seen = base::to_micros(said.first_seen);
    if (known && row.series != 0 && !supersede(row, id, s.first_seen)) continue;
    s.role = static_cast<Number>(said.role);
    s.uses = said.uses.bits();
    s.confidence = said.confidence;
    s.tlp = static_cast<Number>(said.tlp);
    s.source = source.id_of(said.source);
    s.family = family.id_of(said.family);
    s.why = why.id_of(said.why);
    s.guarded_by = guarded_by.id_of(said.guarded_by);
    s.last_seen = base::to_micros(said.last_seen);
    s.valid_until = said.valid_until ? stored_end(*said.valid_until) : 0;
    s.place = said.place;
    s.add_evidence.execute(true);
    for (const std::string& alias : said.aliases) {
      sql_ << "INSERT INTO aliases (indicator, value) VALUES (:indicator, :value) ON CONFLICT DO NOTHING",
          use(id), use(alias);
    }
  }
}

}  // namespace shikake::store
