// Input of size and shape that no page needs: huge scripts, thousands of frames, documents that go away while
// they are parsed, pictures that lie. Each visit ends bounded and labelled, and keeps what was seen before.
#include <gmock/gmock.h>

#include <algorithm>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

constexpr size_t megabyte = 1u << 20;
constexpr uint64_t most_resident = 256ull << 20;

struct Row {
  const char* name;
  Sites::Pages pages;
  const char* limit = nullptr;  // that must be named; nullptr: none at all
  const char* edge = nullptr;   // that must be there
  bool may_die = false;
  const char* verdict = "benign";
};

class HostileInput : public ::testing::TestWithParam<Row> {};

TEST_P(HostileInput, EndsLabelledAndSmall) {
  Sites sites(GetParam().pages);
  auto browser = Browser::open();
  ASSERT_TRUE(browser) << browser.error().message();
  VisitOptions options = local_visit(sites.url());
  options.max_script_time = std::chrono::milliseconds(2000);
  PeakWatch watch;
  options.go_on = [&] {
    watch.know(browser->worker_pids());
    return true;
  };
  NoBlobs blobs;
  auto visit = browser->visit(options, blobs);
  ASSERT_TRUE(visit) << visit.error().message();
  // A visit that meets no bound may be over before anybody looked.
  if (GetParam().limit) {
    EXPECT_GT(watch.peak_bytes(), 0u);
  }
  EXPECT_LT(watch.peak_bytes(), most_resident);
  EXPECT_EQ(intel::name(visit->verdict), GetParam().verdict) << ::testing::PrintToString(visit->reasons);
  const std::vector<std::string>& limits = visit->limits_hit;
  if (GetParam().limit) {
    EXPECT_NE(std::ranges::find(limits, GetParam().limit), limits.end()) << ::testing::PrintToString(limits);
  } else {
    EXPECT_EQ(limits, std::vector<std::string>());
  }
  if (!GetParam().may_die) {
    EXPECT_EQ(std::ranges::find(limits, "worker-died"), limits.end())
        << ::testing::PrintToString(events_of(*visit, "error"));
  }
  if (GetParam().edge) {
    std::multiset<std::string> edges = edge_texts(sites, *visit);
    EXPECT_TRUE(edges.contains(GetParam().edge)) << edges.size();
  }
}

