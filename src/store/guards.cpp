// Guard lists in the store.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/checked.h"
#include "intel/fields.h"
#include "intel/json.h"
#include "store/state.h"

namespace shikake::store {
namespace {

using soci::into;
using soci::use;
using Number = long long;

std::vector<std::string> values_of(soci::session& sql, Number list) {
  std::vector<std::string> values;
  std::string value;
  soci::statement rows = (sql.prepare << "SELECT value FROM guard_values WHERE list = :list ORDER BY value",
                          use(list), into(value));
  rows.execute();
  while (rows.fetch()) values.push_back(value);
  return values;
}

std::vector<std::string> attributes_from(const std::string& stored) {
  std::vector<std::string> attributes;
  auto json = intel::parse_json(stored);
  if (!json || !json->is_array()) return attributes;
  for (const auto& one : json->get_array()) {
    if (one.is_string()) attributes.emplace_back(one.get_string());
  }
  return attributes;
}

// Changes whenever a list does.
std::string guards_version(soci::session& sql) {
  std::string version;
  sql << "SELECT value FROM meta WHERE name = 'guards_version'", into(version);
  return version;
}

void bump_guards_version(soci::session& sql) {
  const std::string next = std::to_string(base::parse_integer<uint64_t>(guards_version(sql)).value_or(0) + 1);
  sql << "UPDATE meta SET value = :value WHERE name = 'guards_version'", use(next);
}

void remove_list(soci::session& sql, const std::string& name) {
  sql << "DELETE FROM guard_values WHERE list IN (SELECT id FROM guard_lists WHERE name = :name)", use(name);
  sql << "DELETE FROM guard_lists WHERE name = :name", use(name);
}

}  // namespace

Result<> Store::put_guard(const intel::GuardList& list) {
  if (list.name.empty())
    return fail(Module::store, ErrorCode::invalid_input,
                "a guard list needs a name: it is the reason that people are shown");
  return in_transaction(*state_, "storing a guard list", [&]() -> Result<> {
    soci::session& sql = state_->sql();
    remove_list(sql, list.name);
    bump_guards_version(sql);
    const Number type = static_cast<Number>(list.type);
    const std::string attributes =
        intel::canonical_json(boost::json::value(intel::json_texts(list.attributes)));
    sql << "INSERT INTO guard_lists (name, description, version, source, type, attributes)"
           " VALUES (:name, :description, :version, :source, :type, :attributes)",
        use(list.name), use(list.description), use(list.version), use(list.source), use(type),
        use(attributes);
    Number id = 0;
    sql.get_last_insert_id("guard_lists", id);
    std::string value;
    soci::statement add = (sql.prepare << "INSERT INTO guard_values (list, value) VALUES (:list, :value)"
                                          " ON CONFLICT DO NOTHING",
                           use(id), use(value));
    for (const std::string& one : list.values) {
      value = one;
      add.execute(true);
    }
    return {};
  });
}

Result<> Store::remove_guard(std::string_view name) {
  return in_transaction(*state_, "removing a guard list", [&]() -> Result<> {
    const std::string wanted(name);
    Number known = 0;
    state_->sql() << "SELECT COUNT(*) FROM guard_lists WHERE name = :name", use(wanted), into(known);
    if (known == 0)
      return fail(Module::store, ErrorCode::not_found, "there is no guard list named " + wanted);
    remove_list(state_->sql(), wanted);
    bump_guards_version(state_->sql());
    return {};
  });
}

Result<std::vector<intel::GuardList>> Store::guard_lists() const {
  return guarded("reading guard lists", [&]() -> Result<std::vector<intel::GuardList>> {
    std::vector<intel::GuardList> lists;
    std::vector<Number> ids;
    Number id = 0, type = 0;
    std::string name, description, version, source, attributes;
    soci::statement rows =
        (state_->sql().prepare << "SELECT id, name, description, version, source, type, attributes"
                                  " FROM guard_lists ORDER BY name",
         into(id), into(name), into(description), into(version), into(source), into(type), into(attributes));
    rows.execute();
    while (rows.fetch()) {
      ids.push_back(id);
      lists.push_back({name,
                       description,
                       version,
                       source,
                       static_cast<intel::GuardType>(type),
                       attributes_from(attributes),
                       {}});
    }
    for (size_t i = 0; i < lists.size(); ++i) lists[i].values = values_of(state_->sql(), ids[i]);
    return lists;
  });
}

Result<intel::Guard> Store::guard() const {
  SHIKAKE_ASSIGN(std::string version, guarded("reading guard lists", [&]() -> Result<std::string> {
                   return guards_version(state_->sql());
                 }));
  if (!state_->guard || state_->guard_version != version) {
    SHIKAKE_ASSIGN(auto lists, guard_lists());
    state_->guard = intel::Guard::make(lists);
    state_->guard_version = version;
  }
  return *state_->guard;
}

}  // namespace shikake::store
