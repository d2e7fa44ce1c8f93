#include "sandbox/clock/clock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "sandbox/monitor/testing.h"

namespace shikake::sandbox::clock {
namespace {

using base::Deadline;
using K = intel::BehaviourKind;
using namespace std::chrono_literals;

class Last : public trace::Hook {
 public:
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override {
    if (process.id.value == 1) first = ending.status;
  }
  base::WaitStatus first{base::WaitStatus::How::killed, 0};
};

struct Ran {
  monitor::RememberingSink sink;
  base::WaitStatus status;
  trace::RunEnd end{};
  base::Duration skipped{};
};

template <class What>
std::unique_ptr<Ran> run(const What& what, std::chrono::seconds time = 20s, ClockOptions options = {}) {
  auto ran = std::make_unique<Ran>();
  auto tracer = trace::Tracer::make({});
  monitor::Monitor monitor({}, ran->sink);
  VirtualClock clock(*tracer, std::move(options), &monitor);
  Last last;
  tracer->add(monitor);
  tracer->add(clock);
  tracer->add(last);
  auto child = trace::start_guest(*tracer, what);
  EXPECT_TRUE(child) << child.error().message();
  auto end = tracer->run(Deadline::after(time));
  EXPECT_TRUE(end);
  ran->end = *end;
  tracer->kill_all();
  monitor.finish();
  ran->status = last.first;
  ran->skipped = clock.skipped();
  return ran;
}

constexpr int waited = 600;
const timespec span{waited, 0};

int64_t seconds_of(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec;
}

double uptime() {
  double up = 0;
  FILE* file = fopen("/proc/uptime", "re");
  if (!file || fscanf(file, "%lf", &up) != 1) return -1;
  fclose(file);
  return up;
}

// --- each clock tells the same
// ------------------------------------------------------------------------------

// In the guest: 0, or the number of the clock that tells another time.
int compare_clocks() {
  constexpr int64_t slept = 7200, slack = 15;  // a machine may be slow
  const auto passed = [&](double before, double after) {
    return after - before >= slept && after - before <= slept + slack;
  };
  const std::array<clockid_t, 6> ids = {CLOCK_REALTIME,        CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
                                        CLOCK_REALTIME_COARSE, CLOCK_BOOTTIME,  CLOCK_MONOTONIC_COARSE};
  std::array<int64_t, 6> before{};
  for (size_t i = 0; i < ids.size(); ++i) before[i] = seconds_of(ids[i]);
  const time_t time_before = time(nullptr);
  timeval day_before{}, day_after{};
  gettimeofday(&day_before, nullptr);
  struct sysinfo info_before {
  }, info_after{};
  sysinfo(&info_before);
  const double up_before = uptime();
  const uint64_t tsc_start = __rdtsc();
  usleep(100'000);
  const double ticks_a_second = static_cast<double>(__rdtsc() - tsc_start) * 10;
  const uint64_t tsc_before = __rdtsc();

  const timespec long_time{slept, 0};
  if (nanosleep(&long_time, nullptr) != 0) return 1;

  const double tsc_passed = static_cast<double>(__rdtsc() - tsc_before) / ticks_a_second;
  for (size_t i = 0; i < ids.size(); ++i)
    if (!passed(static_cast<double>(before[i]), static_cast<double>(seconds_of(ids[i]))))
      return 10 + static_cast<int>(i);
  if (!passed(static_cast<double>(time_before), static_cast<double>(time(nullptr)))) return 20;
  gettimeofday(&day_after, nullptr);
  if (!passed(static_cast<double>(day_before.tv_sec), static_cast<double>(day_after.tv_sec))) return 21;
  sysinfo(&info_after);
  if (!passed(static_cast<double>(info_before.uptime), static_cast<double>(info_after.uptime))) return 22;
  if (!passed(up_before, uptime())) return 23;
  // The machine's own measure of its ticks is a tenth off when it is busy.
  if (tsc_passed < 0.5 * slept || tsc_passed > 2 * slept) return 24;

  char path[] = "/tmp/shikake_clock_XXXXXX";
  const int file = mkstemp(path);
  struct stat status {};
  fstat(file, &status);
  unlink(path);
  const int64_t now = seconds_of(CLOCK_REALTIME);
  if (status.st_mtime < now - slack || status.st_mtime > now + 1) return 25;
  struct stat old {};
  stat("/proc/self/exe", &old);
  return old.st_mtime < now - slept ? 0 : old.st_mtime > now ? 26 : 0;
}

TEST(VirtualClock, EveryClockTellsTheSame) {
  const auto ran = run([] { return compare_clocks(); });
  EXPECT_EQ(ran->end, trace::RunEnd::all_gone);
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
  EXPECT_GE(ran->skipped, 7100s);
  EXPECT_NE(ran->sink.find(K::long_sleep, "7200 s"), nullptr) << ran->sink.all();
  EXPECT_NE(ran->sink.find(K::timing_check), nullptr) << ran->sink.all();
}

// A file's time is that of the kernel's last tick: it may lie before the moment of the skip.
TEST(VirtualClock, FilesMadeRightAfterASkipAreNew) {
  const auto ran = run([] {
    char path[] = "/tmp/shikake_clock_XXXXXX";
    const int file = mkstemp(path);
    unlink(path);
    for (int i = 0; i < 50; ++i) {
      const int64_t before = seconds_of(CLOCK_REALTIME);
      sleep(3600);
      if (write(file, "x", 1) != 1) return 1;
      struct stat status {};
      fstat(file, &status);
      if (status.st_mtime < before + 3599) return 2;  // the tick may lie in the second before
    }
    return 0;
  });
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
}

TEST(VirtualClock, OneClockOrTwoAfterASleepAreNoComparison) {
  const auto ran = run([] {
    for (int i = 0; i < 3; ++i) {
      sleep(waited);
      seconds_of(CLOCK_MONOTONIC);
      seconds_of(CLOCK_MONOTONIC);
    }
    seconds_of(CLOCK_REALTIME);
    const int file = open("/dev/null", O_RDONLY);  // something else is done between
    seconds_of(CLOCK_BOOTTIME);
    close(file);
    return 0;
  });
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
  EXPECT_GE(ran->skipped, 3 * 600s - 1s);
  EXPECT_EQ(ran->sink.find(K::timing_check), nullptr) << ran->sink.all();
}

TEST(VirtualClock, ProgramsThatBeginLaterSeeItToo) {
  const auto ran = run(std::vector<std::string>{
      "/bin/sh", "-c",
      "a=$(date +%s); sleep 3600; b=$(date +%s); d=$((b-a)); [ $d -ge 3600 ] && [ $d -le 3620 ]"});
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
}

// --- each way to wait
// ---------------------------------------------------------------------------------------

timespec in(clockid_t id) {
  timespec point{};
  clock_gettime(id, &point);
  point.tv_sec += waited;
  return point;
}

volatile sig_atomic_t alarms = 0;
void count_alarm(int) {
  alarms = alarms + 1;
}

struct WaitRow {
  const char* name;
  int (*body)();  // 0: it came back as it should
};
class Waits : public ::testing::TestWithParam<WaitRow> {};

TEST_P(Waits, AreSkipped) {
  const auto body = GetParam().body;
  const auto ran = run([body] {
    // Twice: the second time the guest's clocks are ahead already.
    for (int i = 0; i < 2; ++i) {
      const int64_t before = seconds_of(CLOCK_MONOTONIC);
      if (const int failed = body()) return failed;
      const int64_t passed = seconds_of(CLOCK_MONOTONIC) - before;
      if (passed < waited - 1) return 100 + i;
      if (passed > waited + 20) return 110 + i;
    }
    return 0;
  });
  EXPECT_EQ(ran->end, trace::RunEnd::all_gone);
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
}

constexpr WaitRow waits[] = {
    {"nanosleep", [] { return nanosleep(&span, nullptr); }},
    {"clock_nanosleep", [] { return clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr); }},
    {"clock_nanosleep_until",
     [] {
       const timespec point = in(CLOCK_REALTIME);
       return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &point, nullptr);
     }},
    {"poll", [] { return poll(nullptr, 0, waited * 1000); }},
    {"poll_of_a_pipe",
     [] {
       int ends[2];
       if (pipe(ends) != 0) return 1;
       pollfd one{ends[0], POLLIN, POLLERR};
       const int result = poll(&one, 1, waited * 1000);
       close(ends[0]), close(ends[1]);
       return result != 0 || one.revents != 0 ? 1 : 0;
     }},
    {"ppoll", [] { return ppoll(nullptr, 0, &span, nullptr); }},
    {"select",
     [] {
       int ends[2];
       if (pipe(ends) != 0) return 1;
       fd_set set;
       FD_ZERO(&set);
       FD_SET(ends[0], &set);
       timeval time{waited, 0};
       const int result = select(ends[0] + 1, &set, nullptr, nullptr, &time);
       const bool still_set = FD_ISSET(ends[0], &set);
       close(ends[0]), close(ends[1]);
       return result != 0 || still_set ? 1 : 0;
     }},
    {"pselect", [] { return pselect(0, nullptr, nullptr, nullptr, &span, nullptr); }},
    {"epoll_wait",
     [] {
       const int epoll = epoll_create1(0);
       epoll_event event;
       const int result = epoll_wait(epoll, &event, 1, waited * 1000);
       close(epoll);
       return result;
     }},
    {"futex",
     [] {
       int word = 0;
       return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &span) == -1 && errno == ETIMEDOUT ? 0 : 1;
     }},
    {"condition",
     [] {
       pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
       pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
       pthread_mutex_lock(&mutex);
       const timespec point = in(CLOCK_REALTIME);
       return pthread_cond_timedwait(&condition, &mutex, &point) == ETIMEDOUT ? 0 : 1;
     }},
    {"sigtimedwait",
     [] {
       sigset_t set;
       sigemptyset(&set);
       sigaddset(&set, SIGUSR1);
       sigprocmask(SIG_BLOCK, &set, nullptr);
       return sigtimedwait(&set, nullptr, &span) == -1 && errno == EAGAIN ? 0 : 1;
     }},
    {"alarm",
     [] {
       signal(SIGALRM, count_alarm);
       const int before = alarms;
       alarm(waited);
       pause();
       return alarms == before + 1 ? 0 : 1;
     }},
    {"setitimer",
     [] {
       signal(SIGALRM, count_alarm);
       const int before = alarms;
       const itimerval time{{0, 0}, {waited, 0}};
       setitimer(ITIMER_REAL, &time, nullptr);
       pause();
       return alarms == before + 1 ? 0 : 1;
     }},
    {"posix_timer",
     [] {
       signal(SIGUSR2, count_alarm);
       const int before = alarms;
       sigevent event{};
       event.sigev_notify = SIGEV_SIGNAL;
       event.sigev_signo = SIGUSR2;
       timer_t timer{};
       timer_create(CLOCK_MONOTONIC, &event, &timer);
       const itimerspec time{{0, 0}, span};
       timer_settime(timer, 0, &time, nullptr);
       pause();
       timer_delete(timer);
       return alarms == before + 1 ? 0 : 1;
     }},
    {"timer_descriptor",
     [] {
       const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
       const itimerspec time{{0, 0}, span};
       timerfd_settime(timer, 0, &time, nullptr);
       uint64_t times = 0;
       const bool fine = read(timer, &times, sizeof times) == sizeof times && times == 1;
       close(timer);
       return fine ? 0 : 1;
     }},
    {"timer_descriptor_until",
     [] {
       const int timer = timerfd_create(CLOCK_REALTIME, 0);
       const itimerspec time{{0, 0}, in(CLOCK_REALTIME)};
       timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, nullptr);
       uint64_t times = 0;
       const bool fine = read(timer, &times, sizeof times) == sizeof times && times == 1;
       close(timer);
       return fine ? 0 : 1;
     }},
    {"short_sleeps",
     [] {
       for (int i = 0; i < waited / 10; ++i) sleep(10);
       return 0;
     }},
    {"old_table",  // nanosleep through the 32-bit table of a 64-bit program
     [] {
       auto* time = static_cast<int32_t*>(
           mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
       time[0] = waited, time[1] = 0;
       long result;
       asm volatile("int $0x80" : "=a"(result) : "a"(162), "b"(time), "c"(0) : "memory");
       return static_cast<int>(result);
     }},
    {"child",
     [] {
       const pid_t child = fork();
       if (child == 0) {
         sleep(waited);
         _exit(0);
       }
       int status = 0;
       return waitpid(child, &status, 0) == child ? status : 1;
     }},
};
INSTANTIATE_TEST_SUITE_P(VirtualClock, Waits, ::testing::ValuesIn(waits),
                         [](const auto& row) { return std::string(row.param.name); });

