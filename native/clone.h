// Birth: clone3(2) and, where it is refused, clone(2), on a stack of the child's own.
#pragma once

#include <cstdint>

struct CloneCall {
  uint64_t flags = 0;
  int32_t exit_signal = 0;
  bool legacy = false;  // clone(2) instead of clone3(2).
  int32_t cgroup = -1;  // With CLONE_INTO_CGROUP.
};

// Creates a child that runs `entry(argument)` on the calling thread's private stack. Returns its
// pid or -errno; `*pidfd` means something only with a pid.
long CloneOnOwnStack(const CloneCall& call, void (*entry)(void*), void* argument, int* pidfd);
