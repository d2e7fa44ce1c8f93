// Whom a user namespace knows: see user_namespaces(7), subuid(5), newuidmap(1).
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/result.h"

namespace shikake::cell {

// Numbers of users that stand in a row, and the same numbers of groups.
struct IdRange {
  uint32_t first = 0;
  uint32_t count = 0;
};

// As many as Debian's own users and groups need, nobody (65534) included.
inline constexpr uint32_t guest_ids = 65536;
// Who stands for a guest's root when the machine's root builds it: above what adduser(8), subuid(5) and
// systemd-nspawn(1) hand out, so that no file of the machine belongs to any of them.
inline constexpr uint32_t machine_first_guest_id = 0x7000'0000;

// For an ordinary user, whose process has one thread: moves it into a user namespace where it is root and, if
// the user owns subordinate ids (subuid(5)) and newuidmap is installed, 1 to 65536 exist besides. Does
// nothing for root. Gives how many ids there are besides root: 65536 or 0 (for root: 65536).
// ErrorCode::unsupported: this machine forbids it, and the text says what to do about it.
Result<uint32_t> enter_user_namespace();

// The ids that the caller, root of something, can give to a guest: of root the range above, in a user
// namespace the 65536 from 1 on, or, where there is nobody else, the caller alone (count 1).
IdRange ids_for_guests();

// Whether all of them exist for the caller, so that root here may give them away.
bool ids_exist(const IdRange& ids);

// Why there is nobody else, and what to do about it; for people.
std::string_view advice_for_ids();

}  // namespace shikake::cell
