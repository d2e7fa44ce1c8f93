// A plan's rules as machine code.
//
// Labels seldom change from one run to the next, so a program keeps what it read and what it made of it, as words of
// four labels (ThreadState::words). First it compares what it would read with what it keeps; where that is the same,
// so is what it writes. Else everything is read and checked, unions are made (each has a slot in the state), and the
// words are kept anew. Then everything is written.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "taint/native_regions.h"

namespace shikake::taint {

// Four labels as they lie in memory.
using Quad = std::array<Inputs, quad_lanes>;

class RuleEmitter : public RegionEmitter {
 public:
  RuleEmitter(uint8_t* at, size_t room, const NativeSource& source, const Variant& variant, const Plan& plan,
              uint32_t& next_join, size_t first_word)
      : RegionEmitter(at, room, source), plan_(plan), variant_(variant), layout_(source.layout),
        next_join_(next_join), first_word_(first_word) {}

  using Emitter::getSize;
  // Unions that were needed; more than the state has places for must not run.
  size_t slots() const { return slots_.size(); }
  // Beside labels: one of units, one of each decision, and pairs.
  size_t words() const { return words_.size() + 1 + plan_.decisions.size() + 2 * pairs_.size(); }

  void emit();

 private:
  // Words.
  Xbyak::Address kept(size_t number) { return qword[rsi + static_cast<int>((first_word_ + number) * sizeof(uint64_t))]; }
  Xbyak::Address kept(const Quad& quad) { return kept(words_.at(quad)); }
  Xbyak::Address units_word() { return kept(words_.size()); }
  Xbyak::Address decision_word(size_t number) { return kept(words_.size() + 1 + number); }
  Xbyak::RegExp pair_word(const std::pair<Quad, Quad>& pair);
  static Quad quad_of(size_t lanes, uint8_t input);
  static Quad quad_of(const Plan::Store& store, size_t from);
  static Quad quad_of(Inputs inputs) { return {inputs}; }
  static Quad quad_of(const Plan::Written& written);
  void name_words();
  void keep_words();

  // Reading.
  static int slot(size_t number) { return state_at::values + static_cast<int>(number) * 4; }
  Xbyak::Address slot_of(Inputs inputs) { return dword[rdi + slot(slots_.at(inputs))]; }
  void keep(Inputs inputs, const Xbyak::Reg32& from);
  void require_one(size_t lanes, Xbyak::Label& otherwise);
  void check(const Plan::Quad& quad);
  void compare(const Plan::Quad& quad);
  void compare(const Plan::Load& load);
  void read_labels(size_t lanes, Xbyak::Label& otherwise);
  void check_apart(const Plan::Load& load);
  void load(const Plan::Load& load);

  // Unions.
  Inputs largest_part(Inputs inputs) const;
  void need(Inputs inputs);
  void join();
  void keep_decision(size_t number);

  // Writing (native_writes.cpp).
  void gather(const Xbyak::Reg64& to, const Quad& quad);
  void put(const Xbyak::RegExp& at, const Xbyak::Reg64& from, size_t lanes);
  void put(const Xbyak::RegExp& at, const Plan::Store& store);
  void any_of(const Plan::Store& store);
  void store(const Plan::Store& store);
  // Whether this and the next are all of eight labels in a row, which are written at once.
  bool is_pair(size_t number) const;
  std::pair<Quad, Quad> pair_of(size_t number) const;
  void keep_pair(const std::pair<Quad, Quad>& pair);
  void write_registers();
  void write(const Plan::Written& written);
  std::optional<Inputs> becomes(size_t unit) const;
  template <class F>
  void each_written_unit(const F& visit);
  void take_unit(size_t unit);
  void keep_units();
  void units();

  const Plan& plan_;
  const Variant& variant_;
  const RegisterLayout& layout_;
  uint32_t& next_join_;
  const size_t first_word_;
  std::map<Quad, size_t> words_;
  std::map<std::pair<Quad, Quad>, size_t> pairs_;  // of register writes that are not all nothing
  std::map<Inputs, size_t> slots_;
  Xbyak::Label write_, anew_;
};

}  // namespace shikake::taint
