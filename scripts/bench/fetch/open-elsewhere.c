// Debian's Node.js reads some of its own JavaScript from /usr/share/nodejs. Unpacked into a folder,
// it must look there: ld.so preloads this into that one process, and its children know nothing of
// it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WITHIN "/usr/share/nodejs/"

static int open_elsewhere(const char* path, int flags, int mode) {
  char moved[4096];
  if (strncmp(path, WITHIN, sizeof(WITHIN) - 1) == 0) {
    snprintf(moved, sizeof(moved), "%s%s", ROOT, path);
    path = moved;
  }
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#define DEFINE(name)                           \
  int name(const char* path, int flags, ...) { \
    va_list rest;                              \
    va_start(rest, flags);                     \
    const int mode = va_arg(rest, int);        \
    va_end(rest);                              \
    return open_elsewhere(path, flags, mode);  \
  }
DEFINE(open)
DEFINE(open64)
