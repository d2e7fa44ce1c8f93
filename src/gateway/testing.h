// For the gateway's tests: a gateway, and commands run in its cell's network with their output and its frames
// kept.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/child.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/wire.h"
#include "cell/mounts.h"
#include "gateway/gateway.h"

namespace shikake::gateway {

constexpr uid_t ordinary_user = 65534;  // nobody, who owns nothing here
constexpr int unreachable = 78;         // its exit status where it cannot run our programs
constexpr char why_unreachable[] = "an ordinary user cannot reach the programs in " SHIKAKE_BUILD_DIR
                                   ": a folder above them is closed to others (chmod o+x)";

// A folder of its own, gone with it. (Process numbers name nothing: in a namespace of their own all are 1.)
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "shikake-gateway-XXXXXX").string();
    if (!mkdtemp(name.data())) ADD_FAILURE() << "no folder for a test: " << std::strerror(errno);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Runs `body` in a process that may make networks, in a network of its own without any device: as root, or as
// an ordinary user in a user namespace. Failures of expectations inside are failures of the test.
inline void in_private_network(bool as_root, const std::function<void()>& body) {
  if (as_root && geteuid() != 0) GTEST_SKIP() << "not root";
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    if (!as_root && geteuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setgid(ordinary_user) != 0 || setuid(ordinary_user) != 0))
      _exit(90);
    if (!base::find_sibling_executable("shikake-gateway")) _exit(unreachable);
    auto contained = cell::spawn({.user = !as_root, .mount = true, .network = true, .pid = true}, [&] {
      if (!cell::mount_proc()) return 91;
      body();
      return testing::Test::HasFailure() ? 1 : 0;
    });
    if (!contained) {
      std::fprintf(stderr, "%s\n", contained.error().message().c_str());
      _exit(contained.error().code == ErrorCode::unsupported ? 77 : 92);
    }
    auto status = contained->wait();
    std::fflush(nullptr);
    _exit(status && WIFEXITED(*status) ? WEXITSTATUS(*status) : 93);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this machine forbids namespaces";
  if (WEXITSTATUS(status) == unreachable) GTEST_SKIP() << why_unreachable;
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// What a run's frames add up to.
struct Seen {
  std::map<uint32_t, Flow> flows;
  std::map<std::pair<uint32_t, bool>, std::string> streams;  // by flow and "out"
  std::vector<DnsLookup> lookups;
  std::vector<Decision> decisions;
  std::vector<std::string> limits;
  size_t frames = 0;

  void take(const base::Frame& frame) {
    ++frames;
    switch (static_cast<FrameType>(frame.type)) {
      case FrameType::flow_opened:
      case FrameType::flow_updated:
      case FrameType::flow_closed: {
        auto flow = base::from_wire<Flow>(frame.body);
        ASSERT_TRUE(flow);
        flows[flow->id] = *flow;
        break;
      }
      case FrameType::flow_data: {
        auto data = base::from_wire<FlowData>(frame.body);
        ASSERT_TRUE(data);
        std::string& stream = streams[{data->flow, data->out}];
        EXPECT_EQ(data->offset, stream.size());
        stream += data->bytes;
        break;
      }
      case FrameType::dns:
        lookups.push_back(base::from_wire<DnsLookup>(frame.body).value());
        break;
      case FrameType::decision:
        decisions.push_back(base::from_wire<Decision>(frame.body).value());
        break;
      case FrameType::limit:
        limits.push_back(base::from_wire<LimitReached>(frame.body).value().limit);
        break;
      default:
        ADD_FAILURE() << "unexpected frame " << int{frame.type};
    }
  }

  // The first flow of this protocol.
  const Flow* flow(std::string_view protocol) const {
    for (const auto& [id, flow] : flows)
      if (flow.protocol == protocol) return &flow;
    return nullptr;
  }
  std::string stream(const Flow& flow, bool out) const {
    auto found = streams.find({flow.id, out});
    return found == streams.end() ? "" : found->second;
  }
};

struct Output {
  int status = -1;
  std::string text;  // stdout and stderr
};

// A gateway with everything around it that a supervisor gives.
class Lab {
 public:
  // `folder`: where the capture file goes, if not into one of its own.
  explicit Lab(GatewayPlan plan = {}, const std::filesystem::path& folder = {}) {
    capture_path = (folder.empty() ? own_.path() : folder) / "capture.pcapng";
    capture_.reset(open(capture_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    plan.capture_fd = capture_.get();
    auto started = Gateway::start(plan);
    if (!started) {
      ADD_FAILURE() << started.error().message();
      return;
    }
    gateway_.emplace(std::move(*started));
  }
  bool ok() const { return gateway_.has_value(); }
  Gateway& gateway() { return *gateway_; }

  // Runs a shell command as a cell would: in its network, with its resolver and authority.
  Output run(const std::string& command) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return {};
    base::UniqueFd out(ends[0]), in(ends[1]);
    fcntl(out.get(), F_SETFL, O_NONBLOCK);
    auto child = cell::spawn({.mount = true}, [&] { return become(command, in.get()); });
    in.reset();
    if (!child) return {-1, child.error().message()};
    Output output;
    for (bool ended = false; !ended;) {
      char bytes[4096];
      ssize_t size = 0;
      while ((size = read(out.get(), bytes, sizeof bytes)) > 0)
        output.text.append(bytes, static_cast<size_t>(size));
      ended = size == 0;
      pump(ended ? 0 : 5);
    }
    auto status = child->wait();
    if (status && WIFEXITED(*status)) output.status = WEXITSTATUS(*status);
    return output;
  }

  void pump(int milliseconds) {
    for (;;) {
      auto frame =
          gateway_->channel().receive(base::Deadline::after(std::chrono::milliseconds(milliseconds)));
      if (!frame) return;
      seen.take(*frame);
    }
  }

  // The first call ends it; later ones give the same.
  Result<Ended> finish() {
    if (ended_) return *ended_;
    ended_ = gateway_->finish(base::Deadline::after(std::chrono::seconds(20)),
                              [this](const base::Frame& frame) { seen.take(frame); });
    return *ended_;
  }

  Seen seen;
  std::filesystem::path capture_path;

 private:
  int become(const std::string& command, int out) {
    const Ready& ready = gateway_->ready();
    std::string resolv;
    for (const std::string& resolver : ready.resolvers) resolv += "nameserver " + resolver + "\n";
    if (!cell::enter_network(gateway_->cell_network())) return 120;
    if (!cell::cover_folder("/etc", {{"resolv.conf", resolv},
                                     {"hosts", "127.0.0.1 localhost\n"},
                                     {"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
                                     {"ssl/certs/ca-certificates.crt", ready.ca_certificate_pem}}))
      return 121;
    dup2(out, 1);
    dup2(out, 2);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    for (const char* name :
         {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "http_proxy",
          "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"})
      unsetenv(name);
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    return 127;
  }

  TemporaryFolder own_;
  base::UniqueFd capture_;
  std::optional<Gateway> gateway_;
  std::optional<Result<Ended>> ended_;
};

inline bool have(const char* program) {
  return std::system(("command -v " + std::string(program) + " >/dev/null 2>&1").c_str()) == 0;
}
#define SHIKAKE_NEED_PROGRAM(name) \
  if (!::shikake::gateway::have(name)) GTEST_SKIP() << (name) << " is not installed"

}  // namespace shikake::gateway
