// Trait: sleeps and compares clocks, to see whether its sleep was cut short.
// Reported: timing_check and long_sleep; what it prints is "clocks agree", for the virtual clock must be consistent.
// Harmless: it only looks at clocks.
#include <sys/sysinfo.h>
#include <time.h>

#include "specimen.h"

enum { span = 120, tolerance = 3 };

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double uptime_of_proc(void) {
  double value = 0;
  FILE* file = fopen("/proc/uptime", "r");
  if (file && fscanf(file, "%lf", &value) != 1) value = 0;
  if (file) fclose(file);
  return value;
}

static double uptime_of_sysinfo(void) {
  struct sysinfo info;
  return sysinfo(&info) == 0 ? (double)info.uptime : 0;
}

static double time_of_file(void) {
  struct stat info;
  if (specimen_write_file("/tmp/clock", "x") != 0 || stat("/tmp/clock", &info) != 0) return 0;
  return (double)info.st_mtim.tv_sec;
}

static int look(double* values) {
  int count = 0;
  values[count++] = seconds_of(CLOCK_REALTIME);
  values[count++] = seconds_of(CLOCK_MONOTONIC);
  values[count++] = seconds_of(CLOCK_BOOTTIME);
  values[count++] = (double)time(NULL);
  values[count++] = uptime_of_proc();
  values[count++] = uptime_of_sysinfo();
  values[count++] = time_of_file();
  return count;
}

int main(void) {
  specimen_in_cell();
  static const char* const names[] = {"realtime", "monotonic", "boottime", "time", "uptime", "sysinfo", "file"};
  double before[8], after[8];
  look(before);
  sleep(span);
  int count = look(after), wrong = 0;
  for (int i = 0; i < count; ++i) {
    double passed = after[i] - before[i];
    if (passed >= span - tolerance && passed <= span + tolerance) continue;
    printf("%s: %.1f seconds instead of %d\n", names[i], passed, span);
    wrong = 1;
  }
  if (!wrong) puts("clocks agree");
  return wrong;
}
