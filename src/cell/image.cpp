#include "cell/image.h"

// The assembler puts the file in as it is; CMake names it and rebuilds this when it changes.
asm(R"(
  .pushsection .rodata
  .balign 16
shikake_cell_init_begin:
  .incbin ")" SHIKAKE_CELL_INIT R"("
shikake_cell_init_end:
  .popsection
)");

extern "C" {
extern const char shikake_cell_init_begin[];
extern const char shikake_cell_init_end[];
}

namespace shikake::cell {

std::string_view init_image() {
  return {shikake_cell_init_begin, static_cast<size_t>(shikake_cell_init_end - shikake_cell_init_begin)};
}

}  // namespace shikake::cell
