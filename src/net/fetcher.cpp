#include "net/fetcher.h"

#include <deque>
#include <map>
#include <variant>

#include <fmt/format.h>

#include "base/child.h"
#include "base/frame.h"
#include "base/wire.h"
#include "net/fetch_protocol.h"

namespace shikake::net {
namespace {

using namespace std::chrono_literals;

// Starting takes milliseconds; on a machine that swaps, seconds.
constexpr auto start_time = 30s;
// The fetcher takes its messages between two steps of its transfers, which never wait.
constexpr auto send_time = 30s;
// For the process to be reaped after its channel closed.
constexpr auto end_time = 2s;

uint8_t type(FetchFrame frame) {
  return static_cast<uint8_t>(frame);
}

base::ChildOptions child_options(const std::filesystem::path& program) {
  base::ChildOptions options;
  options.path = program;
  // Proxies are in the fetcher's options; nothing else of our environment is its business.
  options.environment.emplace();
  return options;
}

Result<std::filesystem::path> find_program(const std::optional<std::filesystem::path>& given) {
  if (given) return *given;
  return base::find_sibling_executable("shikake-fetcher");
}

// The process that fetches: started for it alone, or one of a zygote's.
struct Process {
  base::FrameChannel channel;
  std::variant<base::Child, base::ZygoteChild> child;

  Result<base::WaitStatus> wait(const base::Deadline& deadline) {
    return std::visit([&](auto& one) { return one.wait(deadline); }, child);
  }
  void end() {
    if (auto* own = std::get_if<base::Child>(&child)) own->end();
    if (auto* forked = std::get_if<base::ZygoteChild>(&child)) forked->end();
  }
  int pid() const {
    return std::visit([](const auto& one) { return one.pid(); }, child);
  }
};

Result<Process> start_process(const FetcherOptions& options) {
  const uint32_t bound = fetch_frame_bound(options.limits);
  if (options.zygote) {
    SHIKAKE_ASSIGN(auto forked, options.zygote->fork(bound));
    return Process{std::move(forked.channel), std::move(forked.child)};
  }
  SHIKAKE_ASSIGN(auto ends, base::FrameChannel::make_pair(bound));
  SHIKAKE_ASSIGN(auto program, find_program(options.program));
  base::ChildOptions wanted = child_options(program);
  wanted.fds = {{ends.second.fd(), fetch_channel_fd}};
  wanted.inherit_stderr = options.inherit_stderr;
  SHIKAKE_ASSIGN(base::Child child, base::Child::start(wanted));
  return Process{std::move(ends.first), std::move(child)};
}

// Until the process stands confined.
Result<void> set_up(base::FrameChannel& channel, const FetcherOptions& options) {
  auto deadline = base::Deadline::after(start_time);
  FetcherOptions complete = options;
  SHIKAKE_TRY(complete.egress.add_own_addresses());
  SHIKAKE_TRY(channel.send(type(FetchFrame::configure), base::to_wire(complete), deadline));
  SHIKAKE_ASSIGN(base::Frame frame, channel.receive(deadline));
  if (frame.type == type(FetchFrame::ready)) return {};
  if (frame.type == type(FetchFrame::failed)) {
    SHIKAKE_ASSIGN(std::string why, base::from_wire<std::string>(frame.body));
    return fail(Module::net, ErrorCode::unsupported, why);
  }
  return fail(Module::net, ErrorCode::unavailable, "the fetcher answered with something else than \"ready\"");
}

}  // namespace

struct Fetcher::State {
  struct Pending {
    std::string url;
    base::TimePoint requested_at;
  };

  State(Process started, const base::Clock* its_clock) : process(std::move(started)), clock(its_clock) {}

  // Moves what has arrived to `ended`, waiting for the first until the deadline. False on a timeout.
  bool collect(const base::Deadline& deadline);
  Result<void> take(const base::Frame& frame);
  void died(const std::string& why);
  std::string how_it_ended(const Error& error);

