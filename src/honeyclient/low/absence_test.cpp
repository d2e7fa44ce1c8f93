// What pages end for want of is said; what they only look for is not.
#include <gmock/gmock.h>

#include "honeyclient/low/page/absent_members.h"
#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

struct Row {
  const char* name;
  const char* script;
  std::vector<std::string> unemulated;  // empty: and the visit is complete
  const char* persona = "chrome-win10";
  const char* url = "https://page.example/";
};

class Absence : public ::testing::TestWithParam<Row> {};

TEST_P(Absence, IsNamedWhereItMattered) {
  VisitOptions options = offline_visit(std::string("<p id=p>x</p><script>") + GetParam().script + "</script>");
  options.url = GetParam().url;
  options.persona = GetParam().persona;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(visit.unemulated, GetParam().unemulated);
  EXPECT_EQ(visit.complete, GetParam().unemulated.empty()) << ::testing::PrintToString(events_of(visit, "error"));
}

INSTANTIATE_TEST_SUITE_P(
    EndsAPage, Absence,
    ::testing::Values(
        Row{"a_method_of_the_navigator", "navigator.usb.requestDevice({filters: []}); location = '/x'", {"Navigator.usb"}},
        Row{"a_class_of_the_window", "var c = new BroadcastChannel('x')", {"Window.BroadcastChannel"}},
        Row{"a_member_of_the_window", "window.caches.open('x')", {"Window.caches"}},
        Row{"a_method_of_the_document", "document.evaluate('//p', document, null, 0, null)", {"Document.evaluate"}},
        Row{"a_method_of_an_element", "p.animate([], 100)", {"Element.animate"}},
        Row{"by_a_variable", "var s = navigator.storage;\nvar e = 1;\ns.estimate()", {"Navigator.storage"}},
        Row{"by_a_computed_name", "navigator['us' + 'b'].requestDevice()", {"Navigator.usb"}},
        Row{"in_a_promise", "(async function () { await navigator.share({url: '/'}) })()", {"Navigator.share"}},
        Row{"in_a_timer", "setTimeout(function () { new PerformanceObserver(function () {}) }, 50)",
            {"Window.PerformanceObserver"}},
        Row{"of_the_language", "var m = Object.groupBy([1], String)", {"Object.groupBy"}, "edge-win11"},
        Row{"of_a_list", "[2, 1].toSorted()", {"Array.prototype.toSorted"}, "firefox-win10"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    IsOnlyLookedFor, Absence,
    ::testing::Values(
        Row{"before_use", "if (navigator.usb) navigator.usb.getDevices(); typeof BroadcastChannel; 'share' in navigator", {}},
        Row{"and_another_thing_fails",
            "var s = navigator.storage && 1;\n\n\n\n\n\nvar jQuery; jQuery.fn.carousel()", {}},
        Row{"with_an_answer_of_its_own", "try { new BroadcastChannel('x') } catch (e) {}", {}},
        Row{"a_name_of_the_page_s_own", "var shop = {}; shop.animate()", {}},
        Row{"by_a_browser_without_it", "navigator.usb.requestDevice()", {}, "firefox-win10"},
        Row{"where_it_is_not_shown", "navigator.usb.requestDevice()", {}, "chrome-win10", "http://page.example/"},
        Row{"of_the_language_by_a_browser_without_it", "[2, 1].toSorted()", {}, "chrome-win10"},
        Row{"by_internet_explorer", "document.evaluate('//p')", {}, "ie8-winxp"}),
    [](const auto& row) { return row.param.name; });

TEST(AbsentMembers, CannotBeSeen) {
  const intel::VisitRecord visit = visit_or_fail(offline_visit(
      "<script>alert([Object.prototype.toString.call(Navigator.prototype), 'usb' in navigator, navigator.usb, "
      "Object.getOwnPropertyNames(Navigator.prototype).indexOf('usb'), Object.getPrototypeOf(Node.prototype) === "
      "EventTarget.prototype, Object.getPrototypeOf(Navigator.prototype) === Object.prototype, "
      "Object.isExtensible(Node.prototype)].join()); Navigator.prototype.usb = 1; alert(navigator.usb); "
      "delete Navigator.prototype.usb; alert(typeof navigator.usb)</script>"));
  EXPECT_EQ(events_of(visit, "dialog"),
            (std::vector<std::string>{"alert: [object Navigator],false,,-1,true,true,true", "alert: 1", "alert: undefined"}));
}

// A row that says what is not so would call visits incomplete for nothing.
TEST(AbsentMembers, AreAbsent) {
  std::string rows;
  for (const page::AbsentMembers& row : page::absent_members)
    rows.append("['").append(row.owner).append("','").append(row.names).append("'],");
  const intel::VisitRecord visit = visit_or_fail(offline_visit(
      "<script>[" + rows + "].forEach(function (row) { var owner = row[0].split('.'), at = self[owner[0]]; "
      "if (row[0] == 'Window') at = self; else if (row[0] == 'Navigator') at = navigator; "
      "else if (at && row[0].slice(-1) != '.') at = at.prototype; if (!at) return;"
      "row[1].split(' ').forEach(function (name) { if (name in at) alert(row[0] + ' ' + name) }) })</script>"));
  EXPECT_THAT(events_of(visit, "dialog"), ::testing::IsEmpty());
  EXPECT_THAT(events_of(visit, "error"), ::testing::IsEmpty());
}

}  // namespace
}  // namespace shikake::honeyclient::low
