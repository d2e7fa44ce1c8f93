#include "store/queue.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "base/check.h"
#include "intel/json.h"
#include "store/job_table.h"
#include "store/state.h"

namespace shikake::store {
namespace {

using soci::into;
using soci::use;
using Number = long long;

constexpr std::array<std::string_view, 4> state_names = {"waiting", "leased", "done", "dead"};

Number number(JobState state) {
  return static_cast<Number>(state);
}

std::string new_token() {
  std::array<uint8_t, 16> bytes{};
  SHIKAKE_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return base::to_hex(bytes);
}

// One row of the table.
struct Row {
  Number id = 0, depth = 0, priority = 0, earliest = 0, state = 0, attempts = 0, lease_until = 0;
  std::string kind, subject, parameters, origin, root, token, reason, results;

  Result<QueuedJob> to_job() const {
    QueuedJob job;
    job.id = static_cast<uint64_t>(id);
    job.job.kind = kind;
    job.job.subject = subject;
    SHIKAKE_ASSIGN(auto json, intel::parse_json(parameters));
    if (json.is_object()) job.job.parameters = std::move(json.get_object());
    job.job.origin = base::Digest::from_hex(origin);
    job.job.priority = static_cast<int>(priority);
    job.job.earliest = base::from_micros(earliest);
    job.state = static_cast<JobState>(state);
    job.attempts = static_cast<int>(attempts);
    job.depth = static_cast<int>(depth);
    job.lease_until = base::from_micros(lease_until);
    job.reason = reason;
    for (size_t at = 0; at + 64 <= results.size(); at += 65) {
      if (auto digest = base::Digest::from_hex(std::string_view(results).substr(at, 64)))
        job.results.push_back(*digest);
    }
    return job;
  }
};

constexpr const char* columns =
    "id, kind, subject, parameters, origin, root, depth, priority, earliest, state, attempts, token, "
    "lease_until,"
    " reason, results";

// Adds the row's columns to a statement in the order of `columns`.
auto bind_row(Row& row) {
  return [&row](soci::statement& statement) {
    statement.exchange(into(row.id));
    statement.exchange(into(row.kind));
    statement.exchange(into(row.subject));
    statement.exchange(into(row.parameters));
    statement.exchange(into(row.origin));
    statement.exchange(into(row.root));
    statement.exchange(into(row.depth));
    statement.exchange(into(row.priority));
    statement.exchange(into(row.earliest));
    statement.exchange(into(row.state));
    statement.exchange(into(row.attempts));
    statement.exchange(into(row.token));
    statement.exchange(into(row.lease_until));
    statement.exchange(into(row.reason));
    statement.exchange(into(row.results));
  };
}

// " AND kind IN (:k0, :k1)", or nothing for all kinds.
std::string kinds_condition(std::span<const std::string> kinds) {
  if (kinds.empty()) return {};
  std::string condition = " AND kind IN (";
  for (size_t i = 0; i < kinds.size(); ++i) condition += (i ? ", :k" : ":k") + std::to_string(i);
  return condition + ")";
}

class SqlQueue final : public Queue {
 public:
  explicit SqlQueue(Store::State& state) : state_(state) {}

  Result<Enqueued> enqueue(const intel::Job& job) override {
    return in_transaction(state_, "queueing a job", [&]() -> Result<Enqueued> {
      return add_job(state_.sql(), state_.hash_key, job, job.origin ? job.origin->hex() : "", 0);
    });
  }
  Result<std::optional<Lease>> lease(std::span<const std::string> kinds, base::Duration duration) override;
  Result<> extend(const Lease& lease, base::Duration duration) override;
  Result<> complete(const Lease& lease, std::span<const Outcome> outcomes) override;
  Result<> fail(const Lease& lease, std::string_view reason,
                std::optional<base::TimePoint> retry_at) override;
  Result<> release(const Lease& lease) override;
  Result<std::optional<base::TimePoint>> next_due(std::span<const std::string> kinds) const override;
  Result<std::optional<QueuedJob>> get(uint64_t id) const override;
  Result<std::vector<QueuedJob>> list(std::optional<JobState> state, uint64_t limit) const override;

