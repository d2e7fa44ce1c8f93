#include "cell/guest_build.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/file.h"
#include "cell/guest_folder.h"
#include "cell/mounts.h"
#include "cell/namespaces.h"

namespace shikake::cell {
namespace {

constexpr const char* suite = "bookworm";
// A shell and coreutils are essential in Debian; these are what dropped scripts ask for besides.
constexpr std::array base_packages{"perl-base", "python3-minimal", "procps", "ca-certificates"};
constexpr const char* php_package = "php-cli";
constexpr const char* building_suffix = ".building";
// Where the profile is mounted while it is built: any folder of the machine, seen so by mmdebstrap alone.
constexpr const char* workplace = "/mnt";

std::filesystem::path building_folder(const GuestBuild& build) {
  return guest_folder(build.home, build.name).string() + building_suffix;
}

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* path = std::getenv("PATH");
  std::string folders = path ? path : "/usr/bin:/bin";
  for (size_t at = 0; at <= folders.size();) {
    const size_t colon = std::min(folders.find(':', at), folders.size());
    std::string candidate = folders.substr(at, colon - at) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    at = colon + 1;
  }
  return std::nullopt;
}

// Nobody else builds the same profile as long as it is open.
Result<base::UniqueFd> lock(const GuestBuild& build) {
  std::error_code error;
  std::filesystem::create_directories(build.home / "guests", error);
  const std::string path = guest_folder(build.home, build.name).string() + ".lock";
  base::UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return fail_errno(Module::cell, fmt::format("{} cannot be written", path));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Module::cell, ErrorCode::conflict,
                fmt::format("the guest profile {} is being built by another process", build.name));
  return file;
}

// Its files belong to ids that only exist in a user namespace; there root may remove them all.
Result<> remove_tree(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (!error) return {};
  Error failure{Module::cell, ErrorCode::io, fmt::format("{} cannot be removed", folder.string())};
  failure.system_errno = error.value();
  return fail(std::move(failure));
}

Result<> make_empty_root(const std::filesystem::path& folder, uint32_t owner) {
  const std::string root = folder / guest_root;
  const std::string scratch = folder / "tmp";
  for (const std::string& path : {folder.string(), root, scratch}) {
    if (mkdir(path.c_str(), 0755) != 0 || chown(path.c_str(), owner, owner) != 0)
      return fail_errno(Module::cell, fmt::format("{} cannot be made", path));
  }
  // The packages' own users work in it too.
  if (chmod(scratch.c_str(), 01777) != 0)
    return fail_errno(Module::cell, fmt::format("{} cannot be made", scratch));
  return {};
}

std::vector<std::string> mmdebstrap_arguments(const GuestBuild& build, const std::string& program) {
  std::vector<std::string> packages(base_packages.begin(), base_packages.end());
  if (build.php) packages.emplace_back(php_package);
  packages.insert(packages.end(), build.packages.begin(), build.packages.end());
  std::vector<std::string> sources = build.sources;
  if (sources.empty()) sources = sources_of_machine("/etc/apt", suite);
  // None at all: mmdebstrap takes its own default for the suite.
  std::vector<std::string> all = {
      program,
      // Root of the namespaces that were made for it: the mode "unshare" would make others,
      // which would outlive it when it is killed.
      "--mode=root", "--variant=minbase", fmt::format("--include={}", fmt::join(packages, ",")),
      // The cell has its own.
      "--skip=output/dev", "--skip=output/mknod",
      // Not to be had without a network of its own.
      "--skip=chroot/mount/sys", suite, fmt::format("{}/{}", workplace, guest_root)};
  all.insert(all.end(), sources.begin(), sources.end());
  return all;
}

