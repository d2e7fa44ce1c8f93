// Trait: tries to learn about and change the network by netlink.
// Reported: netlink_use; it sees the cell's own devices only and changes nothing.
// Harmless: in a network namespace of its own it asks for a list and opens other families.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  specimen_tried("netlink route", route);
  struct {
    struct nlmsghdr header;
    struct rtgenmsg body;
  } ask = {{sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
  if (route >= 0) specimen_tried("list links", send(route, &ask, sizeof ask, 0));
  specimen_tried("netlink audit", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  specimen_tried("netlink uevent", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  specimen_tried("netlink netfilter", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  specimen_tried("packet socket", socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  struct if_nameindex* devices = if_nameindex();
  for (struct if_nameindex* one = devices; one && one->if_name; ++one) printf("device %s\n", one->if_name);
  return 0;
}
