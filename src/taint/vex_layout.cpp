// Where each architecture's registers lie in VEX's guest states (libvex_guest_*.h).
extern "C" {
#include <valgrind/libvex_guest_amd64.h>
#include <valgrind/libvex_guest_arm.h>
#include <valgrind/libvex_guest_arm64.h>
#include <valgrind/libvex_guest_x86.h>
}

#include <cstddef>

#include "taint/layout.h"
#include "taint/vex_walk.h"

namespace shikake::taint {
namespace {

RegisterLayout layout_amd64() {
  using S = VexGuestAMD64State;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_RAX), 8, 16);
  m.registers(offsetof(S, guest_CC_OP), 8, 4, 4);
  m.registers(offsetof(S, guest_DFLAG), 8, 1);
  m.registers(offsetof(S, guest_YMM0), 32, 17);
  m.registers(offsetof(S, guest_FPREG), 8, 8);
  m.registers(offsetof(S, guest_FPTAG), 8, 1);
  m.registers(offsetof(S, guest_FPROUND), 16, 1);
  m.undecided(offsetof(S, guest_RSP), 16);
  m.undecided(offsetof(S, guest_CC_OP), 32);
  m.calls_push();
  return m.finish(offsetof(S, guest_RSP), offsetof(S, guest_RAX), 8);
}

RegisterLayout layout_x86() {
  using S = VexGuestX86State;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_EAX), 4, 8);
  m.registers(offsetof(S, guest_CC_OP), 4, 4, 4);
  m.registers(offsetof(S, guest_DFLAG), 4, 1);
  m.registers(offsetof(S, guest_FPREG), 8, 8);
  m.registers(offsetof(S, guest_FPTAG), 8, 1);
  m.registers(offsetof(S, guest_FPROUND), 8, 1);
  m.registers(offsetof(S, guest_XMM0), 16, 8);
  m.undecided(offsetof(S, guest_ESP), 8);
  m.undecided(offsetof(S, guest_CC_OP), 16);
  m.calls_push();
  return m.finish(offsetof(S, guest_ESP), offsetof(S, guest_EAX), 4);
}

RegisterLayout layout_arm() {
  using S = VexGuestARMState;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_R0), 4, 15);
  m.registers(offsetof(S, guest_CC_OP), 4, 4, 4);
  m.registers(offsetof(S, guest_QFLAG32), 4, 5, 5);
  m.registers(offsetof(S, guest_D0), 8, 32);
  m.registers(offsetof(S, guest_FPSCR), 4, 1);
  m.registers(offsetof(S, guest_ITSTATE), 4, 1);
  m.undecided(offsetof(S, guest_R11), 4);
  m.undecided(offsetof(S, guest_R13), 8);
  m.undecided(offsetof(S, guest_CC_OP), 36);
  m.undecided(offsetof(S, guest_ITSTATE), 4);
  m.unpredicated(offsetof(S, guest_R11), 4);
  m.unpredicated(offsetof(S, guest_R13), 12);
  m.unpredicated(offsetof(S, guest_ITSTATE), 4);
  return m.finish(offsetof(S, guest_R13), offsetof(S, guest_R0), 4);
}

RegisterLayout layout_arm64() {
  using S = VexGuestARM64State;
  LayoutMaker m(sizeof(S));
  m.registers(offsetof(S, guest_X0), 8, 32);
  m.registers(offsetof(S, guest_CC_OP), 8, 4, 4);
  m.registers(offsetof(S, guest_Q0), 16, 32, 2);
  m.registers(offsetof(S, guest_QCFLAG), 16, 1);
  m.registers(offsetof(S, guest_LLSC_SIZE), 8, 4, 4);
  m.undecided(offsetof(S, guest_X29), 24);
  m.undecided(offsetof(S, guest_CC_OP), 32);
  m.undecided(offsetof(S, guest_LLSC_SIZE), 32);
  return m.finish(offsetof(S, guest_XSP), offsetof(S, guest_X0), 8);
}

}  // namespace

RegisterLayout vex_layout(Architecture architecture) {
  switch (architecture) {
    case Architecture::x86_64: return layout_amd64();
    case Architecture::i386: return layout_x86();
    case Architecture::arm: return layout_arm();
    default: return layout_arm64();
  }
}

}  // namespace shikake::taint
