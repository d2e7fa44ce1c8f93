// What visits asked and were answered, written down as `inspect --har` and `--warc` want it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "honeyclient/replay/recording.h"

namespace shikake::app {

// Where to; empty: not in that format. A folder that is there gets a file a visit.
struct TranscriptPaths {
  std::string har, warc;

  // A file holds one visit; more than one need folders.
  Result<> fit(size_t visits) const;
};

// Of one visit.
class Transcript {
 public:
  static Result<Transcript> open(const TranscriptPaths& paths, const std::string& subject,
                                 const honeyclient::replay::Conditions& conditions);
  void take(const net::FetchRequest& request, const net::FetchResponse& response);
  // Without it nothing is left behind. Errors: what writing met, now or before.
  Result<> finish();

 private:
  std::vector<std::unique_ptr<honeyclient::replay::Writer>> writers_;
  std::optional<Error> error_;
};

}  // namespace shikake::app
