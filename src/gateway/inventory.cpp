#include "gateway/inventory.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "base/checked.h"
#include "base/file.h"
#include "cell/namespaces.h"

namespace shikake::gateway {
namespace {

constexpr uint64_t max_table_bytes = 64 << 20;  // of one table in /proc/net; a thousand sockets take 150 KiB

constexpr int sent_packets_column = 9;  // of /proc/net/dev, after the name: eight are of what came in

// The columns of a table in /proc/net: which holds the inode, which a text worth showing (-1: none).
struct Table {
  const char* file;
  size_t inode_column;
  int detail_column;
};
// See proc(5) and, for the columns, the kernel's net/ipv4/tcp_ipv4.c, udp.c, raw.c, net/packet, net/unix and
// net/netlink: get_tcp4_sock(), udp4_format_sock(), packet_seq_show(), unix_seq_show(), netlink_seq_show().
constexpr Table tables[] = {
    {"tcp", 9, 1},  {"tcp6", 9, 1}, {"udp", 9, 1},   {"udp6", 9, 1},    {"udplite", 9, 1}, {"raw", 9, 1},
    {"raw6", 9, 1}, {"icmp", 9, 1}, {"icmp6", 9, 1}, {"packet", 8, -1}, {"unix", 6, 7},    {"netlink", 9, 1},
};

Result<> read_table(const std::string& folder, const Table& table, Inventory& inventory) {
  auto text = base::read_file(folder + table.file, max_table_bytes);
  if (!text && text.error().code == ErrorCode::not_found) return {};  // this kernel has no such sockets
  if (!text) return fail(text.error());
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);  // headings
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::vector<std::string> columns;
    for (std::string word; words >> word;) columns.push_back(std::move(word));
    if (columns.size() <= table.inode_column) continue;
    // The kernel's own ends have the port 0.
    if (std::string_view(table.file) == "netlink" && columns[2] == "0") continue;
    auto inode = base::parse_integer<uint64_t>(columns[table.inode_column]);
    if (!inode) continue;
    SocketEntry entry{table.file, *inode, {}};
    if (table.detail_column >= 0 && columns.size() > static_cast<size_t>(table.detail_column))
      entry.detail = columns[static_cast<size_t>(table.detail_column)];
    inventory.sockets.push_back(std::move(entry));
  }
  return {};
}

Result<> read_devices(const std::string& folder, Inventory& inventory) {
  SHIKAKE_ASSIGN(std::string text, base::read_file(folder + "dev", max_table_bytes));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    size_t colon = line.find(':');
    size_t start = line.find_first_not_of(' ');
    if (colon == line.npos || start >= colon) continue;
    const std::string& name = inventory.devices.emplace_back(line.substr(start, colon - start));
    std::istringstream columns(line.substr(colon + 1));
    std::string column;
    for (int i = 0; i <= sent_packets_column; ++i) columns >> column;
    inventory.sent[name] = base::parse_integer<uint64_t>(column).value_or(0);
  }
  std::sort(inventory.devices.begin(), inventory.devices.end());
  return {};
}

Result<Inventory> read_network(const std::string& folder) {
  Inventory inventory;
  SHIKAKE_TRY(read_devices(folder, inventory));
  for (const Table& table : tables) SHIKAKE_TRY(read_table(folder, table, inventory));
  return inventory;
}

}  // namespace

Result<Inventory> take_inventory(pid_t process) {
  const std::string folder = fmt::format("/proc/{}/", process);
  SHIKAKE_ASSIGN(Inventory inventory, read_network(folder + "net/"));
  std::error_code error;
  std::filesystem::directory_iterator entries(folder + "fd", error);
  if (error) {
    return fail(Error{Module::gateway,
                      ErrorCode::io,
                      fmt::format("the descriptors of process {} cannot be listed", process),
                      {},
                      {},
                      {},
                      error.value()});
  }
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    auto number = base::parse_integer<int32_t>(entries->path().filename().string());
    auto target = std::filesystem::read_symlink(entries->path(), error);
    if (number && !error) inventory.descriptors.push_back({*number, target.string()});
  }
  std::sort(inventory.descriptors.begin(), inventory.descriptors.end(),
            [](const DescriptorEntry& a, const DescriptorEntry& b) { return a.number < b.number; });
  return inventory;
}

Result<Inventory> take_inventory(const base::UniqueFd& network) {
  std::optional<Result<Inventory>> taken;
  std::thread([&] {
    auto entered = cell::enter_network(network);
    taken = entered ? read_network("/proc/thread-self/net/") : Result<Inventory>(fail(entered.error()));
  }).join();
  return std::move(*taken);
}

std::vector<std::string> find_leaks(const std::string& whose, const Inventory& inventory,
                                    const std::vector<std::string>& devices,
                                    const std::vector<std::string>& known) {
  std::vector<std::string> leaks;
  auto has = [](const std::vector<std::string>& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (const std::string& device : inventory.devices)
    if (!has(devices, device)) leaks.push_back(fmt::format("{} has a network device {}", whose, device));
  for (const std::string& device : devices)
    if (!has(inventory.devices, device))
      leaks.push_back(fmt::format("{} has no network device {}", whose, device));

  std::set<std::string> own;
  for (const SocketEntry& socket : inventory.sockets) own.insert(fmt::format("socket:[{}]", socket.inode));
  constexpr int32_t last_standard_stream = 2;
  for (const DescriptorEntry& descriptor : inventory.descriptors) {
    if (!descriptor.target.starts_with("socket:") || own.contains(descriptor.target)) continue;
    if (has(known, descriptor.target)) continue;
    leaks.push_back(fmt::format("{} holds {} of another network as descriptor {}{}", whose, descriptor.target,
                                descriptor.number,
                                descriptor.number <= last_standard_stream ? " (a standard stream)" : ""));
  }
  return leaks;
}

}  // namespace shikake::gateway
