#include "sandbox/supervisor/emulators.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/child.h"
#include "base/file.h"
#include "sandbox/emulation/bell.h"
#include "sandbox/emulation/target.h"
#include "taint/emulator.h"
#include "taint/qemu/run_state.h"

namespace shikake::sandbox::supervisor {
namespace {

namespace fs = std::filesystem;

// Where a machine keeps programs for others; empty elsewhere, and outside of /usr, which the fallback guest
// shares with this machine.
constexpr std::string_view folder = "/var/lib/binfmt";
constexpr uint64_t max_file_bytes = 64 << 20;  // emulators and libraries have a few MiB
constexpr auto age = std::chrono::hours(24 * 200);
constexpr std::chrono::seconds for_the_loader{20};

Result<> plant(const fs::path& from, const std::string& to, std::vector<cell::GuestFile>& files) {
  cell::GuestFile file;
  file.path = to;
  SHIKAKE_ASSIGN(file.content, base::read_file(from, max_file_bytes));
  file.mode = 0755;
  file.age = age;
  files.push_back(std::move(file));
  return {};
}

// "name => path (address)" and "/path/of/loader (address)" lines, as the loader lists what a file needs.
Result<> add_needed(const fs::path& loader, const fs::path& file, std::map<std::string, fs::path>& needed) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(Module::sandbox, "cannot make a pipe");
  const base::UniqueFd ours(ends[0]);
  base::UniqueFd theirs(ends[1]);
  base::ChildOptions options;
  options.path = loader;
  options.arguments = {"--list", file};
  options.environment.emplace();
  options.fds = {{theirs.get(), STDOUT_FILENO}};
  SHIKAKE_ASSIGN(base::Child child, base::Child::start(options));
  theirs.reset();
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(ours.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  SHIKAKE_ASSIGN(const base::WaitStatus status, child.wait(base::Deadline::after(for_the_loader)));
  if (!status.success())
    return fail(Module::sandbox, ErrorCode::unsupported,
                fmt::format("{} lists no libraries of {}", loader.string(), file.string()));
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const size_t arrow = line.find(" => /");
    if (arrow == std::string::npos) continue;
    const size_t name = line.find_first_not_of(" \t");
    const size_t path = arrow + 4;
    needed.emplace(line.substr(name, arrow - name), line.substr(path, line.find(" (", path) - path));
  }
  return {};
}

// What the processes of a run share about labels: in memory of its own, so that neither a full disk nor a name that a
// guest finds can do it harm. Its pages are the cell's once they are written.
Result<base::UniqueFd> make_state() {
  base::UniqueFd state(::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!state || ::ftruncate(state.get(), sizeof(taint::qemu::RunState)) != 0 ||
      ::fcntl(state.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return fail_errno(Module::sandbox, "cannot make the file in memory that holds labels");
  return state;
}

// Whose content has labels of its own, by beginnings of paths: what thieves look for.
std::vector<std::string> labelled(const std::string& home) {
  std::vector<std::string> all = {"/etc/shadow"};
  for (const char* below : {"/Documents/", "/Desktop/", "/Downloads/", "/.ssh/", "/.gnupg/", "/.aws/", "/.azure/",
                            "/.mozilla/", "/.thunderbird/", "/.git-credentials", "/.netrc", "/.pgpass", "/.my.cnf",
                            "/.npmrc", "/.pypirc", "/.docker/", "/.kube/", "/.vnc/", "/.password-store/",
                            "/.bash_history", "/.zsh_history", "/.mysql_history", "/.psql_history", "/.wallet",
                            "/.electrum/", "/.bitcoin/", "/.ethereum/", "/.local/share/keyrings/",
                            // Of a folder that every program keeps its settings in, those that keep secrets.
                            "/.config/google-chrome/", "/.config/chromium/", "/.config/BraveSoftware/",
                            "/.config/microsoft-edge/", "/.config/opera/", "/.config/vivaldi/", "/.config/filezilla/",
                            "/.config/gh/", "/.config/git/credentials", "/.config/gcloud/", "/.config/rclone/",
                            "/.config/keepassxc/", "/.config/Signal/", "/.config/discord/", "/.config/Slack/",
                            "/.config/sops/", "/.config/solana/"})
    all.push_back(home + below);
  return all;
}

bool has(const cell::Guest& guest, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  return static_cast<bool>(base::UniqueFd(
      static_cast<int>(::syscall(SYS_openat2, guest.root.get(), path.c_str(), &how, sizeof how))));
}

// The C library of another instruction set, where the guest has none and this machine does.
Result<> lay_libraries(const std::string& target, const cell::Guest& guest, LaidEmulators& laid) {
  const std::string libraries = emulation::library_folder(target);
  if (libraries.empty()) return {};
  // A guest that has a loader has the libraries that belong to it, and knows where (/etc/ld.so.cache). Parts of two
  // builds of a C library do not go together: a child of such a program hangs in its fork.
  const std::string loader(emulation::loader(target));
  std::error_code missing;
  if (!loader.empty() && (guest.fallback ? fs::exists(loader, missing) : has(guest, loader))) return {};
  const fs::path here = fs::path(libraries) / "lib";
  std::error_code error;
  if (!fs::is_directory(here, error)) return {};
  laid.emulators.libraries[target] = libraries;
  if (guest.fallback || has(guest, libraries)) return {};
  // What ordinary C programs need; a folder of these packages holds compilers' parts too.
  constexpr std::string_view wanted[] = {"ld-linux",      "ld.so",        "libc.so",       "libm.so",
                                         "libpthread.so", "libdl.so",     "librt.so",      "libgcc_s.",
                                         "libutil.so",    "libresolv.so", "libnss_dns.so", "libnss_files.so",
                                         "libstdc++.so.6"};
  for (const fs::directory_entry& entry : fs::directory_iterator(here, error)) {
    const std::string name = entry.path().filename();
    const bool fits = std::any_of(std::begin(wanted), std::end(wanted),
                                  [&](std::string_view start) { return name.starts_with(start); });
    if (!fits || name.find(".so") == std::string::npos || !entry.is_regular_file(error)) continue;
    SHIKAKE_TRY(plant(entry.path(), libraries + "/lib/" + name, laid.files));
  }
  return {};
}

}  // namespace

Result<LaidEmulators> lay_emulators(const run::Plan& plan, const cell::Guest& guest,
                                    const std::string& home) {
  LaidEmulators laid;
  emulation::Emulators& all = laid.emulators;
  all.folder = folder;
  all.own = plan.taint;
  const fs::path loader = "/lib64/ld-linux-x86-64.so.2";
  const std::string inside = std::string(folder) + "/";
  all.command = {inside + "ld.so", "--library-path", std::string(folder)};
  SHIKAKE_TRY(plant(loader, all.command.front(), laid.files));
  std::map<std::string, fs::path> needed;

  const auto add_plugin = [&](const std::string& name, const std::string& options) -> Result<> {
    SHIKAKE_ASSIGN(const fs::path plugin, base::find_sibling_executable(name));
    SHIKAKE_TRY(add_needed(loader, plugin, needed));
    SHIKAKE_TRY(plant(plugin, inside + name, laid.files));
    all.options.insert(all.options.end(), {"-plugin", inside + name + options});
    return {};
  };
  SHIKAKE_TRY(add_plugin("shikake-calls.so", ""));
  if (plan.taint) {
    std::string options = fmt::format(",bell={}", emulation::bell);
    if (!plan.taint_tables) options += ",tables=off";
    for (const std::string& path : labelled(home)) options += ",label=" + path;
    for (const std::string& path : plan.labelled) options += ",label=" + path;
    SHIKAKE_TRY(add_plugin("shikake-taint.so", options));
    SHIKAKE_ASSIGN(base::UniqueFd state, make_state());
    all.state = std::make_shared<const base::UniqueFd>(std::move(state));
  }

  for (const std::string& target : plan.emulators) {
    const auto emulator = emulation::find_emulator(target);
    if (!emulator)
      return fail(Module::sandbox, ErrorCode::unsupported,
                  fmt::format("qemu-{} is missing: Debian's package qemu-user has it", target));
    SHIKAKE_TRY(add_needed(loader, *emulator, needed));
    SHIKAKE_TRY(plant(*emulator, inside + "qemu-" + target, laid.files));
    SHIKAKE_TRY(lay_libraries(target, guest, laid));
    all.targets.push_back(target);
    if (const auto architecture = taint::architecture(target); plan.taint && architecture)
      all.own_options[target] = taint::emulator_options(*architecture);
  }
  for (const auto& [name, path] : needed) SHIKAKE_TRY(plant(path, inside + name, laid.files));
  return laid;
}

}  // namespace shikake::sandbox::supervisor
