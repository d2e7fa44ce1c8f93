// For tests alone: a supervisor that opens a way out of its own cell. Built twice: PLANT_SOCKET lets the
// program inherit a socket of the network out here, PLANT_DEVICE lays a cable in the cell's network (both of
// its ends there).
#include <fcntl.h>
#include <sys/socket.h>

#include "cell/network.h"
#include "sandbox/supervisor/serve.h"

#include <thread>

namespace {

using namespace shikake;

#ifdef PLANT_SOCKET
sandbox::supervisor::Planted planted() {
  const int outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return {.beside_the_gateway = {}, .in_the_program = [outside] { fcntl(outside, F_SETFD, 0); }};
}
#else
void lay_cable(gateway::Gateway& gateway) {
  // A thread, because it stays where it went.
  std::thread([&] {
    if (!cell::enter_network(gateway.cell_network())) return;
    auto devices = cell::NetworkDevices::open();
    if (devices) (void)devices->add_cable("way-out", "way-in", gateway.cell_network());
  }).join();
}
sandbox::supervisor::Planted planted() {
  return {.beside_the_gateway = lay_cable, .in_the_program = {}};
}
#endif

}  // namespace

int main() {
  return shikake::sandbox::supervisor::serve(planted());
}
