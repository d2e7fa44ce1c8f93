#include "store/texts.h"

namespace shikake::store {

int64_t Texts::find(std::string_view text) {
  if (text.empty()) return 0;
  std::string wanted(text);
  if (auto cached = ids_.find(wanted); cached != ids_.end()) return cached->second;
  const auto hash = static_cast<long long>(siphash(key_, text));
  long long id = 0;
  sql_ << "SELECT id FROM texts WHERE hash = :hash AND text = :text", soci::use(hash), soci::use(wanted),
      soci::into(id);
  if (!sql_.got_data()) return -1;
  if (ids_.size() >= most_cached) ids_.clear();
  ids_.emplace(std::move(wanted), id);
  return id;
}

int64_t Texts::id_of(std::string_view text) {
  int64_t id = find(text);
  if (id >= 0) return id;
  std::string added(text);
  const auto hash = static_cast<long long>(siphash(key_, text));
  sql_ << "INSERT INTO texts (hash, text) VALUES (:hash, :text)", soci::use(hash), soci::use(added);
  long long last = 0;
  sql_.get_last_insert_id("texts", last);
  if (ids_.size() >= most_cached) ids_.clear();
  ids_.emplace(std::move(added), last);
  return last;
}

const std::string& Texts::text_of(int64_t id) {
  static const std::string none;
  if (id == 0) return none;
  if (auto cached = texts_.find(id); cached != texts_.end()) return cached->second;
  long long wanted = id;
  std::string text;
  sql_ << "SELECT text FROM texts WHERE id = :id", soci::use(wanted), soci::into(text);
  if (!sql_.got_data()) return none;
  if (texts_.size() >= most_cached) texts_.clear();
  return texts_.emplace(id, std::move(text)).first->second;
}

void Texts::forget() {
  ids_.clear();
  texts_.clear();
}

}  // namespace shikake::store
