#include "corpus_home.h"

#include <sys/mman.h>

#include <unordered_set>

#include "base/clock.h"
#include "base/file.h"
#include "base/unique_fd.h"
#include "intel/visit.h"
#include "neighbourhood/sources/load.h"
#include "store/blobs.h"
#include "store/store.h"

namespace shikake::app {

std::filesystem::path default_corpus(const Context& context) {
  return context.home / "corpus";
}

Result<neighbourhood::Day> day_option(const std::string& text) {
  const auto day =
      text.empty() ? neighbourhood::day_of(base::system_clock().now()) : neighbourhood::day_from_text(text);
  if (day) return *day;
  return fail(Module::app, ErrorCode::invalid_usage, "\"" + text + "\" is no date; write it as 2026-01-31");
}

namespace {

// Pages of visits as a WARC file in memory, which the confined reader takes their links from. Read in lots,
// so that a store of any size passes through.
class Pages {
 public:
  Pages(neighbourhood::CorpusWriter& writer, store::Store& store, neighbourhood::Day today)
      : writer_(writer), store_(store), today_(today) {}

  Result<> add(const intel::VisitNode& node, base::TimePoint time) {
    const bool page =
        node.sha256 && (node.mime.starts_with("text/html") || node.mime.starts_with("application/xhtml"));
    // The same bytes at the same address have the same links.
    if (!page || !seen_.insert(node.url + ' ' + node.sha256->hex()).second) return {};
    auto body = store_.blobs().get(*node.sha256);
    if (!body) return {};  // retention may have taken it
    lot_ += "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: " + node.url +
            "\r\nWARC-Date: " + base::to_rfc3339(time) +
            "\r\nContent-Type: text/html\r\nContent-Length: " + std::to_string(body->size()) + "\r\n\r\n" +
            *body + "\r\n\r\n";
    return lot_.size() < lot_bytes ? Result<>{} : finish();
  }
  Result<> finish() {
    if (lot_.empty()) return {};
    base::UniqueFd file(::memfd_create("pages", MFD_CLOEXEC));
    if (!file) return fail_errno(Module::app, "cannot make a file in memory");
    SHIKAKE_TRY(base::write_all(file.get(), lot_, "pages"));
    lot_.clear();
    auto done =
        neighbourhood::load_file(writer_, "/proc/self/fd/" + std::to_string(file.get()), {"warc", today_});
    writer_.begin_source("store");
    if (!done) return fail(std::move(done.error()));
    return {};
  }

 private:
  static constexpr size_t lot_bytes = size_t{32} << 20;
  neighbourhood::CorpusWriter& writer_;
  store::Store& store_;
  const neighbourhood::Day today_;
  std::string lot_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

Result<uint64_t> add_chains(neighbourhood::CorpusWriter& writer, const Context& context,
                            neighbourhood::Day today) {
  SHIKAKE_ASSIGN(std::unique_ptr<store::Store> store, store::Store::open(context.home, {.create = false}));
  writer.begin_source("store");
  Pages pages(writer, *store, today);
  uint64_t visits = 0;
  Result<> read;
  SHIKAKE_TRY(store->for_each_observation([&](const base::Digest&, const intel::Observation& observation) {
    if (observation.kind != intel::ObservationKind::visit) return true;
    auto visit = intel::visit_from_json(observation.record);
    const auto day = neighbourhood::day_of(observation.time);
    if (!visit || !day) {
      writer.skip("a visit that does not read", 0);
      return true;
    }
    ++visits;
    // A node that was not fetched is a link that the page holds all the same.
    for (const intel::VisitNode& node : visit->nodes) {
      writer.add(node.url, *day, *day);
      if (read) read = pages.add(node, observation.time);
    }
    return read.has_value();
  }));
  SHIKAKE_TRY(std::move(read));
  SHIKAKE_TRY(pages.finish());
  return visits;
}

}  // namespace shikake::app
