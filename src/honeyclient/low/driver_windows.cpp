// Windows of a visit: which document each shows, and in which worker it runs.
#include <algorithm>

#include "base/ascii.h"
#include "honeyclient/chain/payload.h"
#include "honeyclient/low/driver.h"
#include "honeyclient/low/script_file.h"

namespace shikake::honeyclient::low {

using intel::Mechanism;

namespace {

// What a window does with an answer. https://html.spec.whatwg.org/#navigate
enum class Use { page, picture, file };
Use use_of(std::string_view declared, std::string_view found, const net::Headers& headers) {
  if (net::attachment_name(headers) || chain::payload_by_mime(found).kind != chain::PayloadKind::none)
    return Use::file;
  std::string type = base::to_lower(declared.substr(0, declared.find(';')));
  if (type.starts_with("image/") || type.starts_with("audio/") || type.starts_with("video/"))
    return type == "image/svg+xml" ? Use::page : Use::picture;
  bool page = type.empty() || type.starts_with("text/") || type.ends_with("+xml") ||
              type == "application/xml" || type == "application/json" || type == "application/javascript" ||
              type == "application/x-javascript";
  return page ? Use::page : Use::file;
}

std::string header(const net::Headers& headers, std::string_view name) {
  const std::string* found = net::find_header(headers, name);
  return found ? *found : std::string();
}

}  // namespace

Context& Driver::new_context(Context* parent, Context* opener, std::string name) {
  auto context = std::make_unique<Context>();
  context->parent = parent;
  context->opener = opener;
  context->name = std::move(name);
  context->depth = parent ? parent->depth + 1 : 0;
  contexts_.push_back(std::move(context));
  return *contexts_.back();
}

Context* Driver::context_of(WorkerState& worker, uint32_t window) {
  for (auto& context : contexts_)
    if (context->worker == &worker && context->window == window) return context.get();
  return nullptr;
}

Context* Driver::relative(Context& from, Relative whose, uint32_t child, const std::string& target) {
  std::string name = base::to_lower(target);
  Context* top = &from;
  while (top->parent) top = top->parent;
  if (name == "_top") return top;
  if (name == "_parent") return from.parent ? from.parent : &from;
  if (name == "_blank") return nullptr;
  if (!name.empty() && name != "_self") {
    for (auto& context : contexts_)
      if (context->name == target) return context.get();
    return nullptr;
  }
  switch (whose) {
    case Relative::itself:
      return &from;
    case Relative::parent:
      return from.parent ? from.parent : &from;
    case Relative::top:
      return top;
    case Relative::opener:
      return from.opener;
    case Relative::child:
      for (auto& context : contexts_)
        if (context->embedder == from.worker && context->embedded_as == child) return context.get();
      return nullptr;
  }
  return nullptr;
}

void Driver::show(const UnderWay& fetch, const Answer200& answer) {
  Context& context = *fetch.purpose.context;
  std::string type = header(answer.headers, "Content-Type");
  bool empty_answer = answer.status == 204 || answer.status == 205;
  const bool script_file = options_.content && fetch.node == 0 && is_script_file_type(options_.content_type);
  Use use = script_file ? Use::page
            : fetch.mechanism == Mechanism::download
                ? Use::file
                : use_of(type, record_.at(fetch.node).mime, answer.headers);
  if (empty_answer || use != Use::page) {
    // What a plugin is handed is a file that came unasked only where it could carry something.
    bool for_a_plugin = is_embedded(fetch.mechanism) &&
                        chain::payload_by_mime(record_.at(fetch.node).mime).kind == chain::PayloadKind::none;
    if (!empty_answer && use == Use::file && !for_a_plugin) record_.download(fetch.node);
    return no_document(fetch);
  }
  Document document;
  document.url = answer.url;
  auto url = url::Url::parse(answer.url);
  if (url && fetch.sent.url == answer.url) document.url = url->href();
  if (fetch.from) document.referrer = net::referrer(fetch.policy, *fetch.from, *url);
  document.content_type = type;
  document.last_modified = header(answer.headers, "Last-Modified");
  document.refresh = header(answer.headers, "Refresh");
  document.compatible = header(answer.headers, "X-UA-Compatible");
  if (answer.body.size() > limits::max_page) record_.limit("page-size");
  document.body = answer.body.substr(0, limits::max_page);

  context.loading = false;
  const auto policy = net::referrer_policy_of_header(header(answer.headers, "Referrer-Policy"))
                          .value_or(net::parse_referrer_policy(persona_.referrer_policy)
                                        .value_or(net::ReferrerPolicy::strict_origin_when_cross_origin));
  WorkerState* embedder = context.embedder;
  const bool has_origin = url->is_http() || url->scheme() == "blob";
  bool same_origin = embedder && !embedder->dead && has_origin && url->origin() == embedder->origin;
  if (same_origin) {
    if (context.worker != embedder) {
      if (context.worker) close_subtree(context);
      // Until it shows the document, the frame there is an empty one of the page around it.
      context.node = context.parent->node;
      context.url = context.parent->url;
      context.policy = context.parent->policy;
    }
    context.worker = embedder;
    context.window = context.embedded_as;
    context.arriving.push_back({++context.handed, fetch.node, *url, policy});
    tell(*embedder, ToPage::frame_document,
         FrameDocument{context.embedded_as, context.handed, context.name, std::move(document)});
    return;
  }
  context.node = fetch.node;
  context.url = *url;
  context.policy = policy;
  if (embedder && !embedder->dead && (fetch.purpose.new_frame || context.worker == embedder))
    tell(*embedder, ToPage::frame_elsewhere, FrameElsewhere{context.embedded_as, false});
  if (context.worker && context.worker != embedder) close_subtree(context);
  start_worker(context, std::move(document));
}

void Driver::no_document(const UnderWay& fetch) {
  Context& context = *fetch.purpose.context;
  context.loading = false;
  if (fetch.purpose.new_frame) {
    if (context.embedder && !context.embedder->dead)
      tell(*context.embedder, ToPage::frame_elsewhere, FrameElsewhere{context.embedded_as, true});
  } else if (fetch.purpose.by_itself && context.worker && !context.worker->dead) {
    tell(*context.worker, ToPage::stays, Stays{context.window});
  }
}

WorkerState& Driver::attach(Context& context, base::FrameChannel channel,
                            std::optional<base::ZygoteChild> process) {
  if (process) pids_.push_back(process->pid());
  workers_.push_back(std::make_unique<WorkerState>(
      WorkerState{.channel = std::move(channel), .process = std::move(process)}));
  WorkerState& worker = *workers_.back();
  worker.origin = context.url.is_http() ? context.url.origin() : "null " + std::to_string(workers_.size());
  worker.root = &context;
  worker.last_word = std::chrono::steady_clock::now();
  context.worker = &worker;
  context.window = 0;
  return worker;
}

void Driver::start_worker(Context& context, Document document) {
  context.worker = nullptr;
  if (!zygote_ || workers_.size() >= limits::max_workers) return record_.limit("workers");
  auto process = zygote_->fork(limits::max_frame);
  if (!process) {
    failure_ = process.error();
    return;
  }
  WorkerState& worker = attach(context, std::move(process->channel), std::move(process->child));
  Start start;
  start.document = std::move(document);
  start.persona = persona_;
  start.seed = options_.seed + workers_.size();
  start.clock = began_ + clock_;
  start.window_name = context.name;
  start.is_frame = context.parent != nullptr;
  start.has_opener = context.opener != nullptr;
  start.depth = context.depth;
  start.max_script_time = options_.max_script_time;
  start.max_worker_time = options_.max_worker_time;
  start.forced = forcing_ != nullptr;
  tell(worker, ToPage::start, start);
  worker.sent = 0;  // the start is not counted by the worker: it comes before its loop
}

// The window goes elsewhere: its documents and those of its frames end.
void Driver::close_subtree(Context& context) {
  auto below = [&](const Context* other) {
    for (; other; other = other->parent)
      if (other == &context) return true;
    return false;
  };
  for (auto& other : contexts_) {
    if (!below(other.get()) || !other->worker) continue;
    WorkerState& worker = *other->worker;
    if (worker.root && below(worker.root) && !worker.closing) {
      worker.closing = true;
      std::erase_if(under_way_, [&](const auto& entry) {
        bool its = entry.second.purpose.worker == &worker;
        if (its && fetcher_) fetcher_->cancel(entry.first);
        return its;
      });
      worker.end();
      worker.dead = true;
    }
    other->worker = nullptr;
    if (other.get() != &context) other->pending.reset();
    if (other->embedder == &worker) other->embedder = nullptr;
  }
}

bool Driver::subtree_settled(const Context& context) const {
  for (const auto& other : contexts_) {
    bool below = false;
    for (const Context* up = other.get(); up; up = up->parent) below = below || up == &context;
    if (!below) continue;
    if (other->loading) return false;
    const WorkerState* worker = other->worker;
    if (worker && !worker->dead && !(worker->settled && worker->heard == worker->sent)) return false;
  }
  return true;
}

// A page that asked to go elsewhere is first let finish what it had begun: more is seen, and the order of
// events does not depend on the network's speed.
void Driver::start_pending() {
  for (size_t i = 0; i < contexts_.size(); ++i) {
    Context& context = *contexts_[i];
    if (!context.pending || context.loading || !subtree_settled(context)) continue;
    Context::Pending pending = std::move(*context.pending);
    context.pending.reset();
    context.loading = true;
    Purpose purpose;
    purpose.context = &context;
    purpose.by_itself = pending.by_itself;
    begin(purpose, pending.asked, pending.node, &context);
  }
}

}  // namespace shikake::honeyclient::low
