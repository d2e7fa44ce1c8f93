// One visit: windows, the workers that run them, and the requests under way. See visit.h.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "honeyclient/low/answers.h"
#include "honeyclient/low/cors.h"
#include "honeyclient/low/recorder.h"
#include "honeyclient/low/request.h"
#include "honeyclient/low/viewed_document.h"
#include "honeyclient/low/visit.h"
#include "honeyclient/low/zygote.h"
#include "honeyclient/shellcode/emulator.h"
#include "net/fetcher.h"

namespace shikake::triage {
struct Triage;
}

namespace shikake::honeyclient::low {

struct WorkerState;

// A browsing context: a tab, a pop-up or a frame, whatever document it shows.
struct Context {
  Context* parent = nullptr;  // of a frame
  Context* opener = nullptr;
  std::string name;
  WorkerState* worker = nullptr;  // that runs its document; nullptr: none is shown
  uint32_t window = 0;            // its number there
  // Of a frame: where the element stands, and the number that worker gave it.
  WorkerState* embedder = nullptr;
  uint32_t embedded_as = 0;
  uint32_t depth = 0;
  uint32_t node = 0;  // of the document
  url::Url url;
  net::ReferrerPolicy policy = net::ReferrerPolicy::strict_origin_when_cross_origin;
  uint32_t navigations = 0;

  // Documents that the embedder's worker was handed and has not shown yet: it may be in the middle of a script.
  struct Arriving {
    uint32_t number;
    uint32_t node;
    url::Url url;
    net::ReferrerPolicy policy;
  };
  std::deque<Arriving> arriving;
  uint32_t handed = 0;  // how many, so far

  struct Pending {
    Asked asked;
    uint32_t node;
    bool by_itself;  // its worker waits to hear how it went
  };
  std::optional<Pending> pending;
  bool loading = false;  // a document for it is being fetched
};

struct WorkerState {
  base::FrameChannel channel;
  std::optional<base::ZygoteChild> process;  // none where a fuzzer plays it
  void end() const {
    if (process) process->end();
  }
  std::string origin;
  Context* root = nullptr;
  uint64_t sent = 0, heard = 0, messages = 0, message_bytes = 0;
  bool settled = false, dead = false, closing = false;
  uint32_t cpu_ms = 0;
  std::chrono::steady_clock::time_point last_word;
  std::optional<std::chrono::nanoseconds> quiet_since;  // its processor time when it was seen to be silent
  uint32_t waiting = 0;                          // fetches that it asked for
  std::shared_ptr<const ViewedDocument> viewed;  // whose scripts it runs, where it runs none of a page's
};

// Why a resource that only the forced run led to was not fetched.
inline constexpr std::string_view not_visited = "found by forced execution, not visited";

class Driver {
 public:
  Driver(const VisitOptions& options, Persona persona, base::Zygote* zygote, net::Fetcher* fetcher,
         BlobSink& blobs, std::vector<int>& pids);

  Result<intel::VisitRecord> run();

  // One message of a worker. Public, as is attach(), so that a fuzzer can play the worker.
  void handle(WorkerState& worker, const base::Frame& frame);
  // A worker for the context's document.
  WorkerState& attach(Context& context, base::FrameChannel channel, std::optional<base::ZygoteChild> process);
  Context& new_context(Context* parent, Context* opener, std::string name);
  void start_pending();
  Recorder& recorder() { return record_; }

