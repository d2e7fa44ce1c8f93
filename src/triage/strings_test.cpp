#include "triage/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "triage/script.h"
#include "triage/testing.h"

namespace shikake::triage {
namespace {

using List = std::vector<std::string>;
using testing::Contains;
using testing::ElementsAreArray;
using testing::HasSubstr;

std::string wide(std::string_view text) {
  std::string out;
  for (char c : text) out += {c, '\0'};
  return out;
}

struct RunRow {
  const char* name;
  std::string bytes;
  List values;
};

TEST(Strings, FindsRuns) {
  const std::string nul(1, '\0');
  const RunRow rows[] = {
      {"none", "", {}},
      {"too short", "abcde" + nul, {}},
      {"one", nul + "abcdef" + nul, {"abcdef"}},
      {"two", "first one\x01second", {"first one", "second"}},
      {"tab is text", "a\tbcdef", {"a\tbcdef"}},
      {"wide", nul + nul + wide("wide text") + nul, {"wide text"}},
      {"wide after narrow", "abc\x01" + wide("wide text"), {"wide text"}},
      {"wide that starts in a narrow run", "xy" + wide("http://a.example/"), {"yhttp://a.example/"}},
      {"wide cut in the middle", wide("wide text") + "x", {"wide text"}},
      {"wide, too short", wide("wide"), {}},
      {"high bytes part",
       "abc\xE9"
       "defghi",
       {"defghi"}},
  };
  for (const RunRow& row : rows) {
    SCOPED_TRACE(row.name);
    auto found = find_strings(base::as_bytes(row.bytes));
    EXPECT_EQ(found.strings.count, row.values.size());
    if (std::string_view(row.name) == "wide that starts in a narrow run")
      continue;  // its first letter may be either's
    EXPECT_THAT(found.strings.values, ElementsAreArray(row.values));
  }
}

TEST(Strings, AgreesWithTheProgram) {
  SHIKAKE_NEED_PROGRAM("strings");
  auto found = find_strings(base::as_bytes(read_all("/bin/true")));
  List expected;
  std::string text = output_of("strings -a -n 6 /bin/true");
  for (size_t at = 0, end; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    if (expected.size() < max_strings)
      expected.push_back(text.substr(at, std::min(end - at, max_string_bytes)));
  }
  List narrow;
  for (const std::string& value : found.strings.values) narrow.push_back(value);
  EXPECT_THAT(narrow, ElementsAreArray(expected));  // it has no wide ones
}

struct FindingRow {
  const char* name;
  const char* text;
  List urls = {}, domains = {}, addresses = {}, paths = {}, mails = {};
};

TEST(Strings, FindsNamesAndPlaces) {
  const FindingRow rows[] = {
      {"url", "GET http://c2.example/gate.php?id=%d", {"http://c2.example/gate.php?id=%d"}, {"c2.example"}},
      {"url in quotes", "wget \"https://A.example:8443/x\";", {"https://a.example:8443/x"}, {"a.example"}},
      {"url at a sentence's end", "see http://a.example/x.", {"http://a.example/x"}, {"a.example"}},
      {"url with an address", "http://192.0.2.7/bin.sh", {"http://192.0.2.7/bin.sh"}, {}, {"192.0.2.7"}},
      {"url with an odd address", "http://0x7f.1/a", {"http://127.0.0.1/a"}, {}, {"127.0.0.1"}},
      {"url behind letters", "xxhttp://a.example/", {"http://a.example/"}, {"a.example"}},
      {"two urls",
       "http://a.example/,http://b.example/",
       {"http://a.example/,http://b.example/", "http://b.example/"},
       {"a.example", "b.example"}},
      {"format alone", "http://%s/%s"},
      {"pool", "stratum+tcp://pool.example:3333", {"stratum+tcp://pool.example:3333"}, {"pool.example"}},
      {"opaque address", "tcp://192.0.2.7:4444", {"tcp://192.0.2.7:4444"}, {}, {"192.0.2.7"}},
      {"namespace", "android://resource"},
      {"domain", "connect evil.com now", {}, {"evil.com"}},
      {"domain in capitals", "HOST EVIL.COM", {}, {"evil.com"}},
      {"domain with port", "evil.com:8080", {}, {"evil.com"}},
      {"hidden service", "abcdefgh.onion", {}, {"abcdefgh.onion"}},
      {"library", "libc.so.6 libcrypt.so"},
      {"script", "run.sh main.rs", {}, {}},
      {"www. of a file's ending", "www.place.rs", {}, {"www.place.rs"}},
      {"symbol", "GLIBC_2.2.5 System.Net.Sockets foo.c"},
      {"section", ".note.gnu.build-id .gnu.hash"},
      {"address", "bind 198.51.100.23 ok", {}, {}, {"198.51.100.23"}},
      {"address with port", "198.51.100.23:23", {}, {}, {"198.51.100.23"}},
      {"version of four", "ver_1.2.3.4", {}, {}, {}},
      {"five numbers", "1.2.3.4.5"},
      {"number too large", "1.2.3.256"},
      {"IPv6", "to 2001:db8::23:1 now", {}, {}, {"2001:db8::23:1"}},
      {"C++ name", "std::basic_string", {}, {}, {}},
      {"time", "at 12:34:56", {}, {}, {}},
      {"path", "open /etc/cron.d/x failed", {}, {}, {}, {"/etc/cron.d/x"}},
      {"path in a command", "cp x /tmp/.x;chmod", {}, {}, {}, {"/tmp/.x"}},
      {"path inside a name", "a/tmp/b usr/bin/x"},
      {"path of other systems", "/Users/x/y"},
      {"folder alone", "cd /tmp/"},
      {"mail address", "mailto boss@mail.example!", {}, {}, {}, {}, {"boss@mail.example"}},
  };
  for (const FindingRow& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string text = row.text;
    Strings found = find_strings(base::as_bytes(text)).strings;
    if (std::string_view(row.name) == "mail address")
      found.domains.clear();  // of the address: may be listed as well
    EXPECT_EQ(found.urls, row.urls);
    EXPECT_EQ(found.domains, row.domains);
    EXPECT_EQ(found.addresses, row.addresses);
    EXPECT_EQ(found.paths, row.paths);
    EXPECT_EQ(found.mail_addresses, row.mails);
  }
}

TEST(Strings, StaysBounded) {
  std::string many;
  for (int i = 0; i < 5000; ++i)
    many += "http://h" + std::to_string(i) + ".example/ /tmp/file" + std::to_string(i) + "\n";
  auto found = find_strings(base::as_bytes(many));
  EXPECT_EQ(found.strings.count, 5000u);
  EXPECT_EQ(found.strings.values.size(), max_strings);
  EXPECT_EQ(found.strings.urls.size(), max_found);
  EXPECT_EQ(found.strings.paths.size(), max_found);
  EXPECT_THAT(found.limits_hit, Contains(HasSubstr("strings: only the first")));
  EXPECT_THAT(found.limits_hit, Contains(HasSubstr("names and addresses")));

  const std::string line(3 << 20, 'a');  // one run of three MiB
  found = find_strings(base::as_bytes(line));
  EXPECT_EQ(found.strings.values.front().size(), max_string_bytes);
}

struct ScriptRow {
  const char* name;
  const char* text;
  const char* mime;
  const char* file_name;
  const char* language;  // "": no script
  const char* interpreter = "";
  List arguments = {};
};

TEST(Script, FindsTheInterpreter) {
  const ScriptRow rows[] = {
      {"sh", "#!/bin/sh\n", "text/x-shellscript", "x", "sh", "/bin/sh"},
      {"bash with an option", "#!/bin/bash -e\n", "text/x-shellscript", "x", "sh", "/bin/bash", {"-e"}},
      {"blank before", "#! /usr/bin/perl -w\n", "text/x-perl", "x", "perl", "/usr/bin/perl", {"-w"}},
      {"env", "#!/usr/bin/env python3\n", "text/x-script.python", "x", "python", "/usr/bin/python3"},
      {"env with options",
       "#!/usr/bin/env -S A=b python3 -u\n",
       "text/plain",
       "x",
       "python",
       "/usr/bin/python3",
       {"-u"}},
      {"version", "#!/usr/local/bin/python3.11\n", "text/plain", "x", "python", "/usr/local/bin/python3.11"},
      {"busybox", "#!/bin/busybox sh\n", "text/plain", "x", "sh", "/bin/sh"},
      {"carriage return", "#!/bin/sh\r\necho\r\n", "text/plain", "x", "sh", "/bin/sh"},
      {"no line end", "#!/bin/sh", "text/plain", "x", "sh", "/bin/sh"},
      {"unknown interpreter", "#!/opt/strange\n", "text/plain", "x.sh", "strange", "/opt/strange"},
      {"nothing behind", "#!\n", "text/plain", "x", ""},
      {"by type", "import os\n", "text/x-script.python", "x", "python", "/usr/bin/python3"},
      {"by extension", "hello\n", "text/plain", "x.PL", "perl", "/usr/bin/perl"},
      {"by opening", "cd /tmp || cd /var\nwget x\n", "text/plain", "x", "sh", "/bin/sh"},
      {"by opening, php", "<?php eval(1);", "text/plain", "x", "php", "/usr/bin/php"},
      {"text", "some words\n", "text/plain", "readme", ""},
      {"binary with a script's name", "\x01\x02", "application/octet-stream", "x.sh", ""},
      {"empty", "", "inode/x-empty", "x.sh", ""},
  };
  for (const ScriptRow& row : rows) {
    SCOPED_TRACE(row.name);
    auto script = find_script(base::as_bytes(row.text), row.mime, row.file_name);
    EXPECT_EQ(script ? script->language : "", row.language);
    if (!script) continue;
    EXPECT_EQ(script->interpreter, row.interpreter);
    EXPECT_EQ(script->arguments, row.arguments);
  }
}

}  // namespace
}  // namespace shikake::triage
