// A corpus reader that was taken over says anything: the rows that its parent hands on lie in what was sent,
// and their days are in order and not in the future.
#include <cstdint>
#include <string_view>

#include "message_fuzz.h"
#include "neighbourhood/sources/answer.h"
#include "neighbourhood/sources/protocol.h"

namespace {

using namespace shikake;
using namespace shikake::neighbourhood;

constexpr Day today = 20'000;

class Checker final : public RowSink {
 public:
  explicit Checker(std::string_view body) : body_(body) {}

  Result<> url(std::string_view text, Day first, Day last, uint64_t) override {
    SHIKAKE_CHECK(first <= last && last <= today);
    bytes_ += text.size();
    SHIKAKE_CHECK(bytes_ <= body_.size() && ++rows_ <= body_.size());
    return {};
  }
  Result<> skip(std::string_view reason, uint64_t) override {
    SHIKAKE_CHECK(reason.size() <= body_.size() && ++rows_ <= body_.size());
    return {};
  }

 private:
  std::string_view body_;
  size_t bytes_ = 0, rows_ = 0;
};

void check_spelling(const base::Frame& frame) {
  switch (static_cast<CorpusMessage>(frame.type)) {
    case CorpusMessage::options:
      return check_one_spelling<SourceOptions>(frame.body);
    case CorpusMessage::rows:
      return check_one_spelling<RowBatch>(frame.body);
    case CorpusMessage::done:
      return;  // plain text
    case CorpusMessage::error:
      return check_one_spelling<SourceError>(frame.body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const SourceOptions options{"auto", today};
  while (auto frame = next_frame(input)) {
    check_spelling(*frame);
    Checker sink(frame->body);
    auto format = take_answer(*frame, options, sink);
    if (!format || *format) break;
  }
  return 0;
}
