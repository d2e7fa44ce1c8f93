#include "html/input_stream.h"

#include <algorithm>

#include "base/check.h"

namespace shikake::html {

// Normalises newlines on the way in; `cr` carries a CR LF that two calls split.
void InputStream::add(Place before, std::u16string_view text, uint32_t origin, bool network, bool& cr) {
  if (cr && !text.empty() && text.front() == u'\n') text.remove_prefix(1), cr = false;
  if (text.empty()) return;
  cr = text.back() == u'\r';
  Segment segment{std::u16string(text), 0, origin, network};
  std::u16string& out = segment.text;
  if (size_t first = out.find(u'\r'); first != std::u16string::npos) {
    size_t to = first;
    for (size_t from = first; from < out.size(); ++from) {
      if (out[from] != u'\r') {
        out[to++] = out[from];
        continue;
      }
      out[to++] = u'\n';
      if (from + 1 < out.size() && out[from + 1] == u'\n') ++from;
    }
    out.resize(to);
  }
  segments_.insert(before, std::move(segment));
}

void InputStream::write(std::u16string_view text, uint32_t origin) {
  SHIKAKE_CHECK(!points_.empty());
  add(points_.back(), text, origin, false, points_.back()->ends_in_cr);
}

// Closes the open segment, so that another may come before it.
void InputStream::put_away() {
  if (!open_) return;
  position();  // counts the lines that are behind
  Segment& front = segments_.front();
  front.consumed = static_cast<size_t>(cursor_ - front.text.data());
  if (cursor_ == end_) segments_.pop_front();
  open_ = false;
  cursor_ = end_ = counted_ = nullptr;
}

void InputStream::push_insertion_point() {
  put_away();
  segments_.push_front(Segment{{}, 0, 0, false, true});
  points_.push_back(segments_.begin());
}

void InputStream::push_insertion_point_at_end() {
  segments_.push_back(Segment{{}, 0, 0, false, true});
  points_.push_back(std::prev(segments_.end()));
}

void InputStream::pop_insertion_point_at_end() {
  SHIKAKE_CHECK(!points_.empty());
  segments_.erase(points_.front());
  points_.erase(points_.begin());
}

void InputStream::pop_insertion_point() {
  SHIKAKE_CHECK(!points_.empty());
  segments_.erase(points_.back());
  points_.pop_back();
}

void InputStream::clear() {
  put_away();
  std::erase_if(segments_, [](const Segment& segment) { return !segment.point; });
}

bool InputStream::refill() {
  put_away();
  if (segments_.empty() || segments_.front().point) return false;
  const Segment& front = segments_.front();
  cursor_ = counted_ = front.text.data() + front.consumed;
  end_ = front.text.data() + front.text.size();
  open_ = true;
  return true;
}

Position InputStream::position(size_t back) {
  if (!open_ || !segments_.front().network) return here_;
  const char16_t* to = cursor_ - back;
  while (counted_ < to) {
    const char16_t* newline = std::find(counted_, to, u'\n');
    if (newline == to) {
      here_.column += static_cast<uint32_t>(to - counted_);
      counted_ = to;
    } else {
      ++here_.line;
      here_.column = 1;
      counted_ = newline + 1;
    }
  }
  return here_;
}

}  // namespace shikake::html
