#include "taint/plan.h"

#include <algorithm>

namespace shikake::taint {
namespace {

// Earlier writes that a read is held against at run time; more are rare and slow.
constexpr size_t max_apart = 8;

class Planner {
 public:
  Planner(const Program& program, const Variant& variant, const RegisterLayout& layout, const ThreadState& state)
      : program_(program), variant_(variant), layout_(layout), state_(state) {}

  std::optional<Plan> run() {
    for (const Instruction& i : variant_.code) {
      rule(i);
      if (failed_) return std::nullopt;
    }
    finish();
    return failed_ ? std::nullopt : std::optional(std::move(plan_));
  }

 private:
  Inputs get(size_t ref) {
    if (ref < first_register) return 0;
    if (ref >= first_temporary) {
      const auto found = temporaries_.find(ref);
      return found == temporaries_.end() ? 0 : found->second;
    }
    if (const auto found = registers_.find(ref); found != registers_.end()) return found->second;
    const size_t first = ref / quad_lanes * quad_lanes;
    if (!quads_read_.contains(first)) read_quad(first);
    return initial(ref);
  }
  Inputs initial(size_t ref) const {
    const auto found = initial_.find(ref);
    return found == initial_.end() ? 0 : found->second;
  }
  bool labelled(size_t ref) const {
    const size_t offset = ref - first_register;
    if (offset >= layout_.bytes || layout_.unit[offset] == RegisterLayout::no_unit) return false;
    return (variant_.labelled >> layout_.unit[offset] & 1) != 0;
  }
  Inputs all(size_t ref, size_t count) {
    Inputs joined = 0;
    for (size_t k = 0; k < count; ++k) joined |= get(ref + k);
    return joined;
  }
  void set(size_t ref, Inputs inputs) {
    if (ref >= first_temporary) temporaries_[ref] = inputs;
    else registers_[ref] = inputs;
  }

  uint8_t new_input() {
    if (inputs_ == max_inputs) {
      failed_ = true;
      return 0;
    }
    return static_cast<uint8_t>(inputs_++);
  }

  // The pattern that the registers show now is the one that the plan is for.
  void read_quad(size_t first) {
    quads_read_[first] = true;
    if (!labelled(first)) return;
    const Label* l = state_.file.data() + first;
    const size_t lanes = l[0] == 0 ? 0 : l[1] == 0 ? 1 : l[2] == 0 ? 2 : 4;
    for (size_t k = 0; k < quad_lanes; ++k)
      if (l[k] != (k < lanes ? l[0] : 0)) failed_ = true;
    Plan::Quad quad{static_cast<Ref>(first), static_cast<uint8_t>(lanes), false, 0};
    if (lanes == 4 && before_is_alike(first)) {
      quad.as_before = true;
      quad.input = input_of_quad_[first - quad_lanes];
    } else if (lanes != 0) {
      quad.input = new_input();
    }
    if (lanes == 4) input_of_quad_[first] = quad.input;
    for (size_t k = 0; k < lanes; ++k) initial_[first + k] = Inputs{1} << quad.input;
    plan_.quads.push_back(quad);
  }
  bool before_is_alike(size_t first) {
    if (first < first_register + quad_lanes || layout_.unit[first - first_register] != layout_.unit[first - 1 - first_register])
      return false;
    if (!quads_read_.contains(first - quad_lanes)) read_quad(first - quad_lanes);
    return input_of_quad_.contains(first - quad_lanes) && state_.file[first] == state_.file[first - quad_lanes];
  }

