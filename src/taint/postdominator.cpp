#include "taint/postdominator.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace shikake::taint {
namespace {

// Longest instruction of any architecture served.
constexpr size_t longest_instruction = 16;

// Code as the engine's reader gives it, a page asked for once: each look at a guest's memory is a system
// call, which whoever traces the program stops at, and a walk looks at the same few pages thousands of times.
// Kept for one question only, as code may change.
class Pages {
 public:
  explicit Pages(const CodeReader& reader) : reader_(reader) {}

  // How many bytes could be read; the same as the reader's own.
  size_t read(Address address, std::span<uint8_t> to) {
    size_t done = 0;
    while (done < to.size()) {
      const Address at = address + done;
      const std::vector<uint8_t>& page = page_at(at & ~Address{page_bytes - 1});
      const size_t offset = at & (page_bytes - 1);
      if (offset >= page.size()) return done;
      const size_t count = std::min(to.size() - done, page.size() - offset);
      std::copy_n(page.begin() + offset, count, to.begin() + done);
      done += count;
    }
    return done;
  }

  // Words that code met so far loads as constants, which lie between functions on ARM.
  std::set<Address> constants;

 private:
  const std::vector<uint8_t>& page_at(Address begin) {
    const auto [found, is_new] = pages_.try_emplace(begin);
    std::vector<uint8_t>& page = found->second;
    if (is_new) {
      page.resize(page_bytes);
      page.resize(reader_(begin, page));
    }
    return page;
  }

  const CodeReader& reader_;
  std::map<Address, std::vector<uint8_t>> pages_;
};

// How many bytes of what lies at the start of `code` do nothing: x86's ways to say so (Intel's manual, "NOP")
// and AArch64's; 0: it does something.
size_t idle(std::span<const uint8_t> code) {
  static constexpr uint8_t aarch64[] = {0x1f, 0x20, 0x03, 0xd5};
  if (code.size() >= 4 && std::equal(std::begin(aarch64), std::end(aarch64), code.begin())) return 4;
  size_t at = 0;
  while (at < code.size() && (code[at] == 0x66 || code[at] == 0x2e)) ++at;
  if (at < code.size() && (code[at] == 0x90 || code[at] == 0xcc)) return at + 1;
  if (at + 2 >= code.size() || code[at] != 0x0f || code[at + 1] != 0x1f) return 0;
  const uint8_t form = code[at + 2];  // the operand that is not looked at: a byte, an index, an offset
  const size_t offset = form >> 6 == 1 ? 1 : form >> 6 == 2 ? 4 : 0;
  return at + 3 + ((form & 7) == 4 ? 1 : 0) + offset;
}

bool begins_x86_function(std::span<const uint8_t> code) {
  static const std::vector<std::vector<uint8_t>> x86 = {
      {0xf3, 0x0f, 0x1e}, {0x55},       {0x53},       {0x56},       {0x57},
      {0x41, 0x54},       {0x41, 0x55}, {0x41, 0x56}, {0x41, 0x57}, {0x48, 0x83, 0xec},
      {0x48, 0x81, 0xec}, {0x83, 0xec}, {0x81, 0xec}};
  return std::ranges::any_of(x86, [&](const std::vector<uint8_t>& start) {
    return code.size() >= start.size() && std::equal(start.begin(), start.end(), code.begin());
  });
}

uint32_t word(std::span<const uint8_t> code, bool big_endian) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= uint32_t{code[i]} << 8 * (big_endian ? 3 - i : i);
  return value;
}

// Whether code looks as functions begin: a landing mark, a register or the return address saved, the stack
// lowered.
bool begins_function(std::span<const uint8_t> code, Architecture architecture, bool thumb) {
  if (architecture == Architecture::x86_64 || architecture == Architecture::i386)
    return begins_x86_function(code);
  if (code.size() < 4) return false;
  const uint32_t first = word(code, architecture == Architecture::mips);
  if (architecture == Architecture::aarch64)  // stp x29, x30, [sp, …]!; sub sp, sp, …; paciasp
    return (first & 0xff007fff) == 0xa9007bfd || (first & 0xff0003ff) == 0xd10003ff || first == 0xd503233f;
  if (architecture != Architecture::arm)  // addiu sp, sp, -…; lui gp, …
    return (first & 0xffff8000) == 0x27bd8000 || first >> 16 == 0x3c1c;
  // push {…, lr}, as a whole word or a half; str lr, [sp, #-…]!
  if (thumb)
    return (first & 0xff00) == 0xb500 || (first & 0xc000ffff) == 0x4000e92d ||
           (first & 0xfff0ffff) == 0xed00f84d;
  return (first & 0xffff4000) == 0xe92d4000 || (first & 0xfffff000) == 0xe52de000;
}

