#include "honeyclient/vbscript/value.h"

#include <limits>

namespace shikake::honeyclient::vbscript {

uint64_t Array::size_of(const std::vector<int32_t>& bounds) {
  uint64_t size = bounds.empty() ? 0 : 1;
  for (int32_t bound : bounds) {
    uint64_t length = bound < 0 ? 0 : static_cast<uint64_t>(bound) + 1;
    if (length != 0 && size > std::numeric_limits<uint64_t>::max() / length)
      return std::numeric_limits<uint64_t>::max();
    size *= length;
  }
  return size;
}

void bury(Value&& value) {
  static thread_local std::vector<Value>* graves = nullptr;
  if (!value.is<ArrayRef>() && !value.is_object()) return;
  if (graves) {
    graves->push_back(std::move(value));
    return;
  }
  std::vector<Value> mine;
  graves = &mine;
  mine.push_back(std::move(value));
  while (!mine.empty()) {
    Value last = std::move(mine.back());
    mine.pop_back();
  }
  graves = nullptr;
}

Array::~Array() {
  for (Value& item : items) bury(std::move(item));
}

ArrayRef make_array(std::vector<Value> items) {
  auto array = std::make_shared<Array>();
  array->bounds = {static_cast<int32_t>(items.size()) - 1};
  array->items = std::move(items);
  return array;
}

}  // namespace shikake::honeyclient::vbscript
