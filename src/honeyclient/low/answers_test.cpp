#include "honeyclient/low/answers.h"

#include <algorithm>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

net::FetchRequest request(const std::string& url, net::Headers headers = {}, const std::string& body = {}) {
  net::FetchRequest made;
  made.url = url;
  made.headers = std::move(headers);
  made.body = body;
  return made;
}

TEST(Identity, IsWhatAServerCanSee) {
  const std::string one = identity(request("http://a.example/", {{"User-Agent", "x"}, {"Accept", "y"}}));
  EXPECT_EQ(one, identity(request("http://a.example/", {{"User-Agent", "x"}, {"Accept", "y"}})));
  EXPECT_NE(one, identity(request("http://a.example/", {{"Accept", "y"}, {"User-Agent", "x"}})));
  EXPECT_NE(one, identity(request("http://a.example/", {{"User-Agent", "x"}, {"Accept", "z"}})));
  EXPECT_NE(one, identity(request("http://a.example/", {{"User-Agent", "x"}, {"Accept", "y"}}, "b")));
  EXPECT_NE(one, identity(request("http://a.example/?", {{"User-Agent", "x"}, {"Accept", "y"}})));
}

TEST(KeptAnswers, ForgiveWhatPagesMakeUp) {
  KeptAnswers kept;
  net::FetchResponse response;
  response.status = 200;
  kept.keep(request("http://a.example/x?r=123"), response);
  EXPECT_TRUE(kept.answer(request("http://a.example/x?r=99#f")));
  EXPECT_FALSE(kept.answer(request("http://a.example/x?q=99")));
  EXPECT_FALSE(kept.answer(request("http://a.example/x?r=99", {}, "body")));
}

// Two personas that differ in script alone ask for nothing twice; one that the server can tell apart asks
// anew; what a server counts, it counts for each alike.
TEST(SharedAnswers, SpareWhatIsAskedAlike) {
  Sites sites({{"/", "<script src=/s.js></script><img src=/i.gif>"},
               {"/s.js",
                "HTTP/1.1 200 OK\r\n\r\nvar x=new XMLHttpRequest();for(var i=0;i<2;i++)"
                "{x.open('GET','/count',false);x.send()}"},
               {"/i.gif", "HTTP/1.1 200 OK\r\n\r\nGIF89a"},
               {"/count", "n"}});
  SharedAnswers shared;
  auto visit = [&](const char* persona, const char* referrer) {
    VisitOptions options = local_visit(sites.url());
    options.persona = persona;
    options.referrer = referrer;
    options.shared = &shared;
    size_t before = sites.requests().size();
    intel::VisitRecord record = visit_or_fail(options);
    EXPECT_TRUE(std::ranges::all_of(record.nodes, [](const auto& node) { return node.fetched; }));
    return sites.requests().size() - before;
  };
  EXPECT_EQ(visit("chrome-win10", ""), 5u);
  EXPECT_EQ(visit("chrome-win10", ""), 0u);
  EXPECT_EQ(visit("firefox-win10", ""), 5u);
  // Only the page itself is asked for with another referrer.
  EXPECT_EQ(visit("chrome-win10", "http://search.example/"), 1u);
}

}  // namespace
}  // namespace shikake::honeyclient::low
