// How fast logs are audited, beside `rg -F -f` and a mawk script that hashes host suffixes, in one run on the
// same made-up logs; and whether hits are those of a naive oracle. Prints one JSON document.
//
//   audit_bench [LINES [INDICATORS]]      2,000,000 and 100,000 unless given
//
// The logs are made from a fixed seed: host popularity falls off as 1/rank, two of five requests are
// CONNECTs, one line in a thousand has to do with an indicator. The best of three runs counts.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>
#include <unordered_set>

#include "audit/audit.h"
#include "base/check.h"
#include "base/checked.h"
#include "url/url.h"

namespace shikake {
namespace {

constexpr uint64_t seed = 20231114;
constexpr int runs = 3;
using Random = std::mt19937_64;

double cpu_seconds() {  // of this process and of the children that it has waited for
  double sum = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime})
      sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }
  return sum;
}

struct Taken {
  double wall = 1e9, cpu = 1e9;
};

Taken best_of(const std::function<void()>& work) {
  Taken best;
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = cpu_seconds();
    work();
    best.cpu = std::min(best.cpu, cpu_seconds() - cpu_start);
    best.wall =
        std::min(best.wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

// Per second of processor time: one core's, whatever else the machine does.
void add_times(boost::json::object& to, const Taken& taken, size_t lines) {
  to["seconds"] = taken.wall;
  to["cpu_seconds"] = taken.cpu;
  to["lines_per_cpu_second"] = static_cast<double>(lines) / taken.cpu;
}

// --- what is made up ------------------------------------------------------------------------------

std::string word(Random& random) {
  static constexpr std::string_view syllables[] = {"ka",  "mo",  "ri", "ten", "sho", "lu", "ve",
                                                   "ban", "dor", "ix", "ne",  "pol", "ta", "gu",
                                                   "she", "wan", "zi", "cor", "ul",  "fe"};
  std::string made;
  for (size_t n = 2 + random() % 3; n-- > 0;) made += syllables[random() % std::size(syllables)];
  return made;
}

std::string domain(Random& random) {
  static constexpr std::string_view tlds[] = {"com",   "com", "com", "net",  "org",
                                              "co.jp", "de",  "ru",  "info", "top"};
  return fmt::format("{}-{}{}.{}", word(random), word(random), random() % 1000,
                     tlds[random() % std::size(tlds)]);
}

std::string address(Random& random) {
  return fmt::format("{}.{}.{}.{}", 11 + random() % 180, random() % 256, random() % 256, 1 + random() % 254);
}

std::string path(Random& random) {
  static constexpr std::string_view leaves[] = {"index.html",   "app.js",  "style.css", "logo.png",
                                                "api/v2/items", "collect", "pixel.gif", "search"};
  std::string made = "/";
  for (size_t n = random() % 4; n-- > 0;) made += word(random) + "/";
  made += leaves[random() % std::size(leaves)];
  if (random() % 3 == 0) made += fmt::format("?id={}&v={}", random() % 1'000'000, word(random));
  return made;
}

struct World {
  std::vector<intel::Indicator> indicators;
  std::vector<std::string> hosts, addresses;  // benign, most popular first; one address each
};

World make_world(size_t indicators) {
  Random random(seed);
  World world;
  for (size_t i = 0; i < indicators; ++i) {
    intel::Indicator made;
    made.confidence = 80;
    made.sources = {"made-up"};
    made.roles = {std::array{intel::Role::c2, intel::Role::distribution, intel::Role::landing}[i % 3]};
    const size_t kind = i % 100;
    if (kind < 70)
      made.key = {intel::IndicatorType::domain, domain(random)};
    else if (kind < 85)
      made.key = {intel::IndicatorType::url, fmt::format("http://{}{}", domain(random), path(random))};
    else if (kind < 95)
      made.key = {intel::IndicatorType::ip, address(random)};
    else if (kind < 99)
      made.key = {intel::IndicatorType::ip_port, address(random) + ":8080"};
    else
      made.key = {intel::IndicatorType::cidr,
                  fmt::format("198.{}.{}.0/24", 51 + random() % 100, random() % 256)};
    world.indicators.push_back(std::move(made));
  }
  for (size_t i = 0; i < 200'000; ++i) {
    world.hosts.push_back((i % 3 ? "www." : i % 2 ? "cdn.static." : "") + domain(random));
    world.addresses.push_back(address(random));
  }
  return world;
}

size_t popular(size_t count, Random& random) {  // 1/rank
  const double u = static_cast<double>(random() >> 11) / 9007199254740992.0;
  return std::min(count - 1, static_cast<size_t>(std::exp(u * std::log(static_cast<double>(count)))) - 1);
}

struct Visit {
  double time;
  std::string client, url, host, peer;
  uint16_t port;
  bool connect;
};

Visit make_visit(const World& world, double time, Random& random) {
  Visit visit{time,
              fmt::format("10.{}.{}.{}", random() % 4, random() % 64, 1 + random() % 254),
              "",
              "",
              "",
              80,
              random() % 5 < 2};
  const size_t rank = popular(world.hosts.size(), random);
  visit.host = world.hosts[rank];
  visit.peer = world.addresses[rank];
  if (random() % 1000 == 0) {
    const auto& key = world.indicators[random() % world.indicators.size()].key;
    switch (key.type) {
      case intel::IndicatorType::domain:
        visit.host = random() % 2 ? key.value : word(random) + "." + key.value;
        break;
      case intel::IndicatorType::url:
        visit.url = key.value;
        break;
      case intel::IndicatorType::ip:
        visit.peer = key.value;
        break;
      case intel::IndicatorType::cidr:
        visit.peer = key.value.substr(0, key.value.rfind('.')) + fmt::format(".{}", random() % 256);
        break;
      default:
        visit.peer = key.value.substr(0, key.value.find(':'));
        visit.port = 8080;
        visit.connect = false;
    }
  }
  if (!visit.url.empty()) {
    visit.connect = false;
    const auto parsed = url::Url::parse(visit.url);
    visit.host = parsed->hostname();
  } else if (!visit.connect) {
    visit.url = fmt::format("http://{}{}{}", visit.host, visit.port == 80 ? "" : ":8080", path(random));
  }
  return visit;
}

std::string squid_line(const Visit& v, Random& random) {
  if (v.connect)
    return fmt::format("{:.3f} {:6} {} TCP_TUNNEL/200 {} CONNECT {}:443 - HIER_DIRECT/{} -\n", v.time,
                       random() % 60000, v.client, 1000 + random() % 90000, v.host, v.peer);
  static constexpr std::string_view results[] = {"TCP_MISS/200", "TCP_MISS/200", "TCP_MISS/304",
                                                 "TCP_MISS/404", "TCP_REFRESH_UNMODIFIED/304"};
  return fmt::format("{:.3f} {:6} {} {} {} GET {} - HIER_DIRECT/{} text/html\n", v.time, random() % 3000,
                     v.client, results[random() % std::size(results)], 300 + random() % 50000, v.url, v.peer);
}

std::string zeek_line(const Visit& v, Random& random) {
  if (v.connect)
    return fmt::format(
        R"({{"ts":{:.6f},"uid":"C{:x}","id.orig_h":"{}","id.orig_p":{},"id.resp_h":"{}","id.resp_p":443,)"
        R"("version":"TLSv12","cipher":"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256","curve":"secp256r1",)"
        R"("server_name":"{}","resumed":false,"established":true,"ssl_history":"CsxknGIi"}})"
        "\n",
        v.time, random(), v.client, 1024 + random() % 60000, v.peer, v.host);
  const auto parsed = url::Url::parse(v.url);
  return fmt::format(
      R"({{"ts":{:.6f},"uid":"C{:x}","id.orig_h":"{}","id.orig_p":{},"id.resp_h":"{}","id.resp_p":{},)"
      R"("trans_depth":1,"method":"GET","host":"{}","uri":"{}","version":"1.1","user_agent":"curl/7.88.1",)"
      R"("request_body_len":0,"response_body_len":{},"status_code":200,"status_msg":"OK",)"
      R"("tags":[],"resp_mime_types":["text/html"]}})"
      "\n",
      v.time, random(), v.client, 1024 + random() % 60000, v.peer, v.port, parsed->host(),
      parsed->path_and_query(), random() % 90000);
}

struct Log {
  std::string text;
  size_t lines = 0;
};

Log make_log(const World& world, size_t lines, std::string (*line)(const Visit&, Random&)) {
  Random random(seed + 1);
  Log log;
  for (double time = 1'700'000'000; log.lines < lines; ++log.lines, time += 0.011)
    log.text += line(make_visit(world, time, random), random);
  return log;
}

// --- the naive oracle: every line split at blanks, every URL through the full parser, a hash set a kind ----

class Naive {
 public:
  explicit Naive(const std::vector<intel::Indicator>& indicators) {
    for (const auto& indicator : indicators) {
      if (indicator.key.type == intel::IndicatorType::cidr)
        networks_.insert(indicator.key.value);
      else
        values_.insert(indicator.key.value);
    }
  }

  // (line, indicator) pairs and lines with any, of a Squid log.
  std::pair<uint64_t, uint64_t> count(std::string_view text) const {
    uint64_t hits = 0, lines = 0;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() + 1);
      const size_t here = hits_of(line);
      hits += here;
      lines += here > 0;
    }
    return {hits, lines};
  }

 private:
  size_t hits_of(std::string_view line) const {
    std::vector<std::string_view> fields;
    for (std::string_view rest = line; !rest.empty();) {
      const size_t end = std::min(rest.find(' '), rest.size());
      if (end > 0) fields.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::unordered_set<std::string> found;
    const auto look = [&](const std::string& value) {
      if (values_.contains(value)) found.insert(value);
    };
    const auto network = [&](const std::string& ip) {
      const std::string value = ip.substr(0, ip.rfind('.')) + ".0/24";
      if (networks_.contains(value)) found.insert(value);
    };
    const bool connect = fields[5] == "CONNECT";
    const auto url =
        url::Url::parse(connect ? "https://" + std::string(fields[6]) + "/" : std::string(fields[6]));
    SHIKAKE_CHECK(url.has_value());
    const std::string port = std::to_string(*url->effective_port());
    look(connect ? url->href() : std::string(url->href_without_fragment()));
    std::string host(url->hostname());
    for (std::string suffix = host;; suffix.erase(0, suffix.find('.') + 1)) {
      look(suffix);
      if (suffix.find('.') == std::string::npos) break;
    }
    for (const std::string& ip :
         {std::string(fields[8].substr(fields[8].find('/') + 1)), std::string(fields[2])}) {
      look(ip);
      look(ip + ":" + port);
      network(ip);
    }
    return found.size();
  }

  std::unordered_set<std::string> values_, networks_;
};

// --- the peers ------------------------------------------------------------------------------------

// The same questions as the oracle's, as one would put them in awk.
constexpr std::string_view awk_script = R"(
NR == FNR { known[$0] = 1; next }
{
  url = $7; port = 80; hit = 0
  if ($6 == "CONNECT") { split(url, part, ":"); host = part[1]; port = part[2] }
  else { host = url; sub(/^[a-z]+:\/\//, "", host); sub(/[\/?#].*$/, "", host)
         if (n = index(host, ":")) { port = substr(host, n + 1); host = substr(host, 1, n - 1) } 
         if (url in known) hit = 1 }
  name = host
  while (1) { if (name in known) hit = 1; n = index(name, "."); if (!n) break; name = substr(name, n + 1) }
  peer = $9; sub(/^[^\/]*\//, "", peer)
  if ((peer in known) || ((peer ":" port) in known) || ($3 in known)) hit = 1
  sub(/\.[0-9]+$/, ".0/24", peer); if (peer in known) hit = 1
  hits += hit
}
END { print hits + 0 }
)";

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  SHIKAKE_CHECK(pipe != nullptr);
  std::string out;
  for (int c; (c = fgetc(pipe)) != EOF;) out += static_cast<char>(c);
  pclose(pipe);
  return out;
}

boost::json::object peer(const std::string& program, const std::string& command, size_t lines) {
  if (output_of("command -v " + program).empty()) return {{"missing", true}};
  std::string printed;
  const Taken taken = best_of([&] { printed = output_of(command); });
  const auto count = base::parse_integer<uint64_t>(printed.substr(0, printed.find('\n')));
  boost::json::object result{{"hit_lines", count.value_or(0)}};
  add_times(result, taken, lines);
  return result;
}

// --- ourselves ------------------------------------------------------------------------------------

audit::Intelligence compile(const std::vector<intel::Indicator>& indicators) {
  audit::Intelligence::Builder builder;
  for (const auto& indicator : indicators) builder.add(indicator);
  auto built = builder.build();
  SHIKAKE_CHECK(built.has_value());
  return std::move(*built);
}

boost::json::object ourselves(const std::string& file, const Log& log,
                              const audit::Intelligence& intelligence) {
  audit::AuditReport report;
  const Taken taken = best_of([&] {
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    auto done = audit::run({{fd, "bench.log"}}, intelligence, {});
    SHIKAKE_CHECK(done.has_value() && done->files[0].parsed == log.lines);
    report = std::move(*done);
    close(fd);
  });
  uint64_t hit_lines = 0;
  for (const auto& finding : report.findings) hit_lines += finding.event_count;
  boost::json::object result{{"lines", log.lines},
                             {"bytes", log.text.size()},
                             {"hits", report.files[0].hits},
                             {"hit_lines", hit_lines},
                             {"findings", report.findings.size()}};
  add_times(result, taken, log.lines);
  return result;
}

int main_of(int argc, char** argv) {
  const size_t lines = argc > 1 ? std::stoul(argv[1]) : 2'000'000;
  const size_t indicators = argc > 2 ? std::stoul(argv[2]) : 100'000;
  char directory[] = "/tmp/audit_bench.XXXXXX";
  SHIKAKE_CHECK(mkdtemp(directory) != nullptr);
  const std::string base = directory;
  const auto write = [&](const std::string& name, std::string_view text) {
    std::ofstream(base + "/" + name, std::ios::binary) << text;
    return base + "/" + name;
  };
  World world = make_world(indicators);
  std::string values;
  for (const auto& indicator : world.indicators) values += indicator.key.value + "\n";
  const Log squid = make_log(world, lines, squid_line), zeek = make_log(world, lines / 4, zeek_line);
  const std::string squid_file = write("squid.log", squid.text), zeek_file = write("zeek.json", zeek.text);
  const std::string values_file = write("values", values), script_file = write("script.awk", awk_script);

  audit::Intelligence intelligence;
  const Taken compiling = best_of([&] { intelligence = compile(world.indicators); });
  const auto [hits, hit_lines] = Naive(world.indicators).count(squid.text);
  boost::json::object result{{"benchmark", "audit"},
                             {"indicators", world.indicators.size()},
                             {"compile_cpu_seconds", compiling.cpu},
                             {"matcher_bytes", intelligence.matcher().bytes()}};
  auto ours = ourselves(squid_file, squid, intelligence);
  const bool equal = ours["hits"].as_uint64() == hits && ours["hit_lines"].as_uint64() == hit_lines;
  result["naive_oracle"] = {{"hits", hits}, {"hit_lines", hit_lines}, {"equal", equal}};
  result["squid"] = std::move(ours);
  result["zeek_json"] = ourselves(zeek_file, zeek, intelligence);
  result["rg_fixed_strings"] = peer("rg", fmt::format("rg -c -F -f {} {}", values_file, squid_file), lines);
  result["mawk_suffix_hash"] =
      peer("mawk", fmt::format("mawk -f {} {} {}", script_file, values_file, squid_file), lines);
  std::puts(boost::json::serialize(result).c_str());
  for (const std::string& file : {squid_file, zeek_file, values_file, script_file}) unlink(file.c_str());
  rmdir(directory);
  return equal ? 0 : 1;
}

}  // namespace
}  // namespace shikake

int main(int argc, char** argv) {
  return shikake::main_of(argc, argv);
}
