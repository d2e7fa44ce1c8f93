// The emulators of one run, laid into its guest.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cell/guest.h"
#include "sandbox/emulation/emulation.h"
#include "sandbox/run/protocol.h"

namespace shikake::sandbox::supervisor {

struct LaidEmulators {
  emulation::Emulators emulators;
  std::vector<cell::GuestFile> files;  // to plant
  std::vector<std::string> remarks;
};

// `home`: of whom the programs run as. Before confinement: the loader of this machine is asked which
// libraries an emulator needs. unsupported: an emulator, or our plugin, is missing.
Result<LaidEmulators> lay_emulators(const run::Plan& plan, const cell::Guest& guest, const std::string& home);

}  // namespace shikake::sandbox::supervisor
