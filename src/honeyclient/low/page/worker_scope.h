// Web workers, shared workers and service workers: realms without a document, in the process of the window
// that made them. They run on its event loop and its processor time.
// https://html.spec.whatwg.org/multipage/workers.html, https://w3c.github.io/ServiceWorker/
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

struct WorkerScope {
  enum class Kind : uint8_t { dedicated, shared, service };
  Kind kind = Kind::dedicated;
  Window* owner = nullptr;                     // who made it
  Native* outside = nullptr;                   // the Worker object there; nullptr: none
  bool started = false;                        // its script has run
  std::vector<std::function<void()>> waiting;  // messages until then
  std::chrono::milliseconds silent{0};         // worker_time.h
};

// A new one, whose script is being fetched: an edge of mechanism worker. `run` is called once it has run.
// nullptr: too many.
Window* start_worker(Window& owner, WorkerScope::Kind kind, const url::Url& url, bool module, Native* outside,
                     std::function<void(Window&)> run = {});

// For Window::make_realm.
void define_worker_scope(JSContext* cx, Window& scope);
std::string_view interface_of_scope(const WorkerScope& scope);
bool has_interface(const WorkerScope& scope, std::string_view interface);

// MessagePort (message_port.cpp): two that are entangled.
std::pair<Native*, Native*> make_ports(JSContext* cx, Window& first, Window& second);
// Sends a copy of call.at(0) as a message event.
void post_copy(Call& call, Window& receiver, Native& target);

// What a registered service worker lives through: install, activate.
void live_through(Window& service);

}  // namespace shikake::honeyclient::low::page
