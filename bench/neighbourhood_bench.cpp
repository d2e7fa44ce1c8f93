// The corpus index against SQLite with an index on the same keys, in one run. Prints one JSON document.
//
//   build/release/bench/neighbourhood_bench [--urls N] [--peer-urls N] [--seed N] [--folder DIR]
//                                           [--texture FILE] [--list FILE] [--make-list FILE]
//
// URLs are made from the seed: out of nothing (url_generator.h) or with the texture of a list of real ones
// (url_texture.h). Both sides are given the same --peer-urls texts in the same order from memory; 0 leaves
// that out. The larger run adds --urls to a corpus alone, from memory or, for as many as memory does not
// hold, from a list that --make-list wrote before; then reading the list is part of its time. The folder is
// emptied afterwards.
#include <sqlite3.h>
#include <sys/resource.h>
#include <zstd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "neighbourhood/corpus.h"
#include "neighbourhood/corpus_writer.h"
#include "url/structure.h"
#include "url/tenant.h"
#include "url_generator.h"
#include "url_texture.h"

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using namespace shikake;
using Steady = std::chrono::steady_clock;

constexpr size_t mixed_urls = 1'000'000;  // sites are crawled side by side: so many URLs are shuffled
constexpr size_t queries = 20'000;
constexpr size_t query_limit = 256;  // as `shikake neighbours` asks for
constexpr size_t shape_limit = 32;
constexpr uint16_t day = 19'000;

struct Settings {
  size_t urls = 20'000'000, peer_urls = 2'000'000;
  uint64_t seed = 1;
  fs::path folder = fs::temp_directory_path() / "shikake-neighbourhood-bench";
  std::string list, texture, make_list;
};

