// Makes a run's record of what its supervisor says, while the run lasts: a run cut short keeps what was said.
//
// The parent's side of protocol.h. Whatever the frames say, memory and the record stay bounded, and every
// digest of a kept body is one that was made here.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/frame.h"
#include "base/result.h"
#include "intel/run.h"
#include "sandbox/run/keep.h"
#include "sandbox/run/protocol.h"

namespace shikake::sandbox::run {

// Rows of one record. A sample that makes more of something has shown that it does.
struct RecordLimits {
  size_t processes = 5'000, files = 10'000, behaviours = 4'000, sockets = 20'000, questions = 10'000,
         flows = 10'000, skips = 100'000, notes = 20'000, dumps = 200;
  size_t text = 4096;                       // bytes of one text
  size_t texts = 256;                       // arguments or variables of one process
  uint64_t rows = uint64_t{48} << 20;       // bytes of all texts together: a record is read as a whole
  uint64_t content = uint64_t{64} << 20;    // bytes of one kept body
  uint64_t contents = uint64_t{192} << 20;  // of all
  uint64_t streams = uint64_t{96} << 20;    // of all flows
  uint64_t output = uint64_t{4} << 20;      // that the program wrote
  uint64_t taint = uint64_t{64} << 20;      // of taint's events
};

class RecordBuilder {
 public:
  enum class State : uint8_t { running, finished, refused, failed };

  // `record` has what is known before: sample, arguments, mode. `keep` outlives the builder.
  RecordBuilder(intel::RunRecord record, Keep& keep, RecordLimits limits = {});

  // invalid_input: the supervisor says what makes no sense; it is not to be heard any more.
  Result<> take(const base::Frame& frame);
  State state() const { return state_; }
  const Error& failure() const { return failure_; }  // where failed

  // The record, once nothing more comes: streams and output are put, flows joined with their processes, what
  // the network shows added as behaviours. `why_cut` where the supervisor went away before it had finished.
  intel::RunRecord finish(const std::string& why_cut = "");

  // Bodies that were put, and kept files' bytes by digest.
  const std::set<base::Digest>& blobs() const { return blobs_; }
  const std::map<base::Digest, std::string>& contents() const { return contents_; }

 private:
  struct Stream {
    std::string both, out, in;  // both in order of arrival; each direction alone
  };

  template <class Message>
  Result<> take_as(std::string_view body, Result<> (RecordBuilder::*use)(Message));
  Result<> standing(Standing said);
  Result<> process(ProcessSeen said);
  Result<> file(FileSeen said);
  Result<> dump(DumpSeen said);
  Result<> behaviour(BehaviourSeen said);
  Result<> socket(SocketSeen said);
  Result<> note(NoteSeen said);
  Result<> clock(ClockSeen said);
  Result<> content(ContentPart said);
  Result<> output(std::string_view bytes);
  Result<> finished(Finished said);
  Result<> failed(Failure said);

  // record_flows.cpp
  Result<> from_gateway(std::string_view body);
  Result<> flow(std::string_view body);
  Result<> flow_data(std::string_view body);
  Result<> question(std::string_view body);
  Result<> decision(std::string_view body);
  Result<> gateway_ended(std::string_view body);
  base::TimePoint guests_time(base::TimePoint ours) const;
  void put_streams();
  void join_flows();

  // False, and the limit is named, where there is no room for one more of `what` with texts of this size.
  bool room(size_t now, size_t most, std::string_view what);
  bool clip(std::string& text);
  bool clip(std::vector<std::string>& texts);
  void limit(std::string_view name);
  std::optional<base::Digest> put(std::string_view bytes);

  intel::RunRecord record_;
  Keep& keep_;
  RecordLimits limits_;
  State state_ = State::running;
  Error failure_;
  uint64_t text_bytes_ = 0, content_bytes_ = 0, stream_bytes_ = 0;
  std::map<base::Digest, std::string> contents_;
  std::set<base::Digest> blobs_;
  std::string part_;  // of the content that comes now
  std::string part_of_;
  bool part_too_large_ = false;
  std::string output_;
  std::string taint_events_;
  std::vector<ClockSeen> clock_;  // rising
  std::vector<SocketSeen> sockets_;
  std::vector<std::string> resolvers_;
  std::unordered_map<uint32_t, size_t> process_places_;  // by id
  std::unordered_map<uint32_t, size_t> flow_places_;     // by the gateway's number
  std::unordered_map<uint32_t, Stream> streams_;
  std::unordered_map<uint32_t, std::string> details_;  // what a flow asked for, in a line
};

}  // namespace shikake::sandbox::run
