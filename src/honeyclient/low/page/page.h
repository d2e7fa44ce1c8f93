// One worker's windows and their event loop: tasks, timers on a virtual clock, requests to the parent.
//
// Time is virtual: it stands still while something is loading and jumps to the next timer when there is
// nothing else to do. So a page that waits ten seconds costs nothing, and the same seed and the same
// answers give the same run.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/frame.h"
#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/disk.h"
#include "honeyclient/low/page/position.h"
#include "honeyclient/low/page/worker_time.h"
#include "honeyclient/low/protocol.h"
#include "html/dom.h"

namespace shikake::honeyclient::low::page {

class Forced;

class Page {
 public:
  Page(JSContext* the_context, base::FrameChannel channel, Start start);
  ~Page();

  // Until the parent closes it or is gone.
  void run();

  JSContext* const cx;
  const Start start;
  const Persona& persona() const { return start.persona; }
  uint8_t engine_bit() const {
    return static_cast<uint8_t>(1u << static_cast<unsigned>(start.persona.engine));
  }
  Positions positions;
  std::unique_ptr<Forced> forced;  // in a forced run
  html::Arena arena;

  void own(Native& native) { natives_.push_back(&native); }
  void trace(JSTracer* tracer);

  // --- windows
  Window& open_window(const Document& document, uint32_t id, Window* parent, html::Element* frame);
  Window* window(uint32_t id);  // the one that stands under this number now
  const std::vector<Window*>& windows() const { return windows_; }
  uint32_t new_window_id() { return next_window_++; }
  uint32_t frames_opened = 0, blank_frames_opened = 0, web_workers = 0, empty_windows = 0;
  std::vector<Native*> watchers;                     // Intersection- and ResizeObservers
  std::vector<Native*> observers;                    // MutationObservers, in order of their making
  std::map<std::string, const Native*> object_urls;  // blob: URLs
  Disk disk;
  WorkerTime worker_time;
  // Of components' members: digests of the uses that were told, by member and by what they weigh.
  std::unordered_map<std::string, std::unordered_set<std::string>> told_uses;
  bool reporting_error = false;  // an onerror handler that throws is not called for that again

  // What was sent as machine code (digests), and how much was looked through for it (machine_code.h).
  std::vector<std::string> code_sent;
  std::vector<std::string> code_in_literals;  // sent last, where nothing else has shown it
  uint64_t code_looked_at = 0;

  // --- time
  double now() const;  // milliseconds since 1970, as Date shows
  double since_start() const { return static_cast<double>(clock_.count()) / 1000.0; }  // milliseconds
  uint64_t random();                                                                   // from the seed

  // --- the event loop
  void post(std::function<void()> task);
  uint32_t add_timer(Window& window, double delay_ms, bool repeats, std::function<void()> action);
  void clear_timer(uint32_t id);
  // Timers run that wait for longer than a visit lasts.
  bool is_late() const { return !late_.empty(); }
  // The engine's scripts read the clock. One that does nothing else is waiting: then time moves.
  double clock_read();
  void run_microtasks();
  void enqueue_job(JSObject* job) { jobs_.emplace_back(job); }
  bool has_jobs() const { return !jobs_.empty(); }
  // A promise was rejected and nobody heard it; `heard`: now somebody does.
  void rejected(JSObject* promise, bool heard);
  // Runs script: its realm entered, what it throws reported, microtasks after the outermost one.
  void run_script(Window& window, const std::function<void()>& body);
  bool in_script() const { return script_depth_ > 0; }

  // --- the parent
  void fetch(Asked asked, std::function<void(const Loaded&)> done);
  Loaded fetch_now(Asked asked);  // synchronous XMLHttpRequest
  Answer ask(const Ask& ask);
  // The parent has no other way to what a blob: URL names.
  void attach_blob(Asked& asked);
  // False: it is too long for a message (a limit), or the parent is gone.
  template <class Message>
  bool tell(FromPage type, const Message& message) {
    return send(type, base::to_wire(message));
  }
  void happened(const Window& window, std::string_view kind, std::u16string_view detail);
  // Once each. `matters`: what is missing may have hidden a part of the chain.
  void unemulated(std::string_view what, bool matters = false);
  void limit(std::string_view name);  // once each
  void flaw(std::string_view what);   // of this emulation itself: named, and the page goes on
  void navigation_started() { ++pending_navigations_; }
  void navigation_ended();

  // --- limits
  bool out_of_time() const { return stopped_; }
  void stop_scripts(std::string_view limit);
  bool scripts_run() const { return !stopped_; }
  static void on_cpu_tick();  // from the profiling timer's signal
  bool cpu_spent();
  bool may_go_on();      // asked while script runs
  bool overdue() const;  // its time is spent, and some more
  void memory_spent();   // the engine found none
  bool node_allowed();   // one more node

 private:
  struct Timer {
    uint32_t id;
    Window* window;
    double interval;
    bool repeats;
    std::function<void()> action;
    std::string place;   // that set it, where it waits for longer than the page's time
    bool fired = false;    // of one that repeats
    bool renewed = false;  // set by another's turn
    bool woken = false;  // has a turn, however late
  };

  bool send(FromPage type, std::string body);
  bool receive(const base::Deadline& deadline);  // one message into inbox_; false: none, or gone
  void handle(const base::Frame& frame);
  void handle_frame_document(const FrameDocument& message);
  void run_task(const std::function<void()>& task);
  void run_jobs();
  bool run_next_timer();
  bool has_a_turn(const Timer& timer, double due);
  bool is_to_rest(const Timer& timer);
  void wake_timers();
  void report_exception(Window& window);
  void report_rejections();
  void settle();

  base::FrameChannel channel_;
  std::deque<base::Frame> inbox_;
  bool closed_ = false, settled_ = false;
  uint64_t heard_ = 0;
  std::vector<Native*> natives_;
  std::vector<Window*> windows_;
  uint32_t next_window_ = 1;
  std::deque<std::function<void()>> tasks_;
  std::deque<JS::Heap<JSObject*>> jobs_;
  std::deque<JS::Heap<JSObject*>> rejected_;  // and heard by nobody so far
  uint32_t rejections_ = 0;
  std::map<std::pair<double, uint64_t>, Timer> timers_;  // by due time, then by age
  uint64_t timer_sequence_ = 0;
  std::set<std::string> late_;  // places whose timers had their turn behind the page's time
  std::vector<Timer> resting_;  // behind it, with no turn left
  uint32_t next_timer_ = 1, timers_fired_ = 0, tasks_run_ = 0;
  std::unordered_map<uint32_t, std::function<void(const Loaded&)>> waiting_;
  uint32_t next_request_ = 1;
  uint32_t pending_navigations_ = 0;
  std::map<std::string, uint32_t> notices_;  // by kind
  std::chrono::microseconds clock_{0};
  uint32_t clock_reads_ = 0;
  uint64_t random_state_;
  uint32_t ticks_before_;  // of the process, when the page began
  int script_depth_ = 0;
  bool in_timer_ = false;
  bool scripts_ran_ = false;  // since the last survey
  bool stopped_ = false, running_jobs_ = false, memory_spent_ = false;
  std::vector<std::string> said_;  // limits and unemulated: each once
};

}  // namespace shikake::honeyclient::low::page
