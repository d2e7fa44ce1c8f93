// A rule program cut down to one case: which registers hold labels when the block begins. Labels sit in
// one or two registers at a time, so most rules of a block move nothing, and are left out.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "taint/program.h"

namespace shikake::taint {

struct alignas(64) Variant {
  Units labelled = 0;  // of the units that the program reads or writes
  // How often it was interpreted so far, and for how many patterns of labels there is machine code.
  std::atomic<uint32_t> interpreted = 0;
  std::atomic<uint32_t> patterns = 0;
  const uint8_t* machine_code = nullptr;  // of the last pattern, which leads to the others'; for the engine alone
  std::vector<Instruction> code;
  Units writes = 0;  // units that `code` writes
  Units writes_partly = 0;
};

std::unique_ptr<Variant> specialise(const Program& program, Units labelled, const RegisterLayout& layout);

}  // namespace shikake::taint