// How many bytes at the start of `code` do nothing where functions lie close together; 0: they do something.
size_t idle_between(std::span<const uint8_t> code, Architecture architecture, bool thumb) {
  if (code.size() < 4) return 0;
  if (thumb) return (code[0] == 0x00 && code[1] == 0xbf) || (code[0] == 0xc0 && code[1] == 0x46) ? 2 : 0;
  const uint32_t first = word(code, architecture == Architecture::mips);
  const bool arm = architecture == Architecture::arm;
  return (arm && (first == 0xe320f000 || first == 0xe1a00000)) || (!arm && first == 0) ? 4 : 0;
}

// A call that is followed by another function does not come back: exit, abort, and the like.
bool is_last_of_function(Pages& memory, Address address, Architecture architecture, bool thumb) {
  std::array<uint8_t, 32> bytes{};
  const bool close = architecture != Architecture::x86_64 && architecture != Architecture::i386 &&
                     architecture != Architecture::aarch64;
  if (close) {
    // Functions begin at the next word or so; nothing but a function saves the return address or lowers the
    // stack there. On ARM a function's constants may lie between.
    const auto code = std::span<const uint8_t>(bytes).first(memory.read(address, bytes));
    size_t done = 0;
    for (size_t length; (length = idle_between(code.subspan(done), architecture, thumb)) != 0;)
      done += length;
    const bool constant =
        architecture == Architecture::arm && memory.constants.contains((address + done + 3) & ~Address{3});
    return constant || begins_function(code.subspan(done), architecture, thumb);
  }
  // Compilers fill the space between functions up to the next sixteen bytes.
  constexpr Address alignment = 16;
  const size_t wanted = (alignment - address % alignment) % alignment;
  const size_t got = memory.read(address, std::span(bytes).first(wanted + 4));
  if (wanted == 0 || got < wanted) return false;
  const auto space = std::span<const uint8_t>(bytes).first(wanted);
  for (size_t done = 0, length = 0; done < wanted; done += length)
    if ((length = idle(space.subspan(done))) == 0 || done + length > wanted) return false;
  return begins_function(std::span<const uint8_t>(bytes).subspan(wanted, got - wanted), architecture, false);
}

// The word that ARM's instruction at `address` loads from beside the code; 0: none (Arm ARM, A8.8.64).
Address constant_of(std::span<const uint8_t> code, Address address, bool thumb) {
  if (code.size() < 4) return 0;
  const uint32_t first = word(code, false);
  const Address base = thumb ? (address + 4) & ~Address{3} : address + 8;
  if (thumb && (first & 0xf800) == 0x4800) return base + 4 * (first & 0xff);
  const uint32_t offset = thumb ? first >> 16 & 0xfff : first & 0xfff;
  if (thumb ? (first & 0xff7f) != 0xf85f : (first & 0x0f7f0000) != 0x051f0000) return 0;
  return (first & (thumb ? 0x80 : 0x800000)) != 0 ? base + offset : base - offset;
}

Step step_at(Lifter& lifter, Pages& code, Address address, bool thumb) {
  std::array<uint8_t, Lifter::look_back + longest_instruction> bytes{};
  const auto at = std::span(bytes).subspan(Lifter::look_back);
  if (thumb) code.read(address - Lifter::look_back, std::span(bytes).first(Lifter::look_back));
  const size_t count = code.read(address, at);
  if (lifter.architecture() == Architecture::arm)
    if (const Address constant = constant_of(at.first(count), address, thumb); constant != 0)
      code.constants.insert(constant);
  Step step =
      lifter.step(std::span(bytes).first(Lifter::look_back + count), Lifter::look_back, address, thumb);
  if (step.call && !step.successors.empty() &&
      is_last_of_function(code, step.successors[0], lifter.architecture(), thumb)) {
    step.successors.clear();
    step.ends = true;
  }
  return step;
}

