#include "honeyclient/low/cors.h"

#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Cors, AsksFirstForWhatNoFormCouldSend) {
  struct {
    const char* name;
    std::string method;
    std::vector<Header> headers;
    std::vector<std::string> unsafe;
    bool asks;
  } rows[] = {
      {"plain", "GET", {}, {}, false},
      {"another_method", "PUT", {}, {}, true},
      {"a_method_in_small_letters_is_another", "patch", {}, {}, true},
      {"a_form", "POST", {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}}, {}, false},
      {"json", "POST", {{"Content-Type", "application/json"}}, {"content-type"}, true},
      {"a_name_of_ones_own", "GET", {{"X-Who", "me"}, {"A", ""}}, {"a", "x-who"}, true},
      {"twice", "GET", {{"X-A", "1"}, {"x-a", "2"}}, {"x-a"}, true},
      {"languages", "GET", {{"Accept-Language", "de, en;q=0.5"}, {"Content-Language", "de"}}, {}, false},
      {"languages_with_other_letters", "GET", {{"Accept-Language", "de_DE"}}, {"accept-language"}, true},
      {"accept_with_a_quote", "GET", {{"Accept", "\"x\""}}, {"accept"}, true},
      {"a_long_one", "GET", {{"Accept", std::string(129, 'x')}}, {"accept"}, true},
      {"type_with_a_bracket", "POST", {{"Content-Type", "text/plain; a=(b)"}}, {"content-type"}, true},
      {"many_safe_ones", "GET", std::vector<Header>(9, {"Accept", std::string(128, 'x')}), {"accept"}, true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(unsafe_header_names(row.headers), row.unsafe) << row.name;
    EXPECT_EQ(needs_preflight({row.method, row.headers, "http://a", Credentials::omit}), row.asks) << row.name;
  }
}

TEST(Cors, TheServerSaysWhoMayRead) {
  const std::string origin = "Access-Control-Allow-Origin", credentials = "Access-Control-Allow-Credentials";
  struct {
    const char* name;
    net::Headers answer;
    Credentials with;
    const char* refusal;  // part of it; nullptr: allowed
  } rows[] = {
      {"nothing", {}, Credentials::same_origin, "no Access-Control-Allow-Origin"},
      {"everybody", {{origin, "*"}}, Credentials::same_origin, nullptr},
      {"this_one", {{"access-control-allow-origin", "http://a.example"}}, Credentials::same_origin, nullptr},
      {"another", {{origin, "http://b.example"}}, Credentials::omit, "is http://b.example"},
      {"in_capitals", {{origin, "HTTP://A.EXAMPLE"}}, Credentials::omit, "is HTTP"},
      {"twice", {{origin, "*"}, {origin, "*"}}, Credentials::omit, "is *, *"},
      {"everybody_is_not_who_has_cookies", {{origin, "*"}}, Credentials::include, "is *"},
      {"cookies_unasked", {{origin, "http://a.example"}}, Credentials::include, "Credentials"},
      {"cookies", {{origin, "http://a.example"}, {credentials, "true"}}, Credentials::include, nullptr},
      {"cookies_in_capitals", {{origin, "http://a.example"}, {credentials, "True"}}, Credentials::include,
       "Credentials"},
  };
  for (const auto& row : rows) {
    const auto refusal = cors_refusal({"GET", {}, "http://a.example", row.with}, row.answer);
    ASSERT_EQ(refusal.has_value(), row.refusal != nullptr) << row.name;
    if (refusal) {
      EXPECT_THAT(*refusal, HasSubstr(row.refusal)) << row.name;
    }
  }
}

