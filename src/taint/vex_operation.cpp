#include "taint/vex_operation.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace shikake::taint {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes a number from the front; 0 if none is there.
unsigned take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return 0;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

uint8_t bytes(unsigned bits) { return static_cast<uint8_t>(std::max(bits / 8, 1u)); }

// "8Uto32", "64HIto32", "32HLto64", "V128to64", "1Sto8" …
Movement_of conversion(std::string_view name) {
  std::string_view rest = name;
  const bool vector = take(rest, "V");
  const unsigned from = take_number(rest);
  if (from == 0) return {};
  if (take(rest, "Uto")) return {Movement::widen_zero};
  if (take(rest, "Sto")) return {Movement::widen_sign};
  if (take(rest, "HLto")) return {Movement::concatenate};
  if (!vector && from == 64 && rest == "x4toV256") return {Movement::concatenate};
  if (take(rest, "HIto")) return {Movement::part, bytes(take_number(rest)), 1};
  if (!take(rest, "to")) return {};
  take(rest, "V");
  const unsigned to = take_number(rest);
  if (to == 0 || to > from) return {};
  if (rest.empty()) return {Movement::low};
  if (rest.size() == 2 && rest[0] == '_' && is_digit(rest[1]))
    return {Movement::part, bytes(to), static_cast<uint8_t>(rest[1] - '0')};
  return {};
}

struct Fixed {
  std::string_view name;
  Movement_of movement;
};
constexpr Fixed fixed_names[] = {
    {"ShlV128", {Movement::shift_bytes_left}},
    {"ShrV128", {Movement::shift_bytes_right}},
    {"SliceV128", {Movement::slice}},
    {"Slice64", {Movement::slice}},
    {"SetV128lo32", {Movement::set_low}},
    {"SetV128lo64", {Movement::set_low}},
    {"ZeroHI64ofV128", {Movement::part, 8, 0}},
    {"ZeroHI96ofV128", {Movement::part, 4, 0}},
    {"ZeroHI112ofV128", {Movement::part, 2, 0}},
    {"ZeroHI120ofV128", {Movement::part, 1, 0}},
    {"GetMSBs8x16", {Movement::top_bits}},
    {"GetMSBs8x8", {Movement::top_bits}},
    {"Perm8x16", {Movement::permute}},
    {"Perm8x8", {Movement::permute}},
    {"PermOrZero8x16", {Movement::permute}},
    {"Reverse8sIn16_x4", {Movement::reverse, 1, 0, 2}},
    {"Reverse8sIn32_x2", {Movement::reverse, 1, 0, 4}},
    {"Reverse8sIn64_x1", {Movement::reverse, 1, 0, 8}},
    {"Reverse16sIn32_x2", {Movement::reverse, 2, 0, 4}},
    {"Reverse16sIn64_x1", {Movement::reverse, 2, 0, 8}},
    {"Reverse32sIn64_x1", {Movement::reverse, 4, 0, 8}},
    {"Reverse1sIn8_x16", {Movement::lanewise}},
    {"Reverse8sIn16_x8", {Movement::reverse, 1, 0, 2}},
    {"Reverse8sIn32_x4", {Movement::reverse, 1, 0, 4}},
    {"Reverse8sIn64_x2", {Movement::reverse, 1, 0, 8}},
    {"Reverse16sIn32_x4", {Movement::reverse, 2, 0, 4}},
    {"Reverse16sIn64_x2", {Movement::reverse, 2, 0, 8}},
    {"Reverse32sIn64_x2", {Movement::reverse, 4, 0, 8}},
    {"ReinterpF64asI64", {Movement::low}},
    {"ReinterpI64asF64", {Movement::low}},
    {"ReinterpF32asI32", {Movement::low}},
    {"ReinterpI32asF32", {Movement::low}},
    {"ReinterpV128asI128", {Movement::low}},
    {"ReinterpI128asV128", {Movement::low}},
};