 private:
  // What is to be done with an answer.
  struct Purpose {
    // payload: for the record alone; what code that was run would have fetched
    enum class Kind : uint8_t { document, resource, payload } kind = Kind::document;
    Context* context = nullptr;  // document
    bool new_frame = false;      // its first document: the embedder waits for word of it
    bool by_itself = false;
    WorkerState* worker = nullptr;  // resource; nullptr: nobody waits for it
    uint32_t request = 0;
  };
  struct UnderWay {
    Purpose purpose;
    net::FetchRequest sent;
    intel::Mechanism mechanism = intel::Mechanism::unknown;
    uint32_t node = 0;
    uint32_t redirects = 0;
    std::optional<url::Url> from, top;  // the page that asks, and that of the whole window around it
    net::ReferrerPolicy policy{};
    std::string method, body;
    std::vector<Header> given;  // by the page
    RequestMode mode = RequestMode::unrestricted;
    Credentials credentials = Credentials::include;
    ResponseType type = ResponseType::basic;  // what the page may see, as far as it has come
    bool tainted = false;                     // by redirects: its origin is "null"
    bool preflight = false;                   // the server is asked first: that is what was sent
    std::string identity;                     // where answers are shared
    uint32_t repeated = 0;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
  };
  struct Answer200 {  // a body to show or hand over, wherever it came from
    int status = 0;
    std::string status_text;
    std::string url;
    net::Headers headers;
    std::string body;
  };

  // --- requests (driver_requests.cpp)
  void begin(Purpose purpose, const Asked& asked, uint32_t node, const Context* from);
  void submit(UnderWay fetch, const url::Url& to);
  void arrived(net::FetchResponse response);
  void redirect(UnderWay fetch, const net::FetchResponse& response);
  void record_answer(uint32_t node, const net::FetchResponse& response);
  void remember_redirector(const UnderWay& fetch, const url::Url& to);  // driver_revisit.cpp
  void look_again();
  std::optional<net::FetchResponse> ask_again(const net::FetchRequest& request);
  void failed(const UnderWay& fetch, std::string why);
  // Room for one more request, for a body; false: there is none (a limit).
  bool count_request(intel::Mechanism mechanism);
  bool count_bytes(intel::Mechanism mechanism, uint64_t size);
  void deliver(const UnderWay& fetch, Answer200 answer);
  void hand_over(const UnderWay& fetch, const Answer200* answer);  // to the worker that asked

  // --- other origins (driver_cors.cpp)
  static CorsRequest cors_request(const UnderWay& fetch);
  static std::optional<std::string> taint(UnderWay& fetch, const url::Url& to);
  static std::optional<std::string> taint_by_redirect(UnderWay& fetch, const url::Url& to);
  static std::string preflight_key(const UnderWay& fetch, const url::Url& to);
  bool asks_first(const UnderWay& fetch, const url::Url& to) const;
  net::FetchRequest preflight(const UnderWay& fetch, const url::Url& to) const;
  void preflight_answered(UnderWay fetch, const net::FetchResponse& response);
  bool withheld(const UnderWay& fetch, const net::FetchResponse& response);
  static net::SameSite unset_same_site(const Persona& persona);
  static std::optional<url::Url> top_of(const Context* context);
  // That of `url` in a window that shows `top`; nullptr: the persona's browser keeps none there.
  net::CookieJar* jar(const url::Url& url, const std::optional<url::Url>& top);
  static bool with_credentials(const UnderWay& fetch);
  std::string cookies_for(const UnderWay& fetch, const url::Url& to);
  void keep_cookies(const UnderWay& fetch, const net::FetchResponse& response);

  // --- windows (driver_windows.cpp)
  Context* context_of(WorkerState& worker, uint32_t window);
  Context* relative(Context& from, Relative whose, uint32_t child, const std::string& target);
  void show(const UnderWay& fetch, const Answer200& answer);
  void no_document(const UnderWay& fetch);
  void start_worker(Context& context, Document document);
  void close_subtree(Context& context);
  bool subtree_settled(const Context& context) const;

  // --- messages (driver_messages.cpp)
  void on_fetch(WorkerState& worker, Fetch message);
  void on_navigate(WorkerState& worker, Navigate message);
  void on_open_frame(WorkerState& worker, OpenFrame message);
  void on_open_window(WorkerState& worker, OpenWindow message);
  void on_post_message(WorkerState& worker, PostMessage message);
  void on_ask(WorkerState& worker, const Ask& question);
  void on_settled(WorkerState& worker, const Settled& message);
  void on_happened(WorkerState& worker, const Happened& message);
  void on_component(WorkerState& worker, const ComponentUse& message);
  void on_shows(WorkerState& worker, const Shows& message);
  void on_named(WorkerState& worker, Named message);

