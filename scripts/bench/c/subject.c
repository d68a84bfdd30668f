// Reads lines {"action":"block","args":[100,300]} and answers {"value":{"name":[1.5,2.5]}}. This is
// no JSON parser: the lines are written by JSON.stringify, one form each.
//
//   subject CHILDREN wait|thread
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "floor.h"

int by_thread;
const char* children;

static int values, lists;

double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

double cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

void die(const char* what) {
  perror(what);  // The leader hears of our end, and stderr is its own.
  exit(1);
}

void begin_list(const char* name) {
  printf("%s\"%s\":[", lists++ == 0 ? "" : ",", name);
  values = 0;
}

void put(double value) { printf("%s%.6f", values++ == 0 ? "" : ",", value); }

void end_list(void) { putchar(']'); }

// As much memory as the others fill with their buffers.
static void ballast(long long megabytes) {
  const size_t size = megabytes * 1000000;
  char* memory = malloc(size);
  if (memory == NULL) die("malloc");
  memset(memory, 1, size);
  __asm__ volatile("" : : "r"(memory) : "memory");  // It is meant, although nobody reads it.
}

static void perform(const char* action, double first, double second, const char* text) {
  if (strcmp(action, "hello") == 0) return;
  if (strcmp(action, "tidy") == 0) return;  // Nothing to collect.
  if (strcmp(action, "ballast") == 0) return ballast(first);
  if (strcmp(action, "block") == 0) return block(first, second);
  if (strcmp(action, "sync") == 0) return sync_spawn(first, second);
  if (strcmp(action, "throughput") == 0) return throughput(first, second);
  if (strcmp(action, "gather") == 0) return gather(first, text);
  if (strcmp(action, "exitLatency") == 0) return exit_latency(first);
  if (strcmp(action, "exitTogether") == 0) return exit_together();
  if (strcmp(action, "pipeIn") == 0) return pipe_in(first);
  if (strcmp(action, "pipeOut") == 0) return pipe_out(first);
  die(action);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  children = argv[1];
  by_thread = strcmp(argv[2], "thread") == 0;
  char line[4096];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    char action[32] = "", text[2048] = "";
    double first = 0, second = 0;
    sscanf(line, "{\"action\":\"%31[^\"]\",\"args\":[%lf,%lf", action, &first, &second);
    sscanf(line, "{\"action\":\"%*[^\"]\",\"args\":[%*f,\"%2047[^\"]", text);
    lists = 0;
    printf("{\"value\":{");
    if (strcmp(action, "hello") == 0) printf("\"version\":\"glibc %s\"", gnu_get_libc_version());
    perform(action, first, second, text);
    printf("}}\n");
    fflush(stdout);
  }
  return 0;
}