// Whether the four bytes before a jump take the return address back from the stack: the function is done
// then.
bool takes_return_back(std::span<const uint8_t> code, Architecture architecture, bool thumb) {
  const uint32_t last = word(code, false);
  if (architecture == Architecture::aarch64)
    return (last & 0xffc07fff) == 0xa8c07bfd;  // ldp x29, x30, [sp], …
  if (architecture != Architecture::arm) return false;
  // pop {…, lr}; ldr lr, [sp], …
  if (thumb) return (last & 0xc000ffff) == 0x4000e8bd || (last & 0xff00ffff) == 0xeb00f85d;
  return (last & 0xffffc000) == 0xe8bd4000 || (last & 0xfffff000) == 0xe49de000;
}

// Whether registers are put on the stack, as ARM's functions without calls of their own begin.
bool pushes(std::span<const uint8_t> code, bool thumb) {
  const uint32_t first = word(code, false);
  if (thumb) return (first & 0xfe00) == 0xb400;
  return (first & 0xffff0000) == 0xe92d0000 || (first & 0xffff0fff) == 0xe52d0004;
}

// A function's first instructions may come in any order: one that saves the return address is soon among
// them.
bool a_function_lies_at(Lifter& lifter, Pages& code, Address address, bool thumb) {
  constexpr int first_instructions = 5;
  const bool ordered = lifter.architecture() == Architecture::x86_64;
  std::array<uint8_t, longest_instruction> bytes{};
  for (int i = 0; i < (ordered ? 1 : first_instructions); ++i) {
    const auto here = std::span<const uint8_t>(bytes).first(code.read(address, bytes));
    if (begins_function(here, lifter.architecture(), thumb)) return true;
    if (here.size() < 4) return false;
    if (i == 0 && lifter.architecture() == Architecture::arm && pushes(here, thumb)) return true;
    if (ordered) return false;
    const Step step = step_at(lifter, code, address, thumb);
    if (step.call || step.leaves || step.successors.size() != 1 ||
        step.successors[0] != address + step.length)
      return false;
    address += step.length;
  }
  return false;
}

// A jump to where a function begins, or when this one is done, is a call that returns to this one's caller.
// Of i386's functions the first instruction says nothing: what they call finds its arguments pushed.
bool is_tail_call(Lifter& lifter, Pages& code, const Step& step, Address address, bool thumb) {
  if (step.call || step.leaves || step.successors.size() != 1 || lifter.architecture() == Architecture::i386)
    return false;
  const Address to = step.successors[0];
  if (to == address + step.length) return false;
  std::array<uint8_t, 4> before{};
  if (code.read(address - before.size(), before) == before.size() &&
      takes_return_back(before, lifter.architecture(), thumb))
    return true;
  return a_function_lies_at(lifter, code, to, thumb);
}

// The graph has one node an instruction; node 0 is the function's end.
class Graph {
 public:
  Graph(Lifter& lifter, Pages& code, bool thumb) : lifter_(lifter), code_(code), thumb_(thumb) {
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
    const Step step = step_at(lifter_, code_, address, thumb_);
    if (step.length == 0 || step.leaves) successors_[n].push_back(0);
    for (const Address next : step.successors) link(n, next);
    if (step.length != 0 && step.successors.empty() && !step.leaves && !step.ends)
      successors_[n].push_back(0);
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
  Pages& code_;
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
  Pages code(reader);
  Graph graph(lifter, code, thumb);
  if (successors.size() < 2 || !graph.build(successors)) return 0;
  return graph.answer();
}

Survey survey(Lifter& lifter, const CodeReader& reader, Address start, Address end, bool thumb) {
  // Enough for a chain of comparisons; a whole interpreter need not be walked.
  constexpr size_t max_surveyed = 600;
  Survey found;
  Pages code(reader);
  // `handed_over`: in another function, that a jump went to. An action may be one, as well as be put in line;
  // whom that one hands over to in turn is a call like any other.
  struct Place {
    Address address;
    bool handed_over;
  };
  std::vector<Place> pending{{start, false}};
  std::set<Address> seen{start};
  while (!pending.empty() && seen.size() < max_surveyed) {
    const Place at = pending.back();
    pending.pop_back();
    if (at.address == end) continue;
    const Step step = step_at(lifter, code, at.address, thumb);
    if (step.length == 0) continue;
    const bool hands_over = is_tail_call(lifter, code, step, at.address, thumb);
    if (step.call || (hands_over && at.handed_over)) ++found.calls;
    if (hands_over && at.handed_over) continue;
    if (step.successors.size() > 1) ++found.branches;
    for (const Address next : step.successors)
      if (seen.insert(next).second) pending.push_back({next, at.handed_over || hands_over});
  }
  return found;
}

}  // namespace shikake::taint
