// A guest for tests: prints all that a program in a cell can see. Every path that it can reach, but for what
// lies below the folders that are named as arguments, with the target of each link; the content of every file
// of /proc; its own environment and what uname(2) says. Linked statically.
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>

extern char** environ;

namespace {

constexpr size_t most_bytes = 64 << 10;  // of one file
int left_out_count;
char** left_out;

void print_content(const char* path) {
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);  // some wait for news
  if (fd < 0) return;
  static char bytes[most_bytes];
  const ssize_t count = read(fd, bytes, sizeof bytes);
  close(fd);
  for (ssize_t at = 0; at < count; ++at) {
    const char letter = bytes[at];
    putchar(letter == '\n' || (letter >= ' ' && letter < 127) ? letter : '?');
  }
  putchar('\n');
}

int look(const char* path, const struct stat* about, int kind, FTW*) {
  for (int at = 0; at < left_out_count; ++at)
    if (strcmp(path, left_out[at]) == 0) return FTW_SKIP_SUBTREE;
  puts(path);
  if (kind == FTW_SL) {
    char target[PATH_MAX];
    const ssize_t size = readlink(path, target, sizeof target);
    if (size > 0) printf("-> %.*s\n", static_cast<int>(size), target);
  } else if (kind == FTW_F && S_ISREG(about->st_mode) && strncmp(path, "/proc/", 6) == 0) {
    print_content(path);
  }
  return FTW_CONTINUE;
}

}  // namespace

int main(int count, char** arguments) {
  left_out_count = count - 1;
  left_out = arguments + 1;
  for (char** variable = environ; *variable; ++variable) puts(*variable);
  utsname system{};
  uname(&system);
  printf("%s %s\n", system.nodename, system.domainname);
  return nftw("/", look, 64, FTW_PHYS | FTW_ACTIONRETVAL) == 0 ? 0 : 1;
}
