#include "sandbox/trace/testing.h"

#include <fcntl.h>
#include <unistd.h>

namespace shikake::sandbox::trace {

Result<pid_t> start_guest(Tracer& tracer, const std::vector<std::string>& argv,
                          const std::vector<std::string>& environment, bool quiet) {
  SHIKAKE_ASSIGN(const FilterProgram program, tracer.program());
  std::vector<char*> arguments, variables;
  for (const std::string& each : argv) arguments.push_back(const_cast<char*>(each.c_str()));
  for (const std::string& each : environment) variables.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  variables.push_back(nullptr);

  const pid_t child = fork();
  if (child < 0) return fail_errno(Module::sandbox, "cannot fork");
  if (child == 0) {
    if (quiet) {
      const int null = open("/dev/null", O_RDWR);
      dup2(null, 0);
      dup2(null, 1);
      dup2(null, 2);
    }
    if (!program.install_and_wait()) _exit(126);
    execve(arguments[0], arguments.data(), variables.data());
    _exit(127);
  }
  SHIKAKE_TRY(tracer.attach(child));
  return child;
}

}  // namespace shikake::sandbox::trace
