// The floor of roundtrip.mjs: from posix_spawn(3) to the known exit, and nothing in between.
//
//   posix-spawn SAMPLES FILE [thread]    prints nanoseconds, a line for each
//
// Without `thread`, waitpid(2) by the thread that spawned. With it, a second thread that learns of the
// exit from a pidfd in an epoll set, waits, and wakes the first: the least that anybody must do whose
// own thread has better to do than to wait.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_PIDFD 3  // P_PIDFD; not in every libc's headers.

extern char** environ;

static int epoll, wake;

static long long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void* watch(void* unused) {
  (void)unused;
  for (;;) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
    siginfo_t info = {0};
    const int pidfd = event.data.fd;
    if (syscall(SYS_waitid, WAIT_PIDFD, pidfd, &info, WEXITED, NULL) != 0) exit(1);
    close(pidfd);
    const uint64_t status = 1 + (info.si_code != CLD_EXITED || info.si_status != 0);
    if (write(wake, &status, sizeof(status)) != sizeof(status)) exit(1);
  }
}

static int wait_by_thread(pid_t pid) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
  event.data.fd = syscall(SYS_pidfd_open, pid, 0);
  if (event.data.fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) != 0) return -1;
  uint64_t status;
  return read(wake, &status, sizeof(status)) == sizeof(status) && status == 1 ? 0 : -1;
}

static int wait_here(pid_t pid) {
  int status;
  return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int samples = atoi(argv[1]);
  const int by_thread = argc > 3 && strcmp(argv[3], "thread") == 0;
  long long* took_ns = calloc(samples, sizeof(*took_ns));
  char* const child_argv[] = {argv[2], NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd <= 2; fd++) {
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", fd == 0 ? O_RDONLY : O_RDWR, 0);
  }
  if (by_thread) {
    pthread_t thread;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    wake = eventfd(0, EFD_CLOEXEC);
    if (epoll < 0 || wake < 0 || pthread_create(&thread, NULL, watch, NULL) != 0) return 1;
  }

  for (int i = 0; i < samples; i++) {
    const long long start_ns = now_ns();
    pid_t pid;
    if (posix_spawn(&pid, argv[2], &actions, NULL, child_argv, environ) != 0) return 1;
    if ((by_thread ? wait_by_thread(pid) : wait_here(pid)) != 0) return 1;
    took_ns[i] = now_ns() - start_ns;
  }

  for (int i = 0; i < samples; i++) printf("%lld\n", took_ns[i]);
  return 0;
}
