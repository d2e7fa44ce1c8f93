#include "taint/variant.h"

#include <bitset>

namespace shikake::taint {
namespace {

class Specialiser {
 public:
  Specialiser(const Program& program, Units labelled, const RegisterLayout& layout)
      : program_(program), labelled_(labelled), layout_(layout) {}

  std::unique_ptr<Variant> run() {
    auto made_variant = std::make_unique<Variant>();
    Variant& variant = *made_variant;
    variant.labelled = labelled_;
    for (Instruction i : program_.code) {
      if (!keep(i)) continue;
      if (is_put(i.op)) {
        variant.writes |= Units{1} << i.b;
        if (widen(variant.code, i)) continue;
      }
      variant.code.push_back(i);
    }
    variant.writes_partly = program_.writes_partly & variant.writes;
    return made_variant;
  }

 private:
  static bool is_put(Op op) { return op == Op::put_move || op == Op::put_clear || op == Op::put_splat; }

  bool may(Ref ref) const {
    if (ref < first_register) return false;
    if (ref >= first_temporary) return maybe_[ref];
    const uint8_t unit = layout_.unit[ref - first_register];
    return unit != RegisterLayout::no_unit && (labelled_ >> unit & 1) != 0;
  }
  bool any(Ref first, size_t lanes) const {
    for (size_t k = 0; k < lanes; ++k)
      if (may(static_cast<Ref>(first + k))) return true;
    return false;
  }
  void made(Ref first, size_t lanes) {
    for (size_t k = 0; k < lanes; ++k) maybe_.set(first + k);
  }
  // A run that holds nothing may be read through the zeros, unless it already is.
  void zero_operands(Instruction& i, size_t lanes) const {
    if (!any(i.a, lanes)) i.a = no_place;
    if (!any(i.b, lanes)) i.b = no_place;
  }

  bool keep(Instruction& i) {
    switch (i.op) {
      case Op::end: return true;
      case Op::load: made(i.to, i.lanes); return true;
      case Op::address: return any(i.a, i.b);
      case Op::store: if (!any(i.a, i.lanes)) i.a = no_place; return true;
      case Op::branch: return may(i.a);
      case Op::target: return may(i.a);
      case Op::clear: return false;
      case Op::put_clear: return (labelled_ >> i.b & 1) != 0;
      case Op::move: case Op::splat: case Op::reduce: {
        if (!any(i.a, i.op == Op::splat ? 1 : i.lanes)) return false;
        if (i.op == Op::move) copy(i);
        else made(i.to, i.op == Op::reduce ? 1 : i.lanes);
        return true;
      }
      case Op::join:
        if (!may(i.a) && !may(i.b)) return false;
        zero_operands(i, 1);
        made(i.to, 1);
        return true;
      case Op::lanes: case Op::prefix:
        if (!any(i.a, i.lanes) && !any(i.b, i.lanes)) return false;
        zero_operands(i, i.lanes);
        if (i.op == Op::prefix) made(i.to, i.lanes);
        else for (size_t k = 0; k < i.lanes; ++k)
          if (may(static_cast<Ref>(i.a == no_place ? no_place : i.a + k)) || may(static_cast<Ref>(i.b == no_place ? no_place : i.b + k)))
            maybe_.set(i.to + k);
        return true;
      case Op::put_move: case Op::put_splat:
        if (any(i.a, i.op == Op::put_splat ? 1 : i.lanes)) return true;
        if ((labelled_ >> i.b & 1) == 0) return false;
        i = {Op::put_clear, i.lanes, i.to, no_place, i.b};
        return true;
      case Op::put_wide: return true;
    }
    return true;
  }

  void copy(const Instruction& i) {
    for (size_t k = 0; k < i.lanes; ++k)
      if (may(static_cast<Ref>(i.a + k))) maybe_.set(i.to + k);
  }

  // "Low bytes, then nothing" of an eight-byte register becomes one write.
  static bool widen(std::vector<Instruction>& code, const Instruction& i) {
    if (i.op != Op::put_clear || code.empty()) return false;
    Instruction& low = code.back();
    if (low.op != Op::put_move || low.b != i.b || low.to + low.lanes != i.to || low.lanes + i.lanes != 8) return false;
    low.op = Op::put_wide;
    return true;
  }

  const Program& program_;
  const Units labelled_;
  const RegisterLayout& layout_;
  std::bitset<label_file_size> maybe_;
};

}  // namespace

std::unique_ptr<Variant> specialise(const Program& program, Units labelled, const RegisterLayout& layout) {
  return Specialiser(program, labelled, layout).run();
}

}  // namespace shikake::taint