double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto of = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// URLs from the seed, in an order as a crawl's is.
class Source {
 public:
  using Pages = bench::UrlTexture::Pages;
  explicit Source(const Settings& settings, Pages pages = Pages::as_they_come)
      : pages_(pages), generator_(settings.seed), random_(settings.seed) {
    if (settings.texture.empty()) return;
    std::ifstream real(settings.texture);
    std::vector<std::string> urls;
    for (std::string line; std::getline(real, line);) urls.push_back(std::move(line));
    texture_.emplace(urls, settings.seed);
    if (texture_->empty()) {
      std::fprintf(stderr, "%s holds no URLs to learn from\n", settings.texture.c_str());
      std::exit(1);
    }
  }
  // The next ones, sites mixed.
  std::vector<std::string> next(size_t count) {
    std::vector<std::string> urls;
    while (urls.size() < count) {
      if (texture_)
        texture_->next_site(urls, pages_);
      else
        generator_.next_site(urls);
    }
    std::shuffle(urls.begin(), urls.end(), random_);
    urls.resize(count);
    return urls;
  }
  std::vector<std::string> all(size_t count) {
    std::vector<std::string> urls;
    while (urls.size() < count) {
      auto some = next(std::min(mixed_urls, count - urls.size()));
      urls.insert(urls.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    return urls;
  }

 private:
  const Pages pages_;
  bench::UrlGenerator generator_;
  std::optional<bench::UrlTexture> texture_;
  std::mt19937_64 random_;
};

void write_list(const Settings& settings) {
  Source source(settings, Source::Pages::once_each);
  std::ofstream list(settings.make_list);
  for (size_t written = 0; written < settings.urls; written += mixed_urls)
    for (const std::string& url : source.next(std::min(mixed_urls, settings.urls - written)))
      list << url << '\n';
}

uint64_t bytes_in(const fs::path& folder) {
  uint64_t total = 0;
  for (const auto& file : fs::directory_iterator(folder)) total += file.file_size();
  return total;
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// What was used between two moments, by the clock and by all threads together.
class Stopwatch {
 public:
  json::object read(uint64_t urls) const {
    const double seconds = seconds_since(begin_), cpu = cpu_seconds() - cpu_;
    const auto count = static_cast<double>(urls);
    return {{"urls", urls},
            {"seconds", seconds},
            {"cpu_seconds", cpu},
            {"urls_a_second", count / seconds},
            {"cpu_us_a_url", cpu * 1e6 / count}};
  }

 private:
  Steady::time_point begin_ = Steady::now();
  double cpu_ = cpu_seconds();
};

// What is asked afterwards: `queries` of them, evenly.
template <class Urls>
std::vector<std::string> some_of(const Urls& urls) {
  std::vector<std::string> some;
  for (size_t i = 0; i < urls.size(); i += std::max<size_t>(1, urls.size() / queries))
    some.push_back(urls[i]);
  return some;
}

json::object build(const fs::path& folder, const std::vector<std::string>& urls) {
  const Stopwatch watch;
  auto writer = must(neighbourhood::CorpusWriter::open(folder));
  for (const std::string& url : urls) writer->add(url, day, day);
  must(writer->commit());
  return watch.read(urls.size());
}

// Of the first --urls of a list; fills `asked`.
json::object build_from_list(const Settings& settings, const fs::path& folder,
                             std::vector<std::string>& asked) {
  const Stopwatch watch;
  auto writer = must(neighbourhood::CorpusWriter::open(folder));
  std::ifstream list(settings.list);
  const size_t every = std::max<size_t>(1, settings.urls / queries);
  size_t given = 0;
  for (std::string line; given < settings.urls && std::getline(list, line); ++given) {
    writer->add(line, day, day);
    if (given % every == 0) asked.push_back(line);
  }
  must(writer->commit());
  return watch.read(given);
}

// Of this thread: on a busy machine the wall clock tells more of its other work than of ours.
double thread_micros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

json::object percentiles(std::vector<double>& micros) {
  std::sort(micros.begin(), micros.end());
  auto at = [&](double share) {
    return micros[std::min(micros.size() - 1,
                           static_cast<size_t>(share * static_cast<double>(micros.size())))];
  };
  return {{"p50_us", at(0.5)}, {"p99_us", at(0.99)}, {"p999_us", at(0.999)}, {"max_us", micros.back()}};
}

// What `neighbours` asks of a corpus for one seed: the same place, the same shape of path and of host.
json::object query_corpus(const fs::path& folder, const std::vector<std::string>& asked) {
  const auto begin = Steady::now();
  auto corpus = must(neighbourhood::Corpus::open(folder));
  const double opened = seconds_since(begin);
  size_t found = 0;
  std::vector<double> micros, cpu_micros;
  for (int round = 0; round < 2; ++round) {  // the first round brings the pages in
    micros.clear();
    cpu_micros.clear();
    found = 0;
    for (const std::string& text : asked) {
      auto url = neighbourhood::corpus_url(text);
      if (!url) continue;
      const auto start = Steady::now();
      const double cpu_start = thread_micros();
      found += must(corpus.same_place(*url, query_limit)).urls.size();
      found += must(corpus.same_path_shape(*url, shape_limit)).urls.size();
      found += must(corpus.same_host_shape(*url, shape_limit)).urls.size();
      micros.push_back(seconds_since(start) * 1e6);
      cpu_micros.push_back(thread_micros() - cpu_start);
    }
  }
  json::object out = percentiles(micros);
  out["cpu"] = percentiles(cpu_micros);
  out["open_ms"] = opened * 1e3;
  out["queries"] = micros.size();
  out["found"] = found;
  out["segments"] = corpus.segments().size();
  out["distinct_urls"] = corpus.urls();
  return out;
}

// Pieces of the list of all URLs in order of their text, one URL a line: all of it in one piece, or of a long
// list `pieces` of it, evenly spaced.
std::vector<std::string> sorted_list(const fs::path& folder) {
  constexpr uint64_t all_of = 4'000'000;
  constexpr size_t pieces = 6, piece_bytes = 16 << 20, samples = 50'000;
  auto corpus = must(neighbourhood::Corpus::open(folder));
  uint64_t text_bytes = 0;
  for (const auto& segment : corpus.segments())
    text_bytes += segment->footer().url_bytes + segment->footer().entries;
  neighbourhood::BlockReader reader;
  auto for_each = [&](const std::function<void(std::string_view)>& visit) {
    for (const auto& segment : corpus.segments())
      must(segment->for_each(reader,
                             [&](const neighbourhood::Entry& entry) { return visit(entry.url), true; }));
  };
  // From the first sample of a piece up to that of another, where it ends.
  std::vector<std::pair<std::string, std::string>> bounds;
  if (corpus.urls() <= all_of) {
    bounds.emplace_back("", "\x7F");
  } else {
    std::vector<std::string> sample;
    uint64_t at = 0;
    for_each([&](std::string_view url) {
      if (at++ % (corpus.urls() / samples) == 0) sample.emplace_back(url);
    });
    std::sort(sample.begin(), sample.end());
    const size_t long_as = std::max<size_t>(1, sample.size() * piece_bytes / text_bytes);
    for (size_t piece = 0; piece < pieces; ++piece) {
      const size_t begin = sample.size() * (2 * piece + 1) / (2 * pieces);
      bounds.emplace_back(sample[begin], sample[std::min(begin + long_as, sample.size() - 1)]);
    }
  }
  std::vector<std::vector<std::string>> urls(bounds.size());
  for_each([&](std::string_view url) {
    for (size_t i = 0; i < bounds.size(); ++i)
      if (url >= bounds[i].first && url < bounds[i].second) urls[i].emplace_back(url);
  });
  std::vector<std::string> lists;
  for (auto& piece : urls) {
    std::sort(piece.begin(), piece.end());
    piece.erase(std::unique(piece.begin(), piece.end()), piece.end());
    std::string& list = lists.emplace_back();
    for (const std::string& url : piece) list.append(url) += '\n';
  }
  return lists;
}

// What storing alone could come to.
json::object list_at_19(const fs::path& folder) {
  size_t raw = 0, packed = 0;
  int64_t count = 0;
  const std::vector<std::string> lists = sorted_list(folder);
  for (const std::string& list : lists) {
    std::string out(ZSTD_compressBound(list.size()), '\0');
    packed += ZSTD_compress(out.data(), out.size(), list.data(), list.size(), 19);
    raw += list.size();
    count += std::count(list.begin(), list.end(), '\n');
  }
  const auto urls = static_cast<double>(count);
  return {{"pieces", lists.size()},
          {"urls", count},
          {"bytes_a_url", static_cast<double>(raw) / urls},
          {"zstd19_bytes_a_url", static_cast<double>(packed) / urls}};
}

void run(sqlite3* db, const char* sql) {
  char* message = nullptr;
  if (sqlite3_exec(db, sql, nullptr, nullptr, &message) != SQLITE_OK) {
    std::fprintf(stderr, "sqlite: %s\n", message);
    std::exit(1);
  }
}

// The same questions as query_corpus() asks.
json::object query_peer(sqlite3* db, const std::vector<std::string>& asked) {
  std::vector<sqlite3_stmt*> statements;
  for (const char* sql : {"SELECT url, first, last FROM urls WHERE tk=? AND s1=? LIMIT 256",
                          "SELECT url, first, last FROM urls WHERE s2=? LIMIT 32",
                          "SELECT url, first, last FROM urls WHERE host=? LIMIT 32"}) {
    statements.push_back(nullptr);
    sqlite3_prepare_v2(db, sql, -1, &statements.back(), nullptr);
  }
  std::vector<double> micros;
  size_t found = 0;
  auto ask = [&](sqlite3_stmt* statement, std::initializer_list<const std::string*> values) {
    int at = 0;
    for (const std::string* value : values)
      sqlite3_bind_text(statement, ++at, value->data(), static_cast<int>(value->size()), SQLITE_STATIC);
    while (sqlite3_step(statement) == SQLITE_ROW) found += sqlite3_column_bytes(statement, 0) > 0;
    sqlite3_reset(statement);
  };
  for (const std::string& text : asked) {
    auto url = neighbourhood::corpus_url(text);
    if (!url) continue;
    const auto start = Steady::now();
    const std::string tenant = url::tenant_key(*url), host = url::host_structure(*url).folded;
    const url::PathStructure structure = url::path_structure(*url);
    ask(statements[0], {&tenant, &structure.s1});
    if (neighbourhood::path_shape_of(structure.s2)) ask(statements[1], {&structure.s2});
    if (neighbourhood::host_shape_of(host)) ask(statements[2], {&host});
    micros.push_back(seconds_since(start) * 1e6);
  }
  for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  return percentiles(micros);
}

// The same keys as text columns with an index on each: as one would write it who had no corpus. No journal
// and one transaction, which is SQLite's fastest; indexes made at the end, which is faster still.
json::object build_peer(sqlite3* db, const std::vector<std::string>& urls) {
  const Stopwatch watch;
  run(db,
      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-500000; BEGIN;"
      "CREATE TABLE urls(url TEXT PRIMARY KEY, tk TEXT, s1 TEXT, s2 TEXT, host TEXT, first INT, last INT) "
      "WITHOUT ROWID");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db,
                     "INSERT INTO urls VALUES(?,?,?,?,?,?,?) ON CONFLICT(url) DO UPDATE SET "
                     "first=min(first,excluded.first), last=max(last,excluded.last)",
                     -1, &insert, nullptr);
  for (const std::string& text : urls) {
    auto url = neighbourhood::corpus_url(text);
    if (!url) continue;
    const std::string tenant = url::tenant_key(*url), host = url::host_structure(*url).folded;
    const url::PathStructure structure = url::path_structure(*url);
    int at = 0;
    for (const std::string* column : {&url->href(), &tenant, &structure.s1, &structure.s2, &host})
      sqlite3_bind_text(insert, ++at, column->data(), static_cast<int>(column->size()), SQLITE_STATIC);
    sqlite3_bind_int(insert, 6, day);
    sqlite3_bind_int(insert, 7, day);
    if (sqlite3_step(insert) != SQLITE_DONE) std::exit(1);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  run(db,
      "CREATE INDEX by_place ON urls(tk, s1); CREATE INDEX by_s2 ON urls(s2); CREATE INDEX by_host ON "
      "urls(host); COMMIT");
  return watch.read(urls.size());
}

double size_of(const fs::path& folder, const json::object& queried) {
  return static_cast<double>(bytes_in(folder)) /
         static_cast<double>(queried.at("distinct_urls").to_number<uint64_t>());
}

json::object compare(const Settings& settings) {
  const std::vector<std::string> urls = Source(settings).all(settings.peer_urls), asked = some_of(urls);
  json::object out;
  const fs::path folder = settings.folder / "same", file = settings.folder / "peer.db";
  json::object ours = build(folder, urls);
  json::object queried = query_corpus(folder, asked);
  ours["bytes_a_url"] = size_of(folder, queried);
  ours["sorted_list"] = list_at_19(folder);
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  json::object theirs = build_peer(db, urls);
  theirs["queries"] = query_peer(db, asked);
  sqlite3_close(db);
  theirs["bytes_a_url"] =
      static_cast<double>(fs::file_size(file)) / queried.at("distinct_urls").to_number<double>();
  auto ratio = [&](const char* of) { return ours.at(of).as_double() / theirs.at(of).as_double(); };
  out["times_the_rate"] = ratio("urls_a_second");
  out["times_less_cpu"] = 1 / ratio("cpu_us_a_url");
  out["times_smaller"] = 1 / ratio("bytes_a_url");
  ours["queries"] = std::move(queried);
  out["corpus"] = std::move(ours);
  out["sqlite"] = std::move(theirs);
  fs::remove_all(folder);
  fs::remove(file);
  return out;
}

json::object large(const Settings& settings) {
  const fs::path folder = settings.folder / "large";
  std::vector<std::string> asked;
  json::object out;
  if (settings.list.empty()) {
    const auto urls = Source(settings).all(settings.urls);
    out = build(folder, urls);
    asked = some_of(urls);
  } else {
    out = build_from_list(settings, folder, asked);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  out["peak_rss_mb"] = usage.ru_maxrss / 1024;
  out["queries"] = query_corpus(folder, asked);
  const Stopwatch watch;
  must(must(neighbourhood::CorpusWriter::open(folder))->compact());
  json::object compacted = watch.read(settings.urls);
  compacted["queries"] = query_corpus(folder, asked);
  compacted["bytes_a_url"] = size_of(folder, compacted["queries"].as_object());
  getrusage(RUSAGE_SELF, &usage);
  compacted["peak_rss_mb"] = usage.ru_maxrss / 1024;
  out["bytes_a_url"] = compacted["bytes_a_url"];
  out["compacted"] = std::move(compacted);
  out["sorted_list"] = list_at_19(folder);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i], value = argv[i + 1];
    if (option == "--urls")
      settings.urls = std::stoull(value);
    else if (option == "--peer-urls")
      settings.peer_urls = std::stoull(value);
    else if (option == "--seed")
      settings.seed = std::stoull(value);
    else if (option == "--folder")
      settings.folder = value;
    else if (option == "--list")
      settings.list = value;
    else if (option == "--texture")
      settings.texture = value;
    else if (option == "--make-list")
      settings.make_list = value;
    else
      return 2;
  }
  if (!settings.make_list.empty()) return write_list(settings), 0;
  fs::remove_all(settings.folder);
  fs::create_directories(settings.folder);
  json::object result;
  if (settings.peer_urls > 0) result["same"] = compare(settings);
  if (settings.urls > settings.peer_urls) result["large"] = large(settings);
  fs::remove_all(settings.folder);
  std::cout << json::serialize(result) << "\n";
}
