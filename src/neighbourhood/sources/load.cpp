#include "neighbourhood/sources/load.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "base/frame.h"
#include "base/unique_fd.h"
#include "base/wire.h"
#include "cell/reader.h"
#include "neighbourhood/sources/answer.h"
#include "neighbourhood/sources/protocol.h"

namespace shikake::neighbourhood {
namespace {

constexpr std::chrono::minutes patience{5};              // without a row; then it is stuck
constexpr uint64_t reader_memory = uint64_t{256} << 20;  // it holds a few chunks and a batch

Result<std::string> converse(RowSink& sink, cell::ReaderProcess& reader, const SourceOptions& options) {
  auto sent = reader.channel.send(static_cast<uint8_t>(CorpusMessage::options), base::to_wire(options),
                                  base::Deadline::after(patience));
  if (!sent) return fail(reader.failure(Module::neighbourhood));
  while (true) {
    auto frame = reader.channel.receive(base::Deadline::after(patience));
    if (!frame) return fail(reader.failure(Module::neighbourhood));
    SHIKAKE_ASSIGN(auto format, take_answer(*frame, options, sink));
    if (format) return std::move(*format);
  }
}

class ToCorpus final : public RowSink {
 public:
  explicit ToCorpus(CorpusWriter& writer) : writer_(writer) {}
  Result<> url(std::string_view text, Day first, Day last, uint64_t line) override {
    writer_.add(text, first, last, line);
    return {};
  }
  Result<> skip(std::string_view reason, uint64_t line) override {
    writer_.skip(reason, line);
    return {};
  }

 private:
  CorpusWriter& writer_;
};

}  // namespace

Result<std::string> load_file(CorpusWriter& writer, const std::filesystem::path& path,
                              const SourceOptions& options) {
  writer.begin_source(path.string());
  ToCorpus sink(writer);
  return read_file(path, options, sink);
}

Result<std::string> read_file(const std::filesystem::path& path, const SourceOptions& options,
                              RowSink& sink) {
  base::UniqueFd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(Module::neighbourhood, "cannot open " + path.string());
  const int input = file.get();
  SHIKAKE_ASSIGN(cell::ReaderProcess reader, cell::ReaderProcess::start(corpus_reader_program, {&input, 1},
                                                                        max_corpus_frame, reader_memory));
  auto done = converse(sink, reader, options);
  if (!done) return fail(std::move(done.error()).in(path.string()));
  return done;
}

}  // namespace shikake::neighbourhood
