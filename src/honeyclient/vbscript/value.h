// VBScript's one type, the Variant, and what it may hold.
//
// Types, conversions and error numbers are those of Microsoft's "VBScript Language Reference" (version 5.8)
// and of OLE Automation's VARIANT ([MS-OAUT] 2.2.29); a string is UTF-16, an array is a value that is copied
// when assigned, an object is shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace shikake::honeyclient::vbscript {

class Object;
struct Array;

struct Empty {
  friend bool operator==(Empty, Empty) = default;
};
struct Null {
  friend bool operator==(Null, Null) = default;
};
struct Currency {
  int64_t ten_thousandths = 0;
};
struct Date {
  double days = 0;  // since 1899-12-30 00:00; the fraction is the time of the day, also before that day
};
struct Missing {};  // an argument that was left out: f(1,,2)

// A string that is appended to in place while nobody else holds it: scripts build long texts unit by unit.
using Text = std::shared_ptr<std::u16string>;
using ObjectRef = std::shared_ptr<Object>;  // null: Nothing
using ArrayRef = std::shared_ptr<Array>;

class Value {
 public:
  using Held = std::variant<Empty, Null, bool, uint8_t, int16_t, int32_t, float, double, Currency, Date, Text,
                            ArrayRef, ObjectRef, Missing>;

  Value() = default;
  // Implicit all: a value is a value.
  template <class T, std::enable_if_t<std::is_trivially_copyable_v<T>, int> = 0>
  Value(T held) : held_(std::in_place_type<T>, held) {}
  Value(Text held) : held_(std::in_place_type<Text>, std::move(held)) {}
  Value(ArrayRef held) : held_(std::in_place_type<ArrayRef>, std::move(held)) {}
  Value(ObjectRef held) : held_(std::in_place_type<ObjectRef>, std::move(held)) {}
  Value(std::u16string text) : held_(std::make_shared<std::u16string>(std::move(text))) {}
  Value(std::u16string_view text) : Value(std::u16string(text)) {}
  Value(const char16_t* text) : Value(std::u16string(text)) {}

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(held_);
  }
  template <class T>
  const T* get() const {
    return std::get_if<T>(&held_);
  }
  template <class T>
  T* get() {
    return std::get_if<T>(&held_);
  }
  const Held& held() const { return held_; }

  bool is_text() const { return is<Text>(); }
  bool is_object() const { return is<ObjectRef>(); }
  bool is_number() const { return held_.index() >= 2 && held_.index() <= 8; }  // Boolean … Currency

 private:
  Held held_;
};

// A variable, shared by those that hold it ByRef.
using Cell = std::shared_ptr<Value>;

struct Array {
  Array() = default;
  Array(const Array&) = default;
  Array& operator=(const Array&) = default;
  ~Array();  // not by recursion: scripts nest a million arrays

  std::vector<int32_t> bounds;  // the upper bound of each dimension; lower bounds are 0
  std::vector<Value> items;     // the first dimension varies fastest
  bool dynamic = true;          // may be redimensioned

  static uint64_t size_of(const std::vector<int32_t>& bounds);  // saturates
};
inline constexpr uint64_t max_array_items = 4'000'000;  // 160 MB of values; a worker has 208 MiB
inline constexpr size_t max_text_units = 32 << 20;      // "out of string space" beyond

// What a value holds is let go of after the caller is done, one by one.
void bury(Value&& value);

ArrayRef make_array(std::vector<Value> items);

}  // namespace shikake::honeyclient::vbscript
