#include "sandbox/debug/prototypes.h"

#include <algorithm>
#include <iterator>

namespace shikake::sandbox::debug {
namespace {

constexpr Prototype prototypes[] = {
    // sorted by name
    {"SSL_read", "ppd>d"},
    {"SSL_write", "pbd>d"},
    {"accept", "dpp>d"},
    {"access", "sx>d"},
    {"atoi", "s>d"},
    {"bind", "dpd>d"},
    {"calloc", "dd>p"},
    {"chdir", "s>d"},
    {"chmod", "sx>d"},
    {"close", "d>d"},
    {"closedir", "p>d"},
    {"connect", "dpd>d"},
    {"daemon", "dd>d"},
    {"dlopen", "sx>p"},
    {"dlsym", "ps>p"},
    {"dup2", "dd>d"},
    {"execl", "ss>d"},
    {"execlp", "ss>d"},
    {"execv", "sp>d"},
    {"execve", "spp>d"},
    {"execvp", "sp>d"},
    {"exit", "d>v"},
    {"fclose", "p>d"},
    {"fgets", "pdp>s"},
    {"fopen", "ss>p"},
    {"fopen64", "ss>p"},
    {"fork", ">d"},
    {"fputs", "sp>d"},
    {"fread", "pddp>d"},
    {"free", "p>v"},
    {"fwrite", "pddp>d"},
    {"getaddrinfo", "sspp>d"},
    {"getenv", "s>s"},
    {"geteuid", ">d"},
    {"gethostbyname", "s>p"},
    {"gethostname", "pd>d"},
    {"getpid", ">d"},
    {"getppid", ">d"},
    {"getuid", ">d"},
    {"htons", "d>d"},
    {"inet_addr", "s>x"},
    {"inet_ntoa", "x>s"},
    {"inet_pton", "dsp>d"},
    {"ioctl", "dxp>d"},
    {"kill", "dd>d"},
    {"listen", "dd>d"},
    {"malloc", "d>p"},
    {"memcmp", "ppd>d"},
    {"memcpy", "ppd>p"},
    {"memset", "pdd>p"},
    {"mkdir", "sx>d"},
    {"mmap", "pdxxdd>p"},
    {"mprotect", "pdx>d"},
    {"nanosleep", "pp>d"},
    {"open", "sx>d"},
    {"open64", "sx>d"},
    {"opendir", "s>p"},
    {"perror", "s>v"},
    {"popen", "ss>p"},
    {"prctl", "dxxxx>d"},
    {"printf", "s>d"},
    {"pthread_create", "pppp>d"},
    {"ptrace", "ddpp>d"},
    {"puts", "s>d"},
    {"rand", ">d"},
    {"read", "dpd>d"},
    {"readdir", "p>p"},
    {"readlink", "spd>d"},
    {"recv", "dpdx>d"},
    {"rename", "ss>d"},
    {"send", "dbdx>d"},
    {"sendto", "dbdxpd>d"},
    {"setenv", "ssd>d"},
    {"setsid", ">d"},
    {"setsockopt", "dddpd>d"},
    {"setuid", "d>d"},
    {"signal", "dp>p"},
    {"sleep", "d>d"},
    {"snprintf", "pds>d"},
    {"socket", "ddd>d"},
    {"sprintf", "ps>d"},
    {"srand", "d>v"},
    {"strcasecmp", "ss>d"},
    {"strcat", "ss>s"},
    {"strchr", "sd>s"},
    {"strcmp", "ss>d"},
    {"strcpy", "ps>s"},
    {"strdup", "s>s"},
    {"strlen", "s>d"},
    {"strncmp", "ssd>d"},
    {"strncpy", "psd>s"},
    {"strrchr", "sd>s"},
    {"strstr", "ss>s"},
    {"strtok", "ss>s"},
    {"strtol", "spd>d"},
    {"symlink", "ss>d"},
    {"system", "s>d"},
    {"time", "p>d"},
    {"uname", "p>d"},
    {"unlink", "s>d"},
    {"usleep", "d>d"},
    {"waitpid", "dpx>d"},
    {"write", "dbd>d"},
};

constexpr bool sorted() {
  for (size_t i = 1; i < std::size(prototypes); ++i) {
    if (!(prototypes[i - 1].name < prototypes[i].name)) return false;
  }
  return true;
}
static_assert(sorted());

}  // namespace

const Prototype* find_prototype(std::string_view function) {
  auto found = std::lower_bound(std::begin(prototypes), std::end(prototypes), function,
                                [](const Prototype& row, std::string_view name) { return row.name < name; });
  return found != std::end(prototypes) && found->name == function ? found : nullptr;
}

}  // namespace shikake::sandbox::debug
