// What every subcommand has: its row in the table of main.cpp, the options all share, and its output.
#pragma once

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace CLI {
class App;
}

namespace shikake::app {

// stdout, buffered, with every failure noticed: a full disk must not look like success.
class Output {
 public:
  void write(std::string_view text) {
    if (error_ == 0 && std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
      error_ = errno != 0 ? errno : EIO;
  }
  void line(std::string_view text) {
    write(text);
    write("\n");
  }
  // io with errno when something could not be written; nothing more is written then.
  Result<> status() const;
  Result<> finish();  // flushes, then status()

 private:
  int error_ = 0;
};

struct Context {
  std::filesystem::path home;  // of the store
  bool home_given = false;     // by --home, not by the environment
  bool json = false;           // one JSON document, or JSON lines, on stdout and nothing else there
  Output out;
};

// The exit status when nothing of ours failed; an Error gives 1, or 2 for invalid_usage.
using Run = std::function<Result<int>()>;

struct Command {
  std::string_view name;
  std::string_view summary;
  // Adds options to `command` and returns what to do once they are parsed. `context` outlives both.
  Run (*define)(CLI::App& command, Context& context);
};

// "-" or a file; stdin is read to its end. Bounded: more than `limit` bytes is an error.
Result<std::string> read_input(const std::string& path, size_t limit);

}  // namespace shikake::app
