// shikake-corpus-reader: reads what a corpus is filled from where a break-out gains nothing. Started by
// neighbourhood/sources/load.cpp alone. It lies in app/ because logs are read by audit's formats.
#include <unistd.h>

#include "base/deadline.h"
#include "base/frame.h"
#include "base/wire.h"
#include "cell/reader.h"
#include "log_source.h"
#include "neighbourhood/sources/protocol.h"
#include "neighbourhood/sources/source.h"

namespace {

using namespace shikake;
using namespace shikake::neighbourhood;

constexpr std::chrono::minutes patience{30};  // the parent may be merging

class Sender final : public RowSink {
 public:
  explicit Sender(base::FrameChannel& channel) : channel_(channel) {}

  Result<> url(std::string_view text, Day first, Day last, uint64_t line) override {
    batch_.text += text;
    batch_.rows.push_back({static_cast<uint32_t>(text.size()), first, last, line});
    return send_if(batch_.text.size() + batch_.rows.size() * sizeof(RowBatch::Row) > batch_bytes);
  }
  Result<> skip(std::string_view reason, uint64_t line) override {
    batch_.skips.push_back({std::string(reason), line});
    return send_if(batch_.skips.size() * 64 > batch_bytes);
  }
  Result<> finish() { return send_if(true); }

 private:
  Result<> send_if(bool due) {
    if (!due) return {};
    SHIKAKE_TRY(channel_.send(static_cast<uint8_t>(CorpusMessage::rows), base::to_wire(batch_),
                              base::Deadline::after(patience)));
    batch_ = {};
    return {};
  }
  base::FrameChannel& channel_;
  RowBatch batch_;
};

Result<> answer(base::FrameChannel& channel) {
  SHIKAKE_ASSIGN(base::Frame question, channel.receive(base::Deadline::after(patience)));
  SHIKAKE_ASSIGN(SourceOptions options, base::from_wire<SourceOptions>(question.body));
  Sender sender(channel);
  Result<std::string> format;
  if (options.format == app::log_format) {
    format = app::read_log(cell::reader_first_input_fd, options.today, sender);
  } else {
    Input input(cell::reader_first_input_fd);
    format = read_source(input, options, sender);
  }
  SHIKAKE_TRY(sender.finish());
  if (format)
    return channel.send(static_cast<uint8_t>(CorpusMessage::done), *format, base::Deadline::after(patience));
  const SourceError error{static_cast<uint8_t>(format.error().code), format.error().what};
  return channel.send(static_cast<uint8_t>(CorpusMessage::error), base::to_wire(error),
                      base::Deadline::after(patience));
}

}  // namespace

int main() {
  if (!cell::confine_reader()) return cell::status_not_confined;
  base::FrameChannel channel(base::UniqueFd(cell::reader_channel_fd), max_corpus_frame);
  const bool done = answer(channel).has_value();
  ::_exit(done ? 0 : 1);  // nothing to tidy up, and less to run
}
