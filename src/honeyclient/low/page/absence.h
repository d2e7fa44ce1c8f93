// What pages ended for want of: members of real browsers that this emulation has not (absent_members.h).
//
// A prototype whose interface lacks some notes, by the engine's own hook for names that are not found, that one was
// asked for. It defines nothing, so that no script can see it. An error that nobody catches and that comes of one makes
// the visit incomplete, by name; whoever only looks whether something is there does not.
#pragma once

#include <string_view>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// Once a process, before there is a page.
void know_absent_members(JSContext* cx);

// A prototype for this interface, with nothing in it. nullptr: out of memory (an exception is pending).
JSObject* make_prototype(JSContext* cx, std::string_view interface, JS::HandleObject parent);

// Of an error that nobody caught: what the engine says of it, and where.
struct Uncaught {
  std::string_view message, file;
  uint32_t line = 0, column = 0;
};
void weigh_absence(Page& page, const Window& window, const Uncaught& error);

}  // namespace shikake::honeyclient::low::page