std::string times(const std::string& text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string many_frames() {
  std::string all = "<iframe src={b}/first></iframe>";
  for (int i = 0; i < 10'000; ++i) all += "<iframe src={b}/" + std::to_string(i) + "></iframe>";
  return all;
}

const std::string javascript = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n";
const std::string png = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n" +
                        std::string("\0\0\0\rIHDR", 8) + "\x7f\xff\xff\xff\x7f\xff\xff\xff";

INSTANTIATE_TEST_SUITE_P(
    Rows, HostileInput,
    ::testing::Values(
        Row{"script_of_50_megabytes",
            {{"/", "<script src=s.js></script><img src=i>"},
             {"/s.js", javascript + times("var a=1;//0123\n", 50 * megabyte / 15)}},
            "script-size",  // kept, and not run
            "image {a}/ -> {a}/i"},
        Row{"script_of_70_megabytes",
            {{"/", "<script src=s.js></script><img src=i>"},
             {"/s.js", javascript + std::string(70 * megabyte, ' ')}},
            "body",  // the fetcher hands over nothing of what is too large
            "image {a}/ -> {a}/i"},
        Row{"script_of_20_megabytes_in_one_line",
            {{"/", "<img src=i><script src=s.js></script>"},
             {"/s.js", javascript + "x='" + std::string(20 * megabyte, 'a') + "';"}},
            "memory",
            "image {a}/ -> {a}/i",
            true},
        Row{"script_of_brackets",
            {{"/", "<img src=i><script src=s.js></script><img src=j>"},
             {"/s.js", javascript + std::string(5 * megabyte, '[')}},
            nullptr,
            "image {a}/ -> {a}/j"},
        Row{"page_of_50_megabytes",
            {{"/", "<img src=i>" + times("<p>text</p>", 50 * megabyte / 11)}},
            "page-size",
            "image {a}/ -> {a}/i",
            true},
        Row{"ten_thousand_frames", {{"/", many_frames()}}, "frames", "iframe {a}/ -> {b}/first"},
        Row{"ten_thousand_scripts",
            {{"/", "<img src=i>" + times("<script src=s.js></script>", 10'000)}, {"/s.js", javascript + ";"}},
            nullptr,
            "image {a}/ -> {a}/i"},
        Row{"style_sheets_that_import_each_other",
            {{"/", "<style>@import 'a.css'</style><img src=i>"},
             {"/a.css", "@import 'b.css';@import 'a.css';"},
             {"/b.css", "@import 'a.css';" + times("@import 'b.css';", 10'000)}},
            nullptr,
            "image {a}/ -> {a}/i"},
        Row{"closes_itself_while_parsed",
            {{"/", "<img src=i><script>document.close();window.close();stop()</script><img src=j>"}},
            nullptr,
            "image {a}/ -> {a}/j"},
        Row{"opens_itself_while_parsed",
            {{"/", "<img src=i><script>document.open();document.write('<img src=j>')</script><img src=k>"}},
            nullptr,
            "image {a}/ -> {a}/i"},
        Row{"navigates_while_parsed",
            {{"/", "<img src=i><script>location='{b}/end'</script>" + times("<p>", 1000)}, {"/end", "x"}},
            nullptr,
            "location {a}/ -> {b}/end 1:20"},
        Row{"frame_that_takes_itself_out_while_parsed",
            {{"/", "<div id=d><iframe src=f></iframe></div><img src=i>"},
             {"/f",
              "<script>parent.document.getElementById('d').innerHTML=''</script><img src=j><script>"
              "document.write('<img src=k>');setTimeout('location.href=1',1)</script>"}},
            nullptr,
            "image {a}/ -> {a}/i"},
        Row{"parent_that_writes_over_a_loading_frame",
            {{"/",
              "<iframe id=f src=f></iframe><script>for (var i = 0; i < 50; i++) { f.src = 'f' + i; "
              "f.contentWindow.document.write('<img src=i>') }</script>"},
             {"/f", "x"}},
            "navigations"},
        Row{"javascript_urls_in_a_ring",
            {{"/", "<script>function go() { location = 'javascript:go()' } go()</script><img src=i>"}},
            "tasks",
            "image {a}/ -> {a}/i"},
        Row{"picture_that_claims_2_to_the_62_pixels",
            {{"/", "<img src=p.png onload=\"location='{b}/end'\">"}, {"/p.png", png}, {"/end", "x"}},
            nullptr,
            "location {a}/ -> {b}/end 1:1"},
        Row{"picture_of_50_megabytes",
            {{"/", "<img src=p.png><img src=i>"}, {"/p.png", png + std::string(50 * megabyte, 'x')}},
            nullptr,
            "image {a}/ -> {a}/i"},
        Row{"picture_in_the_page_of_20_megabytes",
            {{"/", "<img src='data:image/png;base64," + std::string(20 * megabyte, 'A') + "'><img src=i>"}},
            nullptr,
            "image {a}/ -> {a}/i"},
        Row{"drawing_with_entities_in_entities",
            {{"/", "<iframe src=d.svg></iframe>"},
             {"/d.svg",
              "HTTP/1.1 200 OK\r\nContent-Type: image/svg+xml\r\n\r\n<?xml version='1.0'?><!DOCTYPE svg "
              "[<!ENTITY a "
              "'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
              "<svg xmlns='http://www.w3.org/2000/svg'><text>" +
                  times("&c;", 1000) + "</text></svg>"}},
            nullptr,
            "iframe {a}/ -> {a}/d.svg"},
        Row{"clipboard_and_fields_of_size",
            {{"/", "<p>Press Win + R and paste</p>" +
                       times("<input type=password><button onclick=1>x</button>", 3000) +
                       "<script>navigator.clipboard.writeText('x'.repeat(1<<24))</script>"}},
            nullptr,
            nullptr,
            false,
            "suspicious"}),
    [](const auto& row) { return row.param.name; });

// The bound on what is run is one of memory: a script is two bytes a letter in the engine, and a copy on its way there.
TEST(HugeScripts, AreRunUpToTheBoundAndKeptBeyondIt) {
  const std::string padding = times("// 56789012345\n", megabyte), leads_on = "new Image().src = '{b}/end'";
  struct {
    const char* name;
    size_t megabytes;
    bool runs;
  } rows[] = {{"ten", 10, true}, {"twenty_three", 23, true}, {"twenty_five", 25, false}, {"fifty_seven", 57, false}};
  for (const auto& row : rows) {
    const std::string script = times(padding, row.megabytes / 15 + 1).substr(0, row.megabytes * megabyte) + '\n' + leads_on;
    Sites sites(Sites::Pages{{"/", "<script src=s.js></script><script>new Image().src = '/behind'</script>"},
                             {"/s.js", javascript + script},
                             {"/end", "x"},
                             {"/behind", "x"}});
    KeptBlobs blobs;
    const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()), blobs);
    const std::multiset<std::string> edges = edge_texts(sites, visit);
    const auto leads = [&](const char* to) {
      return std::ranges::any_of(edges, [&](const std::string& edge) { return edge.find(to) != edge.npos; });
    };
    EXPECT_TRUE(leads("{a}/behind")) << row.name;  // whatever becomes of it, the page goes on
    EXPECT_EQ(leads("{b}/end"), row.runs) << row.name << ::testing::PrintToString(visit.limits_hit);
    EXPECT_EQ(visit.complete, row.runs) << row.name;
    const std::vector<std::string> limits =
        row.runs ? std::vector<std::string>() : std::vector<std::string>{"script-size"};
    EXPECT_EQ(visit.limits_hit, limits) << row.name;
    ASSERT_GE(visit.nodes.size(), 2u) << row.name;
    ASSERT_TRUE(visit.nodes[1].sha256) << row.name;
    EXPECT_EQ(blobs.kept[visit.nodes[1].sha256->hex()], sites.filled(script)) << row.name;
  }
}

// A camera's picture, a counter that hangs: the page's time goes on, and somebody looks at it.
TEST(SlowPictures, HoldNothing) {
  net::TestServer server([](net::TestConnection& client) {
    const std::string request = client.receive_request(), head =
                                                              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                                              "Connection: close\r\n\r\n";
    if (request.starts_with("GET /endless")) return client.wait_until_client_goes();
    client.send(head + (request.starts_with("GET /later")
                            ? "<p>x"
                            : "<img src=/endless><script>setTimeout(function () { "
                              "document.body.appendChild(document.createElement("
                              "'iframe')).src = '/later' }, 20000)</script>"));
  });
  intel::VisitRecord visit =
      visit_or_fail(local_visit("http://127.0.0.1:" + std::to_string(server.port()) + "/"));
  EXPECT_THAT(visit.limits_hit, ::testing::Contains("slow"));
  EXPECT_THAT(visit.limits_hit, ::testing::Not(::testing::Contains("visit-time")));
  EXPECT_TRUE(std::ranges::any_of(visit.nodes, [](const intel::VisitNode& node) {
    return node.url.ends_with("/later") && node.fetched;
  }));
}

}  // namespace
}  // namespace shikake::honeyclient::low
