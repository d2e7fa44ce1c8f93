// Archives are taken apart, and each file in them is kept.
#include <gmock/gmock.h>
#include <zlib.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::string little(uint32_t value, int bytes) {
  std::string made;
  for (int i = 0; i < bytes; ++i) made += static_cast<char>(value >> (8 * i));
  return made;
}

// One stored file. APPNOTE.TXT 4.3: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
std::string zip_of(const std::string& name, const std::string& content) {
  const auto size = static_cast<uint32_t>(content.size());
  const auto crc = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
  const std::string common = little(0, 2) + little(0, 2) + little(0, 4) + little(crc, 4) + little(size, 4) +
                             little(size, 4) + little(static_cast<uint32_t>(name.size()), 2) + little(0, 2);
  const std::string local = "PK\x03\x04" + little(20, 2) + common + name + content;
  const std::string central =
      "PK\x01\x02" + little(20, 2) + little(20, 2) + common + std::string(14, '\0') + name;
  return local + central + "PK\x05\x06" + little(0, 4) + little(1, 2) + little(1, 2) +
         little(static_cast<uint32_t>(central.size()), 4) + little(static_cast<uint32_t>(local.size()), 4) +
         little(0, 2);
}

TEST(Archives, TheirFilesAreKept) {
  const std::string program = specimen_program();
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\n";
  const struct {
    const char* name;
    std::string archive;
    std::string_view member;
  } rows[] = {
      {"program", zip_of("setup.exe", program), "setup.exe: a Windows program of 256 bytes"},
      {"archive_in_archive", zip_of("inner.zip", zip_of("setup.exe", program)),
       "inner.zip!setup.exe: a Windows program of 256 bytes"},
  };
  for (const auto& row : rows) {
    Sites sites({{"/", "<script>location = '{b}/a.zip'</script>"}, {"/a.zip", head + row.archive}});
    KeptBlobs blobs;
    intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()), blobs);
    EXPECT_THAT(events_of(visit, "member"), Contains(HasSubstr(std::string(row.member)))) << row.name;
    EXPECT_EQ(blobs.kept.count(base::sha256(program).hex()), 1u) << row.name;
    EXPECT_TRUE(visit.limits_hit.empty()) << row.name;
  }
}

TEST(Archives, BrokenOnesCostNothingElse) {
  Sites sites({{"/", "<script>location = '{b}/a.zip'</script>"},
               {"/a.zip", "HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\n" +
                              zip_of("a.exe", specimen_program()).substr(0, 60)}});
  intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_EQ(visit.nodes.size(), 2u);
  EXPECT_EQ(events_of(visit, "download").size(), 1u);
}

}  // namespace
}  // namespace shikake::honeyclient::low
