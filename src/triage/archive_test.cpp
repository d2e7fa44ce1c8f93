// Archives made by the programs that people make them with, and hostile ones.
#include "triage/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "triage/testing.h"
#include "triage/triage.h"

namespace shikake::triage {
namespace {

using testing::Contains;
using testing::HasSubstr;

struct FormatRow {
  const char* name;
  const char* program;
  const char* command;  // in the folder with a/one, two and (deep) three
  const char* format;   // part of what is said
  bool encrypted = false;
  const char* password = "";
};

std::map<std::string, std::string> members_of(const std::filesystem::path& path, Triage& facts,
                                              Options options = {}) {
  std::map<std::string, std::string> out;
  options.on_member = [&](const Member& member, std::string bytes) -> Result<> {
    EXPECT_EQ(base::sha256(bytes).hex(), member.sha256);
    EXPECT_EQ(bytes.size(), member.size);
    out[member.path] = std::move(bytes);
    return {};
  };
  auto triaged = triage_file(path, options);
  EXPECT_TRUE(triaged) << triaged.error().message();
  if (triaged) facts = std::move(*triaged);
  return out;
}

TEST(Archive, OpensWhatProgramsMake) {
  const FormatRow rows[] = {
      {"zip", "7zz", "7zz a -bso0 -bd out a two", "ZIP"},
      {"zip with the usual password", "7zz", "7zz a -bso0 -bd -pinfected out a two", "ZIP", true, "infected"},
      {"zip with AES", "7zz", "7zz a -bso0 -bd -pinfected -mem=AES256 out a two", "ZIP", true, "infected"},
      {"7z", "7zz", "7zz a -bso0 -bd -t7z out a two", "7-Zip"},
      {"tar", "tar", "tar cf out a two", "tar"},
      {"tar.gz", "tar", "tar czf out a two", "gzip"},
      {"tar.xz", "xz", "tar cJf out a two", "xz"},
      {"tar.bz2", "bzip2", "tar cjf out a two", "bzip2"},
      {"ar", "ar", "ar rc out a/one two", "ar"},
      {"cpio", "cpio", "find a two | cpio -o --quiet > out", "cpio"},
  };
  for (const FormatRow& row : rows) {
    SCOPED_TRACE(row.name);
    if (!has_program(row.program)) {
      std::printf("skipped: %s: %s is not installed here\n", row.name, row.program);
      continue;
    }
    TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "a");
    folder.write("a/one", "the first file\n");
    folder.write("two", std::string(5000, 'x') + "\n#!/bin/sh\n");
    std::string command = row.command;
    if (std::string_view(row.program) == "7zz" && command.find("-t7z") == command.npos)
      command.replace(command.find("7zz a"), 5, "7zz a -tzip");
    output_of("cd " + folder.path().string() + " && " + command);
    // 7z puts an ending of its own behind a name without one.
    std::filesystem::path made = folder.path() / "out";
    for (const char* ending : {".zip", ".7z"}) {
      if (std::filesystem::exists(made.string() + ending)) made += ending;
    }
    Triage facts;
    auto members = members_of(made, facts);
    EXPECT_EQ(facts.kind, FileKind::archive);
    ASSERT_TRUE(facts.archive);
    EXPECT_THAT(facts.archive->format, HasSubstr(row.format));
    EXPECT_EQ(facts.archive->error, "");
    EXPECT_EQ(facts.archive->password, row.password);
    EXPECT_EQ(members.size(), 2u);
    const bool flat = std::string_view(row.name) == "ar";
    EXPECT_EQ(members[flat ? "one" : "a/one"], "the first file\n");
    EXPECT_EQ(members["two"].size(), 5011u);
    EXPECT_TRUE(facts.complete);
  }
}

TEST(Archive, OpensOneCompressedFile) {
  TemporaryFolder folder;
  folder.write("plain", "#!/bin/sh\necho packed\n");
  output_of("gzip -n " + (folder.path() / "plain").string());
  Triage facts;
  auto members = members_of(folder.path() / "plain.gz", facts);
  ASSERT_TRUE(facts.archive);
  EXPECT_EQ(facts.archive->format, "gzip");
  EXPECT_EQ(members[""], "#!/bin/sh\necho packed\n");
}

TEST(Archive, TriesPasswordsInTurnAndSaysWhenNoneOpens) {
  SHIKAKE_NEED_PROGRAM("7zz");
  TemporaryFolder folder;
  folder.write("inside", "content of some length, so that a wrong password is seen\n");
  auto archive = folder.path() / "locked.zip";
  output_of("cd " + folder.path().string() + " && 7zz a -bso0 -bd -tzip -psecret locked.zip inside");
  Triage facts;
  EXPECT_EQ(members_of(archive, facts).size(), 0u);
  ASSERT_TRUE(facts.archive);
  ASSERT_EQ(facts.archive->members.size(), 1u);
  EXPECT_TRUE(facts.archive->members[0].encrypted);
  EXPECT_FALSE(facts.archive->members[0].extracted);
  EXPECT_THAT(facts.archive->members[0].why_not, HasSubstr("assphrase"));

  Options options;
  options.passwords = {"infected", "virus", "secret"};
  EXPECT_EQ(members_of(archive, facts, options).size(), 1u);
  EXPECT_EQ(facts.archive->password, "secret");
}

TEST(Archive, StopsBombs) {
  TemporaryFolder folder;
  auto bomb = folder.path() / "bomb.gz";
  output_of("yes | head -c 30M | gzip -9 > " + bomb.string());
  Triage facts;
  auto members = members_of(bomb, facts);
  EXPECT_EQ(members.size(), 0u);
  EXPECT_FALSE(facts.complete);
  EXPECT_THAT(facts.limits_hit, Contains(HasSubstr("bomb")));
  ASSERT_TRUE(facts.archive);
  EXPECT_FALSE(facts.archive->members.at(0).extracted);
}

TEST(Archive, ListsNoMoreMembersThanItKeeps) {
  TemporaryFolder folder;
  output_of("cd " + folder.path().string() +
            " && for i in $(seq 1100); do : > f$i; done && tar cf out.tar f*");
  Triage facts;
  members_of(folder.path() / "out.tar", facts);
  ASSERT_TRUE(facts.archive);
  EXPECT_EQ(facts.archive->members.size(), max_members);
  EXPECT_FALSE(facts.complete);
}

TEST(Archive, SaysWhatIsDamagedAndKeepsWhatCameBefore) {
  TemporaryFolder folder;
  std::string noise;
  uint32_t state = 1;
  for (int i = 0; i < 600'000; ++i)
    noise += static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  folder.write("a", "the first\n");
  folder.write("b", noise);
  output_of("cd " + folder.path().string() + " && tar czf whole.tgz a b");
  std::string bytes = read_all(folder.path() / "whole.tgz");
  auto cut = folder.write("cut.tgz", bytes.substr(0, bytes.size() / 2));
  Triage facts;
  auto members = members_of(cut, facts);
  EXPECT_EQ(members["a"], "the first\n");
  ASSERT_TRUE(facts.archive);
  ASSERT_EQ(facts.archive->members.size(), 2u);
  EXPECT_FALSE(facts.archive->members[1].extracted);
  EXPECT_NE(facts.archive->members[1].why_not, "");
}

TEST(Archive, KeepsNamesThatWouldEscapeAsTheyAreAndLinksAsLinks) {
  TemporaryFolder folder;
  folder.write("x", "content\n");
  output_of("cd " + folder.path().string() +
            " && ln -s /etc/passwd link && tar cPf out.tar --transform='s,^x$,../../../etc/evil,' x link");
  Triage facts;
  auto members = members_of(folder.path() / "out.tar", facts);
  EXPECT_EQ(members.count("../../../etc/evil"), 1u);
  ASSERT_EQ(facts.archive->members.size(), 2u);
  EXPECT_EQ(facts.archive->members[1].type, 'l');
  EXPECT_EQ(facts.archive->members[1].link_target, "/etc/passwd");
}

TEST(Archive, IsNotOpenedWhenItLiesTooDeep) {
  TemporaryFolder folder;
  folder.write("x", "content\n");
  output_of("cd " + folder.path().string() + " && tar cf out.tar x");
  Options options;
  options.depth = max_archive_depth;
  Triage facts;
  EXPECT_EQ(members_of(folder.path() / "out.tar", facts, options).size(), 0u);
  EXPECT_FALSE(facts.archive);
  EXPECT_THAT(facts.limits_hit, Contains(HasSubstr("too many others")));
}

TEST(Archive, TellsTheSinksError) {
  TemporaryFolder folder;
  folder.write("x", "content\n");
  output_of("cd " + folder.path().string() + " && tar cf out.tar x");
  Options options;
  options.on_member = [](const Member&, std::string) -> Result<> {
    return fail(Module::app, ErrorCode::io, "the disk is full");
  };
  auto facts = triage_file(folder.path() / "out.tar", options);
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message(), HasSubstr("the disk is full"));
}

}  // namespace
}  // namespace shikake::triage
