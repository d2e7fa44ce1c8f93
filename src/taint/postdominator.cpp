#include "taint/postdominator.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace shikake::taint {
namespace {

// Longest instruction of any architecture served.
constexpr size_t longest_instruction = 16;

Step step_at(Lifter& lifter, const CodeReader& reader, Address address, bool thumb) {
  std::array<uint8_t, Lifter::look_back + longest_instruction> bytes{};
  const auto at = std::span(bytes).subspan(Lifter::look_back);
  if (thumb) reader(address - Lifter::look_back, std::span(bytes).first(Lifter::look_back));
  const size_t count = reader(address, at);
  return lifter.step(std::span(bytes).first(Lifter::look_back + count), Lifter::look_back, address, thumb);
}

// The graph has one node an instruction; node 0 is the function's end.
class Graph {
 public:
  Graph(Lifter& lifter, const CodeReader& reader, bool thumb) : lifter_(lifter), reader_(reader), thumb_(thumb) {
    successors_.emplace_back();
    addresses_.push_back(0);
  }

  bool build(std::span<const Address> starts) {
    const size_t root = node(1);  // 1 is never an instruction's address: the decision itself
    for (const Address start : starts) link(root, start);
    while (!pending_.empty()) {
      const Address address = pending_.back();
      pending_.pop_back();
      if (addresses_.size() > max_instructions) return false;
      decode(address);
    }
    return true;
  }

  // Immediate post-dominator of the decision.
  Address answer() {
    order();
    constexpr size_t unknown = SIZE_MAX;
    std::vector<size_t> dominator(addresses_.size(), unknown);
    dominator[0] = 0;
    for (bool changed = true; changed;) {
      changed = false;
      for (const size_t n : reverse_order_) {
        if (n == 0) continue;
        size_t found = unknown;
        for (const size_t s : successors_[n]) {
          if (dominator[s] == unknown) continue;
          found = found == unknown ? s : intersect(dominator, found, s);
        }
        if (found != dominator[n] && found != unknown) {
          dominator[n] = found;
          changed = true;
        }
      }
    }
    const size_t result = dominator[nodes_.at(1)];
    return result == unknown ? 0 : addresses_[result];
  }

 private:
  size_t node(Address address) {
    const auto [found, is_new] = nodes_.try_emplace(address, addresses_.size());
    if (is_new) {
      addresses_.push_back(address);
      successors_.emplace_back();
    }
    return found->second;
  }

  void link(size_t from, Address to) {
    const bool is_new = !nodes_.contains(to);
    const size_t n = node(to);
    successors_[from].push_back(n);
    if (is_new) pending_.push_back(to);
  }

  void decode(Address address) {
    const size_t n = nodes_.at(address);
    const Step step = step_at(lifter_, reader_, address, thumb_);
    if (step.length == 0 || step.leaves) successors_[n].push_back(0);
    for (const Address next : step.successors) link(n, next);
    if (step.length != 0 && step.successors.empty() && !step.leaves) successors_[n].push_back(0);
  }

  // Numbers nodes in post-order of the reversed graph, from the end.
  void order() {
    std::vector<std::vector<size_t>> predecessors(addresses_.size());
    for (size_t n = 0; n < successors_.size(); ++n)
      for (const size_t s : successors_[n]) predecessors[s].push_back(n);
    number_.assign(addresses_.size(), 0);
    std::vector<bool> seen(addresses_.size());
    std::vector<std::pair<size_t, size_t>> stack{{0, 0}};
    seen[0] = true;
    std::vector<size_t> post;
    while (!stack.empty()) {
      auto& [n, next] = stack.back();
      if (next < predecessors[n].size()) {
        const size_t p = predecessors[n][next++];
        if (!seen[p]) {
          seen[p] = true;
          stack.emplace_back(p, 0);
        }
      } else {
        number_[n] = post.size();
        post.push_back(n);
        stack.pop_back();
      }
    }
    reverse_order_.assign(post.rbegin(), post.rend());
  }

  size_t intersect(const std::vector<size_t>& dominator, size_t a, size_t b) const {
    while (a != b) {
      while (number_[a] < number_[b]) a = dominator[a];
      while (number_[b] < number_[a]) b = dominator[b];
    }
    return a;
  }

  Lifter& lifter_;
  const CodeReader& reader_;
  bool thumb_;
  std::map<Address, size_t> nodes_;
  std::vector<Address> addresses_;
  std::vector<std::vector<size_t>> successors_;
  std::vector<Address> pending_;
  std::vector<size_t> number_;
  std::vector<size_t> reverse_order_;
};

}  // namespace

Address immediate_postdominator(Lifter& lifter, const CodeReader& reader, std::span<const Address> successors,
                                bool thumb) {
  Graph graph(lifter, reader, thumb);
  if (successors.size() < 2 || !graph.build(successors)) return 0;
  return graph.answer();
}

Survey survey(Lifter& lifter, const CodeReader& reader, Address start, Address end, bool thumb) {
  // Enough for a chain of comparisons; a whole interpreter need not be walked.
  constexpr size_t max_surveyed = 600;
  Survey found;
  std::vector<Address> pending{start};
  std::set<Address> seen{start};
  while (!pending.empty() && seen.size() < max_surveyed) {
    const Address address = pending.back();
    pending.pop_back();
    if (address == end) continue;
    const Step step = step_at(lifter, reader, address, thumb);
    if (step.length == 0) continue;
    if (step.call) ++found.calls;
    if (step.successors.size() > 1) ++found.branches;
    for (const Address next : step.successors)
      if (seen.insert(next).second) pending.push_back(next);
  }
  return found;
}

}  // namespace shikake::taint