  // --- machine code (driver_shellcode.cpp)
  void on_machine_code(WorkerState& worker, MachineCode message);
  void run_code(uint32_t node, const MachineCode& code);
  // What code or a document of `node` would download: fetched, for its place in the chain.
  void fetch_payload(uint32_t node, const std::string& url, intel::Mechanism mechanism,
                     const std::optional<Origin>& origin, const std::string& why);

  // --- documents (driver_documents.cpp)
  struct Inside {
    uint32_t node;
    std::string inside, name;
    unsigned depth;  // of archives around it
  };
  void look_into(uint32_t node, std::string_view body);
  void take_apart(const Inside& where, std::string_view bytes);
  void weigh(const Inside& where, const triage::Triage& facts);
  // Its scripts, in a worker of their own as in a viewer (driver_viewer.cpp).
  void view(uint32_t node, const triage::Triage& facts);
  void start_viewer(uint32_t node, std::shared_ptr<const ViewedDocument> document);
  void view_as_others(const WorkerState& worker);

  template <class Message>
  void tell(WorkerState& worker, ToPage type, const Message& message);

  // --- the forced run (driver_forced.cpp)
  Result<> run_forced();
  std::chrono::milliseconds forced_script_time() const;

  // --- the loop (driver.cpp)
  Result<> go();
  void read_worker(WorkerState& worker);
  void worker_ended(WorkerState& worker);
  void hostile(WorkerState& worker, std::string_view why);
  void watch_silence();
  void leave_slow_pictures();
  void wait();
  bool finished() const;
  void give_up(std::string_view limit);

  const VisitOptions& options_;
  BlobSink& blobs_;
  const Persona persona_;
  base::Zygote* zygote_;   // nullptr: no page can be shown
  net::Fetcher* fetcher_;  // nullptr: offline
  std::vector<int>& pids_;
  Recorder record_;
  net::CookieJar cookies_;
  std::vector<std::pair<url::Url, net::CookieJar>>
      partitions_;                    // of third parties, by the site that is visited
  std::set<std::string> preflights_;  // that were allowed (preflight_key)
  std::vector<std::unique_ptr<Context>> contexts_;
  std::vector<std::unique_ptr<WorkerState>> workers_;
  shellcode::Emulator emulator_;
  std::map<std::string, std::shared_ptr<const ViewedDocument>> documents_;  // with scripts, by digest
  std::set<std::string> code_run_, files_read_, viewed_;                    // digests
  uint32_t document_links_ = 0, viewers_ = 0;
  uint64_t document_bytes_ = 0;  // unpacked
  std::map<uint64_t, UnderWay> under_way_;
  std::map<std::string, Answer200> cache_;  // subresources by URL, as a browser's memory cache
  std::map<std::string, std::map<std::string, std::string>> storage_;  // by kind and origin
  KeptAnswers kept_;                                                   // for the forced run
  const Driver* forcing_ = nullptr;                                    // the visit whose forced run this is
  base::TimePoint began_;
  std::map<std::string, uint32_t> asked_;    // by identity: how often
  std::deque<net::FetchResponse> replayed_;  // had before, on their way
  uint64_t replayed_count_ = 0;
  struct Redirector {
    uint32_t node;
    net::FetchRequest sent;
    std::string led_to;
  };
  std::vector<Redirector> redirectors_;  // that sent the visitor to another site
  uint64_t storage_bytes_ = 0, body_bytes_ = 0;
  uint32_t resources_ = 0, posted_ = 0, windows_opened_ = 0, hops_ = 0;
  base::Duration clock_{0};  // how far the page's own time has moved
  std::chrono::steady_clock::time_point deadline_;
  std::optional<Error> failure_;
};

}  // namespace shikake::honeyclient::low
