// YARA rules over what a visit fetched and what its scripts made.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "honeyclient/low/visit_test.h"
#include "triage/matcher.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(Rules, MatchBodiesAndEvaluatedSources) {
  const auto folder =
      std::filesystem::path(::testing::TempDir()) / ("visit-rules-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "specimen.yar")
      << "rule bad_word : malicious { meta: description = \"a specimen's word\" strings: $a = "
         "\"BADSPECIMEN\" "
         "condition: $a }\n"
         "rule odd_word : suspicious { strings: $a = \"ODDSPECIMEN\" condition: $a }\n"
         "rule noted { strings: $a = \"NOTEDSPECIMEN\" condition: $a }\n";
  auto matcher = triage::Matcher::open({folder}, false);
  ASSERT_TRUE(matcher.has_value()) << matcher.error().message();
  const struct {
    const char* name;
    std::string page;
    std::string_view verdict;
    std::string_view event;
  } rows[] = {
      {"body", "<p>BADSPECIMEN", "malicious", "its body matches bad_word (specimen.yar): a specimen's word"},
      {"evaluated", "<script>eval('var x = \"BADSPEC' + 'IMEN\"')</script>", "malicious",
       "a script made by eval matches bad_word"},
      {"suspicious", "<p>ODDSPECIMEN", "suspicious", "odd_word"},
      {"noted", "<p>NOTEDSPECIMEN", "benign", "noted"},
      {"frame", "<iframe src='/inner'></iframe>", "malicious", "bad_word"},
  };
  for (const auto& row : rows) {
    Sites sites({{"/", row.page}, {"/inner", "BADSPECIMEN"}});
    VisitOptions options = local_visit(sites.url());
    options.rules = &*matcher;
    intel::VisitRecord visit = visit_or_fail(options);
    EXPECT_EQ(intel::name(visit.verdict), row.verdict) << row.name;
    EXPECT_THAT(events_of(visit, "yara"), Contains(HasSubstr(std::string(row.event)))) << row.name;
  }
}

}  // namespace
}  // namespace shikake::honeyclient::low
