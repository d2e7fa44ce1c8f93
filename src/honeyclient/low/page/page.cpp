#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/machine_code.h"

#include <js/Exception.h>
#include <js/Interrupt.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/blobs.h"
#include "honeyclient/low/page/document_mode.h"
#include "honeyclient/low/page/engine.h"
#include "honeyclient/low/page/errors.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/lures.h"
#include "honeyclient/low/page/messages.h"
#include "honeyclient/low/page/mutation_observer.h"
#include "honeyclient/low/page/script_host.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

std::atomic<uint32_t> cpu_ticks{0};
constexpr auto grace = std::chrono::milliseconds(50);  // until scripts that were asked to stop are made to

std::chrono::milliseconds cpu_time(uint32_t ticks_before) {
  return (cpu_ticks.load(std::memory_order_relaxed) - ticks_before) * cpu_tick;
}

}  // namespace

Page::Page(JSContext* the_context, base::FrameChannel channel, Start the_start)
    : cx(the_context),
      start(in_document_mode(std::move(the_start))),
      positions(the_context),
      arena(html::ArenaLimits{limits::max_nodes}),
      worker_time(start.max_worker_time, [] { return cpu_time(0); }),
      channel_(std::move(channel)),
      random_state_(start.seed ^ 0x9E3779B97F4A7C15ull),
      ticks_before_(cpu_ticks.load(std::memory_order_relaxed)) {
  if (!start.forced) return;
  forced = std::make_unique<Forced>(*this);
  positions.decided_by = [this] { return forced->decided_by(); };
}

Page::~Page() {
  for (Native* native : natives_) delete native;
}

void Page::trace(JSTracer* tracer) {
  for (Native* native : natives_) native->trace(tracer);
  if (forced) forced->trace(tracer);
  for (JS::Heap<JSObject*>& job : jobs_) JS::TraceEdge(tracer, &job, "promise job");
  for (JS::Heap<JSObject*>& promise : rejected_) JS::TraceEdge(tracer, &promise, "rejected promise");
}

// --- windows -----------------------------------------------------------------------------------------

Window& Page::open_window(const Document& document, uint32_t id, Window* parent, html::Element* frame) {
  for (Window*& old : windows_) {
    if (old->id != id) continue;
    old->leave();
    std::erase(windows_, old);
    break;
  }
  auto* window = new Window(*this, id, parent, frame);
  windows_.push_back(window);
  if (auto parsed = url::Url::parse(document.url)) window->url = std::move(*parsed);
  window->referrer = document.referrer;
  window->last_modified = document.last_modified;
  if (!window->make_realm()) {
    window->gone = true;
    limit("memory");
    stop_scripts("memory");
  }
  return *window;
}

Window* Page::window(uint32_t id) {
  for (Window* window : windows_)
    if (window->id == id && !window->gone) return window;
  return nullptr;
}

// --- time ----------------------------------------------------------------------------------------------

namespace {
double slept = 0;  // milliseconds, by the one page of this process (WScript.Sleep)
}  // namespace

void sleep_page(double milliseconds) {
  constexpr double longest = 24.0 * 3600 * 1000;  // droppers sleep for minutes; a day is a trick
  if (milliseconds > 0) slept = std::min(slept + milliseconds, longest);
}

double Page::now() const {
  return static_cast<double>(base::to_micros(start.clock) / 1000) +
         static_cast<double>(clock_.count() / 1000) + slept;
}

double Page::clock_read() {
  constexpr uint32_t before_it_waits = 1000;
  constexpr auto step = std::chrono::microseconds(200);
  if (++clock_reads_ > before_it_waits && (clock_ < limits::max_virtual_time || is_late())) clock_ += step;
  return now();
}

