#include "neighbourhood/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "base/file.h"
#include "base/testing.h"
#include "neighbourhood/corpus_writer.h"
#include "neighbourhood/hash.h"
#include "neighbourhood/testing.h"
#include "url/structure.h"

namespace shikake::neighbourhood {
namespace {

namespace fs = std::filesystem;

constexpr size_t everything = 1'000'000;

TEST(Hash, IsXxh64) {
  // From the specification's reference implementation.
  EXPECT_EQ(hash64(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(hash64("a"), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(hash64("abc"), 0x44BC2CF5AD770999u);
  EXPECT_NE(hash64("0123456789012345678901234567890123456789"),
            hash64("0123456789012345678901234567890123456788"));
  // In pieces of any size, as in one.
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + i % 23);
  for (size_t piece : {1, 3, 8, 31, 32, 33, 100, 300}) {
    Hasher hasher;
    for (size_t at = 0; at < text.size(); at += piece) {
      EXPECT_EQ(hasher.finish(), hash64(std::string_view(text).substr(0, at))) << piece << " " << at;
      hasher.add(std::string_view(text).substr(at, piece));
    }
    EXPECT_EQ(hasher.finish(), hash64(text)) << piece;
  }
}

// Few tenants, structures and shapes, so that all of them meet.
std::vector<std::string> made_up_urls(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  auto pick = [&](std::initializer_list<const char*> from) {
    return std::string(from.begin()[random() % from.size()]);
  };
  std::vector<std::string> urls;
  while (urls.size() < count) {
    std::string url = pick({"http://", "https://"});
    if (random() % 4 == 0) url += pick({"amazon.co.jp.", "www.", "card-update.", "a.b."});
    url += pick({"alpha", "beta", "gamma", "d3lt4x9z1", "someone"}) + std::to_string(random() % 40);
    url += pick({".example", ".co.jp", ".duckdns.org", ".weebly.com"});
    if (random() % 10 == 0) url = "https://sites.google.com/view/" + std::to_string(random() % 30);
    for (size_t i = random() % 3; i > 0; --i)
      url += "/" + pick({"wp-content", "rakuten", "signin", "item"}) + std::to_string(random() % 30);
    url += pick({"/", "/index.php", "/certification_account.php", "/x.html", ""});
    if (random() % 3 == 0) url += "?" + pick({"id=", "session_key=", "q="}) + std::to_string(random() % 1000);
    urls.push_back(url);
  }
  return urls;
}

// The slow and simple form: every URL looked at for every question.
class Oracle {
 public:
  void add(const std::string& text, Day day) {
    auto url = corpus_url(text);
    if (!url) return;
    auto [at, fresh] = urls_.try_emplace(url->href(), std::pair(day, day));
    if (!fresh) at->second = {std::min(at->second.first, day), std::max(at->second.second, day)};
  }
  template <class Test>
  std::set<std::string> that(const url::Url& seed, Test test) const {
    std::set<std::string> found;
    for (const auto& [text, days] : urls_) {
      auto url = url::Url::parse(text);
      if (text != seed.href() && test(*url)) found.insert(text);
    }
    return found;
  }
  const std::map<std::string, std::pair<Day, Day>>& urls() const { return urls_; }

 private:
  std::map<std::string, std::pair<Day, Day>> urls_;
};

std::set<std::string> texts(const Listing& listing) {
  std::set<std::string> found;
  for (const Seen& seen : listing.urls) found.insert(seen.url);
  EXPECT_EQ(found.size(), listing.urls.size()) << "a URL was listed twice";
  return found;
}

// A corpus lists one URL of each tenant and structure for a shape.
std::set<std::string> tenants(const std::set<std::string>& urls) {
  std::set<std::string> found;
  for (const std::string& url : urls) found.insert(url::tenant_key(*url::Url::parse(url)));
  return found;
}

void expect_same_answers(Corpus& corpus, const Oracle& oracle, size_t every) {
  size_t asked = 0;
  for (const auto& [text, days] : oracle.urls()) {
    if (asked++ % every != 0) continue;
    SCOPED_TRACE(text);
    auto seed = *url::Url::parse(text);
    auto found = corpus.find(text);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->first, days.first);
    EXPECT_EQ((*found)->last, days.second);
    const std::string tenant = url::tenant_key(seed), folded = url::host_structure(seed).folded;
    const url::PathStructure structure = url::path_structure(seed);
    auto place = corpus.same_place(seed, everything);
    ASSERT_TRUE(place);
    EXPECT_EQ(texts(*place), oracle.that(seed, [&](const url::Url& other) {
      return url::tenant_key(other) == tenant && url::path_structure(other).s1 == structure.s1;
    }));
    auto of_tenant = corpus.same_tenant(seed, everything);
    ASSERT_TRUE(of_tenant);
    EXPECT_EQ(texts(*of_tenant),
              oracle.that(seed, [&](const url::Url& other) { return url::tenant_key(other) == tenant; }));
    auto path = corpus.same_path_shape(seed, everything);
    ASSERT_TRUE(path);
    auto path_oracle = oracle.that(seed, [&](const url::Url& other) {
      return path_shape_of(structure.s2) && url::path_structure(other).s2 == structure.s2;
    });
    const std::set<std::string> path_texts = texts(*path);
    EXPECT_TRUE(std::includes(path_oracle.begin(), path_oracle.end(), path_texts.begin(), path_texts.end()));
    auto others = tenants(path_oracle), listed = tenants(path_texts);
    others.erase(tenant), listed.erase(tenant);
    EXPECT_EQ(listed, others);
    auto host = corpus.same_host_shape(seed, everything);
    ASSERT_TRUE(host);
    others = tenants(oracle.that(seed, [&](const url::Url& other) {
      return host_shape_of(folded) && url::host_structure(other).folded == folded;
    }));
    listed = tenants(texts(*host));
    others.erase(tenant), listed.erase(tenant);
    EXPECT_EQ(listed, others);
  }
}

// What is read off the text is what taking the URL apart gives, and lies_at() agrees with both.
TEST(KeyReader, ReadsWhatTheUrlSays) {
  std::vector<std::string> texts;
  for (const char* text :
       {"http://a.example/", "https://www.a.example:8443/x/y.php?b=1&a=2&&c", "http://192.0.2.7/x",
        "http://192.0.2.7:81/x", "http://[2001:db8::1]/x", "http://[2001:db8::1]:8080/x?y",
        "http://a.example./x", "http://localhost/x", "http://com/a/b", "https://sites.google.com/view/shop/a",
        "https://s3.amazonaws.com/bucket/a?b=/c", "http://x.duckdns.org/?",
        "http://a.b.weebly.com/p?q=http://c/d", "http://xn--fsq.example/\u00e9", "http://a.example//x//"})
    texts.push_back(corpus_url(text)->href());
  for (const std::string& text : made_up_urls(500, 12))
    if (auto url = corpus_url(text)) texts.push_back(url->href());
  KeyReader reader, other;
  for (int round = 0; round < 2; ++round) {  // hosts known, too
    for (const std::string& text : texts) {
      SCOPED_TRACE(text);
      const url::Url url = *url::Url::parse(text);
      const url::PathStructure path = url::path_structure(url);
      const url::HostStructure host = url::host_structure(url);
      const std::string tenant = url::tenant_key(url);
      const Reading* reading = reader.read(text);
      ASSERT_TRUE(reading);
      EXPECT_EQ(reading->tenant, tenant);
      EXPECT_EQ(reading->folded_host, host.folded);
      EXPECT_EQ(reading->s1, path.s1);
      EXPECT_EQ(reader.s2(), path.s2);
      EXPECT_EQ(reader.keys(),
                (Keys{place_of(tenant, path.s1), path_shape_of(path.s2), host_shape_of(host.folded)}));
      EXPECT_TRUE(other.lies_at(tenant, path.s1, text));
      EXPECT_FALSE(other.lies_at(tenant, path.s1 + "?x", text));
      EXPECT_FALSE(other.lies_at("x" + tenant, path.s1, text));
    }
  }
  for (const char* text :
       {"", "http:", "http://", "http://a.example", "http:///x", "mailto:x", "http://[::1/x"})
    EXPECT_FALSE(reader.read(text)) << text;
}

// With memory for a few it spills, and gives what sorting all at once gives.
TEST(PostingSorter, GivesAllInOrderWhateverItsMemory) {
  ScratchFolder folder;
  std::mt19937_64 random(3);
  for (size_t count : {0, 1, 7, 100, 5'000, 20'000}) {
    for (size_t in_memory : {1, 64, 3'000, 100'000}) {
      if (count / in_memory > 1'000) continue;  // each run is a read
      SCOPED_TRACE(std::to_string(count) + " " + std::to_string(in_memory));
      PostingSorter sorter(folder.path(), in_memory);
      std::vector<std::pair<uint32_t, uint32_t>> expected, given;
      for (uint32_t where = 0; where < count; ++where) {
        // Few shapes and many: long runs of one, and the largest there is.
        const auto shape = static_cast<uint32_t>(where % 3 ? random() : UINT32_MAX - random() % 3);
        expected.emplace_back(shape, where);
        ASSERT_TRUE(sorter.add(shape, where));
      }
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(sorter.count(), count);
      ASSERT_TRUE(sorter.for_each([&](uint32_t shape, uint32_t where) -> Result<> {
        given.emplace_back(shape, where);
        return {};
      }));
      EXPECT_EQ(given, expected);
      EXPECT_TRUE(fs::is_empty(folder.path())) << "runs have no name";
    }
  }
}

TEST(Corpus, AnswersAsLookingAtEveryUrlWould) {
  ScratchFolder folder;
  Oracle oracle;
  // Little memory and several commits: many segments, and merges.
  WriterOptions options{.threads = 2, .memory_bytes = 128 << 10};
  for (int part = 0; part < 3; ++part) {
    const auto day = static_cast<Day>(19'000 - 7 * part);
    const auto urls = made_up_urls(6'000, static_cast<uint64_t>(part));
    for (const std::string& url : urls) oracle.add(url, day);
    make_corpus(folder.path(), urls, options, day);
  }
  auto corpus = Corpus::open(folder.path());
  ASSERT_TRUE(corpus);
  EXPECT_GT(corpus->segments().size(), 1u);
  ASSERT_TRUE(corpus->verify());
  expect_same_answers(*corpus, oracle, 397);
  std::set<std::string> all;
  ASSERT_TRUE(corpus->for_each([&](const Keys& keys, const Entry& entry) {
    KeyReader reader;
    EXPECT_TRUE(reader.read(entry.url));
    EXPECT_EQ(keys, reader.keys());
    all.emplace(entry.url);
    return all.size() < everything;
  }));
  EXPECT_EQ(all.size(), oracle.urls().size());

  auto writer = CorpusWriter::open(folder.path());
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->compact());
  auto compacted = Corpus::open(folder.path());
  ASSERT_TRUE(compacted);
  EXPECT_EQ(compacted->segments().size(), 1u);
  EXPECT_EQ(compacted->urls(), oracle.urls().size());
  expect_same_answers(*compacted, oracle, 997);
}

TEST(Corpus, AnswersAlikeHoweverItWasPutTogether) {
  ScratchFolder one, many;
  const auto urls = made_up_urls(8'000, 7);
  make_corpus(one.path(), urls, {.threads = 1});
  make_corpus(many.path(), urls, {.threads = 3, .memory_bytes = 16 << 10});
  auto a = Corpus::open(one.path()), b = Corpus::open(many.path());
  ASSERT_TRUE(a && b);
  ASSERT_NE(a->segments().size(), b->segments().size());
  for (size_t i = 0; i < urls.size(); i += 61) {
    auto seed = corpus_url(urls[i]);
    ASSERT_TRUE(seed);
    for (size_t limit : {1u, 5u, 1000u}) {
      auto from_a = a->same_place(*seed, limit), from_b = b->same_place(*seed, limit);
      ASSERT_TRUE(from_a && from_b);
      EXPECT_EQ(from_a->urls, from_b->urls);
      EXPECT_EQ(from_a->more, from_b->more);
    }
  }
}

TEST(Corpus, KeepsRealUrls) {
  SHIKAKE_NEED_SHARED_DATA(list, "phishurl/202108.csv");
  auto text = base::read_file(*list, 64 << 20);
  ASSERT_TRUE(text);
  std::vector<std::string> urls;
  Oracle oracle;
  for (size_t at = 0; at < text->size();) {
    size_t end = std::min(text->find('\n', at), text->size());
    std::string line = text->substr(at, end - at);
    at = end + 1;
    size_t comma = line.find(',');
    if (comma == line.npos) continue;
    urls.push_back(line.substr(comma + 1, line.find(',', comma + 1) - comma - 1));
    oracle.add(urls.back(), 19'000);
  }
  ScratchFolder folder;
  make_corpus(folder.path(), urls);
  auto corpus = Corpus::open(folder.path());
  ASSERT_TRUE(corpus);
  EXPECT_EQ(corpus->urls(), oracle.urls().size());
  expect_same_answers(*corpus, oracle, 173);
}

TEST(Corpus, CountsAndNamesWhatItLeavesOut) {
  ScratchFolder folder;
  const AddReport report =
      make_corpus(folder.path(),
                  {"http://a.example/", "not a url", "mailto:x@a.example",
                   "http://a.example/" + std::string(2 << 20, 'x'), "http://[oops/",
                   "http://a.example/#again", "ftp://a.example/x", "http://user:secret@b.example/"},
                  {.threads = 1});
  EXPECT_EQ(report.added, 3u);
  ASSERT_EQ(report.skipped.size(), 3u);
  EXPECT_EQ(report.skipped.at("not a URL").count, 2u);
  EXPECT_EQ(report.skipped.at("not a URL").first_line, 2u);
  EXPECT_EQ(report.skipped.at("not a web URL").count, 2u);
  EXPECT_EQ(report.skipped.at("too long a URL").count, 1u);
  auto corpus = Corpus::open(folder.path());
  ASSERT_TRUE(corpus);
  EXPECT_EQ(corpus->urls(), 2u);
  EXPECT_TRUE(*corpus->find("http://b.example/")) << "credentials have no place in a corpus";
}

TEST(Corpus, OneWriterAtATime) {
  ScratchFolder folder;
  auto first = CorpusWriter::open(folder.path());
  ASSERT_TRUE(first);
  auto second = CorpusWriter::open(folder.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST(Corpus, WithoutOneSaysSo) {
  ScratchFolder folder;
  auto corpus = Corpus::open(folder.path());
  ASSERT_FALSE(corpus);
  EXPECT_EQ(corpus.error().code, ErrorCode::not_found);
}

fs::path only_segment(const fs::path& folder) {
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().extension() == ".seg") return file.path();
  return {};
}

void overwrite(const fs::path& path, uint64_t at, std::string_view bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

struct DamageCase {
  const char* name;
  void (*damage)(const fs::path& folder);
  ErrorCode code;
  const char* says;
};

class DamagedCorpus : public testing::TestWithParam<DamageCase> {};

TEST_P(DamagedCorpus, IsRefusedByName) {
  ScratchFolder folder;
  make_corpus(folder.path(), made_up_urls(3'000, 1));
  GetParam().damage(folder.path());
  auto corpus = Corpus::open(folder.path());
  ASSERT_FALSE(corpus);
  EXPECT_EQ(corpus.error().code, GetParam().code) << corpus.error().message();
  EXPECT_THAT(corpus.error().message(), testing::HasSubstr(GetParam().says));
  EXPECT_THAT(corpus.error().message(), testing::HasSubstr(folder.path().string()));
}

INSTANTIATE_TEST_SUITE_P(
    Damages, DamagedCorpus,
    testing::Values(
        DamageCase{
            "cut_in_half",
            [](const fs::path& f) { fs::resize_file(only_segment(f), fs::file_size(only_segment(f)) / 2); },
            ErrorCode::corrupted, "cut short"},
        DamageCase{
            "cut_by_a_byte",
            [](const fs::path& f) { fs::resize_file(only_segment(f), fs::file_size(only_segment(f)) - 1); },
            ErrorCode::corrupted, "cut short"},
        DamageCase{"cut_to_nothing", [](const fs::path& f) { fs::resize_file(only_segment(f), 3); },
                   ErrorCode::corrupted, "cut short"},
        DamageCase{
            "a_byte_more",
            [](const fs::path& f) { fs::resize_file(only_segment(f), fs::file_size(only_segment(f)) + 1); },
            ErrorCode::corrupted, "no footer"},
        DamageCase{"a_later_version",
                   [](const fs::path& f) { overwrite(only_segment(f), 8, std::string("\x03\0\0\0", 4)); },
                   ErrorCode::too_new, "version 3"},
        DamageCase{"an_earlier_version",
                   [](const fs::path& f) { overwrite(only_segment(f), 8, std::string("\x01\0\0\0", 4)); },
                   ErrorCode::unsupported, "version 1"},
        DamageCase{"another_file",
                   [](const fs::path& f) { overwrite(only_segment(f), 0, "SQLite format 3"); },
                   ErrorCode::corrupted, "no corpus segment"},
        DamageCase{
            "a_footer_changed",
            [](const fs::path& f) { overwrite(only_segment(f), fs::file_size(only_segment(f)) - 100, "x"); },
            ErrorCode::corrupted, "checksum"},
        DamageCase{"a_segment_gone", [](const fs::path& f) { fs::remove(only_segment(f)); }, ErrorCode::io,
                   "000001.seg"},
        DamageCase{"a_manifest_cut_short",
                   [](const fs::path& f) { fs::resize_file(f / "CORPUS", fs::file_size(f / "CORPUS") - 5); },
                   ErrorCode::corrupted, "cut short"},
        DamageCase{"a_later_manifest", [](const fs::path& f) { overwrite(f / "CORPUS", 15, "9"); },
                   ErrorCode::too_new, "version 9"}),
    [](const auto& row) { return row.param.name; });

TEST(Corpus, WhatWasFiledByOtherRulesIsFiledAnew) {
  ScratchFolder folder;
  Oracle oracle;
  const auto urls = made_up_urls(3'000, 5);
  for (const std::string& url : urls) oracle.add(url, 19'000);
  make_corpus(folder.path(), urls, {.threads = 1}, 19'000);
  const fs::path old = only_segment(folder.path());
  overwrite(old, offsetof(SegmentPrologue, rules), "\x01\x02\x03\x04");
  EXPECT_TRUE(Corpus::open(folder.path())) << "whoever only reads still can";
  const AddReport report = make_corpus(folder.path(), {"http://new.example/"}, {.threads = 2}, 19'001);
  oracle.add("http://new.example/", 19'001);
  EXPECT_EQ(report.added, 1u) << "the old ones are not counted as added";
  EXPECT_FALSE(fs::exists(old));
  auto corpus = Corpus::open(folder.path());
  ASSERT_TRUE(corpus);
  for (const auto& segment : corpus->segments()) EXPECT_EQ(segment->rules(), key_rules());
  EXPECT_EQ(corpus->urls(), oracle.urls().size());
  expect_same_answers(*corpus, oracle, 173);
}

TEST(Corpus, DamageInsideABlockIsFoundAndNamed) {
  ScratchFolder folder;
  make_corpus(folder.path(), made_up_urls(3'000, 1));
  const fs::path segment = only_segment(folder.path());
  overwrite(segment, fs::file_size(segment) / 3, "damage");
  auto corpus = Corpus::open(folder.path());
  ASSERT_TRUE(corpus);
  auto verified = corpus->verify();
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, ErrorCode::corrupted);
  EXPECT_TRUE(verified.error().offset);
}

// A child adds and tells each commit; it is killed in the middle of things. What it told is there, and the
// corpus is sound and takes more.
TEST(Corpus, SurvivesAKillAtAnyMoment) {
  constexpr int kills = 12;
  ScratchFolder folder;
  std::mt19937_64 random(5);
  size_t acknowledged = 0;
  for (int round = 0; round < kills; ++round) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto writer = CorpusWriter::open(folder.path(), {.threads = 2, .memory_bytes = 64 << 10});
      for (size_t batch = 0; writer; ++batch) {
        for (size_t i = 0; i < 500; ++i)
          (*writer)->add("http://r" + std::to_string(round) + "b" + std::to_string(batch) + ".example/" +
                             std::to_string(i),
                         1, 2);
        if (!(*writer)->commit()) break;
        if (::write(told[1], "x", 1) != 1) break;
      }
      ::_exit(1);
    }
    ::close(told[1]);
    size_t batches = 0;
    char byte;
    const size_t wanted = 1 + random() % 6;
    while (batches < wanted && ::read(told[0], &byte, 1) == 1) ++batches;
    ::usleep(static_cast<useconds_t>(random() % 20'000));
    ::kill(child, SIGKILL);
    while (::read(told[0], &byte, 1) == 1) ++batches;
    ::close(told[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    auto corpus = Corpus::open(folder.path());
    ASSERT_TRUE(corpus) << corpus.error().message();
    ASSERT_TRUE(corpus->verify());
    for (size_t batch = 0; batch < batches; ++batch) {
      auto seed =
          *url::Url::parse("http://r" + std::to_string(round) + "b" + std::to_string(batch) + ".example/0");
      auto found = corpus->same_place(seed, everything);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->urls.size(), 499u);
    }
    acknowledged += batches;
  }
  EXPECT_GE(acknowledged, static_cast<size_t>(kills));
  // What the killed left lying about goes with the next writer.
  make_corpus(folder.path(), {"http://after.example/"});
  auto manifest = read_manifest(folder.path());
  ASSERT_TRUE(manifest);
  size_t files = 0;
  for (const auto& file : fs::directory_iterator(folder.path()))
    files += file.path().string().find(".seg") != std::string::npos;
  EXPECT_EQ(files, manifest->segments.size());
}

}  // namespace
}  // namespace shikake::neighbourhood
