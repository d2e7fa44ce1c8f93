// Trait: reads what people keep secret: keys, shell history, browser profiles.
// Reported: ssh_keys_read, history_read, browser_data_read of those files that the guest's home has.
// Harmless: it reads the cell's made-up home and keeps and sends nothing.
#include <dirent.h>

#include "specimen.h"

static void look_at(const char* path) {
  char buffer[512];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  printf("%s: %zd bytes\n", path, read(fd, buffer, sizeof buffer));
  close(fd);
}

int main(void) {
  specimen_in_cell();
  const char* home = getenv("HOME");
  if (!home) home = "/root";
  static const char* const files[] = {".ssh/id_rsa", ".ssh/id_ed25519", ".bash_history",
                                      ".mozilla/firefox/profiles.ini", ".config/google-chrome/Default/Login Data",
                                      ".config/chromium/Default/Login Data"};
  char path[1024];
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    snprintf(path, sizeof path, "%s/%s", home, files[i]);
    look_at(path);
  }
  return 0;
}
