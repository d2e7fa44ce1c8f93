// What a run puts into its cell's files before the program starts.
#pragma once

#include <string>
#include <vector>

#include "cell/cell.h"
#include "gateway/message.h"
#include "sandbox/run/protocol.h"

namespace shikake::sandbox::supervisor {

// The sample itself, resolv.conf and the authority that the gateway signs with, beside those that the guest
// trusts already, and what the plan names besides. ErrorCode::limit: the sample is too large to run; io.
Result<std::vector<cell::GuestFile>> files_to_plant(const run::Plan& plan, const cell::Guest& guest,
                                                    const gateway::Ready* network);

}  // namespace shikake::sandbox::supervisor
