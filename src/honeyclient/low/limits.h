// Every bound of a visit: its name as it stands in limits_hit, its value and its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace shikake::honeyclient::low::limits {

using namespace std::chrono_literals;

// --- kept by the parent ---------------------------------------------------------------------------

// Real landing pages ask for 100 to 300 resources, the heaviest news sites for about 600. Of these, of the
// bytes, and of the record's nodes and edges, a part is kept for what leads on (room_for in request.h).
inline constexpr uint32_t max_resources = 1000;  // "resources"
// Chromium gives up after 20 redirects; a chain of traffic distribution systems has up to 10.
inline constexpr uint32_t max_redirects = 20;  // "redirects"
// Documents that one window goes through, one after the other: traffic systems use up to 10.
inline constexpr uint32_t max_navigations = 20;    // "navigations"
inline constexpr uint32_t max_workers = 64;        // "workers": processes a visit
inline constexpr uint32_t max_windows = 10;        // "windows": window.open
inline constexpr uint64_t max_body = 64ull << 20;  // "body": a resource; nothing of a larger one is kept
// Of what was fetched and kept, what a page worker is given: 48 MiB of text in its memory, and as much again
// in the script engine's. A script that is larger is not run, and the page goes on; of a page that is larger,
// the beginning is.
inline constexpr uint64_t max_handed = 24ull << 20;               // "script-size"
inline constexpr uint64_t max_page = 24ull << 20;                 // "page-size"
inline constexpr uint64_t max_visit_bytes = 256ull << 20;         // "bytes": all bodies of a visit
inline constexpr std::chrono::milliseconds max_visit_time = 60s;  // "visit-time": wall clock
// A worker that has computed for so long and said nothing, while it owes an answer, is hung. Of its own processor
// time: on a busy machine a minute of the clock may be a second of the worker's. One that does not compute has
// twice as long by the clock.
inline constexpr std::chrono::milliseconds max_silence = 20s;  // "silence"
// What window.name holds of a text that is carried to the next document.
inline constexpr uint32_t max_window_name = 1u << 20;
inline constexpr uint32_t max_components = 500;                // names, in the record
inline constexpr uint32_t max_events = 5000;                   // "events": in the record
inline constexpr uint32_t max_record_nodes = 5000;             // "record-nodes"
inline constexpr uint32_t max_edges = 5000;                    // "edges"
inline constexpr uint32_t max_evaluated = 2000;                // "evaluated": sources kept
inline constexpr uint64_t max_evaluated_bytes = 64ull << 20;   // "evaluated"
inline constexpr uint32_t max_detail = 2000;                   // an event's detail, bytes
inline constexpr uint64_t max_message_bytes = 512ull << 20;    // "messages": from one worker
inline constexpr uint32_t max_messages = 200'000;              // "messages": from one worker
inline constexpr uint32_t max_storage = 5u << 20;              // "storage": what browsers give an origin
inline constexpr uint32_t max_queued_messages = 1000;          // "post-messages" between windows

// Pieces of machine code that are run, of a visit; each may take a second. Pages carry one, or one a target.
inline constexpr uint32_t max_shellcode = 8;  // "shellcode"

// Documents and archives taken apart, with those inside them. Each takes some 100 ms; a minute in all.
inline constexpr uint32_t max_documents = 40;                 // "documents"
inline constexpr std::chrono::seconds max_document_time{15};  // of one
inline constexpr uint32_t max_document_links = 20;            // that are followed

// Workers that run a document's scripts; one that asks for its viewer's version is run as four of them.
inline constexpr uint32_t max_viewers = 12;  // "documents"

// --- kept by the worker ---------------------------------------------------------------------------