uint64_t Page::random() {  // splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators)
  uint64_t z = (random_state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// --- the event loop --------------------------------------------------------------------------------------

void Page::post(std::function<void()> task) {
  tasks_.push_back(std::move(task));
}

uint32_t Page::add_timer(Window& window, double delay_ms, bool repeats, std::function<void()> action) {
  double delay = delay_ms > 0 ? delay_ms : 0;
  uint32_t id = next_timer_++;
  // An interval of nothing would never let time move on; browsers clamp it to 4 ms when nested.
  if (std::string reason = forced ? forced->decided_by() : std::string(); !reason.empty())
    action = [this, reason, later = std::move(action)] {
      Forced::Because because(*forced, reason);
      later();
    };
  const double due = since_start() + delay;
  Timer timer{id, &window, std::max(delay, 4.0), repeats, std::move(action)};
  timer.renewed = in_timer_;
  if (due > static_cast<double>(limits::max_virtual_time.count()))
    if (std::optional<Place> place = positions.here())
      timer.place = place->source->sha256 + std::to_string(place->line) + ":" + std::to_string(place->column);
  if (timers_fired_ < limits::max_timers)
    timers_.emplace(std::pair(due, timer_sequence_++), std::move(timer));
  else
    limit("timers");
  return id;
}

void Page::clear_timer(uint32_t id) {
  std::erase_if(timers_, [&](const auto& entry) { return entry.second.id == id; });
  std::erase_if(resting_, [&](const Timer& timer) { return timer.id == id; });
}

// Behind the page's time each place that sets timers has one turn more: what waits for long is seen, and what
// sets itself again and again comes to an end.
bool Page::has_a_turn(const Timer& timer, double due) {
  if (timer.woken || due <= static_cast<double>(limits::max_virtual_time.count())) return true;
  if (timer.fired || late_.contains(timer.place)) return false;
  if (late_.size() >= limits::max_late_timers) return limit("virtual-time"), false;
  return late_.insert(timer.place).second;
}

// Faster than the page's time allows: what it would do later is not seen, but for what it does for a visitor.
bool Page::is_to_rest(const Timer& timer) {
  if (timer.woken || !(timer.fired || timer.renewed) || timers_fired_ < limits::timers_before_rest) return false;
  limit("timers");
  return true;
}

// Whoever looks again and again for what somebody does finds it: each has one turn more.
void Page::wake_timers() {
  for (Timer& timer : std::exchange(resting_, {})) {
    timer.woken = true;
    const double due = since_start() + timer.interval;
    timers_.emplace(std::pair(due, timer_sequence_++), std::move(timer));
  }
}

bool Page::run_next_timer() {
  while (!timers_.empty()) {
    auto next = timers_.begin();
    double due = next->first.first;
    if (next->second.window->gone) {
      timers_.erase(next);
      continue;
    }
    if (start.forced) {
      if (due > static_cast<double>(limits::max_forced_virtual_time.count())) return false;
    } else if (!has_a_turn(next->second, due) || is_to_rest(next->second)) {
      if (resting_.size() < limits::max_resting_timers) resting_.push_back(std::move(next->second));
      timers_.erase(next);
      continue;
    }
    // Whoever sets itself again and again has had its turns; what was set once before has its own all the
    // same.
    if (timers_fired_ >= limits::max_timers) {
      limit("timers");
      if (next->second.fired) {
        timers_.erase(next);
        continue;
      }
    }
    ++timers_fired_;
    Timer timer = std::move(next->second);
    timers_.erase(next);
    clock_ = std::max(clock_, std::chrono::microseconds(static_cast<int64_t>(due * 1000)));
    std::function<void()> action = timer.action;
    timer.fired = true;
    timer.woken = false;
    if (timer.repeats && timers_fired_ < limits::max_timers)
      timers_.emplace(std::pair(due + timer.interval, timer_sequence_++), std::move(timer));
    in_timer_ = true;
    run_task(action);
    in_timer_ = false;
    return true;
  }
  return false;
}

void Page::run_microtasks() {
  if (running_jobs_ || script_depth_ > 0) return;
  running_jobs_ = true;
  // A page that changes its tree in its own observer would never let go; what is left then waits for the next
  // turn.
  constexpr int max_rounds = 20;
  for (int round = 0; round < max_rounds && scripts_run(); ++round) {
    run_jobs();
    if (!deliver_mutations(*this)) break;
  }
  running_jobs_ = false;
  // While others wait, the last of them comes by here.
  if (!rejected_.empty() && tasks_.empty()) post([this] { report_rejections(); });
}

void Page::run_jobs() {
  while (!jobs_.empty() && scripts_run()) {
    JS::RootedObject job(cx, jobs_.front());
    jobs_.pop_front();
    JSAutoRealm realm(cx, job);
    auto* owner = static_cast<Window*>(native_of(JS::CurrentGlobalOrNull(cx)));
    if (!owner || owner->gone) continue;
    ++script_depth_;
    WorkerTime::Running running(worker_time, *owner);
    JS::RootedValue function(cx, JS::ObjectValue(*job)), ignored(cx);
    if (!JS::Call(cx, JS::UndefinedHandleValue, function, JS::HandleValueArray::empty(), &ignored))
      report_exception(*owner);
    --script_depth_;
    owner->loader->flush();
  }
}

void Page::rejected(JSObject* promise, bool heard) {
  if (heard)
    std::erase_if(rejected_, [&](const auto& one) { return one.get() == promise; });
  else if (rejections_++ < limits::max_rejections)
    rejected_.emplace_back(promise);
  else
    limit("rejections");
}

// https://html.spec.whatwg.org/#notify-about-rejected-promises
void Page::report_rejections() {
  JS::RootedObject promise(cx);
  while (!rejected_.empty() && scripts_run()) {
    promise = rejected_.front();
    rejected_.pop_front();
    JSAutoRealm realm(cx, promise);
    auto* owner = static_cast<Window*>(native_of(JS::CurrentGlobalOrNull(cx)));
    if (owner && !owner->gone) report_rejection(*this, *owner, promise);
  }
}

void Page::run_script(Window& window, const std::function<void()>& body) {
  scripts_ran_ = true;
  if (window.gone || !scripts_run()) return;
  JSAutoRealm realm(cx, window.global());
  Positions::Within engine(positions, std::nullopt);
  if (++script_depth_ == 1 && forced) forced->begin();
  {
    WorkerTime::Running running(worker_time, window);
    if (!guarded(cx, body)) report_exception(window);
  }
  --script_depth_;
  if (script_depth_ == 0) run_microtasks();
}

void Page::report_exception(Window& window) {
  if (memory_spent_) {
    stop_scripts("memory");
    JS_ClearPendingException(cx);
    return;
  }
  if (!JS_IsExceptionPending(cx)) return;  // stopped for its time
  report_uncaught(*this, window);
}

void Page::run_task(const std::function<void()>& task) {
  if (++tasks_run_ > limits::max_tasks) {
    stop_scripts("tasks");
    return;
  }
  try {
    task();
  } catch (const std::bad_alloc&) {
    stop_scripts("memory");
  } catch (const std::exception& wrong) {
    flaw(wrong.what());
  }
  if (JS_IsExceptionPending(cx)) JS_ClearPendingException(cx);
  run_microtasks();
}

void Page::run() {
  auto visitor = [this] {
    bool did = false;
    run_task([&] { did = visitor_acts(*this); });
    if (did) wake_timers();
    return did;
  };
  while (!closed_) {
    while (!closed_ && receive(base::Deadline::now())) {}
    if (closed_) return;
    if (!inbox_.empty()) {
      base::Frame frame = std::move(inbox_.front());
      inbox_.pop_front();
      run_task([&] { handle(frame); });
    } else if (!tasks_.empty()) {
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      run_task(task);
    } else if (!waiting_.empty()) {
      receive(base::Deadline::never());
    } else if (forced && scripts_run() && (run_next_timer() || forced->next())) {
      // Going elsewhere keeps nothing of a forced run from its end.
    } else if (pending_navigations_ > 0 || !scripts_run() || (!run_next_timer() && !visitor())) {
      // A navigation begins when its page has nothing left to do; time stands still until it has ended.
      settle();
      receive(base::Deadline::never());
    }
  }
}

void Page::settle() {
  if (forced) forced->tell_checks();
  if (scripts_ran_ && !memory_spent_) {
    scripts_ran_ = false;
    for (Window* one : windows_)
      if (!one->gone && one->global()) survey_for_code(*one);
  }
  for (Window* one : windows_)
    if (!one->gone && one->name != one->told_name) tell(FromPage::named, Named{one->id, one->told_name = one->name});
  settled_ = true;
  tell(FromPage::settled, Settled{heard_, clock_, static_cast<uint32_t>(cpu_time(ticks_before_).count())});
}

// --- the parent --------------------------------------------------------------------------------------------

bool Page::send(FromPage type, std::string body) {
  if (closed_) return false;
  if (channel_.send(static_cast<uint8_t>(type), body, base::Deadline::never())) return true;
  // Too long for a frame is the page's doing; everything else means that the parent is gone.
  if (body.size() > limits::max_frame)
    limit("message");
  else
    closed_ = true;
  return false;
}

bool Page::receive(const base::Deadline& deadline) {
  auto frame = channel_.receive(deadline);
  if (!frame) {
    if (frame.error().code != ErrorCode::timeout) closed_ = true;
    return false;
  }
  ++heard_;
  settled_ = false;
  inbox_.push_back(std::move(*frame));
  return true;
}

void Page::attach_blob(Asked& asked) {
  if (!asked.url.starts_with("blob:")) return;
  asked.headers.clear();
  auto content = blob_content(*this, asked.url);
  if (!content) return;  // without a type: the parent then knows that there is none
  asked.body = std::move(content->bytes);
  asked.headers.push_back({"Content-Type", std::move(content->type)});
}

void Page::fetch(Asked asked, std::function<void(const Loaded&)> done) {
  worker_time.acted();
  attach_blob(asked);
  uint32_t request = next_request_++;
  if (!tell(FromPage::fetch, Fetch{request, std::move(asked)}))
    return post([answer = std::move(done)] { answer(Loaded{}); });
  waiting_.emplace(request, std::move(done));
}

Loaded Page::fetch_now(Asked asked) {
  worker_time.acted();
  attach_blob(asked);
  uint32_t request = next_request_++;
  if (!tell(FromPage::fetch, Fetch{request, std::move(asked)})) return {};
  size_t seen = 0;
  while (!closed_) {
    for (; seen < inbox_.size(); ++seen) {
      if (inbox_[seen].type != static_cast<uint8_t>(ToPage::loaded)) continue;
      auto loaded = base::from_wire<Loaded>(inbox_[seen].body);
      if (!loaded || loaded->request != request) continue;
      inbox_.erase(inbox_.begin() + static_cast<std::ptrdiff_t>(seen));
      return std::move(*loaded);
    }
    receive(base::Deadline::never());
  }
  return {};
}

Answer Page::ask(const Ask& question) {
  tell(FromPage::ask, question);
  size_t seen = 0;
  while (!closed_) {
    for (; seen < inbox_.size(); ++seen) {
      if (inbox_[seen].type != static_cast<uint8_t>(ToPage::answer)) continue;
      auto answer = base::from_wire<Answer>(inbox_[seen].body);
      inbox_.erase(inbox_.begin() + static_cast<std::ptrdiff_t>(seen));
      return answer ? std::move(*answer) : Answer{};
    }
    receive(base::Deadline::never());
  }
  return {};
}

void Page::handle(const base::Frame& frame) {
  switch (static_cast<ToPage>(frame.type)) {
    case ToPage::loaded:
      if (auto loaded = base::from_wire<Loaded>(frame.body)) {
        auto found = waiting_.find(loaded->request);
        if (found == waiting_.end()) return;
        auto done = std::move(found->second);
        waiting_.erase(found);
        done(*loaded);
      }
      return;
    case ToPage::frame_document:
      if (auto message = base::from_wire<FrameDocument>(frame.body)) handle_frame_document(*message);
      return;
    case ToPage::frame_elsewhere:
      if (auto message = base::from_wire<FrameElsewhere>(frame.body))
        frame_went_elsewhere(*this, message->window, message->failed);
      return;
    case ToPage::stays:
      return navigation_ended();
    case ToPage::message:
      if (auto message = base::from_wire<PostMessage>(frame.body)) deliver_message(*this, *message);
      return;
    case ToPage::start:
    case ToPage::answer:
      return;
  }
}

void Page::navigation_ended() {
  if (pending_navigations_ > 0) --pending_navigations_;
}

void Page::handle_frame_document(const FrameDocument& message) {
  navigation_ended();
  for (Window* parent : windows_) {
    for (Window::Child& child : parent->children) {
      if (child.id != message.window) continue;
      std::string name = child.window ? child.window->name : message.name;
      Window& window = open_window(message.document, child.id, parent, child.element);
      window.name = window.told_name = std::move(name);
      child.window = &window;
      tell(FromPage::shows, Shows{child.id, message.number});
      if (!window.gone) window.loader->start(message.document);
      return;
    }
  }
}

void Page::happened(const Window& window, std::string_view kind, std::u16string_view detail) {
  // Of each kind by itself: one that means nothing must not keep those out that do.
  if (++notices_[std::string(kind)] > limits::max_notices) return limit("notices");
  // What is put into the clipboard is weighed whole, however much stands in front of a command.
  const size_t longest = kind.starts_with("clipboard") ? limits::max_argument_text : limits::max_detail;
  std::string text = utf8(detail.substr(0, longest));
  tell(FromPage::happened, Happened{window.id, std::string(kind), std::move(text)});
}

void Page::flaw(std::string_view what) {
  limit("emulation");
  for (const Window* window : windows_)
    if (!window->gone) return happened(*window, "error", u"the emulation failed: " + wide(what));
}

void Page::unemulated(std::string_view what, bool matters) {
  if (std::ranges::find(said_, what) != said_.end()) return;
  if (said_.size() >= limits::max_notices) return limit("notices");
  said_.emplace_back(what);
  tell(FromPage::unemulated, Unemulated{std::string(what), matters});
}

void Page::limit(std::string_view name) {
  if (name == "memory") return memory_spent();
  if (std::ranges::find(said_, name) != said_.end()) return;
  said_.emplace_back(name);
  tell(FromPage::limit, LimitHit{std::string(name)});
}

// --- limits --------------------------------------------------------------------------------------------

void Page::stop_scripts(std::string_view name) {
  limit(name);
  stopped_ = true;
  jobs_.clear();
  timers_.clear();
}

// At once: the engine may abort before anybody else could say it.
// Called in the middle of allocations, this function's own among them: touches nothing that grows.
void Page::memory_spent() {
  if (std::exchange(memory_spent_, true)) return;
  tell(FromPage::limit, LimitHit{"memory"});
}

void Page::on_cpu_tick() {
  cpu_ticks.fetch_add(1, std::memory_order_relaxed);
}

bool Page::cpu_spent() {
  if (cpu_time(ticks_before_) < start.max_script_time) return false;
  stop_scripts("script-time");
  return true;
}

bool Page::may_go_on() {
  if (cpu_spent()) return false;
  Window* worker = worker_time.spent();
  if (!worker) return true;
  limit("worker-time");
  worker->leave();
  return false;
}

bool Page::overdue() const {
  return cpu_time(ticks_before_) > start.max_script_time + grace;
}

bool Page::node_allowed() {
  if (!arena.full()) return true;
  stop_scripts("nodes");
  return false;
}

}  // namespace shikake::honeyclient::low::page
