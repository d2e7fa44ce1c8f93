// The corpus index against SQLite with an index on the same keys, in one run. Prints one JSON document.
//
//   build/release/bench/neighbourhood_bench [--urls N] [--peer-urls N] [--seed N] [--folder DIR]
//                                           [--list FILE | --texture FILE] [--list-out FILE]
//
// URLs are made from the seed: out of nothing (url_generator.h), with the texture of a list of real ones
// (url_texture.h), or read from a list. Both sides are given the same texts in the same order from memory;
// the larger --urls run measures the corpus alone, and --list-out writes what it then holds. The folder is
// emptied afterwards. --peer-urls 0 leaves SQLite out.
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

constexpr size_t chunk_urls = 1'000'000;  // made at once, so that making is not part of the time
constexpr size_t queries = 20'000;
constexpr size_t query_limit = 256;  // as `shikake neighbours` asks for
constexpr size_t shape_limit = 32;
constexpr uint16_t day = 19'000;

struct Settings {
  size_t urls = 20'000'000, peer_urls = 2'000'000;
  uint64_t seed = 1;
  fs::path folder = fs::temp_directory_path() / "shikake-neighbourhood-bench";
  std::string list, texture, list_out;
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

// A place in the stream of URLs, in chunks.
class Source {
 public:
  explicit Source(const Settings& settings)
      : generator_(settings.seed),
        file_(settings.list),
        listed_(!settings.list.empty()),
        random_(settings.seed) {
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
  // Up to `count` more, in an order as a crawl's is: sites mixed within the chunk.
  std::vector<std::string> next(size_t count) {
    std::vector<std::string> chunk;
    if (listed_) {
      for (std::string line; chunk.size() < count && std::getline(file_, line);)
        chunk.push_back(std::move(line));
      return chunk;
    }
    while (chunk.size() < count) {
      if (texture_)
        texture_->next_site(chunk);
      else
        generator_.next_site(chunk);
    }
    std::shuffle(chunk.begin(), chunk.end(), random_);
    chunk.resize(count);
    return chunk;
  }

 private:
  bench::UrlGenerator generator_;
  std::optional<bench::UrlTexture> texture_;
  std::ifstream file_;
  bool listed_;
  std::mt19937_64 random_;
};

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

struct Built {
  double seconds = 0, cpu = 0;
  uint64_t given = 0;
  std::vector<std::string> asked;  // URLs to ask for
};

Built build_corpus(const Settings& settings, const fs::path& folder, size_t count) {
  Built built;
  Source source(settings);
  std::mt19937_64 random(settings.seed + 1);
  auto writer = must(neighbourhood::CorpusWriter::open(folder));
  while (built.given < count) {
    auto chunk = source.next(std::min(chunk_urls, count - built.given));
    if (chunk.empty()) break;
    for (size_t i = 0; i < std::max<size_t>(1, queries * chunk.size() / count); ++i)
      built.asked.push_back(chunk[random() % chunk.size()]);
    const auto begin = Steady::now();
    const double cpu = cpu_seconds();
    for (const std::string& url : chunk) writer->add(url, day, day);
    built.seconds += seconds_since(begin);
    built.cpu += cpu_seconds() - cpu;
    built.given += chunk.size();
  }
  const auto begin = Steady::now();
  const double cpu = cpu_seconds();
  must(writer->commit());
  built.seconds += seconds_since(begin);
  built.cpu += cpu_seconds() - cpu;
  return built;
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

// The sorted list, one a line, at zstd's level 19 with a long window: what storing alone could come to.
json::object list_at_19(const fs::path& folder) {
  auto corpus = must(neighbourhood::Corpus::open(folder));
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 19);
  std::vector<std::string> urls;
  must(corpus.for_each([&](const neighbourhood::Keys&, const neighbourhood::Entry& entry) {
    urls.emplace_back(entry.url);
    return true;
  }));
  std::sort(urls.begin(), urls.end());
  uint64_t raw = 0, packed = 0;
  std::string in, out(ZSTD_CStreamOutSize(), '\0');
  auto push = [&](ZSTD_EndDirective how) {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    size_t left;
    do {
      ZSTD_outBuffer output{out.data(), out.size(), 0};
      left = ZSTD_compressStream2(context, &output, &input, how);
      packed += output.pos;
    } while (input.pos < input.size || (how == ZSTD_e_end && left > 0));
    raw += in.size();
    in.clear();
  };
  for (const std::string& url : urls) {
    in.append(url) += '\n';
    if (in.size() > (1 << 20)) push(ZSTD_e_continue);
  }
  push(ZSTD_e_end);
  ZSTD_freeCCtx(context);
  const auto count = static_cast<double>(urls.size());
  return {{"bytes_a_url", static_cast<double>(raw) / count},
          {"zstd19_bytes_a_url", static_cast<double>(packed) / count}};
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
json::object peer(const Settings& settings, const fs::path& file, size_t count) {
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  run(db,
      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-500000; BEGIN;"
      "CREATE TABLE urls(url TEXT PRIMARY KEY, tk TEXT, s1 TEXT, s2 TEXT, host TEXT, first INT, last INT) "
      "WITHOUT ROWID");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db,
                     "INSERT INTO urls VALUES(?,?,?,?,?,?,?) ON CONFLICT(url) DO UPDATE SET "
                     "first=min(first,excluded.first), last=max(last,excluded.last)",
                     -1, &insert, nullptr);
  Source source(settings);
  double seconds = 0, cpu = 0;
  std::vector<std::string> asked;
  std::mt19937_64 random(settings.seed + 1);
  for (size_t given = 0; given < count;) {
    auto chunk = source.next(std::min(chunk_urls, count - given));
    if (chunk.empty()) break;
    given += chunk.size();
    for (size_t i = 0; i < std::max<size_t>(1, queries * chunk.size() / count); ++i)
      asked.push_back(chunk[random() % chunk.size()]);
    const auto begin = Steady::now();
    const double cpu_begin = cpu_seconds();
    for (const std::string& text : chunk) {
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
    seconds += seconds_since(begin);
    cpu += cpu_seconds() - cpu_begin;
  }
  sqlite3_finalize(insert);
  auto begin = Steady::now();
  double cpu_begin = cpu_seconds();
  run(db,
      "CREATE INDEX by_place ON urls(tk, s1); CREATE INDEX by_s2 ON urls(s2); CREATE INDEX by_host ON "
      "urls(host); COMMIT");
  seconds += seconds_since(begin);
  cpu += cpu_seconds() - cpu_begin;
  json::object out = query_peer(db, asked);
  sqlite3_close(db);
  out["urls"] = count;
  out["seconds"] = seconds;
  out["cpu_seconds"] = cpu;
  out["urls_a_second"] = static_cast<double>(count) / seconds;
  out["bytes_a_url"] = static_cast<double>(fs::file_size(file)) / static_cast<double>(count);
  return out;
}

json::object corpus_run(const Settings& settings, const fs::path& folder, size_t count, bool with_list) {
  const Built built = build_corpus(settings, folder, count);
  json::object out = query_corpus(folder, built.asked);
  const auto distinct = static_cast<double>(out.at("distinct_urls").to_number<uint64_t>());
  out["urls"] = built.given;
  out["seconds"] = built.seconds;
  out["cpu_seconds"] = built.cpu;
  out["urls_a_second"] = static_cast<double>(built.given) / built.seconds;
  out["bytes_a_url"] = static_cast<double>(bytes_in(folder)) / distinct;
  if (with_list) out["sorted_list"] = list_at_19(folder);
  if (!with_list && !settings.list_out.empty()) {
    std::ofstream list(settings.list_out);
    auto corpus = must(neighbourhood::Corpus::open(folder));
    must(corpus.for_each([&](const neighbourhood::Keys&, const neighbourhood::Entry& entry) {
      list << entry.url << '\n';
      return list.good();
    }));
  }
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
    else if (option == "--list-out")
      settings.list_out = value;
    else
      return 2;
  }
  fs::remove_all(settings.folder);
  fs::create_directories(settings.folder);
  json::object result;
  if (settings.peer_urls > 0) {
    result["corpus"] = corpus_run(settings, settings.folder / "same", settings.peer_urls, true);
    result["sqlite"] = peer(settings, settings.folder / "peer.db", settings.peer_urls);
  }
  fs::remove_all(settings.folder / "same");
  if (settings.urls > settings.peer_urls) {
    fs::remove(settings.folder / "peer.db");
    result["corpus_large"] = corpus_run(settings, settings.folder / "large", settings.urls, false);
  }
  fs::remove_all(settings.folder);
  std::cout << json::serialize(result) << "\n";
}
