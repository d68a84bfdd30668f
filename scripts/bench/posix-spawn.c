// The floor of roundtrip.mjs: from posix_spawn(3) to the end of waitpid(2), and nothing in between.
//
//   posix-spawn SAMPLES FILE    prints nanoseconds, a line for each
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char** environ;

static long long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int samples = atoi(argv[1]);
  long long* took_ns = calloc(samples, sizeof(*took_ns));
  char* const child_argv[] = {argv[2], NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd <= 2; fd++) {
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", fd == 0 ? O_RDONLY : O_RDWR, 0);
  }

  for (int i = 0; i < samples; i++) {
    const long long start_ns = now_ns();
    pid_t pid;
    int status;
    if (posix_spawn(&pid, argv[2], &actions, NULL, child_argv, environ) != 0) return 1;
    if (waitpid(pid, &status, 0) != pid || status != 0) return 1;
    took_ns[i] = now_ns() - start_ns;
  }

  for (int i = 0; i < samples; i++) printf("%lld\n", took_ns[i]);
  return 0;
}
