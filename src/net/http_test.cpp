#include "net/http.h"

#include <gtest/gtest.h>

namespace shikake::net {
namespace {

TEST(AttachmentName, IsReadAsBrowsersDo) {
  const struct {
    const char* name;
    const char* disposition;  // null: no such header
    std::optional<std::string> saved_as;
  } rows[] = {
      {"none", nullptr, std::nullopt},
      {"inline", "inline; filename=a.exe", std::nullopt},
      {"a_longer_word", "attachments; filename=a.exe", std::nullopt},
      {"without_a_name", "attachment", ""},
      {"token", "attachment; filename=Update.js", "Update.js"},
      {"in_any_case", "ATTACHMENT;FileName = Update.js ; size=5", "Update.js"},
      {"quoted", "attachment; filename=\"a; b\\\".js\"", "a; b\".js"},
      {"quote_without_end", "attachment; filename=\"a.js", "a.js"},
      {"extended_goes_first", "attachment; filename=\"a.txt\"; filename*=UTF-8''%E6%9B%B4%E6%96%B0.hta", "更新.hta"},
      {"extended_without_its_quotes", "attachment; filename*=a.hta; filename=b.hta", "b.hta"},
      {"folders_are_left_out", "attachment; filename=\"..\\\\x/../Update.js\"", "Update.js"},
      {"of_two_the_first", "attachment; filename=a.js; filename=b.js", "a.js"},
      {"nothing_but_signs", "attachment; ; =; filename", ""},
  };
  for (const auto& row : rows) {
    Headers headers{{"Content-Type", "text/html"}};
    if (row.disposition) headers.push_back({"content-disposition", row.disposition});
    EXPECT_EQ(attachment_name(headers), row.saved_as) << row.name;
  }
}

}  // namespace
}  // namespace shikake::net