  void rule(const Instruction& i) {
    switch (i.op) {
      case Op::end: break;
      case Op::move: case Op::put_move: case Op::put_wide: move(i); break;
      case Op::clear: case Op::put_clear:
        for (size_t k = 0; k < i.lanes; ++k) set(i.to + k, 0);
        break;
      case Op::splat: case Op::put_splat: {
        const Inputs inputs = get(i.a);
        for (size_t k = 0; k < i.lanes; ++k) set(i.to + k, inputs);
        break;
      }
      case Op::join: set(i.to, get(i.a) | get(i.b)); break;
      case Op::lanes: case Op::prefix: {
        Inputs below = 0;
        for (size_t k = 0; k < i.lanes; ++k) {
          const Inputs both = get(i.a + k) | get(i.b + k);
          below = i.op == Op::prefix ? below | both : both;
          set(i.to + k, below);
        }
        break;
      }
      case Op::reduce: set(i.to, all(i.a, i.lanes)); break;
      case Op::load: load(i); break;
      case Op::address: {
        const Inputs chosen = all(i.a, i.b);
        for (size_t k = 0; k < i.lanes; ++k) set(i.to + k, get(i.to + k) | chosen);
        break;
      }
      case Op::store: {
        Plan::Store store{i.b, {}};
        for (size_t k = 0; k < i.lanes; ++k) store.lanes.push_back(get(i.a + k));
        plan_.stores.push_back(std::move(store));
        break;
      }
      case Op::branch: case Op::target: plan_.decisions.push_back({&i, get(i.a)}); break;
    }
  }

  void move(const Instruction& i) {
    std::array<Inputs, max_lanes> moved{};
    for (size_t k = 0; k < i.lanes; ++k) moved[k] = get(i.a + k);
    const size_t lanes = i.op == Op::put_wide ? 8 : i.lanes;
    for (size_t k = 0; k < lanes; ++k) set(i.to + k, k < i.lanes ? moved[k] : 0);
  }

  void load(const Instruction& i) {
    const MemoryOp& read = program_.memory[i.b];
    Plan::Load load{i.b, i.lanes, 0, {}};
    for (size_t n = plan_.stores.size(); n-- > 0;) {
      const Plan::Store& store = plan_.stores[n];
      const MemoryOp& write = program_.memory[store.access];
      if (write.base != read.base) {
        load.apart.push_back(store.access);
        continue;
      }
      if (write.offset == read.offset && write.size == read.size && load.apart.empty()) {
        for (size_t k = 0; k < i.lanes; ++k) set(i.to + k, store.lanes[k]);
        return;
      }
      if (write.offset < read.offset + read.size && read.offset < write.offset + write.size) failed_ = true;
    }
    const bool simple = i.lanes == 1 || i.lanes == 2 || i.lanes == 4 || i.lanes == 8 || i.lanes == 16;
    if (!simple || load.apart.size() > max_apart) failed_ = true;
    load.input = new_input();
    for (size_t k = 0; k < i.lanes; ++k) set(i.to + k, Inputs{1} << load.input);
    plan_.loads.push_back(std::move(load));
  }

  // What registers hold at the end, in fours, as far as it is known.
  void finish() {
    std::map<size_t, bool> touched;
    for (const auto& [ref, inputs] : registers_) touched[ref / quad_lanes * quad_lanes] = true;
    for (const auto& [first, unused] : touched) {
      Plan::Written written{static_cast<Ref>(first), true, {}};
      bool changed = false;
      for (size_t k = 0; k < quad_lanes; ++k) {
        const size_t ref = first + k;
        if (const auto found = registers_.find(ref); found != registers_.end()) {
          written.lanes[k] = found->second;
          changed = changed || !known(ref) || found->second != initial(ref);
        } else if (known(ref)) {
          written.lanes[k] = initial(ref);
        } else {
          written.whole = false;
        }
      }
      if (changed) plan_.written.push_back(written);
    }
  }
  bool known(size_t ref) const {
    return !labelled(ref) || quads_read_.contains(ref / quad_lanes * quad_lanes);
  }

  const Program& program_;
  const Variant& variant_;
  const RegisterLayout& layout_;
  const ThreadState& state_;
  Plan plan_;
  std::map<size_t, Inputs> temporaries_, registers_, initial_;
  std::map<size_t, bool> quads_read_;
  std::map<size_t, uint8_t> input_of_quad_;  // those of four equal labels
  size_t inputs_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<Plan> plan(const Program& program, const Variant& variant, const RegisterLayout& layout,
                         const ThreadState& state) {
  return Planner(program, variant, layout, state).run();
}

}  // namespace shikake::taint
