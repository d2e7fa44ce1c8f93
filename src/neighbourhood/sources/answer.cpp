#include "neighbourhood/sources/answer.h"

#include <string_view>
#include <utility>

#include "base/wire.h"
#include "neighbourhood/sources/protocol.h"

namespace shikake::neighbourhood {
namespace {

Result<> take_rows(std::string_view body, Day today, RowSink& sink) {
  SHIKAKE_ASSIGN(RowBatch batch, base::from_wire<RowBatch>(body));
  std::string_view rest = batch.text;
  for (const RowBatch::Row& row : batch.rows) {
    if (row.size > rest.size() || row.first > row.last || row.last > today)
      return fail(Module::neighbourhood, ErrorCode::invalid_input,
                  "the confined reader sent rows that make no sense");
    SHIKAKE_TRY(sink.url(rest.substr(0, row.size), row.first, row.last, row.line));
    rest.remove_prefix(row.size);
  }
  for (const RowBatch::Skip& skip : batch.skips) SHIKAKE_TRY(sink.skip(skip.reason, skip.line));
  return {};
}

}  // namespace

Result<std::optional<std::string>> take_answer(const base::Frame& frame, const SourceOptions& options,
                                               RowSink& sink) {
  switch (static_cast<CorpusMessage>(frame.type)) {
    case CorpusMessage::rows:
      SHIKAKE_TRY(take_rows(frame.body, options.today, sink));
      return std::nullopt;
    case CorpusMessage::done:
      return frame.body;
    case CorpusMessage::error: {
      SHIKAKE_ASSIGN(SourceError said, base::from_wire<SourceError>(frame.body));
      return fail(Module::neighbourhood,
                  said.code <= static_cast<uint8_t>(ErrorCode::cancelled) ? static_cast<ErrorCode>(said.code)
                                                                          : ErrorCode::invalid_input,
                  std::move(said.what));
    }
    case CorpusMessage::options:
      break;
  }
  return fail(Module::neighbourhood, ErrorCode::invalid_input, "the confined reader said something unknown");
}

}  // namespace shikake::neighbourhood