  Process process;
  const base::Clock* clock;
  uint64_t last_id = 0;
  std::map<uint64_t, Pending> pending;  // by id: order of submission
  std::deque<FetchResponse> ended;
  std::string gone;  // why there is no process any more; empty while there is one
};

bool Fetcher::State::collect(const base::Deadline& deadline) {
  auto frame = process.channel.receive(deadline);
  if (!frame && frame.error().code == ErrorCode::timeout) return false;
  if (!frame) {
    died(how_it_ended(frame.error()));
  } else if (auto taken = take(*frame); !taken) {
    process.end();
    died(fmt::format("the fetcher was stopped: {}", taken.error().what));
  }
  return true;
}

Result<void> Fetcher::State::take(const base::Frame& frame) {
  if (frame.type != type(FetchFrame::response))
    return fail(Module::net, ErrorCode::invalid_input, "it sent a message of an unknown kind");
  SHIKAKE_ASSIGN(FetchResponse response, base::from_wire<FetchResponse>(frame.body));
  auto entry = pending.find(response.id);
  if (entry == pending.end()) {
    // Cancelled while it was on its way, or never asked for.
    if (response.id == 0 || response.id > last_id)
      return fail(Module::net, ErrorCode::invalid_input, "it answered what nobody asked");
    return {};
  }
  // What we know ourselves is not taken from there.
  response.url = std::move(entry->second.url);
  response.requested_at = entry->second.requested_at;
  pending.erase(entry);
  ended.push_back(std::move(response));
  return {};
}

std::string Fetcher::State::how_it_ended(const Error& error) {
  if (error.code == ErrorCode::unavailable) {
    if (auto status = process.wait(base::Deadline::after(end_time)))
      return fmt::format("the fetcher {}", status->describe());
  }
  process.end();
  return fmt::format("the fetcher was stopped: {}", error.what);
}

void Fetcher::State::died(const std::string& why) {
  gone = why;
  for (auto& [id, request] : pending) {
    FetchResponse response;
    response.id = id;
    response.url = std::move(request.url);
    response.requested_at = request.requested_at;
    response.failure = FetchFailure::fetcher_died;
    response.why = why;
    ended.push_back(std::move(response));
  }
  pending.clear();
}

Fetcher::Fetcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
Fetcher::Fetcher(Fetcher&&) noexcept = default;
Fetcher& Fetcher::operator=(Fetcher&&) noexcept = default;
Fetcher::~Fetcher() = default;

Result<Fetcher> Fetcher::start(const FetcherOptions& options) {
  if (options.limits.body_bytes > largest_body_bytes)
    return fail(Module::net, ErrorCode::invalid_usage,
                fmt::format("a body may have at most {} bytes", largest_body_bytes));
  SHIKAKE_ASSIGN(Process process, start_process(options));
  if (auto ready = set_up(process.channel, options); !ready) {
    Error error = ready.error();
    if (error.code == ErrorCode::unavailable) {
      if (auto status = process.wait(base::Deadline::after(end_time)))
        error.what = fmt::format("the fetcher {} before it was ready", status->describe());
    }
    return fail(std::move(error));
  }
  return Fetcher(std::make_unique<State>(std::move(process), options.clock));
}

Result<base::Zygote> Fetcher::start_zygote(const std::optional<std::filesystem::path>& program) {
  SHIKAKE_ASSIGN(auto path, find_program(program));
  base::ChildOptions options = child_options(path);
  options.arguments = {fetch_zygote_argument};
  options.inherit_stderr = false;
  return base::Zygote::start(std::move(options));
}

Result<uint64_t> Fetcher::submit(const FetchRequest& request) {
  State& state = *state_;
  if (!state.gone.empty()) return fail(Module::net, ErrorCode::unavailable, state.gone);
  uint64_t id = state.last_id + 1;
  auto sent = state.process.channel.send(type(FetchFrame::fetch), base::to_wire(FetchOrder{id, request}),
                                         base::Deadline::after(send_time));
  if (!sent) {
    if (sent.error().code == ErrorCode::limit) return fail(sent.error());
    state.died(state.how_it_ended(sent.error()));
    return fail(Module::net, ErrorCode::unavailable, state.gone);
  }
  state.last_id = id;
  state.pending.emplace(id, State::Pending{request.url, state.clock->now()});
  return id;
}

Result<FetchResponse> Fetcher::next(const base::Deadline& deadline) {
  State& state = *state_;
  while (state.ended.empty()) {
    if (state.pending.empty()) return fail(Module::net, ErrorCode::not_found, "nothing is being fetched");
    if (!state.collect(deadline)) return fail(Module::net, ErrorCode::timeout, "no fetch has ended in time");
  }
  FetchResponse response = std::move(state.ended.front());
  state.ended.pop_front();
  return response;
}

Result<FetchResponse> Fetcher::fetch(const FetchRequest& request, const base::Deadline& deadline) {
  State& state = *state_;
  SHIKAKE_ASSIGN(uint64_t id, submit(request));
  for (;;) {
    for (auto entry = state.ended.begin(); entry != state.ended.end(); ++entry) {
      if (entry->id != id) continue;
      FetchResponse response = std::move(*entry);
      state.ended.erase(entry);
      return response;
    }
    if (!state.collect(deadline)) {
      cancel(id);
      return fail(Module::net, ErrorCode::timeout, fmt::format("{} was not fetched in time", request.url));
    }
  }
}

void Fetcher::cancel(uint64_t id) {
  State& state = *state_;
  std::erase_if(state.ended, [id](const FetchResponse& response) { return response.id == id; });
  if (state.pending.erase(id) == 0 || !state.gone.empty()) return;
  auto sent = state.process.channel.send(type(FetchFrame::cancel), base::to_wire(id),
                                         base::Deadline::after(send_time));
  if (!sent) state.died(state.how_it_ended(sent.error()));
}

size_t Fetcher::under_way() const {
  return state_->pending.size() + state_->ended.size();
}
int Fetcher::fd() const {
  return state_->process.channel.fd();
}
int Fetcher::pid() const {
  return state_->process.pid();
}

}  // namespace shikake::net