// Operations named STEM BITS [sign] x COUNT.
struct Stem {
  std::string_view name;
  Movement movement;
};
constexpr Stem stems[] = {
    {"InterleaveLO", Movement::interleave_low},
    {"InterleaveHI", Movement::interleave_high},
    {"InterleaveEvenLanes", Movement::interleave_even},
    {"InterleaveOddLanes", Movement::interleave_odd},
    {"CatEvenLanes", Movement::cat_even},
    {"CatOddLanes", Movement::cat_odd},
    {"NarrowBin", Movement::narrow},
    {"QNarrowBin", Movement::narrow},
    {"NarrowUn", Movement::narrow},
    {"QNarrowUn", Movement::narrow},
    {"Widen", Movement::widen},
    {"Dup", Movement::duplicate},
    {"GetElem", Movement::get_element},
    {"SetElem", Movement::set_element},
};
constexpr std::string_view element_stems[] = {
    "Add", "Sub", "QAdd", "QSub", "HAdd", "HSub", "Avg", "Max", "Min", "CmpEQ", "CmpGT", "CmpGE", "CmpNEZ",
    "Abs", "Neg", "Mul", "MulHi", "Cnt", "Clz", "Cls", "ShlN", "ShrN", "SarN", "Shl", "Shr", "Sar", "Sal",
    "QShl", "QSal", "Rsh", "Sh", "QShlNsatSU", "QShlNsatUU", "QShlNsatSS", "Rol", "Div", "Sqrt", "CmpLT",
    "CmpLE", "CmpUN", "RecipEst", "RSqrtEst", "RecipStep", "RSqrtStep", "QDMulHi", "QRDMulHi", "PolynomialMul",
    "QAbs", "QNeg", "Or", "And", "Xor", "Scale2_", "Log2_", "FtoI", "RoundF",
};

Movement_of vector_operation(std::string_view name) {
  const auto digit = std::find_if(name.begin(), name.end(), is_digit);
  const std::string_view stem = name.substr(0, static_cast<size_t>(digit - name.begin()));
  std::string_view rest = name.substr(stem.size());
  const uint8_t size = bytes(take_number(rest));
  while (!rest.empty() && (rest[0] == 'U' || rest[0] == 'S' || rest[0] == 'F')) rest.remove_prefix(1);
  for (const Stem& known : stems)
    if (known.name == stem) return {known.movement, size};
  const bool lowest = take(rest, "0x");
  if (!lowest && !take(rest, "x")) return {};
  if (take_number(rest) == 0 || !rest.empty()) return {};
  if (std::find(std::begin(element_stems), std::end(element_stems), stem) == std::end(element_stems))
    return {};
  return {lowest ? Movement::low_element : Movement::elements, size};
}

// "And32", "XorV128", "Sub64", "Shl32" …
Movement_of scalar_operation(std::string_view name) {
  struct Row {
    std::string_view stem;
    Movement movement;
  };
  static constexpr Row rows[] = {
      {"And", Movement::mask},         {"Or", Movement::either},         {"Xor", Movement::lanewise},
      {"Not", Movement::lanewise},     {"Add", Movement::prefix},        {"Sub", Movement::prefix},
      {"Mul", Movement::prefix},       {"Left", Movement::prefix},       {"Shl", Movement::shift_left},
      {"Shr", Movement::shift_right},  {"Sar", Movement::shift_sign},
  };
  for (const Row& row : rows) {
    std::string_view rest = name;
    if (!take(rest, row.stem)) continue;
    const bool vector = take(rest, "V");
    if (vector && row.movement != Movement::mask && row.movement != Movement::either &&
        row.movement != Movement::lanewise)
      return {};
    if (take_number(rest) != 0 && rest.empty()) return {row.movement};
  }
  return {};
}

}  // namespace

Movement_of movement_of(std::string_view name) {
  for (const Fixed& fixed : fixed_names)
    if (fixed.name == name) return fixed.movement;
  if (is_digit(name[0]) || (name[0] == 'V' && name.size() > 1 && is_digit(name[1])))
    return conversion(name);
  if (const Movement_of scalar = scalar_operation(name); scalar.movement != Movement::all) return scalar;
  return vector_operation(name);
}

}  // namespace shikake::taint
