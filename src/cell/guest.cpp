#include "cell/guest.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/file.h"
#include "cell/guest_folder.h"

namespace shikake::cell {
namespace {

constexpr uint64_t most_stamp_bytes = 64 << 10;

Result<GuestRow> read_stamp(const std::filesystem::path& folder, std::string_view name) {
  const Error damaged{Module::cell, ErrorCode::corrupted,
                      fmt::format("{} is damaged; remove the folder and build the profile again",
                                  (folder / guest_stamp).string())};
  auto text = base::read_file(folder / guest_stamp, most_stamp_bytes);
  if (!text && text.error().code == ErrorCode::not_found)
    return fail(damaged);  // never written: somebody else's folder
  if (!text) return tl::unexpected(std::move(text).error());
  try {
    const toml::table table = toml::parse(*text);
    if (table["format"].value_or<int64_t>(0) > guest_format)
      return fail(Module::cell, ErrorCode::too_new,
                  fmt::format("the guest profile {} was built by a later version; build it again", name));
    GuestRow row{.name = std::string(name), .built = true};
    row.suite = table["suite"].value_or(std::string());
    row.built_at = table["built_at"].value_or(std::string());
    row.bytes = static_cast<uint64_t>(table["bytes"].value_or<int64_t>(0));
    row.files = static_cast<uint64_t>(table["files"].value_or<int64_t>(0));
    if (const toml::array* list = table["packages"].as_array())
      for (const toml::node& node : *list) row.packages.push_back(node.value_or(std::string()));
    return row;
  } catch (const toml::parse_error&) {
    return fail(damaged);
  }
}

}  // namespace

std::string Guest::describe() const {
  return fallback ? "no profile: this machine's /usr, read only, with a made-up /etc and /home"
                  : "profile " + name;
}

Result<Guest> open_guest(const std::filesystem::path& home, std::string_view name) {
  SHIKAKE_ASSIGN(GuestIdentity who, identity(name));
  const std::filesystem::path folder = guest_folder(home, name);
  struct stat about {};
  if (stat(folder.c_str(), &about) != 0 && errno == ENOENT)
    return fail(Module::cell, ErrorCode::not_found,
                fmt::format("the guest profile {0} is not built; do so once: shikake guest build {0}", name));
  SHIKAKE_TRY(read_stamp(folder, name));
  Guest guest{std::string(name), false,
              base::UniqueFd(open((folder / guest_root).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
              std::move(who)};
  if (!guest.root)
    return fail_errno(Module::cell, fmt::format("{} cannot be opened", (folder / guest_root).string()));
  return guest;
}

Result<Guest> machine_as_guest(std::string_view identity_name) {
  SHIKAKE_ASSIGN(GuestIdentity who, identity(identity_name));
  Guest guest{std::string(identity_name), true, base::UniqueFd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)),
              std::move(who)};
  if (!guest.root) return fail_errno(Module::cell, "the machine's root cannot be opened");
  return guest;
}

Result<Guest> open_guest_or_machine(const std::filesystem::path& home, std::string_view name) {
  auto guest = open_guest(home, name);
  if (guest || guest.error().code != ErrorCode::not_found) return guest;
  return machine_as_guest(name);
}

Result<std::vector<GuestRow>> list_guests(const std::filesystem::path& home) {
  std::vector<GuestRow> rows;
  for (const std::string& name : identity_names()) {
    GuestRow row{.name = name};
    std::error_code error;
    if (std::filesystem::exists(guest_folder(home, name), error)) {
      SHIKAKE_ASSIGN(row, read_stamp(guest_folder(home, name), name));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace shikake::cell
