// A rule program cut down to one case: which registers hold labels when the block begins. Labels sit in
// one or two registers at a time, so most rules of a block move nothing, and are left out.
#pragma once

#include <vector>

#include "taint/program.h"

namespace shikake::taint {

struct Variant {
  Units labelled = 0;            // of the units that the program reads or writes
  std::vector<Instruction> code;
  Units writes = 0;              // units that `code` writes
  Units writes_partly = 0;
};

Variant specialise(const Program& program, Units labelled, const RegisterLayout& layout);

}  // namespace shikake::taint