// --- order and restraint
// ------------------------------------------------------------------------------------

TEST(VirtualClock, SleepersWakeInTheirOrder) {
  const auto ran = run([] {
    std::array<std::thread, 4> threads;
    std::atomic<int> order{0};
    std::array<int, 4> woke{};
    constexpr std::array<int, 4> seconds = {400, 100, 300, 200};
    for (size_t i = 0; i < threads.size(); ++i)
      threads[i] = std::thread([&, i] {
        sleep(static_cast<unsigned>(seconds[i]));
        woke[i] = ++order;
      });
    for (std::thread& thread : threads) thread.join();
    return woke == std::array<int, 4>{4, 1, 3, 2} ? 0 : 1;
  });
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
  EXPECT_GE(ran->skipped, 390s);
  EXPECT_LE(ran->skipped, 400s);
}

// A wait with an end was woken before it, and the thread waits without one now: on the same word, or for
// bytes.
TEST(VirtualClock, WaitsWithoutAnEndAreLeftAlone) {
  const auto ran = run([] {
    int word = 0, ends[2];
    std::atomic<int> woken{0}, bytes{-1}, again{-1};
    if (pipe(ends) != 0) return 1;
    const auto wake = [&] {
      while (syscall(SYS_futex, &word, FUTEX_WAKE, 1) != 1) sched_yield();
    };
    std::thread waiter([&] {
      if (syscall(SYS_futex, &word, FUTEX_WAIT, 0, &span) == 0) ++woken;
      again = static_cast<int>(syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr));
    });
    std::thread reader([&] {
      pollfd one{ends[0], POLLIN, 0};
      char byte;
      if (poll(&one, 1, waited * 1000) == 1 && read(ends[0], &byte, 1) == 1) ++woken;
      bytes = static_cast<int>(read(ends[0], &byte, 1));
    });
    wake();
    if (write(ends[1], "x", 1) != 1) return 2;
    sleep(2 * waited);
    if (woken != 2) return 3;
    if (again != -1 || bytes != -1) return 4;
    wake();
    if (write(ends[1], "x", 1) != 1) return 5;
    waiter.join(), reader.join();
    return again == 0 && bytes == 1 ? 0 : 6;
  });
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
}

TEST(VirtualClock, NothingIsSkippedWhileAGuestComputes) {
  const auto ran = run(
      [] {
        if (fork() == 0)
          for (;;) asm volatile("");
        sleep(3000);
        return 0;
      },
      2s);
  EXPECT_EQ(ran->end, trace::RunEnd::deadline);
  EXPECT_EQ(ran->skipped, 0s);
}

TEST(VirtualClock, SwitchedOffItOnlyNotes) {
  const auto ran = run([] { return static_cast<int>(sleep(3000)); }, 1s, {.skip = false});
  EXPECT_EQ(ran->end, trace::RunEnd::deadline);
  EXPECT_NE(ran->sink.find(K::long_sleep, "3000 s"), nullptr) << ran->sink.all();
}

TEST(VirtualClock, AnAnswerComesBeforeATimeout) {
  const auto ran = run([] {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    if (fork() == 0) {  // an answer that takes a moment of computing
      for (int i = 0; i < 20'000'000; ++i) asm volatile("");
      _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    pollfd one{ends[0], POLLIN, 0};
    return poll(&one, 1, 60'000) == 1 ? 0 : 2;
  });
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
}

}  // namespace
}  // namespace shikake::sandbox::clock
