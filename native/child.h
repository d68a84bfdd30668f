// What the parent lays out for a child before it is born, and what the child leaves behind when it
// could not become the program it was meant to be.
#pragma once

#include <cstdint>

// A step of the child, under the name of the call that fails. kChildStepNames follows this order.
enum class ChildStep : int32_t {
  kNone,
  kSetsid,
  kSetpgid,
  kCgroup,
  kPrlimit,
  kSetpriority,
  kOpenNull,
  kDup,
  kChdir,
  kSetgroups,
  kSetgid,
  kSetuid,
  kNoNewPrivs,
  kPdeathsig,
  kCloseRange,
  kExecve,
  // Steps of the parent.
  kClone,
  kEpoll,
  kThread,
  kWatch,
};

constexpr const char* kChildStepNames[] = {
    "",
    "setsid",
    "setpgid",
    "cgroup.procs",
    "prlimit64",
    "setpriority",
    "open",
    "dup3",
    "chdir",
    "setgroups",
    "setgid",
    "setuid",
    "PR_SET_NO_NEW_PRIVS",
    "PR_SET_PDEATHSIG",
    "close_range",
    "execve",
    "clone",
    "epoll_create1",
    "pthread_create",
    "epoll_ctl",
};

struct ChildRlimit {
  uint32_t resource;
  uint64_t soft;
  uint64_t hard;
};

constexpr int32_t kUnset = INT32_MIN;

// Everything here was allocated before the clone and is read, never freed, by the child. The parent
// is suspended meanwhile, so both may write without a lock.
struct ChildPlan {
  // What to run. `argv[-1]` is a spare slot: a script without "#!" runs as /bin/sh FILE ARG….
  const char* const* candidates = nullptr;  // Ends with a null pointer.
  const char** argv = nullptr;
  const char* const* envp = nullptr;

  // Where and as whom.
  const char* cwd = nullptr;
  int32_t* stdio = nullptr;  // Our descriptor for the child's i, or -1; the child scribbles on it.
  int32_t stdio_count = 0;
  int32_t cgroup = -1;  // A cgroup2 directory to enter by cgroup.procs, where clone3 could not.
  bool session = false;
  int32_t process_group = kUnset;
  const ChildRlimit* rlimits = nullptr;
  int32_t rlimit_count = 0;
  int32_t nice = kUnset;
  bool nice_optional = false;
  int32_t umask = kUnset;
  const uint32_t* groups = nullptr;
  int32_t group_count = kUnset;
  bool groups_optional = false;  // libuv drops groups with the uid, and accepts that it may not.
  int64_t gid = -1;
  int64_t uid = -1;
  bool no_new_privs = false;
  int32_t death_signal = 0;
  int32_t parent_pid = 0;
  int32_t close_from = kUnset;

  struct {
    int32_t error = 0;
    ChildStep step = ChildStep::kNone;
  } failure;
};

// The child's half. `plan` is a ChildPlan*; untyped, because the trampoline calls it.
[[noreturn]] void RunChild(void* plan) noexcept;

// The probe's child, which is never born: see clone3_probe.
[[noreturn]] void RunNothing(void*) noexcept;
