// The parser's input: text still to come, with the insertion points of document.write in it.
// https://html.spec.whatwg.org/multipage/parsing.html#the-input-stream
//
//   consumed │ "<b>x" of write A │ insertion point │ rest of the network's chunk │ next chunk │ …
//             ^ cursor
//
// A list of segments, consumed from the front. An insertion point is a segment of its own that the cursor
// does not pass while it is there; what is written goes in before the innermost one. Every operation is
// O(1) but for the copy of the text.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "html/dom.h"

namespace shikake::html {

inline constexpr int eof = -1;

class InputStream {
 public:
  // At the end, from the network (or whatever holds the document's own text).
  void append(std::u16string_view text, uint32_t origin = 0) {
    add(segments_.end(), text, origin, true, network_cr_);
  }
  void close() { closed_ = true; }

  // An insertion point at the cursor; and its end.
  void push_insertion_point();
  void pop_insertion_point();
  // One behind all that is there: of a parser that document.open() made.
  void push_insertion_point_at_end();
  void pop_insertion_point_at_end();
  size_t insertion_points() const { return points_.size(); }
  // Before the innermost insertion point, which there must be.
  void write(std::u16string_view text, uint32_t origin);
  // Throws away what is not consumed.
  void clear();

  // Something to read: a character, or the end of a closed stream. Otherwise: more input is needed, or
  // the insertion point is reached.
  bool ready() { return cursor_ != end_ || refill() || at_end(); }
  bool at_end() const { return closed_ && segments_.empty(); }

  // The next character, or eof; only when ready().
  int take() { return cursor_ != end_ ? *cursor_++ : eof; }
  // Undoes a take(); directly after it.
  void untake(int taken) { cursor_ -= taken != eof; }
  // What lies ready in one piece, and how much of it to take.
  std::u16string_view window() const { return {cursor_, static_cast<size_t>(end_ - cursor_)}; }
  void advance(size_t count) { cursor_ += count; }

  // Of the character at the cursor less `back` characters of the same window.
  Position position(size_t back = 0);
  uint32_t origin() const { return segments_.empty() ? 0 : segments_.front().origin; }

 private:
  struct Segment {
    std::u16string text;
    size_t consumed = 0;  // kept while the segment is not open
    uint32_t origin = 0;
    bool network = false;
    bool point = false;
    bool ends_in_cr = false;  // of a point: what was last written there
  };
  using Place = std::list<Segment>::iterator;

  void put_away();
  void add(Place before, std::u16string_view text, uint32_t origin, bool network, bool& cr);
  bool refill();

  std::list<Segment> segments_;
  std::vector<Place> points_;
  const char16_t* cursor_ = nullptr;  // within the front segment's text
  const char16_t* end_ = nullptr;
  const char16_t* counted_ = nullptr;  // lines are counted up to here
  Position here_{1, 1};                // of counted_; of the network's text alone
  bool network_cr_ = false;
  bool closed_ = false;
  // cursor_ and end_ are of segments_.front(); otherwise both are null.
  bool open_ = false;
};

}  // namespace shikake::html
