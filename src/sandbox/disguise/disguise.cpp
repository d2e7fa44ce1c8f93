#include "sandbox/disguise/disguise.h"

#include <fcntl.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "cell/mount_table.h"
#include "sandbox/trace/substitute.h"

namespace shikake::sandbox::disguise {
namespace {

using trace::Sys;

// "/proc/12/mountinfo", "/proc/12/task/13/mountinfo": its last name, or "".
std::string_view file_of_process(std::string_view path) {
  constexpr std::string_view proc = "/proc/";
  if (!path.starts_with(proc)) return {};
  path.remove_prefix(proc.size());
  const size_t digits = std::min(path.find_first_not_of("0123456789"), path.size());
  if (digits == 0 || digits == path.size()) return {};
  return path.substr(path.rfind('/') + 1);
}

std::string_view table_for(const std::string& path) {
  const std::string_view name = file_of_process(path);
  if (name == "mounts") return cell::made_up_mounts();
  if (name == "mountinfo") return cell::made_up_mountinfo();
  return name == "mountstats" ? cell::made_up_mountstats() : std::string_view{};
}

// As of a process that nobody has confined.
std::string without_confinement(std::string status) {
  for (const std::string_view name : {"\nNoNewPrivs:\t", "\nSeccomp:\t", "\nSeccomp_filters:\t"}) {
    const size_t at = status.find(name);
    if (at == std::string::npos) continue;
    const size_t value = at + name.size();
    status.erase(value, status.find('\n', value) - value);
    status.insert(value, 1, '0');
  }
  return status;
}

// Of open, openat and openat2; the last one's flags lie in memory.
bool closes_on_exec(trace::Thread& thread, const trace::Call& call) {
  if (call.sys == Sys::openat2) return (thread.read_value<uint64_t>({call[2]}).value_or(0) & O_CLOEXEC) != 0;
  return (call[call.sys == Sys::open ? 1 : 2] & O_CLOEXEC) != 0;
}

}  // namespace

std::vector<trace::Interest> Disguise::interests() const {
  return {{Sys::uname}, {Sys::open}, {Sys::openat}, {Sys::openat2}};
}

trace::CallAction Disguise::on_call(trace::Thread& thread, const trace::Call& call) {
  if (call.sys == Sys::uname) return {.want_return = true};
  if (call.sys != Sys::open && call.sys != Sys::openat && call.sys != Sys::openat2) return {};
  // Most files are none of these, and a stop at the return costs as much as the one here. A link or a folder
  // that was opened before may lead to one by another name; so the name's end is all that is asked of it.
  const auto path = thread.read_string({call[call.sys == Sys::open ? 0 : 1]});
  return {.want_return = path && (path->find("mount") != std::string::npos || path->ends_with("status"))};
}

void Disguise::on_return(trace::Thread& thread, const trace::Call& call, int64_t result) {
  if (result < 0) return;
  if (call.sys == Sys::uname) return name_kernel(thread, call);
  if (call.sys != Sys::open && call.sys != Sys::openat && call.sys != Sys::openat2) return;
  const int fd = static_cast<int>(result);
  const std::string path = thread.link(fmt::format("fd/{}", fd));
  const bool status = file_of_process(path) == "status";
  const std::string shown =
      status ? without_confinement(trace::read_through(thread, fd)) : std::string(table_for(path));
  if (!shown.empty()) trace::substitute(thread, fd, shown, closes_on_exec(thread, call));
}

// Old and new uname(2) have these fields at the same places: they differ in whether a domain name follows.
void Disguise::name_kernel(trace::Thread& thread, const trace::Call& call) const {
  struct Field {
    size_t at;
    size_t size;
    const std::string& text;
  };
  for (const Field& field : {Field{offsetof(utsname, release), sizeof utsname{}.release, release_},
                             Field{offsetof(utsname, version), sizeof utsname{}.version, version_}}) {
    std::string bytes = field.text.substr(0, field.size - 1);
    bytes.resize(field.size, '\0');
    thread.write({call[0] + field.at}, base::as_bytes(bytes));
  }
}

}  // namespace shikake::sandbox::disguise
