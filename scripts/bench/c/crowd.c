// Thousands of children, each with a pidfd in one epoll set.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor.h"

#define WAIT_PIDFD 3  // P_PIDFD; not in every libc's headers.

static int crowd, fifo_end = -1, epoll = -1;
static char sleeper[4096], fifo[4096];

static int add_sleeper(void) {
  const int pidfd = open_pidfd(spawn_ignored(sleeper, fifo));
  fcntl(pidfd, F_SETFD, FD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = pidfd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, pidfd, &event) != 0) die("epoll_ctl");
  return pidfd;
}

static void await_exits(int count) {
  struct epoll_event events[64];
  while (count > 0) {
    const int ready = epoll_wait(epoll, events, 64, -1);
    if (ready < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < ready; i++) {
      siginfo_t info;
      const int pidfd = events[i].data.fd;
      if (syscall(SYS_waitid, WAIT_PIDFD, pidfd, &info, WEXITED, NULL) != 0) die("waitid");
      close(pidfd);
      count--;
    }
  }
}

void gather(int count, const char* path) {
  if (epoll < 0) {
    child_path(sleeper, sizeof(sleeper), "sleeper");
    for (size_t i = 0; i < sizeof(fifo) && (fifo[i] = path[i]) != '\0'; i++) continue;
    fifo_end = open(fifo, O_RDWR | O_CLOEXEC);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (fifo_end < 0 || epoll < 0) die("gather");
  }
  for (; crowd < count; crowd++) add_sleeper();
}

void exit_latency(int samples) {
  int* victims = calloc(samples, sizeof(int));
  for (int i = 0; i < samples; i++) victims[i] = add_sleeper();
  usleep(50000);  // Until they sleep.
  const double start_cpu_ms = cpu_ms();
  begin_list("latency");
  for (int i = 0; i < samples; i++) {
    const double start_ms = now_ms();
    syscall(SYS_pidfd_send_signal, victims[i], SIGKILL, NULL, 0);
    await_exits(1);
    put(now_ms() - start_ms);
  }
  end_list();
  begin_list("cpu");
  put((cpu_ms() - start_cpu_ms) / samples);
  end_list();
  free(victims);
}

void exit_together(void) {
  const double start_ms = now_ms(), start_cpu_ms = cpu_ms();
  close(fifo_end);
  await_exits(crowd);
  begin_list("together");
  put(now_ms() - start_ms);
  end_list();
  begin_list("togetherCpu");
  put(cpu_ms() - start_cpu_ms);
  end_list();
  crowd = 0;
}
