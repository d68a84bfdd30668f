// A great many bytes through a pipe, 64 KiB at a time.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "floor.h"

enum { kBlock = 1 << 16 };  // What a pipe holds.

static char buffer[kBlock];

// `theirs` is the child's descriptor, 0 or 1. Returns our end.
static int start(const char* name, int theirs, long long bytes, pid_t* pid) {
  char file[4096], count[32];
  child_path(file, sizeof(file), name);
  snprintf(count, sizeof(count), "%lld", bytes);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) die("pipe2");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[theirs], theirs);
  *pid = spawn_with(&actions, file, count);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[theirs]);
  return ends[1 - theirs];
}

static void report(long long bytes, double start_ms, double start_cpu_ms) {
  begin_list("rate");
  put(bytes / (now_ms() - start_ms) / 1e6);  // Bytes per ms / 1e6 = GB/s.
  end_list();
  begin_list("cpu");
  put(cpu_ms() - start_cpu_ms);
  end_list();
}

void pipe_in(long long bytes) {
  const double start_ms = now_ms(), start_cpu_ms = cpu_ms();
  pid_t pid;
  const int end = start("source", 1, bytes, &pid);
  long long left = bytes;
  ssize_t count;
  while ((count = read(end, buffer, kBlock)) > 0) left -= count;
  close(end);
  if (left != 0) die("read");
  wait_for(pid);
  report(bytes, start_ms, start_cpu_ms);
}

void pipe_out(long long bytes) {
  const double start_ms = now_ms(), start_cpu_ms = cpu_ms();
  pid_t pid;
  const int end = start("sink", 0, bytes, &pid);
  for (long long left = bytes; left > 0;) {
    const ssize_t count = write(end, buffer, left < kBlock ? left : kBlock);
    if (count < 0) die("write");
    left -= count;
  }
  close(end);
  wait_for(pid);
  report(bytes, start_ms, start_cpu_ms);
}
