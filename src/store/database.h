// The one place that opens the database and turns its exceptions into results. Everything else in this
// folder writes portable SQL against soci::session; what only SQLite knows stands here and in schema.cpp.
#pragma once

#include <soci/soci.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace shikake::store {

// The error behind the exception being handled; call from a catch block only.
Error database_error(std::string_view doing);

// Runs `body`, which returns a Result, and gives what it throws as an error. `doing`: "storing an
// observation".
template <class Body>
auto guarded(std::string_view doing, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception&) {
    return fail(database_error(doing));
  }
}

class Database {
 public:
  // Opens or creates, sets what every connection needs and brings the schema up to date (schema.h).
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, bool create,
                                                std::chrono::milliseconds busy_timeout);
  ~Database();

  soci::session& sql() { return session_; }
  bool in_transaction() const { return in_transaction_; }
  // These throw as SOCI does. Write transactions take the write lock at once, so that two of them wait for
  // each other rather than fail half way.
  void begin();
  void commit();
  void rollback() noexcept;
  // A part of the open transaction failed: it can only be rolled back now.
  void spoil() { spoilt_ = true; }
  bool spoilt() const { return spoilt_; }

 private:
  Database() = default;
  soci::session session_;
  bool in_transaction_ = false;
  bool spoilt_ = false;
};

// A transaction of its own, or none where one is open already. Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database), own_(!database.in_transaction()) {
    if (own_)
      database_.begin();
    else if (database_.spoilt())
      throw std::runtime_error("an earlier part of this batch failed");
  }
  ~Transaction() {
    if (own_ && !done_) database_.rollback();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  bool own() const { return own_; }
  void commit() {
    if (own_) database_.commit();
    done_ = true;
  }

 private:
  Database& database_;
  const bool own_;
  bool done_ = false;
};

// zstd, for observations: 4 to 10 times smaller.
std::string compress(std::string_view plain);
Result<std::string> decompress(std::string_view packed);

}  // namespace shikake::store