// In namespaces of its own, where the ids of the guest's users exist and where all it starts and mounts ends
// with it.
int run_mmdebstrap(const std::vector<std::string>& arguments) {
  umask(022);
  auto mounted = mount_proc();
  const base::UniqueFd here(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (mounted) mounted = bind_mount(here, workplace);
  if (!mounted) {
    fmt::print(stderr, "shikake: {}\n", mounted.error().message());
    return 1;
  }
  if (chdir(workplace) != 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  const std::string scratch = fmt::format("{}/tmp", workplace);
  setenv("TMPDIR", scratch.c_str(), 1);
  setenv("HOME", "/", 1);  // whose may not be read
  setenv("LC_ALL", "C.UTF-8", 1);
  std::vector<char*> pointers;
  for (const std::string& text : arguments) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  execv(pointers[0], pointers.data());
  return 1;
}

Result<> bootstrap(const GuestBuild& build, const std::string& program, const IdRange& ids,
                   const std::filesystem::path& folder) {
  const std::vector<std::string> arguments = mmdebstrap_arguments(build, program);
  NamespacePlan plan{
      .user = true, .ids = IdMap{0, ids}, .mount = true, .pid = true, .uts = true, .ipc = true};
  plan.first = [&folder]() -> Result<> {
    if (chdir(folder.c_str()) != 0)
      return fail_errno(Module::cell, fmt::format("{} cannot be entered", folder.string()));
    return {};
  };
  SHIKAKE_ASSIGN(Contained contained, spawn(plan, [&arguments] { return run_mmdebstrap(arguments); }));
  SHIKAKE_ASSIGN(const int status, contained.wait());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(
      Module::cell, ErrorCode::io,
      fmt::format(
          "mmdebstrap could not build the guest profile {}; what it said stands above (is there room in "
          "{}, and are the package sources reachable?)",
          build.name, build.home.string()));
}

struct Size {
  uint64_t bytes = 0;
  uint64_t files = 0;
};
Size measure(const std::filesystem::path& folder) {
  Size size;
  std::error_code error;
  using std::filesystem::recursive_directory_iterator;
  for (recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    struct stat about {};
    if (lstat(at->path().c_str(), &about) != 0) continue;
    ++size.files;
    size.bytes += static_cast<uint64_t>(about.st_blocks) * 512;  // stat(2)'s unit
  }
  return size;
}

Result<GuestRow> stamp(const GuestBuild& build, const std::filesystem::path& folder) {
  const Size size = measure(folder / guest_root);
  // What a shell must have, or no program would start.
  struct stat about {};
  if (lstat((folder / guest_root / "usr/bin/sh").c_str(), &about) != 0)
    return fail(Module::cell, ErrorCode::corrupted,
                "mmdebstrap ended well, but the guest profile has no shell");
  GuestRow row{.name = build.name, .built = true, .suite = suite, .bytes = size.bytes, .files = size.files};
  row.built_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  row.packages.assign(base_packages.begin(), base_packages.end());
  if (build.php) row.packages.emplace_back(php_package);
  row.packages.insert(row.packages.end(), build.packages.begin(), build.packages.end());
  std::string packages;
  for (const std::string& name : row.packages)
    packages += fmt::format("{}\"{}\"", packages.empty() ? "" : ", ", name);
  SHIKAKE_TRY(base::write_file_atomically(
      folder / guest_stamp,
      fmt::format("format = {}\nsuite = \"{}\"\nbuilt_at = \"{}\"\nbytes = {}\nfiles = {}\n"
                  "packages = [{}]\n",
                  guest_format, row.suite, row.built_at, row.bytes, row.files, packages)));
  return row;
}

// Onto its name: whole, or not there.
Result<> publish(const GuestBuild& build) {
  const std::filesystem::path building = building_folder(build);
  const std::filesystem::path final = guest_folder(build.home, build.name);
  SHIKAKE_TRY(remove_tree(building / "tmp"));
  const std::filesystem::path old = final.string() + ".old";
  SHIKAKE_TRY(remove_tree(old));
  if (rename(final.c_str(), old.c_str()) != 0 && errno != ENOENT)
    return fail_errno(Module::cell, fmt::format("{} cannot be replaced", final.string()));
  if (rename(building.c_str(), final.c_str()) != 0)
    return fail_errno(Module::cell, fmt::format("{} cannot be put in place", final.string()));
  return remove_tree(old);
}

// Package names reach a command line of apt's.
bool plain(const std::string& package) {
  return !package.empty() && std::isalnum(static_cast<unsigned char>(package[0])) &&
         std::all_of(package.begin(), package.end(), [](unsigned char letter) {
           return std::isalnum(letter) || letter == '+' || letter == '-' || letter == '.' || letter == ':';
         });
}

}  // namespace

Result<GuestRow> build_guest(const GuestBuild& build) {
  SHIKAKE_TRY(identity(build.name));
  for (const std::string& package : build.packages)
    if (!plain(package))
      return fail(Module::cell, ErrorCode::invalid_usage,
                  fmt::format("\"{}\" is no name of a package", package));
  const auto program = find_program(build.program);
  if (!program)
    return fail(Module::cell, ErrorCode::unsupported,
                "mmdebstrap is not installed; as root: apt install mmdebstrap");
  SHIKAKE_TRY(enter_user_namespace());
  const IdRange ids = ids_for_guests();
  if (ids.count != guest_ids)
    return fail(Module::cell, ErrorCode::unsupported,
                fmt::format("a guest profile needs more users than one; {}", advice_for_ids()));
  SHIKAKE_ASSIGN(const base::UniqueFd locked, lock(build));
  std::error_code ignored;
  if (!build.again && std::filesystem::exists(guest_folder(build.home, build.name), ignored))
    return fail(Module::cell, ErrorCode::conflict,
                fmt::format("the guest profile {} is built already; --again builds it anew", build.name));
  const std::filesystem::path folder = building_folder(build);
  SHIKAKE_TRY(remove_tree(folder));
  SHIKAKE_TRY(make_empty_root(folder, ids.first));
  auto built = bootstrap(build, *program, ids, folder);
  if (built) {
    if (auto row = stamp(build, folder); row) {
      SHIKAKE_TRY(publish(build));
      return row;
    } else {
      built = tl::unexpected(std::move(row).error());
    }
  }
  (void)remove_tree(folder);  // the next build would; the disk may be full now
  return tl::unexpected(std::move(built).error());
}

}  // namespace shikake::cell
