#include "sandbox/trace/testing.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shikake::sandbox::trace {

Result<pid_t> start_guest(Tracer& tracer, const std::function<int()>& body, const GuestOptions& options) {
  SHIKAKE_ASSIGN(const FilterProgram program, tracer.program());
  const pid_t child = fork();
  if (child < 0) return fail_errno(Module::sandbox, "cannot fork");
  if (child == 0) {
    if (options.quiet) {
      const int null = open("/dev/null", O_RDWR);
      for (const int fd : {0, 1, 2}) dup2(null, fd);
      close(null);
    }
    if (options.before && !options.before()) _exit(125);
    if (!program.install_and_wait()) _exit(126);
    _exit(body());
  }
  SHIKAKE_TRY(tracer.attach(child));
  return child;
}

Result<pid_t> start_guest(Tracer& tracer, const std::vector<std::string>& argv, const GuestOptions& options) {
  std::vector<char*> arguments, variables;
  for (const std::string& each : argv) arguments.push_back(const_cast<char*>(each.c_str()));
  for (const std::string& each : options.environment) variables.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  return start_guest(
      tracer,
      [&] {
        execve(arguments[0], arguments.data(), variables.data());
        return 127;
      },
      options);
}

bool enter_scratch_folders() {
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  for (const char* folder : {"/etc", "/home", "/root", "/tmp", "/var"})
    if (mount("tmpfs", folder, "tmpfs", 0, "size=64m") != 0) return false;
  for (const char* folder :
       {"/etc/cron.d", "/etc/systemd", "/etc/systemd/system", "/home/mika", "/home/mika/.ssh", "/var/log",
        "/etc/init.d", "/etc/profile.d", "/etc/udev", "/etc/udev/rules.d"})
    mkdir(folder, 0777);
  return true;
}

}  // namespace shikake::sandbox::trace
