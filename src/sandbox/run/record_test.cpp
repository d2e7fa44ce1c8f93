#include "sandbox/run/record.h"

#include <gtest/gtest.h>

#include <random>

#include "base/wire.h"
#include "gateway/message.h"

namespace shikake::sandbox::run {
namespace {

using State = RecordBuilder::State;

template <class Message>
base::Frame frame(Report type, const Message& message) {
  return {static_cast<uint8_t>(type), base::to_wire(message)};
}
base::Frame text(Report type, std::string body) {
  return {static_cast<uint8_t>(type), std::move(body)};
}
template <class Message>
base::Frame from_gateway(gateway::FrameType type, const Message& message) {
  return {static_cast<uint8_t>(Report::gateway), static_cast<char>(type) + base::to_wire(message)};
}

base::TimePoint at(int64_t milliseconds) {
  return *base::from_rfc3339("2026-03-01T12:00:00Z") + std::chrono::milliseconds(milliseconds);
}

ProcessSeen process(uint32_t id) {
  ProcessSeen row;
  row.id = id;
  row.pid = 100 + id;
  row.argv = {"a.out"};
  row.start = at(0);
  return row;
}

gateway::Flow flow(uint32_t id, const std::string& remote, uint16_t port, const std::string& protocol) {
  gateway::Flow row;
  row.id = id;
  row.local = {"192.168.1.104", static_cast<uint16_t>(40000 + id)};
  row.remote = {remote, port};
  row.protocol = protocol;
  row.start = at(10);
  row.out.bytes = 20;
  return row;
}

SocketSeen socket(uint32_t index, uint32_t process, const std::string& local, const std::string& remote) {
  SocketSeen row;
  row.index = index;
  row.process = process;
  row.act = "connected";
  row.transport = "tcp";
  row.local = local;
  row.remote = remote;
  row.time = at(9);
  return row;
}

Finished finished() {
  Finished row;
  row.outcome = intel::RunOutcome::exited;
  row.detail = "exited 0";
  row.elapsed = std::chrono::seconds(1);
  return row;
}

class RecordTest : public ::testing::Test {
 protected:
  void take(const base::Frame& frame) {
    auto taken = builder_.take(frame);
    ASSERT_TRUE(taken) << taken.error().message();
  }
  KeepNothing keep_;
  RecordBuilder builder_{intel::RunRecord{}, keep_};
};

TEST_F(RecordTest, ARunToItsEnd) {
  Standing standing;
  standing.profile = "profile office";
  standing.start = at(0);
  standing.bounds = {{"processes", "256", "cgroup v1"}};
  take(frame(Report::standing, standing));
  take(frame(Report::process, process(0)));
  BehaviourSeen cron{.kind = intel::BehaviourKind::persistence_cron, .object = "/etc/cron.d/x"};
  take(frame(Report::behaviour, cron));
  cron.count = 5;
  take(frame(Report::behaviour, cron));  // the same index again: the later word holds
  FileSeen file{.path = "/tmp/x", .sha256 = base::sha256("hello").hex(), .size = 5};
  take(frame(Report::file, file));
  take(frame(Report::content, ContentPart{base::sha256("hello").hex(), false, "hel"}));
  take(frame(Report::content, ContentPart{base::sha256("hello").hex(), true, "lo"}));
  take(text(Report::output, "said"));
  take(frame(Report::finished, finished()));
  EXPECT_EQ(builder_.state(), State::finished);
  const intel::RunRecord run = builder_.finish();
  EXPECT_EQ(run.outcome, intel::RunOutcome::exited);
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(run.profile, "profile office");
  ASSERT_EQ(run.behaviours.size(), 1u);
  EXPECT_EQ(run.behaviours[0].count, 5u);
  ASSERT_EQ(run.files.size(), 1u);
  EXPECT_TRUE(run.files[0].kept);
  EXPECT_EQ(run.output, base::sha256("said"));
  EXPECT_EQ(builder_.contents().at(base::sha256("hello")), "hello");
}

TEST_F(RecordTest, OneThatIsCutShortKeepsWhatWasSaid) {
  take(frame(Report::process, process(0)));
  const intel::RunRecord run = builder_.finish("the supervisor was killed by signal 9 (Killed)");
  EXPECT_EQ(run.outcome, intel::RunOutcome::partial);
  EXPECT_EQ(run.outcome_detail, "the supervisor was killed by signal 9 (Killed)");
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.processes.size(), 1u);
}

TEST_F(RecordTest, ProcessesStandInTheirOrderWhateverOrderTheyAreToldIn) {
  for (uint32_t id : {2u, 0u, 7u, 2u}) take(frame(Report::process, process(id)));
  const intel::RunRecord run = builder_.finish();
  ASSERT_EQ(run.processes.size(), 3u);
  EXPECT_EQ(run.processes[0].id, 0u);
  EXPECT_EQ(run.processes[2].id, 7u);
}

TEST_F(RecordTest, FlowsMeetTheirProcesses) {
  take(frame(Report::process, process(0)));
  take(frame(Report::process, process(1)));
  take(from_gateway(gateway::FrameType::flow_opened, flow(1, "198.18.0.5", 80, "http")));
  take(from_gateway(gateway::FrameType::flow_opened, flow(2, "198.18.0.6", 80, "http")));
  take(frame(Report::socket, socket(0, 1, "192.168.1.104:40001", "198.18.0.5:80")));
  take(frame(Report::socket, socket(1, 0, "192.168.1.104:40002", "198.18.0.9:80")));  // another's
  const intel::RunRecord run = builder_.finish();
  ASSERT_EQ(run.flows.size(), 2u);
  EXPECT_EQ(run.flows[0].process, 1u);
  EXPECT_EQ(run.flows[1].process, std::nullopt);
}

TEST_F(RecordTest, TimesOfFlowsAreTheProgramsOwn) {
  take(frame(Report::clock, ClockSeen{at(5), std::chrono::minutes(1)}));
  take(frame(Report::clock, ClockSeen{at(50), std::chrono::minutes(2)}));
  take(from_gateway(gateway::FrameType::flow_opened, flow(1, "198.18.0.5", 80, "http")));
  EXPECT_EQ(builder_.finish().flows.at(0).start, at(10) + std::chrono::minutes(1));
}

TEST_F(RecordTest, StreamsAreKeptAndRequestsBecomeAddresses) {
  gateway::Flow web = flow(7, "198.18.0.5", 8080, "http");
  web.host = "c2.example";
  take(from_gateway(gateway::FrameType::flow_opened, web));
  take(from_gateway(
      gateway::FrameType::flow_data,
      gateway::FlowData{7, true, 0, at(11), "GET /gate?id=1 HTTP/1.1\r\nHost: c2.example\r\n\r\n"}));
  take(from_gateway(gateway::FrameType::flow_data,
                    gateway::FlowData{7, false, 0, at(12), "HTTP/1.1 200 OK\r\n\r\n"}));
  const intel::RunRecord run = builder_.finish();
  EXPECT_EQ(run.flows.at(0).urls, std::vector<std::string>{"http://c2.example:8080/gate?id=1"});
  EXPECT_TRUE(run.flows.at(0).stream_sha256);
  EXPECT_TRUE(builder_.blobs().contains(*run.flows[0].stream_sha256));
}

struct BadRow {
  const char* name;
  std::vector<base::Frame> frames;  // the last one is refused
};
class RecordRefusesTest : public ::testing::TestWithParam<BadRow> {};
TEST_P(RecordRefusesTest, Refuses) {
  KeepNothing keep;
  RecordBuilder builder({}, keep);
  const auto& frames = GetParam().frames;
  for (size_t i = 0; i + 1 < frames.size(); ++i) ASSERT_TRUE(builder.take(frames[i]));
  const auto taken = builder.take(frames.back());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::invalid_input);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, RecordRefusesTest,
    ::testing::Values(BadRow{"no_such_word", {{200, ""}}}, BadRow{"cut_body", {text(Report::process, "xx")}},
                      BadRow{"a_file_out_of_order", {frame(Report::file, FileSeen{.index = 1})}},
                      BadRow{"a_digest_that_is_not_the_files",
                             {frame(Report::content, ContentPart{base::sha256("a").hex(), true, "b"})}},
                      BadRow{"parts_of_two_files",
                             {frame(Report::content, ContentPart{base::sha256("ab").hex(), false, "a"}),
                              frame(Report::content, ContentPart{base::sha256("cd").hex(), true, "c"})}},
                      BadRow{"a_dump_without_a_digest", {frame(Report::dump, DumpSeen{.sha256 = "x"})}},
                      BadRow{"more_after_the_end",
                             {frame(Report::finished, finished()), frame(Report::process, process(0))}},
                      BadRow{"an_empty_word_of_the_gateway", {text(Report::gateway, "")}},
                      BadRow{"the_gateways_first_word", {text(Report::gateway, std::string(1, '\0'))}}),
    [](const auto& row) { return row.param.name; });

