// `analyze --out DIR`: what a run gives, as files.
//
//   DIR/NAME-0123456789ab/       one for each file analysed: its name and the start of its SHA-256
//     report.html                the page; also of what came of the file
//     run.json                   the record (docs/schemas/run.json)
//     stix.json                  the same as a STIX 2.1 bundle
//     capture.pcapng             every packet
//     bodies/SHA256              dropped files, dumps, streams, output, byte for byte; hostile
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/run/analysis.h"
#include "store/store.h"

namespace shikake::app {

// Takes bodies as they come: into the store where there is one, and into the folder if one is asked for.
class RunFolder final : public sandbox::run::Keep {
 public:
  // `folder` empty: none is asked for. The store, if any, outlives us.
  RunFolder(std::filesystem::path folder, store::Store* store) : folder_(std::move(folder)), store_(store) {}
  ~RunFolder() override;  // what write() did not take is removed

  Result<base::Digest> put(std::string_view bytes) override;
  // The records of one file and of what came of it.
  Result<> write(const std::vector<sandbox::run::Analysed>& analysed);

 private:
  Result<> write_one(const sandbox::run::Analysed& one, const std::vector<const intel::RunRecord*>& children);
  std::filesystem::path waiting() const;  // bodies before their run is known

  std::filesystem::path folder_;
  store::Store* store_;
};

}  // namespace shikake::app
