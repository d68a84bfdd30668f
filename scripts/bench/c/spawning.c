// One child after another, and several at once.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor.h"

#define WAIT_PIDFD 3  // P_PIDFD; not in every libc's headers.
#define PROGRAM "/bin/true"

extern char** environ;

static int epoll = -1, wake = -1;

pid_t spawn_with(const posix_spawn_file_actions_t* actions, const char* file, const char* arg) {
  char* const argv[] = {(char*)file, (char*)arg, NULL};
  pid_t pid;
  errno = posix_spawn(&pid, file, actions, NULL, argv, environ);
  if (errno != 0) die("posix_spawn");
  return pid;
}

// Three times /dev/null, as `stdio: 'ignore'` means.
pid_t spawn_ignored(const char* file, const char* arg) {
  static posix_spawn_file_actions_t actions;
  static int ready;
  if (!ready) {
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd <= 2; fd++) {
      posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", fd == 0 ? O_RDONLY : O_RDWR, 0);
    }
    ready = 1;
  }
  return spawn_with(&actions, file, arg);
}

void child_path(char* path, size_t size, const char* name) {
  snprintf(path, size, "%s/%s", children, name);
}

int open_pidfd(pid_t pid) {
  const int pidfd = syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0) die("pidfd_open");
  return pidfd;
}

static void* watch(void* unused) {
  (void)unused;
  for (;;) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
    siginfo_t info = {0};
    const int pidfd = event.data.fd;
    if (syscall(SYS_waitid, WAIT_PIDFD, pidfd, &info, WEXITED, NULL) != 0) die("waitid");
    close(pidfd);
    const uint64_t status = 1 + (info.si_code != CLD_EXITED || info.si_status != 0);
    if (write(wake, &status, sizeof(status)) != sizeof(status)) die("write");
  }
}

static void start_thread(void) {
  if (epoll >= 0) return;
  pthread_t thread;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  wake = eventfd(0, EFD_CLOEXEC);
  if (epoll < 0 || wake < 0) die("epoll_create1");
  if (pthread_create(&thread, NULL, watch, NULL) != 0) die("pthread_create");
}

void wait_for(pid_t pid) {
  if (by_thread) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
    event.data.fd = open_pidfd(pid);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) != 0) die("epoll_ctl");
    uint64_t status;
    if (read(wake, &status, sizeof(status)) != sizeof(status) || status != 1) die("read");
  } else {
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0) die("waitpid");
  }
}

void block(int samples, double budget_ms) {
  if (by_thread) start_thread();
  double* blocked = calloc(samples, sizeof(double));
  double* ended = calloc(samples, sizeof(double));
  const double until_ms = now_ms() + budget_ms;
  int count = 0;
  while (count < samples && now_ms() < until_ms) {
    const double start_ms = now_ms();
    const pid_t pid = spawn_ignored(PROGRAM, NULL);
    blocked[count] = now_ms() - start_ms;
    wait_for(pid);
    ended[count++] = now_ms() - start_ms;
  }
  begin_list("blocking");
  for (int i = 0; i < count; i++) put(blocked[i]);
  end_list();
  begin_list("exit");
  for (int i = 0; i < count; i++) put(ended[i]);
  end_list();
  free(blocked);
  free(ended);
}

// What spawnSync does by default: three pipes, and what comes out of two is read to the end.
static void run_with_pipes(void) {
  int pipes[3][2];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd <= 2; fd++) {
    if (pipe2(pipes[fd], O_CLOEXEC) != 0) die("pipe2");
    posix_spawn_file_actions_adddup2(&actions, pipes[fd][fd == 0 ? 0 : 1], fd);
  }
  const pid_t pid = spawn_with(&actions, PROGRAM, NULL);
  posix_spawn_file_actions_destroy(&actions);
  close(pipes[0][0]);
  close(pipes[0][1]);
  for (int fd = 1; fd <= 2; fd++) close(pipes[fd][1]);
  for (int fd = 1; fd <= 2; fd++) {
    char bytes[4096];
    while (read(pipes[fd][0], bytes, sizeof(bytes)) > 0) continue;
    close(pipes[fd][0]);
  }
  int status;
  if (waitpid(pid, &status, 0) != pid || status != 0) die("waitpid");
}

void sync_spawn(int samples, double budget_ms) {
  const double until_ms = now_ms() + budget_ms;
  begin_list("took");
  for (int i = 0; i < samples && now_ms() < until_ms; i++) {
    const double start_ms = now_ms();
    run_with_pipes();
    put(now_ms() - start_ms);
  }
  end_list();
}

void throughput(int in_flight, double for_ms) {
  const double start_ms = now_ms(), start_cpu_ms = cpu_ms();
  int running = 0, count = 0;
  while (running > 0 || now_ms() < start_ms + for_ms) {
    while (running < in_flight && now_ms() < start_ms + for_ms) {
      spawn_ignored(PROGRAM, NULL);
      running++;
    }
    if (running == 0) break;
    int status;
    if (waitpid(-1, &status, 0) < 0 || status != 0) die("waitpid");
    running--;
    count++;
  }
  const double took_ms = now_ms() - start_ms;
  begin_list("rate");
  put(count / took_ms * 1e3);
  end_list();
  begin_list("cpu");
  put((cpu_ms() - start_cpu_ms) / count);
  end_list();
}