TEST(Record, AFloodOfRowsIsBounded) {
  KeepNothing keep;
  RecordLimits limits;
  limits.processes = limits.files = limits.flows = limits.questions = limits.notes = 10;
  RecordBuilder builder({}, keep, limits);
  for (uint32_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(builder.take(frame(Report::process, process(i))));
    ASSERT_TRUE(builder.take(frame(Report::file, FileSeen{.index = std::min(i, 10u)})));
    ASSERT_TRUE(builder.take(frame(Report::note, NoteSeen{})));
    ASSERT_TRUE(builder.take(from_gateway(gateway::FrameType::flow_opened, flow(i, "198.18.0.1", 1, "raw"))));
    ASSERT_TRUE(builder.take(from_gateway(gateway::FrameType::dns, gateway::DnsLookup{})));
  }
  const intel::RunRecord run = builder.finish();
  EXPECT_EQ(run.processes.size(), 10u);
  EXPECT_EQ(run.files.size(), 10u);
  EXPECT_EQ(run.flows.size(), 10u);
  EXPECT_EQ(run.dns.size(), 10u);
  EXPECT_EQ(run.notes.size(), 10u);
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.limits_hit.size(), 5u);
}

TEST(Record, LongTextsAreCutAndTheirSumIsBounded) {
  KeepNothing keep;
  RecordLimits limits;
  limits.rows = 100'000;
  RecordBuilder builder({}, keep, limits);
  for (int i = 0; i < 100; ++i) {
    NoteSeen note;
    note.text = std::string(60'000, 'x');
    ASSERT_TRUE(builder.take(frame(Report::note, note)));
  }
  const intel::RunRecord run = builder.finish();
  EXPECT_EQ(run.notes.at(0).text.size(), limits.text);
  EXPECT_LT(run.notes.size(), 30u);
  EXPECT_EQ(run.limits_hit, std::vector<std::string>{"record_bytes"});
}

TEST(Record, BodiesPastTheirBoundAreCountedNotKept) {
  KeepNothing keep;
  RecordLimits limits;
  limits.content = 10;
  limits.output = 4;
  RecordBuilder builder({}, keep, limits);
  ASSERT_TRUE(
      builder.take(frame(Report::content, ContentPart{base::sha256("x").hex(), false, "0123456789ab"})));
  ASSERT_TRUE(builder.take(frame(Report::content, ContentPart{base::sha256("x").hex(), true, "cd"})));
  ASSERT_TRUE(builder.take(text(Report::output, "123456")));
  const intel::RunRecord run = builder.finish();
  EXPECT_TRUE(builder.contents().empty());
  EXPECT_EQ(run.output_bytes, 6u);
  EXPECT_EQ(run.output, base::sha256("1234"));
  EXPECT_FALSE(run.complete);
}

class FullDisk final : public Keep {
 public:
  Result<base::Digest> put(std::string_view) override {
    return fail(Module::store, ErrorCode::io, "No space left on device");
  }
};
TEST(Record, AFullDiskLeavesALabelledRecord) {
  FullDisk keep;
  RecordBuilder builder({}, keep);
  ASSERT_TRUE(builder.take(text(Report::output, "said")));
  ASSERT_TRUE(builder.take(frame(Report::finished, finished())));
  const intel::RunRecord run = builder.finish();
  EXPECT_EQ(run.outcome, intel::RunOutcome::exited);
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.limits_hit.size(), 1u);
  EXPECT_NE(run.limits_hit[0].find("No space left"), std::string::npos);
}

TEST(Record, RandomFramesNeverBreakIt) {
  std::mt19937 random(20260301);
  KeepNothing keep;
  for (int round = 0; round < 200; ++round) {
    RecordBuilder builder({}, keep);
    for (int i = 0; i < 20; ++i) {
      base::Frame any{static_cast<uint8_t>(random() % 15), std::string(random() % 200, '\0')};
      for (char& c : any.body) c = static_cast<char>(random() % 4 == 0 ? random() : 0);
      if (!builder.take(any)) break;
    }
    (void)intel::to_json(builder.finish("cut"));
  }
}

}  // namespace
}  // namespace shikake::sandbox::run
