#include "rules.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <ctime>
#include <memory>

#include <fmt/format.h>

#include "base/check.h"

namespace shikake::gateway {
namespace {

constexpr const char* table_name = "gateway";
constexpr const char* from_cell = "from_cell";
constexpr size_t batch_bytes = 16 << 10;  // five short messages

// Messages of one transaction: all of them take effect, or none.
class Batch {
 public:
  Batch() : batch_(mnl_nlmsg_batch_start(bytes_.data(), bytes_.size()), mnl_nlmsg_batch_stop) {
    SHIKAKE_CHECK(batch_ != nullptr);
    nftnl_batch_begin(current(), sequence_++);
    advance();
  }

  nlmsghdr* message(uint16_t type, uint16_t flags) {
    return nftnl_nlmsg_build_hdr(current(), type, NFPROTO_INET,
                                 static_cast<uint16_t>(flags | NLM_F_CREATE | NLM_F_ACK), sequence_++);
  }
  void advance() { SHIKAKE_CHECK(mnl_nlmsg_batch_next(batch_.get())); }

  Result<> send() {
    nftnl_batch_end(current(), sequence_++);
    advance();
    std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket(mnl_socket_open(NETLINK_NETFILTER),
                                                             mnl_socket_close);
    if (!socket) return refused("no netfilter socket");
    if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(socket.get(), mnl_nlmsg_batch_head(batch_.get()),
                          mnl_nlmsg_batch_size(batch_.get())) < 0)
      return refused("packet rules cannot be sent");
    // One acknowledgement for each message but the batch's own two.
    for (uint32_t heard = 0; heard < sequence_ - 2;) {
      alignas(nlmsghdr) std::array<char, 8192> answer;
      const ssize_t size = mnl_socket_recvfrom(socket.get(), answer.data(), answer.size());
      if (size <= 0) return refused("packet rules are not acknowledged");
      auto left = static_cast<int>(size);
      for (auto* header = reinterpret_cast<nlmsghdr*>(answer.data()); mnl_nlmsg_ok(header, left);
           header = mnl_nlmsg_next(header, &left), ++heard) {
        if (header->nlmsg_type != NLMSG_ERROR) continue;
        const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header));
        errno = -error->error;
        if (error->error != 0) return refused("packet rules are refused");
      }
    }
    return {};
  }

 private:
  static tl::unexpected<Error> refused(std::string_view what) {
    Error error{
        Module::gateway, ErrorCode::unsupported,
        fmt::format("{}: this kernel needs nf_tables with nft_tproxy (as root: modprobe nft_tproxy)", what)};
    error.system_errno = errno;
    return fail(std::move(error));
  }

  char* current() { return static_cast<char*>(mnl_nlmsg_batch_current(batch_.get())); }

  std::array<char, batch_bytes> bytes_{};
  std::unique_ptr<mnl_nlmsg_batch, void (*)(mnl_nlmsg_batch*)> batch_;
  uint32_t sequence_ = 0;
};

void add_table(Batch& batch) {
  std::unique_ptr<nftnl_table, void (*)(const nftnl_table*)> table(nftnl_table_alloc(), nftnl_table_free);
  SHIKAKE_CHECK(table != nullptr);
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, table_name);
  nftnl_table_nlmsg_build_payload(batch.message(NFT_MSG_NEWTABLE, 0), table.get());
  batch.advance();
}

void add_chain(Batch& batch, const char* name, uint32_t hook, int32_t priority, uint32_t policy) {
  std::unique_ptr<nftnl_chain, void (*)(const nftnl_chain*)> chain(nftnl_chain_alloc(), nftnl_chain_free);
  SHIKAKE_CHECK(chain != nullptr);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, table_name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, "filter");
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, hook);
  nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, priority);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, policy);
  nftnl_chain_nlmsg_build_payload(batch.message(NFT_MSG_NEWCHAIN, 0), chain.get());
  batch.advance();
}

nftnl_expr* add_expression(nftnl_rule* rule, const char* kind) {
  nftnl_expr* expression = nftnl_expr_alloc(kind);
  SHIKAKE_CHECK(expression != nullptr);
  nftnl_rule_add_expr(rule, expression);  // the rule's to free
  return expression;
}

// The packet's `key` must be these bytes.
void demand(nftnl_rule* rule, uint32_t key, const void* bytes, uint32_t size) {
  nftnl_expr* load = add_expression(rule, "meta");
  nftnl_expr_set_u32(load, NFTNL_EXPR_META_KEY, key);
  nftnl_expr_set_u32(load, NFTNL_EXPR_META_DREG, NFT_REG_1);
  nftnl_expr* compare = add_expression(rule, "cmp");
  nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
  nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
  nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, bytes, size);
}

void add_rule(Batch& batch, const std::string& device, uint8_t protocol, uint16_t port) {
  std::unique_ptr<nftnl_rule, void (*)(const nftnl_rule*)> rule(nftnl_rule_alloc(), nftnl_rule_free);
  SHIKAKE_CHECK(rule != nullptr);
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, table_name);
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, from_cell);
  std::array<char, IFNAMSIZ> name{};
  device.copy(name.data(), name.size() - 1);
  demand(rule.get(), NFT_META_IIFNAME, name.data(), name.size());
  demand(rule.get(), NFT_META_L4PROTO, &protocol, sizeof protocol);
  const uint16_t port_on_wire = htons(port);
  nftnl_expr* value = add_expression(rule.get(), "immediate");
  nftnl_expr_set_u32(value, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
  nftnl_expr_set(value, NFTNL_EXPR_IMM_DATA, &port_on_wire, sizeof port_on_wire);
  nftnl_expr* tproxy = add_expression(rule.get(), "tproxy");
  nftnl_expr_set_u32(tproxy, NFTNL_EXPR_TPROXY_FAMILY, NFPROTO_UNSPEC);  // whichever the packet is of
  nftnl_expr_set_u32(tproxy, NFTNL_EXPR_TPROXY_REG_PORT, NFT_REG_1);
  nftnl_expr* verdict = add_expression(rule.get(), "immediate");
  nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_VERDICT, NF_ACCEPT);
  nftnl_rule_nlmsg_build_payload(batch.message(NFT_MSG_NEWRULE, NLM_F_APPEND), rule.get());
  batch.advance();
}

}  // namespace

Result<> load_rules(const std::string& device, uint16_t port) {
  Batch batch;
  add_table(batch);
  add_chain(batch, from_cell, NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE, NF_ACCEPT);
  add_chain(batch, "forward", NF_INET_FORWARD, NF_IP_PRI_FILTER, NF_DROP);
  for (uint8_t protocol : {IPPROTO_TCP, IPPROTO_UDP}) add_rule(batch, device, protocol, port);
  return batch.send();
}

}  // namespace shikake::gateway
