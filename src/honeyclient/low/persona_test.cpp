#include "honeyclient/low/persona.h"

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "honeyclient/low/personas_embedded.h"
#include "honeyclient/low/visit_test.h"
#include "url/percent.h"

namespace shikake::honeyclient::low {
namespace {

TEST(Personas, ThereAreManyOfEachKind) {
  std::map<Engine, int> engines;
  std::set<std::string> languages, zones;
  for (const std::string& name : persona_names()) {
    auto persona = find_persona(name);
    ASSERT_TRUE(persona) << persona.error().message();
    ++engines[persona->engine];
    languages.insert(persona->language.substr(0, 2));
    zones.insert(persona->time_zone);
  }
  EXPECT_GE(persona_names().size(), 24u);
  EXPECT_GE(engines[Engine::trident], 10);
  EXPECT_EQ(engines.size(), 5u);
  EXPECT_TRUE(languages.contains("ja") && languages.contains("en"));
  EXPECT_TRUE(zones.contains("Asia/Tokyo"));
  auto none = find_persona("lynx");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().what.find("ie8-winxp"), std::string::npos);
}

class EachPersona : public ::testing::TestWithParam<std::string> {};

// What a script of the page says of its browser.
std::map<std::string, std::string> told_by_script(const Persona& persona, std::string& user_agent) {
  Sites sites(Sites::Pages{
      {"/",
       "<script language=VBScript>vbscript_ran = 1</script><script>var cc = 0; /*@cc_on cc = "
       "@_jscript_version; @*/"
       "function asks(name) { return name + '=' + eval(name) + '&'; }"
       "document.write('<img src=\"/i?' + escape(asks('navigator.userAgent') + asks('navigator.language') +"
       "asks('navigator.browserLanguage') + asks('navigator.platform') + asks('navigator.appVersion') +"
       "asks('screen.width') + asks('screen.height') + asks('screen.colorDepth') + asks('typeof "
       "ActiveXObject') +"
       "asks('typeof document.all') + asks('typeof attachEvent') + asks('typeof document.body') +"
       "asks('typeof addEventListener') + asks('typeof chrome') + asks('navigator.plugins.length') +"
       "asks('typeof JSON') + asks('typeof [].indexOf') + asks('typeof Promise') + asks('typeof "
       "InternalError') +"
       "asks('typeof fetch') + asks('typeof vbscript_ran') + asks('cc') + asks('typeof "
       "document.documentMode') +"
       "asks('new Date(1700000000000).getTimezoneOffset()')) + '\">')"
       "</script>"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = persona.name;
  intel::VisitRecord visit = visit_or_fail(options);
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
  std::map<std::string, std::string> told;
  if (sites.requests().size() != 2u) {
    ADD_FAILURE() << sites.requests().size() << " requests";
    return told;
  }
  std::string request = sites.requests()[1];
  size_t at = request.find("User-Agent: ") + 12;
  user_agent = request.substr(at, request.find("\r\n", at) - at);
  std::string text = url::percent_decode(
      request.substr(request.find("/i?") + 3, request.find(" HTTP/") - request.find("/i?") - 3));
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find('&', start), equals = text.find('=', start);
    told[text.substr(start, equals - start)] = text.substr(equals + 1, end - equals - 1);
    start = end + 1;
  }
  return told;
}

// As the C library knows it.
long minutes_behind_utc(const std::string& zone, time_t at) {
  const char* before = ::getenv("TZ");
  const std::string kept = before ? before : "";
  ::setenv("TZ", zone.c_str(), 1);
  ::tzset();
  struct tm local {};
  ::localtime_r(&at, &local);
  before ? ::setenv("TZ", kept.c_str(), 1) : ::unsetenv("TZ");
  ::tzset();
  return -local.tm_gmtoff / 60;
}

// What the server is told, what script is told and what script can do must not contradict each other.
TEST_P(EachPersona, AgreesWithItself) {
  auto persona = find_persona(GetParam());
  ASSERT_TRUE(persona) << persona.error().message();
  EXPECT_EQ(persona->name, GetParam());
  std::string user_agent;
  std::map<std::string, std::string> told = told_by_script(*persona, user_agent);
  EXPECT_EQ(user_agent, persona->user_agent);
  EXPECT_EQ(told["navigator.userAgent"], persona->user_agent);
  EXPECT_EQ(told["screen.width"], std::to_string(persona->screen_width));
  EXPECT_EQ(told["screen.height"], std::to_string(persona->screen_height));
  EXPECT_EQ(told["screen.colorDepth"], std::to_string(persona->color_depth));
  EXPECT_EQ(told["navigator.plugins.length"], std::to_string(persona->plugins.size()));

  bool trident = persona->engine == Engine::trident;
  auto old = [&](uint32_t last) { return trident && persona->version <= last; };
  auto function_if = [](bool there) { return there ? "function" : "undefined"; };
  EXPECT_EQ(told[trident && persona->version < 11 ? "navigator.browserLanguage" : "navigator.language"],
            persona->language);
  EXPECT_EQ(told["typeof ActiveXObject"], function_if(old(10)));
  EXPECT_EQ(told["typeof attachEvent"], function_if(old(10)));
  EXPECT_EQ(told["typeof document.all"], old(10) ? "object" : "undefined");
  EXPECT_EQ(told["typeof vbscript_ran"], old(10) ? "number" : "undefined");
  EXPECT_EQ(told["cc"] != "0", old(10)) << told["cc"];
  EXPECT_EQ(told["typeof addEventListener"], function_if(!old(8)));
  EXPECT_EQ(told["typeof [].indexOf"], function_if(!old(8)));
  EXPECT_EQ(told["typeof JSON"], old(7) ? "undefined" : "object");
  EXPECT_EQ(told["typeof document.documentMode"], trident && !old(7) ? "number" : "undefined");
  auto since = [&](uint32_t gecko, uint32_t blink, uint32_t webkit) {
    if (persona->engine == Engine::gecko) return persona->version >= gecko;
    if (persona->engine == Engine::blink) return persona->version >= blink;
    return persona->engine == Engine::edge ||
           (persona->engine == Engine::webkit && persona->version >= webkit);
  };
  EXPECT_EQ(told["typeof Promise"], function_if(since(29, 33, 8)));
  EXPECT_EQ(told["typeof fetch"], function_if(since(39, 42, 10)));
  EXPECT_EQ(told["typeof InternalError"], function_if(persona->engine == Engine::gecko));
  EXPECT_EQ(told["typeof chrome"], persona->engine == Engine::blink ? "object" : "undefined");

  // The same system everywhere.
  auto says = [&](std::string_view part) { return user_agent.find(part) != std::string::npos; };
  std::string platform = told["navigator.platform"];
  if (says("Windows")) {
    EXPECT_EQ(platform, "Win32");
  }
  if (says("Macintosh")) {
    EXPECT_EQ(platform, "MacIntel");
  }
  if (says("iPhone")) {
    EXPECT_EQ(platform, "iPhone");
  }
  if (says("Android") || says("Linux")) {
    EXPECT_EQ(platform.substr(0, 5), "Linux");
  }
  EXPECT_EQ(persona->user_agent.find("MSIE ") != std::string::npos, old(10));
  for (const PersonaField& header : persona->headers) {
    if (header.name == "Accept-Language") {
      EXPECT_EQ(header.value.substr(0, 2), persona->language.substr(0, 2));
    }
    if (header.name == "sec-ch-ua-mobile") {
      EXPECT_EQ(header.value == "?1", says("Mobile"));
    }
  }
  EXPECT_EQ(told["new Date(1700000000000).getTimezoneOffset()"],
            std::to_string(minutes_behind_utc(persona->time_zone, 1700000000)));
}
INSTANTIATE_TEST_SUITE_P(All, EachPersona, ::testing::ValuesIn(persona_names()), [](const auto& row) {
  std::string name = row.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Personas, ComeFromSomewhere) {
  Sites sites(Sites::Pages{{"/", "<script>new Image().src = '/i?' + escape(document.referrer)</script>"}});
  struct {
    const char* persona;
    std::optional<std::string> given;
    std::string header, script;
  } rows[] = {
      {"chrome-win10", {}, "", ""},
      {"ie6-winxp-ja",
       {},
       "http://www.google.co.jp/search?hl=ja&q=127.0.0.1",
       "http%3A//www.google.co.jp/search%3Fhl%3Dja%26q%3D127.0.0.1"},
      // Whose browser sends the origin alone to others.
      {"chrome-android-ja", {}, "https://www.google.com/", "https%3A//www.google.com/"},
      {"ie6-winxp-ja", "", "", ""},
      {"chrome-win10", "http://forum.example/t", "http://forum.example/", "http%3A//forum.example/"},
  };
  for (const auto& row : rows) {
    VisitOptions options = local_visit(sites.url());
    options.persona = row.persona;
    options.referrer = row.given;
    const size_t before = sites.requests().size();
    visit_or_fail(options);
    const std::vector<std::string> requests = sites.requests();
    ASSERT_EQ(requests.size(), before + 2);
    const std::string& first = requests[before];
    const size_t at = first.find("Referer: ");
    EXPECT_EQ(at == std::string::npos ? "" : first.substr(at + 9, first.find("\r\n", at) - at - 9),
              row.header);
    EXPECT_TRUE(requests[before + 1].starts_with("GET /i?" + row.script + " HTTP")) << requests[before + 1];
  }
}

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
  // A whole one, with one word too many.
  for (const EmbeddedPersona& one : embedded_personas()) {
    auto persona = parse_persona("timezone = 'Asia/Tokyo'\n" + std::string(one.text), "x.toml");
    ASSERT_FALSE(persona) << one.name;
    EXPECT_THAT(persona.error().message(), ::testing::HasSubstr("a persona has no timezone"));
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
      {"long_and_says_something",
       "for (var i = 0, t = ''; i < 2000; i++) t += i; new ActiveXObject('Specimen.Player.1').Load(t)",
       intel::VisitVerdict::suspicious},
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
