// Puts a RegisterLayout together.
#pragma once

#include <algorithm>

#include "taint/program.h"

namespace shikake::taint {

class LayoutMaker {
 public:
  explicit LayoutMaker(size_t bytes) {
    layout_.bytes = bytes;
    layout_.unit.fill(RegisterLayout::no_unit);
  }
  // `count` registers of `size` bytes from `offset` on; units are shared when they run out.
  void registers(size_t offset, size_t size, size_t count, size_t per_unit = 1) {
    for (size_t r = 0; r < count; ++r) {
      const size_t unit = std::min<size_t>(next_ + r / per_unit, 63);
      for (size_t i = 0; i < size; ++i) layout_.unit[offset + r * size + i] = static_cast<uint8_t>(unit);
    }
    next_ += (count + per_unit - 1) / per_unit;
  }
  void undecided(size_t offset, size_t size) {
    for (size_t i = 0; i < size; ++i) layout_.undecided[offset + i] = true;
  }
  void unpredicated(size_t offset, size_t size) {
    for (size_t i = 0; i < size; ++i) layout_.unpredicated[offset + i] = true;
  }
  void calls_push() { layout_.calls_push = true; }
  RegisterLayout finish(size_t stack_pointer, size_t result, size_t word) {
    layout_.stack_pointer = stack_pointer;
    layout_.result = result;
    layout_.word = word;
    for (size_t i = layout_.bytes; i-- > 0;) {
      if (layout_.unit[i] == RegisterLayout::no_unit) continue;
      auto& extent = layout_.extent[layout_.unit[i]];
      if (extent.bytes == 0) extent.bytes = static_cast<uint16_t>(i + 1);  // the end, until the start is known
      extent.first = static_cast<uint16_t>(i);
    }
    for (auto& extent : layout_.extent) extent.bytes = static_cast<uint16_t>(extent.bytes - extent.first);
    return layout_;
  }

 private:
  RegisterLayout layout_;
  size_t next_ = 0;
};

}  // namespace shikake::taint
