// What workers say. Hostile until checked: window numbers name windows of that worker, URLs parse, counts
// stay below their limits; anything else ends the worker.
#include <algorithm>

#include "honeyclient/low/driver.h"

namespace shikake::honeyclient::low {

using intel::Mechanism;

template <class Message>
void Driver::tell(WorkerState& worker, ToPage type, const Message& message) {
  if (worker.dead) return;
  std::string body = base::to_wire(message);
  // A worker that does not read is not let hold up the visit.
  auto sent =
      worker.channel.send(static_cast<uint8_t>(type), body, base::Deadline::after(limits::max_silence));
  if (!sent) {
    if (sent.error().code == ErrorCode::timeout) hostile(worker, "it does not read what it is sent");
    return;  // gone: noticed when its channel is read
  }
  ++worker.sent;
}

template void Driver::tell(WorkerState&, ToPage, const Start&);
template void Driver::tell(WorkerState&, ToPage, const Loaded&);
template void Driver::tell(WorkerState&, ToPage, const FrameDocument&);
template void Driver::tell(WorkerState&, ToPage, const FrameElsewhere&);
template void Driver::tell(WorkerState&, ToPage, const Stays&);

void Driver::handle(WorkerState& worker, const base::Frame& frame) {
  if (worker.dead) return;
  worker.settled = false;
  auto take = [&]<class Message>(void (Driver::*take_it)(WorkerState&, Message)) {
    auto message = base::from_wire<std::remove_cvref_t<Message>>(frame.body);
    if (!message) return hostile(worker, "a malformed message");
    (this->*take_it)(worker, std::move(*message));
  };
  switch (static_cast<FromPage>(frame.type)) {
    case FromPage::fetch:
      return take(&Driver::on_fetch);
    case FromPage::navigate:
      return take(&Driver::on_navigate);
    case FromPage::open_frame:
      return take(&Driver::on_open_frame);
    case FromPage::open_window:
      return take(&Driver::on_open_window);
    case FromPage::post_message:
      return take(&Driver::on_post_message);
    case FromPage::ask:
      return take(&Driver::on_ask);
    case FromPage::happened:
      return take(&Driver::on_happened);
    case FromPage::settled:
      return take(&Driver::on_settled);
    case FromPage::machine_code:
      return take(&Driver::on_machine_code);
    case FromPage::evaluated:
      if (auto message = base::from_wire<Evaluated>(frame.body)) {
        Context* context = context_of(worker, message->window);
        return record_.evaluated(*message, context ? context->node : worker.root->node);
      }
      break;
    case FromPage::component:
      return take(&Driver::on_component);
    case FromPage::shows:
      return take(&Driver::on_shows);
    case FromPage::named:
      return take(&Driver::on_named);
    case FromPage::wrote_file:
      if (auto message = base::from_wire<WroteFile>(frame.body)) {
        Context* context = context_of(worker, message->window);
        return record_.wrote_file(*message, context ? context->node : worker.root->node);
      }
      break;
    case FromPage::unemulated:
      if (auto message = base::from_wire<Unemulated>(frame.body)) {
        return record_.unemulated(message->what, message->matters);
      }
      break;
    case FromPage::limit:
      if (auto message = base::from_wire<LimitHit>(frame.body)) return record_.limit(message->name);
      break;
  }
  hostile(worker, "a malformed message");
}

void Driver::on_settled(WorkerState& worker, const Settled& message) {
  worker.settled = true;
  worker.heard = message.heard;
  worker.cpu_ms = message.cpu_ms;
  // Its own clock counts from its start; the visit's never runs backwards.
  base::Duration longest = std::chrono::duration_cast<base::Duration>(limits::max_virtual_time);
  if (message.clock > base::Duration(0) && message.clock <= longest) clock_ = std::max(clock_, message.clock);
}

void Driver::on_happened(WorkerState& worker, const Happened& message) {
  Context* context = context_of(worker, message.window);
  uint32_t node = context ? context->node : worker.root->node;
  record_.happened(message.kind, message.detail, node);
  if (worker.viewed && message.kind == "environment") view_as_others(worker);
}

void Driver::on_shows(WorkerState& worker, const Shows& message) {
  for (auto& context : contexts_) {
    if (context->embedder != &worker || context->embedded_as != message.window) continue;
    auto shown = std::ranges::find(context->arriving, message.number, &Context::Arriving::number);
    if (shown == context->arriving.end()) break;
    // The frame may have gone elsewhere meanwhile.
    if (context->worker == &worker) {
      context->node = shown->node;
      context->url = std::move(shown->url);
      context->policy = shown->policy;
    }
    context->arriving.erase(context->arriving.begin(), shown + 1);
    return;
  }
  hostile(worker, "a document that it was not given");
}

void Driver::on_named(WorkerState& worker, Named message) {
  Context* context = context_of(worker, message.window);
  if (context && message.name.size() <= limits::max_window_name) context->name = std::move(message.name);
}

// What a component is told to fetch, or a command names, is where the attack goes on.
void Driver::on_component(WorkerState& worker, const ComponentUse& message) {
  Context* context = context_of(worker, message.window);
  if (!context) context = worker.root;
  for (const std::string& hop : record_.component(message, context->node)) {
    auto url = url::Url::parse(hop, &context->url);
    if (!url) continue;
    auto node = record_.node(url->href());
    if (!node) return;
    record_.edge(context->node, *node, Mechanism::component, message.origin);
    if (++hops_ > limits::max_hops) return record_.limit("hops");
    if (record_.at(*node).fetched || !record_.at(*node).why_not.empty()) continue;
    Purpose purpose;
    purpose.kind = Purpose::Kind::resource;
    Asked asked;
    asked.mechanism = Mechanism::component;
    asked.url = url->href();
    begin(purpose, asked, *node, context);
  }
}

void Driver::on_fetch(WorkerState& worker, Fetch message) {
  Context* context = context_of(worker, message.asked.window);
  if (!context) context = worker.root;
  Asked& asked = message.asked;
  auto url = url::Url::parse(asked.url);
  if (!url || (is_navigation(asked.mechanism) && !is_embedded(asked.mechanism)))
    return hostile(worker, "a request that no page makes");
  auto node = record_.node(url->href(), asked.method, asked.body, asked.mechanism);
  if (!node) return tell(worker, ToPage::loaded, Loaded{.request = message.request});
  record_.edge(context->node, *node, asked.mechanism, asked.origin);
  record_.sent(context->node, *node, asked);
  Purpose purpose;
  purpose.kind = Purpose::Kind::resource;
  purpose.worker = &worker;
  purpose.request = message.request;
  asked.url = url->href();
  begin(purpose, asked, *node, context);
}

void Driver::on_navigate(WorkerState& worker, Navigate message) {
  Context* from = context_of(worker, message.asked.window);
  if (!from) from = worker.root;
  Asked& asked = message.asked;
  auto url = url::Url::parse(asked.url);
  if (!url || !is_navigation(asked.mechanism)) return hostile(worker, "a navigation that no page makes");
  auto recorded = record_.node(url->href(), asked.method, asked.body);
  if (recorded) {
    const Context* by = message.by ? context_of(worker, *message.by) : nullptr;
    record_.edge(by ? by->node : from->node, *recorded, asked.mechanism, asked.origin);
  }
  bool by_itself =
      message.whose == Relative::itself && (message.target_name.empty() || message.target_name == "_self");
  Context* context = relative(*from, message.whose, message.child, message.target_name);
  bool refreshes_itself =
      context && url->href_without_fragment() == context->url.href_without_fragment() &&
      (asked.mechanism == Mechanism::meta_refresh || asked.mechanism == Mechanism::http_refresh);
  auto refuse = [&](std::string_view why) {
    if (recorded) {
      intel::VisitNode& refused = record_.at(*recorded);
      if (!refused.fetched && refused.why_not.empty()) refused.why_not = why;
    }
    if (by_itself) tell(worker, ToPage::stays, Stays{asked.window});
  };
  if (!recorded) return refuse("");
  // Of a forced run: it goes on from where it is; the page's own way is the one that it follows.
  // What a page makes itself and has saved needs no request.
  const bool own_file = asked.mechanism == Mechanism::download && !url->is_http();
  if (forcing_ && !own_file && !forcing_->kept_.holds(url->href(), asked.method, asked.body))
    return refuse(not_visited);
  uint32_t node = *recorded;
  if (refreshes_itself) return refuse("a page that refreshes itself is visited once");
  if (!context) {
    if (++windows_opened_ > limits::max_windows) {
      record_.limit("windows");
      return refuse("limit: windows");
    }
    bool anonymous = message.target_name == "_blank" || message.target_name.empty();
    context = &new_context(nullptr, from, anonymous ? "" : message.target_name);
  }
  if (++context->navigations > limits::max_navigations) {
    record_.limit("navigations");
    return refuse("limit: navigations");
  }
  asked.url = url->href();
  if (context->pending) {
    intel::VisitNode& earlier = record_.at(context->pending->node);
    if (!earlier.fetched && earlier.why_not.empty() && context->pending->node != node)
      earlier.why_not = "a later navigation of the same window took its place";
    if (context->pending->by_itself && context->worker)
      tell(*context->worker, ToPage::stays, Stays{context->window});
  }
  context->pending = Context::Pending{std::move(asked), node, by_itself};
}

void Driver::on_open_frame(WorkerState& worker, OpenFrame message) {
  Context* parent = context_of(worker, message.asked.window);
  if (!parent) parent = worker.root;
  auto url = url::Url::parse(message.asked.url);
  const Asked& asked = message.asked;
  if (!url || !is_navigation(asked.mechanism)) return hostile(worker, "a frame that no page makes");
  auto recorded = record_.node(url->href(), asked.method, asked.body);
  if (!recorded) return tell(worker, ToPage::frame_elsewhere, FrameElsewhere{message.window, true});
  uint32_t node = *recorded;
  const Context* by = message.by ? context_of(worker, *message.by) : nullptr;
  record_.edge(by ? by->node : parent->node, node, asked.mechanism, asked.origin);
  if (!message.load) {
    intel::VisitNode& untaken = record_.at(node);
    if (!untaken.fetched && untaken.why_not.empty()) untaken.why_not = "limit: frames";
    return;
  }
  Context* context = nullptr;
  for (auto& other : contexts_)
    if (other->embedder == &worker && other->embedded_as == message.window) context = other.get();
  if (!context) {
    if (contexts_.size() > limits::max_frames * limits::max_workers ||
        parent->depth >= limits::max_frame_depth) {
      record_.limit(parent->depth >= limits::max_frame_depth ? "frame-depth" : "frames");
      record_.at(node).why_not = "limit: frames";
      tell(worker, ToPage::frame_elsewhere, FrameElsewhere{message.window, true});
      return;
    }
    context = &new_context(parent, nullptr, message.name);
    context->embedder = &worker;
    context->embedded_as = message.window;
  }
  if (++context->navigations > limits::max_navigations) {
    record_.limit("navigations");
    tell(worker, ToPage::frame_elsewhere, FrameElsewhere{message.window, true});
    return;
  }
  context->loading = true;
  Purpose purpose;
  purpose.context = context;
  purpose.new_frame = true;
  message.asked.url = url->href();
  begin(purpose, message.asked, node, parent);
}

void Driver::on_open_window(WorkerState& worker, OpenWindow message) {
  Context* from = context_of(worker, message.asked.window);
  if (!from) from = worker.root;
  auto url = url::Url::parse(message.asked.url);
  if (!url) return hostile(worker, "a window that no page opens");
  auto recorded = record_.node(url->href());
  if (!recorded) return;
  uint32_t node = *recorded;
  record_.edge(from->node, node, Mechanism::window_open, message.asked.origin);
  if (++windows_opened_ > limits::max_windows) {
    record_.limit("windows");
    record_.at(node).why_not = "limit: windows";
    return;
  }
  std::string name = message.name.starts_with('_') ? std::string() : message.name;
  Context& context = new_context(nullptr, from, std::move(name));
  message.asked.url = url->href();
  message.asked.mechanism = Mechanism::window_open;
  context.pending = Context::Pending{std::move(message.asked), node, false};
}

void Driver::on_post_message(WorkerState& worker, PostMessage message) {
  Context* from = context_of(worker, message.window);
  if (!from) from = worker.root;
  Context* to = relative(*from, message.whose, message.child, "");
  if (!to || !to->worker || to->worker->dead) return;
  if (++posted_ > limits::max_queued_messages) return record_.limit("post-messages");
  message.window = to->window;
  // How the receiver sees the sender.
  message.whose = from->parent == to   ? Relative::child
                  : to->parent == from ? Relative::parent
                                       : Relative::opener;
  message.child = from->embedded_as;
  message.origin = from->url.origin();
  tell(*to->worker, ToPage::message, message);
}

void Driver::on_ask(WorkerState& worker, const Ask& question) {
  Answer answer;
  auto url = url::Url::parse(question.url);
  net::CookieJar* cookies = url && url->origin() == worker.origin ? jar(*url, top_of(worker.root)) : nullptr;
  std::string box = (question.session ? "session " : "local ") + worker.origin;
  switch (question.question) {
    case Question::get_cookies:
      // A worker sees the cookies of its own origin alone.
      if (cookies) answer.text = cookies->get(*url, {.script = true});
      break;
    case Question::set_cookie:
      if (cookies) cookies->set(*url, question.value, {.script = true});
      break;
    case Question::storage_snapshot:
      for (const auto& [name, value] : storage_[box]) answer.pairs.push_back({name, value});
      break;
    case Question::storage_set:
      storage_bytes_ += question.key.size() + question.value.size();
      if (storage_bytes_ > limits::max_storage)
        record_.limit("storage");
      else
        storage_[box][question.key] = question.value;
      break;
    case Question::storage_remove:
      storage_[box].erase(question.key);
      break;
    case Question::storage_clear:
      storage_[box].clear();
      break;
  }
  tell(worker, ToPage::answer, answer);
}

}  // namespace shikake::honeyclient::low
