// The floor: what posix_spawn(3) and the kernel need, with nothing above them. One program that
// answers the same lines as the contenders in JavaScript and Python.
#ifndef AUTOREAP_BENCH_FLOOR_H
#define AUTOREAP_BENCH_FLOOR_H

#include <spawn.h>
#include <sys/types.h>

// "wait": the thread that spawns sits in waitpid(2). "thread": a second one learns of the exit from
// a pidfd in an epoll set, and wakes the first.
extern int by_thread;
extern const char* children;  // The folder of sleeper, source and sink.

double now_ms(void);
double cpu_ms(void);
_Noreturn void die(const char* what);

// What an action answers: named lists of numbers. printf-like, for they are written as they come.
void begin_list(const char* name);
void put(double value);
void end_list(void);

pid_t spawn_ignored(const char* file, const char* arg);
pid_t spawn_with(const posix_spawn_file_actions_t* actions, const char* file, const char* arg);
void child_path(char* path, size_t size, const char* name);
void wait_for(pid_t pid);
int open_pidfd(pid_t pid);

void block(int samples, double budget_ms);
void sync_spawn(int samples, double budget_ms);
void throughput(int in_flight, double for_ms);
void gather(int count, const char* fifo);
void exit_latency(int samples);
void exit_together(void);
void pipe_in(long long bytes);
void pipe_out(long long bytes);

#endif
