// What an installed system says of itself in /etc, for one guest: users, host name, machine id.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cell/guest.h"

namespace shikake::cell {

// The guest's own file before it ("" if it has none), by path.
using ReadGuest = std::function<std::string(const std::string&)>;

// /etc/passwd, group, shadow, hostname, hosts, machine-id. Each guest's machine id is another one.
std::vector<GuestFile> account_files(const GuestIdentity& identity, const GuestUser& user,
                                     const ReadGuest& read);

}  // namespace shikake::cell