// A frame holds what is handed over and its headers, and what a page sends, writes or saves.
inline constexpr uint32_t max_frame = 34u << 20;
inline constexpr uint32_t max_frames = 64;       // "frames": iframes of one worker
inline constexpr uint32_t max_web_workers = 20;  // "web-workers": a page has one or a few
// Applications that are not bundled import some hundred.
inline constexpr size_t max_modules = 500;                        // "modules": of one window
inline constexpr uint32_t max_frame_depth = 8;                    // "frame-depth": advertisements nest 4 to 5
inline constexpr std::chrono::milliseconds max_script_time = 5s;  // "script-time": CPU of one worker
// "worker-time": CPU of a web worker since it last asked for something or said something, where speed counts
// (lists). What attacks from one loads or reports within some milliseconds; documentation builds search
// indices there, a second and more of script that touches nothing.
inline constexpr std::chrono::milliseconds quick_worker_time = 100ms;
inline constexpr uint64_t max_cpu_seconds = 10;  // SIGXCPU: for what never asks the clock (regexp, sort)
// Virtual: what a page does in its first minute. Timers jump, so that it costs no time.
inline constexpr std::chrono::milliseconds max_virtual_time = 60s;
// Places that set timers for later than that: each has one turn. Pages sign out and reload themselves so.
inline constexpr size_t max_late_timers = 100;  // "virtual-time"
// Of those that have had theirs, what has a turn more whenever the visitor did something: pages poll with
// few.
inline constexpr size_t max_resting_timers = 50;
inline constexpr uint32_t max_rejections = 100;  // "rejections": told, of promises whose failure nobody hears
inline constexpr uint32_t max_timers = 2000;     // "timers": fired
// From then on what sets itself again rests, too: the rest is for what waits for the visitor.
inline constexpr uint32_t timers_before_rest = 1500;
inline constexpr uint32_t max_tasks = 20'000;    // "tasks": of any kind
inline constexpr uint64_t max_written = 32ull << 20;  // "document.write": UTF-16 units
inline constexpr uint32_t max_write_depth = 20;       // "document.write-depth": scripts that write scripts
inline constexpr uint32_t max_nodes = 300'000;  // "nodes": about 75 MB; the largest specification has 250,000
inline constexpr uint32_t max_hops =
    20;  // "hops": addresses named by commands and components that are followed
inline constexpr uint32_t max_event_depth = 50;  // "event-depth": events dispatched by handlers
// Texts made by eval whose place is known; later ones run all the same.
inline constexpr uint32_t max_sources = 50'000;  // "sources"
inline constexpr uint32_t max_positions = 32;    // ancestry kept of one origin
inline constexpr uint32_t max_notices = 2000;    // "notices": of each kind of Happened messages of a worker
inline constexpr size_t max_source_kept = 2u << 20;  // an evaluated source's bytes sent to the parent
// What DecompressionStreams make in a worker: programs are smaller, and a bomb keeps room for what comes of it.
inline constexpr uint64_t max_inflated = 48u << 20;  // "inflated"
// Code units of a component's argument that are sent: the longest command line that Windows takes
// (CreateProcess), so that commands and what they name are whole.
inline constexpr uint32_t max_argument_text = 32'767;
// "disk": files of stand-ins, all of them; a dropped program has seldom more than a few MiB.
inline constexpr size_t max_disk = 32u << 20;
// A worker stays below 256 MB resident: heap of the engine, then all private memory (strings and malloc,
// which the engine's own limit does not count), then what libraries map (about 30 MB).
inline constexpr uint32_t max_engine_heap = 96u << 20;        // "memory"
inline constexpr uint64_t max_private_memory = 208ull << 20;  // RLIMIT_DATA; "memory"
// A stack frame of the interpreter takes a few hundred bytes; 8 MB is the process' own.
inline constexpr size_t max_script_stack = 1u << 20;  // "too much recursion" is the script's exception

// --- the forced run ---------------------------------------------------------------------------------

// Of one loop: decoders of a hundred thousand characters, and loops without end.
inline constexpr uint32_t max_forced_iterations = 200'000;
inline constexpr size_t max_rewritten = 2000;      // texts of a worker
inline constexpr uint32_t max_forced_calls = 300;  // functions that nothing called
inline constexpr uint32_t max_slices = 100;        // statements that nothing reached
inline constexpr size_t max_slice = 300;           // statements that one needs
inline constexpr uint32_t max_checks = 100;        // checks of the environment that a worker tells of
// A worker has as long as it took in the first run, and at least so long (of processor time).
inline constexpr std::chrono::milliseconds min_forced_time = 300ms;
inline constexpr std::chrono::milliseconds max_forced_virtual_time = 24h;  // a page that waits for tomorrow

// --- evidence -------------------------------------------------------------------------------------

// No version string, path or identifier that a page passes to a component innocently is longer; the
// buffers that overlong arguments overran are 256 to 1024 characters in most advisories.
inline constexpr uint32_t overlong_argument = 1000;  // UTF-16 code units

}  // namespace shikake::honeyclient::low::limits