TEST(Cors, AskedFirstItNamesMethodsAndHeaders) {
  const net::Header all{"Access-Control-Allow-Origin", "*"};
  struct {
    const char* name;
    std::string method;
    std::vector<Header> headers;
    int status;
    net::Headers answer;
    const char* refusal;
  } rows[] = {
      {"method", "PUT", {}, 204, {all, {"Access-Control-Allow-Methods", "GET, PUT"}}, nullptr},
      {"other_methods", "PUT", {}, 204, {all, {"Access-Control-Allow-Methods", "put"}}, "lacks PUT"},
      {"any_method", "PUT", {}, 200, {all, {"Access-Control-Allow-Methods", "*"}}, nullptr},
      {"failed", "PUT", {}, 404, {all, {"Access-Control-Allow-Methods", "*"}}, "status 404"},
      {"header", "GET", {{"X-A", "1"}}, 200, {all, {"Access-Control-Allow-Headers", "x-A"}}, nullptr},
      {"other_headers", "GET", {{"X-A", "1"}}, 200, {all, {"Access-Control-Allow-Headers", "x-b"}}, "lacks x-a"},
      {"any_header", "GET", {{"X-A", "1"}}, 200, {all, {"Access-Control-Allow-Headers", "*"}}, nullptr},
      {"any_header_is_not_authorization",
       "GET",
       {{"Authorization", "1"}},
       200,
       {all, {"Access-Control-Allow-Headers", "*"}},
       "lacks authorization"},
      {"silent", "DELETE", {}, 200, {}, "no Access-Control-Allow-Origin"},
  };
  for (const auto& row : rows) {
    const auto refusal =
        preflight_refusal({row.method, row.headers, "http://a.example", Credentials::omit}, row.status, row.answer);
    ASSERT_EQ(refusal.has_value(), row.refusal != nullptr) << row.name;
    if (refusal) {
      EXPECT_THAT(*refusal, HasSubstr(row.refusal)) << row.name;
    }
  }
}

TEST(Cors, ScriptsSeeSomeHeaders) {
  const net::Headers answer = {{"Content-Type", "text/plain"}, {"Set-Cookie", "a=b"}, {"X-A", "1"}, {"X-B", "2"},
                               {"Access-Control-Expose-Headers", "x-b"}};
  auto names = [&](ResponseType type) {
    std::vector<std::string> all;
    for (const net::Header& header : readable_headers(answer, type, Credentials::omit)) all.push_back(header.name);
    return all;
  };
  EXPECT_THAT(names(ResponseType::basic),
              ElementsAre("Content-Type", "X-A", "X-B", "Access-Control-Expose-Headers"));
  EXPECT_THAT(names(ResponseType::cors), ElementsAre("Content-Type", "X-B"));
  EXPECT_THAT(names(ResponseType::opaque), IsEmpty());
}

// --- in pages ---------------------------------------------------------------------------------------------

struct Row {
  const char* name;
  const char* script;  // logs
  std::map<std::string, std::string> answers;
  std::vector<std::string> says;
  std::vector<std::string> sent;  // "METHOD /path", without the page's own
  const char* persona = "chrome-win10";
};

class Across : public ::testing::TestWithParam<Row> {};

const std::string to_all = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nAccess-Control-Allow-Origin: *\r\n";

