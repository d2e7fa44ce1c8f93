// What a cell keeps outside of itself; cell.cpp makes it, program.cpp starts programs with it.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "cell/cell.h"
#include "cell/cgroup.h"
#include "cell/limits.h"
#include "cell/namespaces.h"
#include "cell/seccomp.h"

namespace shikake::cell {

struct Cell::State {
  GuestIdentity identity;
  GuestUser user;
  IdMap ids;
  uid_t owner = 0;  // who is process 1 inside: 0, or the only user there is
  SeccompProgram filter;
  Limits limits;  // of each program
  std::vector<BoundInForce> bounds;
  ControlGroup group;
  // In this order: at the end the keeper goes before its group.
  std::optional<Contained> keeper;
  pid_t init = -1;
  base::UniqueFd init_pidfd;
  base::UniqueFd upper;
  std::array<base::UniqueFd, 2> lower;
};

}  // namespace shikake::cell