 private:
  std::optional<Row> read(const std::string& where_and_order,
                          const std::function<void(soci::statement&)>& bind) const;
  std::optional<Row> row(Number id) const;
  // Jobs whose worker let the lease run out wait again, or are dead.
  void return_leases(Number now);
  // Changes a job that is still leased to the holder of `token`; conflict where it is not.
  Result<> change_leased(const Lease& lease, const std::function<void(const Row&)>& change);

  Store::State& state_;
};

std::optional<Row> SqlQueue::read(const std::string& where_and_order,
                                  const std::function<void(soci::statement&)>& bind) const {
  Row row;
  soci::statement statement(state_.sql());
  statement.alloc();
  statement.prepare(std::string("SELECT ") + columns + " FROM jobs " + where_and_order);
  bind_row(row)(statement);
  bind(statement);
  statement.define_and_bind();
  if (!statement.execute(true)) return std::nullopt;
  return row;
}

std::optional<Row> SqlQueue::row(Number id) const {
  return read("WHERE id = :id", [&](soci::statement& statement) { statement.exchange(use(id)); });
}

void SqlQueue::return_leases(Number now) {
  const Number leased = number(JobState::leased), waiting = number(JobState::waiting),
               dead = number(JobState::dead);
  const Number most = max_job_attempts;
  const std::string reason = "its worker was gone before it was done";
  state_.sql()
      << "UPDATE jobs SET state = CASE WHEN attempts >= :most THEN :dead ELSE :waiting END, token = '',"
         " reason = :reason WHERE state = :leased AND lease_until <= :now",
      use(most), use(dead), use(waiting), use(reason), use(leased), use(now);
}

Result<std::optional<Lease>> SqlQueue::lease(std::span<const std::string> kinds, base::Duration duration) {
  // A look without the write lock first: an idle worker must not stand in anyone's way.
  SHIKAKE_ASSIGN(std::optional<base::TimePoint> due, next_due(kinds));
  if (!due || *due > state_.clock->now()) return std::nullopt;
  return in_transaction(state_, "taking a job", [&]() -> Result<std::optional<Lease>> {
    const base::TimePoint time = state_.clock->now();
    const Number now = base::to_micros(time);
    return_leases(now);
    const Number waiting = number(JobState::waiting);
    auto found = read("WHERE state = :state AND earliest <= :now" + kinds_condition(kinds) +
                          " ORDER BY priority DESC, earliest, id LIMIT 1",
                      [&](soci::statement& statement) {
                        statement.exchange(use(waiting));
                        statement.exchange(use(now));
                        for (const std::string& kind : kinds) statement.exchange(use(kind));
                      });
    if (!found) return std::nullopt;
    found->state = number(JobState::leased);
    found->attempts += 1;
    found->token = new_token();
    found->lease_until = base::to_micros(time + duration);
    state_.sql()
        << "UPDATE jobs SET state = :state, attempts = :attempts, token = :token, lease_until = :until"
           " WHERE id = :id",
        use(found->state), use(found->attempts), use(found->token), use(found->lease_until), use(found->id);
    Lease lease;
    SHIKAKE_ASSIGN(lease.job, found->to_job());
    lease.token = found->token;
    return lease;
  });
}

Result<> SqlQueue::change_leased(const Lease& lease, const std::function<void(const Row&)>& change) {
  return in_transaction(state_, "changing a job", [&]() -> Result<> {
    auto found = row(static_cast<Number>(lease.job.id));
    if (!found || found->state != number(JobState::leased) || found->token != lease.token)
      return shikake::fail(Module::store, ErrorCode::conflict, "the job is no longer leased to this worker");
    change(*found);
    return {};
  });
}

Result<> SqlQueue::extend(const Lease& lease, base::Duration duration) {
  return change_leased(lease, [&](const Row& found) {
    const Number until = base::to_micros(state_.clock->now() + duration);
    state_.sql() << "UPDATE jobs SET lease_until = :until WHERE id = :id", use(until), use(found.id);
  });
}

Result<> SqlQueue::release(const Lease& lease) {
  return change_leased(lease, [&](const Row& found) {
    const Number waiting = number(JobState::waiting);
    state_.sql() << "UPDATE jobs SET state = :state, token = '', attempts = attempts - 1 WHERE id = :id",
        use(waiting), use(found.id);
  });
}

Result<> SqlQueue::fail(const Lease& lease, std::string_view reason,
                        std::optional<base::TimePoint> retry_at) {
  return change_leased(lease, [&](const Row& found) {
    const bool again = retry_at && found.attempts < max_job_attempts;
    const Number state = number(again ? JobState::waiting : JobState::dead);
    const Number earliest = again ? base::to_micros(*retry_at) : found.earliest;
    const std::string why(reason);
    state_.sql() << "UPDATE jobs SET state = :state, token = '', earliest = :earliest, reason = :reason"
                    " WHERE id = :id",
        use(state), use(earliest), use(why), use(found.id);
  });
}

Result<> SqlQueue::complete(const Lease& lease, std::span<const Outcome> outcomes) {
  return in_transaction(state_, "storing a job's result", [&]() -> Result<> {
    auto found = row(static_cast<Number>(lease.job.id));
    if (!found || found->state == number(JobState::done))
      return shikake::fail(Module::store, ErrorCode::conflict, "another worker has done this job already");
    std::string results;
    for (const auto& [observation, derivation] : outcomes) {
      SHIKAKE_ASSIGN(base::Digest id, put_within(state_, observation, derivation,
                                                 {found->root, static_cast<int>(found->depth)}));
      results += (results.empty() ? "" : " ") + id.hex();
    }
    const Number done = number(JobState::done);
    state_.sql()
        << "UPDATE jobs SET state = :state, token = '', reason = '', results = :results WHERE id = :id",
        use(done), use(results), use(found->id);
    return {};
  });
}

Result<std::optional<base::TimePoint>> SqlQueue::next_due(std::span<const std::string> kinds) const {
  return guarded("looking for jobs", [&]() -> Result<std::optional<base::TimePoint>> {
    const Number waiting = number(JobState::waiting), leased = number(JobState::leased);
    Number due = -1;
    soci::statement statement(state_.sql());
    statement.alloc();
    statement.prepare(
        "SELECT COALESCE(MIN(CASE WHEN state = :waiting THEN earliest ELSE lease_until END), -1)"
        " FROM jobs WHERE state IN (:again, :leased)" +
        kinds_condition(kinds));
    statement.exchange(into(due));
    statement.exchange(use(waiting));
    statement.exchange(use(waiting));
    statement.exchange(use(leased));
    for (const std::string& kind : kinds) statement.exchange(use(kind));
    statement.define_and_bind();
    statement.execute(true);
    if (due < 0) return std::nullopt;
    return base::from_micros(due);
  });
}

Result<std::optional<QueuedJob>> SqlQueue::get(uint64_t id) const {
  return guarded("reading a job", [&]() -> Result<std::optional<QueuedJob>> {
    auto found = row(static_cast<Number>(id));
    if (!found) return std::nullopt;
    SHIKAKE_ASSIGN(QueuedJob job, found->to_job());
    return job;
  });
}

Result<std::vector<QueuedJob>> SqlQueue::list(std::optional<JobState> state, uint64_t limit) const {
  return guarded("reading jobs", [&]() -> Result<std::vector<QueuedJob>> {
    const Number least = state ? number(*state) : 0, most = state ? number(*state) : INT16_MAX;
    const Number count = static_cast<Number>(std::min<uint64_t>(limit, INT64_MAX));
    std::vector<QueuedJob> all;
    Row row;
    soci::statement statement(state_.sql());
    statement.alloc();
    statement.prepare(std::string("SELECT ") + columns +
                      " FROM jobs WHERE state >= :least AND state <= :most ORDER BY id LIMIT :count");
    bind_row(row)(statement);
    statement.exchange(use(least));
    statement.exchange(use(most));
    statement.exchange(use(count));
    statement.define_and_bind();
    statement.execute();
    while (statement.fetch()) {
      SHIKAKE_ASSIGN(QueuedJob job, row.to_job());
      all.push_back(std::move(job));
    }
    return all;
  });
}

}  // namespace

std::string_view name(JobState state) {
  return state_names[static_cast<size_t>(state)];
}

Enqueued add_job(soci::session& sql, const HashKey& key, const intel::Job& job, const std::string& root,
                 int depth) {
  if (depth > max_job_depth) return Enqueued::too_deep;
  const std::string parameters = intel::canonical_json(boost::json::value(job.parameters));
  const Number identity =
      static_cast<Number>(siphash(key, job.kind + "\n" + job.subject + "\n" + parameters));
  const Number earliest = base::to_micros(job.earliest);
  const Number from = earliest - deduplication_window.count(), to = earliest + deduplication_window.count();
  Number same = 0;
  sql << "SELECT COUNT(*) FROM jobs WHERE identity = :identity AND kind = :kind AND subject = :subject"
         " AND parameters = :parameters AND earliest > :from AND earliest < :to",
      use(identity), use(job.kind), use(job.subject), use(parameters), use(from), use(to), into(same);
  if (same > 0) return Enqueued::duplicate;
  if (!root.empty()) {
    Number descendants = 0;
    sql << "SELECT COUNT(*) FROM jobs WHERE root = :root", use(root), into(descendants);
    if (descendants >= static_cast<Number>(max_jobs_an_origin)) return Enqueued::over_budget;
  }
  const std::string origin = job.origin ? job.origin->hex() : "";
  const Number priority = job.priority, steps = depth, waiting = number(JobState::waiting);
  sql << "INSERT INTO jobs (kind, subject, parameters, identity, origin, root, depth, priority, earliest, "
         "state,"
         " attempts, token, lease_until, reason, results) VALUES (:kind, :subject, :parameters, :identity, "
         ":origin,"
         " :root, :depth, :priority, :earliest, :state, 0, '', 0, '', '')",
      use(job.kind), use(job.subject), use(parameters), use(identity), use(origin), use(root), use(steps),
      use(priority), use(earliest), use(waiting);
  return Enqueued::queued;
}

Result<std::vector<JobSummary>> jobs_about(soci::session& sql, const std::string& subject,
                                           const std::set<base::Digest>& origins) {
  std::vector<JobSummary> all;
  Number id = 0, state = 0, earliest = 0, attempts = 0;
  std::string kind, about, reason;
  auto collect = [&](const char* condition, const std::string& value) {
    soci::statement rows =
        (sql.prepare << "SELECT id, kind, subject, state, earliest, attempts, reason FROM jobs WHERE "
                     << condition << " = :value ORDER BY id DESC LIMIT " << max_jobs_shown,
         use(value), into(id), into(kind), into(about), into(state), into(earliest), into(attempts),
         into(reason));
    rows.execute();
    while (rows.fetch()) {
      all.push_back({static_cast<uint64_t>(id), kind, about, std::string(name(static_cast<JobState>(state))),
                     reason, base::from_micros(earliest), static_cast<int>(attempts)});
    }
  };
  for (const base::Digest& origin : origins) collect("origin", origin.hex());
  collect("subject", subject);
  std::sort(all.begin(), all.end(), [](const JobSummary& a, const JobSummary& b) { return a.id > b.id; });
  all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id == b.id; }),
            all.end());
  if (all.size() > max_jobs_shown) all.resize(max_jobs_shown);
  return all;
}

std::unique_ptr<Queue> make_queue(Store::State& state) {
  return std::make_unique<SqlQueue>(state);
}

}  // namespace shikake::store