TEST_P(Across, IsAsInABrowser) {
  Sites::Pages pages;
  for (const auto& [path, answer] : GetParam().answers) pages[path] = answer;
  pages["/"] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: home=1\r\n\r\n<script>" +
               std::string(GetParam().script) + "</script>";
  Sites sites(std::move(pages));
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  KeptBlobs blobs;
  const intel::VisitRecord visit = visit_or_fail(options, blobs);
  std::vector<std::string> says;
  for (const std::string& line : events_of(visit, "console")) says.push_back(sites.named(line));
  EXPECT_EQ(says, GetParam().says) << ::testing::PrintToString(events_of(visit, "error"));
  std::vector<std::string> sent;
  for (const std::string& request : sites.requests())
    if (!request.starts_with("GET / ")) sent.push_back(request.substr(0, request.find(" HTTP/")));
  EXPECT_EQ(sent, GetParam().sent);
  // Whatever the script was told: what came is in the record.
  for (const intel::VisitNode& node : visit.nodes) {
    const std::string path = sites.named(node.url);
    if (!path.starts_with("{b}/") || !GetParam().answers.contains(path.substr(3))) continue;
    if (std::ranges::find(sent, "GET " + path.substr(3)) == sent.end()) continue;
    EXPECT_TRUE(node.fetched) << path;
    EXPECT_TRUE(node.sha256 && blobs.kept.contains(node.sha256->hex())) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Across,
    ::testing::Values(
        Row{"fetch_unasked",
            "fetch('{b}/d').then(r => r.text()).then(console.log, e => console.log(e.name))",
            {{"/d", "secret"}},
            {"TypeError"},
            {"GET /d"}},
        Row{"fetch_allowed",
            "fetch('{b}/d').then(r => { console.log(r.type, r.status, r.headers.get('x-a'), r.headers.get('x-b'));"
            "return r.text() }).then(console.log)",
            {{"/d", to_all + "X-A: 1\r\nX-B: 2\r\nAccess-Control-Expose-Headers: X-B\r\n\r\nopen"}},
            {"cors 200 null 2", "open"},
            {"GET /d"}},
        Row{"fetch_without_a_look",
            "fetch('{b}/d', {mode: 'no-cors', headers: {'X-A': '1'}}).then(r => { console.log(r.type, r.status, r.ok);"
            "return r.text() }).then(t => console.log('[' + t + ']'))",
            {{"/d", "secret"}},
            {"opaque 0 false", "[]"},
            {"GET /d"}},
        Row{"fetch_for_home_alone",
            "fetch('{b}/d', {mode: 'same-origin'}).catch(e => console.log(e.name));"
            "fetch('/e', {mode: 'same-origin'}).then(r => console.log(r.type))",
            {{"/d", "x"}, {"/e", "x"}},
            {"TypeError", "basic"},
            {"GET /e"}},
        Row{"at_home_all_is_seen_but_cookies",
            "fetch('/d').then(r => console.log(r.headers.get('x-a'), r.headers.get('set-cookie')))",
            {{"/d", "HTTP/1.1 200 OK\r\nX-A: 1\r\nSet-Cookie: a=b\r\n\r\nx"}},
            {"1 null"},
            {"GET /d"}},
        Row{"asked_first_and_allowed",
            "fetch('{b}/d', {method: 'PUT', body: '{}', headers: {'X-A': '1', 'Content-Type': 'application/json'}})"
            ".then(r => r.text()).then(console.log).then(() => fetch('{b}/d', {method: 'PUT', body: '{}',"
            "headers: {'X-A': '2', 'Content-Type': 'application/json'}}))",
            {{"/d", to_all + "Access-Control-Allow-Methods: PUT\r\nAccess-Control-Allow-Headers: X-A, "
                             "Content-Type\r\n\r\nopen"}},
            {"open"},
            {"OPTIONS /d", "PUT /d", "PUT /d"}},
        Row{"asked_first_and_refused",
            "fetch('{b}/d', {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json'}})"
            ".then(console.log, e => console.log(e.name))",
            {{"/d", "HTTP/1.1 404 Not Found\r\n\r\n"}},
            {"TypeError"},
            {"OPTIONS /d"}},
        Row{"by_a_redirect",
            "fetch('/go').then(console.log, e => console.log(e.name));",
            {{"/go", "HTTP/1.1 302 Found\r\nLocation: {b}/d\r\n\r\n"}, {"/d", "secret"}},
            {"TypeError"},
            {"GET /go", "GET /d"}},
        Row{"by_a_redirect_home_its_origin_is_lost",
            "fetch('{b}/go').then(console.log, e => console.log(e.name));",
            {{"/go", "HTTP/1.1 302 Found\r\nAccess-Control-Allow-Origin: *\r\nLocation: {a}/d\r\n\r\n"},
             {"/d", "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: {a}\r\n\r\nsecret"}},
            {"TypeError"},
            {"GET /go", "GET /d"}},
        Row{"a_request_object",
            "var q = new Request('{b}/d', {mode: 'no-cors', credentials: 'omit'});"
            "console.log(q.method, q.mode, q.credentials, q.url); fetch(q).then(r => console.log(r.type))",
            {{"/d", "x"}},
            {"GET no-cors omit {b}/d", "opaque"},
            {"GET /d"}},
        Row{"xhr_unasked",
            "var x = new XMLHttpRequest; x.open('GET', '{b}/d'); x.onerror = x.onload = function (e) {"
            "console.log(e.type, x.status, '[' + x.responseText + ']') }; x.send()",
            {{"/d", "secret"}},
            {"error 0 []"},
            {"GET /d"}},
        Row{"xhr_synchronous_and_unasked",
            "var x = new XMLHttpRequest; x.open('GET', '{b}/d', false); try { x.send() } catch (e) {"
            "console.log(e.name) }",
            {{"/d", "secret"}},
            {"NetworkError"},
            {"GET /d"}},
        Row{"xhr_allowed",
            "var x = new XMLHttpRequest; x.open('GET', '{b}/d'); x.onload = function (e) {"
            "console.log(x.responseText, x.getResponseHeader('X-A')) }; x.send()",
            {{"/d", to_all + "X-A: 1\r\n\r\nopen"}},
            {"open null"},
            {"GET /d"}},
        Row{"xhr_of_internet_explorer_8",
            "try { new XMLHttpRequest().open('GET', '{b}/d') } catch (e) { console.log(e.message) }",
            {{"/d", to_all + "\r\nopen"}},
            {"Access is denied."},
            {},
            "ie8-winxp"},
        Row{"xhr_of_internet_explorer_10",
            "var x = new XMLHttpRequest; x.open('GET', '{b}/d'); x.onload = function () {"
            "console.log(x.responseText) }; x.send()",
            {{"/d", to_all + "\r\nopen"}},
            {"open"},
            {"GET /d"},
            "ie10-win7"},
        Row{"a_component_keeps_no_rule",
            "var x = new ActiveXObject('Microsoft.XMLHTTP'); x.open('GET', '{b}/d', false); x.send();"
            "console.log(x.responseText)",
            {{"/d", "secret"}},
            {"secret"},
            {"GET /d"},
            "ie8-winxp"},
        Row{"xdomainrequest",
            "var x = new XDomainRequest(); x.onload = function () { console.log(x.responseText, x.contentType) };"
            "x.open('GET', '{b}/d'); x.send()",
            {{"/d", to_all + "\r\nopen"}},
            {"open text/plain"},
            {"GET /d"},
            "ie8-winxp"},
        Row{"xdomainrequest_unasked",
            "var x = new XDomainRequest(); x.onerror = function () { console.log('error' + x.responseText) };"
            "x.open('POST', '{b}/d'); x.send('q'); try { x.open('PUT', '{b}/d') } catch (e) { console.log('no') }",
            {{"/d", "secret"}},
            {"no", "error"},
            {"POST /d"},
            "ie9-win7"},
        Row{"xdomainrequest_came_with_version_8_and_left_with_11",
            "document.write('<img src=/i?' + typeof XDomainRequest + '>')",
            {{"/i", "x"}},
            {},
            {"GET /i?undefined"},
            "ie11-win10"},
        Row{"modules_of_others_must_be_allowed",
            "var s = document.createElement('script'); s.type = 'module'; s.src = '{b}/m.js';"
            "s.onerror = () => console.log('error'); document.head.appendChild(s)",
            {{"/m.js", "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\nconsole.log('ran')"}},
            {"error"},
            {"GET /m.js"}},
        Row{"scripts_of_others_need_not",
            "var s = document.createElement('script'); s.src = '{b}/m.js'; document.head.appendChild(s)",
            {{"/m.js", "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\nconsole.log('ran')"}},
            {"ran"},
            {"GET /m.js"}},
        Row{"but_where_the_element_asks_for_it",
            "var s = document.createElement('script'); s.crossOrigin = 'anonymous'; s.src = '{b}/m.js';"
            "s.onerror = () => console.log('error'); document.head.appendChild(s)",
            {{"/m.js", "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\nconsole.log('ran')"}},
            {"error"},
            {"GET /m.js"}},
        Row{"event_source",
            "var s = new EventSource('{b}/s'); s.onopen = () => console.log('open');"
            "s.addEventListener('hint', e => console.log(e.data, e.lastEventId)); s.onmessage = e => "
            "console.log(e.data); s.onerror = () => console.log('error', s.readyState)",
            {{"/s", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
                    ": talk\nid: 7\nevent: hint\ndata: one\ndata: two\n\ndata:three\r\n\r\ndata: unfinished"}},
            {"open", "one\ntwo 7", "three", "error 2"},
            {"GET /s"}}),
    [](const auto& row) { return row.param.name; });

// What the server of the other site is told: origin and cookies, by the persona's browser.
struct CookieRow {
  const char* name;
  const char* persona;
  const char* script;
  const char* set_cookie;  // by {b} at its first answer, more headers of it behind
  const char* cookie;      // of the second request there; nullptr: none
};

class ThirdParties : public ::testing::TestWithParam<CookieRow> {};

TEST_P(ThirdParties, HaveTheCookiesThatTheBrowserGivesThem) {
  const std::string first = "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nSet-Cookie: " +
                            std::string(GetParam().set_cookie) + "\r\n\r\nx";
  Sites sites(Sites::Pages{{"/", "<img src={b}/1 onload=\"again()\" onerror=\"again()\"><script>function again() {" +
                                     std::string(GetParam().script) + "}</script>"},
                           {"/1", first},
                           {"/2", "x"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  visit_or_fail(options);
  const std::vector<std::string> requests = sites.requests();
  ASSERT_EQ(requests.size(), 3u);
  ASSERT_TRUE(requests[2].starts_with("GET /2 ")) << requests[2];
  const size_t at = requests[2].find("\r\nCookie: ");
  if (GetParam().cookie == nullptr) {
    EXPECT_EQ(at, std::string::npos) << requests[2];
  } else {
    ASSERT_NE(at, std::string::npos) << requests[2];
    EXPECT_EQ(requests[2].substr(at + 10, requests[2].find("\r\n", at + 2) - at - 10), GetParam().cookie);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ThirdParties,
    ::testing::Values(
        CookieRow{"a_picture_in_an_old_chrome", "chrome36-win7", "new Image().src = '{b}/2'", "k=1", "k=1"},
        CookieRow{"a_picture_in_a_new_chrome", "chrome-win10", "new Image().src = '{b}/2'", "k=1", nullptr},
        CookieRow{"a_picture_in_safari", "safari-macos", "new Image().src = '{b}/2'", "k=1", nullptr},
        CookieRow{"a_picture_in_firefox", "firefox-win10", "new Image().src = '{b}/2'", "k=1", "k=1"},
        CookieRow{"internet_explorer_wants_a_policy", "ie8-winxp", "new Image().src = '{b}/2'", "k=1", nullptr},
        CookieRow{"and_takes_it", "ie8-winxp", "new Image().src = '{b}/2'", "k=1\r\nP3P: CP=\"NOI\"", "k=1"},
        CookieRow{"a_fetch_has_none", "firefox-win10", "fetch('{b}/2').catch(e => 1)", "k=1", nullptr},
        CookieRow{"unless_it_asks", "firefox-win10", "fetch('{b}/2', {credentials: 'include'}).catch(e => 1)", "k=1",
                  "k=1"},
        CookieRow{"a_request_has_none", "chrome36-win7",
                  "var x = new XMLHttpRequest(); x.open('GET', '{b}/2'); x.send()", "k=1", nullptr},
        CookieRow{"unless_it_asks_too", "chrome36-win7",
                  "var x = new XMLHttpRequest(); x.open('GET', '{b}/2'); x.withCredentials = true; x.send()", "k=1",
                  "k=1"}),
    [](const auto& row) { return row.param.name; });

// A jar for each site that is visited: what the third party knows of its own visitors it does not see here.
TEST(ThirdParties, AreKeptApart) {
  Sites sites(Sites::Pages{{"/home", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: who=me\r\n\r\n"
                                     "<script>location = '{b}/'</script>"},
                           {"/", "<img src={a}/i>"},
                           {"/i", "x"}});
  struct {
    const char* persona;
    bool sent;
  } rows[] = {{"firefox-win10", false}, {"firefox52-winxp", true}};
  for (const auto& row : rows) {
    const size_t before = sites.requests().size();
    VisitOptions options = local_visit(sites.url("/home"));
    options.persona = row.persona;
    visit_or_fail(options);
    const std::vector<std::string> requests = sites.requests();
    ASSERT_EQ(requests.size(), before + 3) << row.persona;
    EXPECT_EQ(requests.back().find("who=me") != std::string::npos, row.sent) << row.persona;
  }
}

TEST(Cors, ServersAreToldAsBrowsersTellThem) {
  Sites sites(Sites::Pages{{"/", "<script>fetch('{b}/d', {method: 'PUT', headers: {'X-B': '1', 'X-A': '1'}})"
                                 ".catch(e => fetch('{b}/e'))</script>"},
                           {"/d", "x"},
                           {"/e", "x"}});
  visit_or_fail(local_visit(sites.url()));
  const std::vector<std::string> requests = sites.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_THAT(requests[1], HasSubstr(sites.filled("\r\nOrigin: {a}\r\n")));
  EXPECT_THAT(requests[1], HasSubstr("\r\nAccess-Control-Request-Method: PUT\r\n"
                                     "Access-Control-Request-Headers: x-a,x-b\r\n"));
  EXPECT_THAT(requests[1], HasSubstr("\r\nSec-Fetch-Mode: cors\r\n"));
  EXPECT_THAT(requests[2], HasSubstr(sites.filled("\r\nOrigin: {a}\r\n")));
}

}  // namespace
}  // namespace shikake::honeyclient::low
