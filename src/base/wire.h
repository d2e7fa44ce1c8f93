// Message bodies between our processes: one list of fields a message serves both directions.
//
//   struct Question {
//     uint32_t id = 0;
//     std::string url;
//     static void wire(auto& codec, auto& self) { codec(self.id, self.url); }
//   };
//   std::string body = to_wire(question);
//   Result<Question> question = from_wire<Question>(body);
//
// Format: integers little-endian at their own size; bool u8 (0 or 1); enumerations as their underlying
// integer; strings and vectors u32 count, then the elements; optionals u8 (0 or 1), then the value;
// durations and time points as the i64 count of their unit (a time outside the years 0001 to 9999 is
// refused: no date can be written of it); structs their fields in order. Both ends
// are of one build, so there is no version.
//
// A hostile peer chooses every byte that a reader sees. It can neither make it read out of bounds nor
// allocate more than in proportion to the body (an element takes at least one byte), whose size the
// frame bounds. After the first flaw everything reads as zero and empty, and from_wire() fails.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/result.h"

namespace shikake::base {

// An enumeration that goes over the wire names its last value, beside its definition:
//   constexpr Mode wire_last(Mode) { return Mode::other; }
// Values above it are refused. Values start at 0 without a gap.
template <class T>
concept WireEnum = std::is_enum_v<T> && requires(T value) {
  { wire_last(value) } -> std::same_as<T>;
};

template <class T>
concept WireInteger = std::integral<T> && !std::same_as<T, bool>;

class WireWriter {
 public:
  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }
  std::string take() { return std::move(body_); }

  template <WireInteger T>
  void put(T value) {
    auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (size_t i = 0; i < sizeof bits; ++i) body_ += static_cast<char>(bits >> (8 * i) & 0xFF);
  }
  void put(bool value) { put<uint8_t>(value ? 1 : 0); }
  void put(const char*) = delete;  // it would become a bool
  template <WireEnum T>
  void put(T value) {
    put(static_cast<std::underlying_type_t<T>>(value));
  }
  void put(std::string_view text) {
    put_count(text.size());
    body_ += text;
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  template <class T>
  void put(const std::vector<T>& list) {
    put_count(list.size());
    for (const T& element : list) put(element);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class Rep, class Period>
  void put(std::chrono::duration<Rep, Period> span) {
    put(static_cast<int64_t>(span.count()));
  }
  template <class ClockType, class Unit>
  void put(std::chrono::time_point<ClockType, Unit> time) {
    put(time.time_since_epoch());
  }
  template <class T>
  requires requires(WireWriter& codec, const T& message) { T::wire(codec, message); }
  void put(const T& message) { T::wire(*this, message); }

 private:
  void put_count(size_t count) {
    SHIKAKE_CHECK(count <= UINT32_MAX);  // frames are far smaller
    put(static_cast<uint32_t>(count));
  }

  std::string body_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view body) : rest_(body) {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  void refuse() {  // for a value that the message's own rules forbid
    ok_ = false;
    rest_ = {};
  }

  template <WireInteger T>
  void get(T& value) {
    value = 0;
    if (rest_.size() < sizeof value) return refuse();
    std::make_unsigned_t<T> bits = 0;
    for (size_t i = 0; i < sizeof bits; ++i)
      bits = static_cast<decltype(bits)>(bits | static_cast<uint64_t>(static_cast<uint8_t>(rest_[i]))
                                                    << (8 * i));
    value = static_cast<T>(bits);
    rest_.remove_prefix(sizeof value);
  }
  void get(bool& value) {
    uint8_t byte;
    get(byte);
    if (byte > 1) refuse();
    value = byte == 1;
  }
  template <WireEnum T>
  void get(T& value) {
    std::underlying_type_t<T> number;
    get(number);
    if (number < 0 || number > static_cast<std::underlying_type_t<T>>(wire_last(T{}))) {
      refuse();
      number = 0;
    }
    value = static_cast<T>(number);
  }
  // A view into the body, which must outlive it.
  void get(std::string_view& text) {
    uint32_t size = get_count();
    text = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  void get(std::string& text) {
    std::string_view view;
    get(view);
    text = view;
  }
  template <class T>
  void get(std::vector<T>& list) {
    uint32_t count = get_count();
    list.clear();
    for (uint32_t i = 0; i < count && ok_; ++i) get(list.emplace_back());
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool present;
    get(present);
    value.reset();
    if (present) get(value.emplace());
  }
  template <class Rep, class Period>
  void get(std::chrono::duration<Rep, Period>& span) {
    int64_t count;
    get(count);
    span = std::chrono::duration<Rep, Period>(count);
  }
  template <class ClockType, class Unit>
  void get(std::chrono::time_point<ClockType, Unit>& time) {
    static_assert(std::ratio_greater_equal_v<typename Unit::period, std::micro>, "the bounds would overflow");
    Unit since;
    get(since);
    if (since < first_second || since >= end_of_time) {
      refuse();
      since = {};
    }
    time = std::chrono::time_point<ClockType, Unit>(since);
  }
  template <class T>
  requires requires(WireReader& codec, T& message) { T::wire(codec, message); }
  void get(T& message) { T::wire(*this, message); }

 private:
  // Of the years that a date can be written with, 0001 to 9999.
  static constexpr std::chrono::seconds first_second{-62'135'596'800}, end_of_time{253'402'300'800};

  // A count never exceeds the bytes that are left: each element takes at least one.
  uint32_t get_count() {
    uint32_t count;
    get(count);
    if (count > rest_.size()) refuse();
    return ok_ ? count : 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

template <class Message>
std::string to_wire(const Message& message) {
  WireWriter writer;
  writer.put(message);
  return writer.take();
}

template <class Message>
Result<Message> from_wire(std::string_view body) {
  WireReader reader(body);
  Message message{};
  reader.get(message);
  if (!reader.ok() || !reader.at_end())
    return fail(Module::base, ErrorCode::invalid_input, "a message from another process is malformed");
  return message;
}

}  // namespace shikake::base
