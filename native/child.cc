// Runs between clone3(CLONE_VM | CLONE_VFORK) and execve(2), on its own stack, in the parent's
// memory: the calling thread is suspended, every other thread runs on and may hold any lock. So:
// raw system calls only (glibc's setuid() would signal the parent's threads, its errno is the
// parent's), no allocation, no Node-API, no return. What fails is left in `plan.failure`, which the
// parent reads once we are gone. A test asserts that this object file imports no symbol at all.
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

#include "raw-syscall.h"
#include "uapi.h"

// A sanitizer or a stack protector would call into libc from here.
#if defined(__has_attribute) && __has_attribute(no_stack_protector)
#define IN_CHILD [[gnu::no_stack_protector, gnu::no_sanitize("address", "undefined")]] static
#else
#define IN_CHILD [[gnu::no_sanitize("address", "undefined")]] static
#endif

namespace {

// The kernel's struct sigaction (not libc's), all zero: SIG_DFL, no flags, empty mask.
struct KernelSigaction {
  uintptr_t handler;
  unsigned long flags;
  uintptr_t restorer;
  uint64_t mask;
};
constexpr KernelSigaction kDefaultAction = {};
constexpr uint64_t kEmptyMask = 0;
constexpr long kSigsetBytes = 8;
constexpr int kLastSignal = 64;

struct KernelRlimit {
  uint64_t soft;
  uint64_t hard;
};

}  // namespace

[[noreturn]] IN_CHILD void Exit(int status) noexcept {
  for (;;) RawSyscall(SYS_exit_group, status);
}

[[noreturn]] IN_CHILD void Fail(ChildPlan& plan, ChildStep step, long result) noexcept {
  plan.failure.error = static_cast<int32_t>(-result);
  plan.failure.step = step;
  Exit(127);
}

IN_CHILD long Check(ChildPlan& plan, ChildStep step, long result) noexcept {
  if (result < 0) Fail(plan, step, result);
  return result;
}

// clone(2) copies our handlers and CLONE_CLEAR_SIGHAND leaves SIG_IGN (Node.js ignores SIGPIPE), so
// every signal is set, not only those that one of the two forgets. No handler can have run: all
// signals are blocked since before the clone.
IN_CHILD void DefaultSignals() noexcept {
  for (int signo = 1; signo <= kLastSignal; signo++) {
    if (signo == SIGKILL || signo == SIGSTOP) continue;
    RawSyscall(SYS_rt_sigaction, signo, RawPointer(&kDefaultAction), 0, kSigsetBytes);
  }
}

// Without clone3 there is no CLONE_INTO_CGROUP: "0" means the writer itself (cgroups(7)).
IN_CHILD void EnterCgroup(ChildPlan& plan) noexcept {
  static const char kProcs[] = "cgroup.procs";
  static const char kSelf[] = "0";
  const long fd =
      Check(plan, ChildStep::kCgroup,
            RawSyscall(SYS_openat, plan.cgroup, RawPointer(kProcs), O_WRONLY | O_CLOEXEC));
  Check(plan, ChildStep::kCgroup, RawSyscall(SYS_write, fd, RawPointer(kSelf), 1));
  RawSyscall(SYS_close, fd);
}

// Descriptor i of the child is plan.stdio[i] of the parent. Low numbers first move out of the way,
// or one dup3 would overwrite what a later one copies: [1, 0] is a swap.
IN_CHILD void PlaceStdio(ChildPlan& plan) noexcept {
  for (int32_t i = 0; i < plan.stdio_count; i++) {
    const int32_t source = plan.stdio[i];
    if (source < 0 || source >= plan.stdio_count || source == i) continue;
    plan.stdio[i] = static_cast<int32_t>(Check(
        plan, ChildStep::kDup, RawSyscall(SYS_fcntl, source, F_DUPFD_CLOEXEC, plan.stdio_count)));
  }

  static const char kNull[] = "/dev/null";
  for (int32_t i = 0; i < plan.stdio_count; i++) {
    int32_t source = plan.stdio[i];
    if (source < 0 && i > 2) {
      if (plan.close_from != kUnset) RawSyscall(SYS_close, i);
      continue;
    }
    const bool opened = source < 0;
    if (opened) {
      source = static_cast<int32_t>(
          Check(plan, ChildStep::kOpenNull,
                RawSyscall(SYS_openat, AT_FDCWD, RawPointer(kNull), i == 0 ? O_RDONLY : O_RDWR)));
    }
    if (source == i) {
      Check(plan, ChildStep::kDup, RawSyscall(SYS_fcntl, i, F_SETFD, 0));
    } else {
      Check(plan, ChildStep::kDup, RawSyscall(SYS_dup3, source, i, 0));
      if (opened) RawSyscall(SYS_close, source);
    }
    // Programs expect stdio that blocks; Node.js may have made the terminal non-blocking.
    if (i <= 2 && !opened) {
      const long flags = Check(plan, ChildStep::kDup, RawSyscall(SYS_fcntl, i, F_GETFL));
      if ((flags & O_NONBLOCK) != 0) {
        Check(plan, ChildStep::kDup, RawSyscall(SYS_fcntl, i, F_SETFL, flags & ~O_NONBLOCK));
      }
    }
  }
}

// After everything that needs a descriptor, for until then the table is as full as the parent's,
// and RLIMIT_NOFILE may be lower. Before BecomeUser, because raising a hard limit needs the
// privilege.
IN_CHILD void LimitResources(ChildPlan& plan) noexcept {
  for (int32_t i = 0; i < plan.rlimit_count; i++) {
    const KernelRlimit limit = {plan.rlimits[i].soft, plan.rlimits[i].hard};
    Check(plan, ChildStep::kPrlimit,
          RawSyscall(SYS_prlimit64, 0, plan.rlimits[i].resource, RawPointer(&limit)));
  }
}

// Groups before gid before uid: each needs the privilege that the next one gives up.
IN_CHILD void BecomeUser(ChildPlan& plan) noexcept {
  if (plan.group_count != kUnset) {
    const long result = RawSyscall(SYS_setgroups, plan.group_count, RawPointer(plan.groups));
    if (!plan.groups_optional) Check(plan, ChildStep::kSetgroups, result);
  }
  if (plan.gid >= 0) Check(plan, ChildStep::kSetgid, RawSyscall(SYS_setgid, plan.gid));
  if (plan.uid >= 0) Check(plan, ChildStep::kSetuid, RawSyscall(SYS_setuid, plan.uid));
}

// After setuid, which clears it. The parent may be dead by the time it is armed; then nobody will
// ever send the signal, and we do now what it would have done.
IN_CHILD void ArmDeathSignal(ChildPlan& plan) noexcept {
  Check(plan, ChildStep::kPdeathsig, RawSyscall(SYS_prctl, PR_SET_PDEATHSIG, plan.death_signal));
  // 0 is a parent outside of our pid namespace, which nobody can tell from another.
  const long parent = RawSyscall(SYS_getppid);
  if (parent != plan.parent_pid && parent != 0) Exit(127);
}

// Until Linux 5.9 is the baseline, and where seccomp refuses close_range(2): mark what
// /proc/self/fd lists. struct linux_dirent64 is 8 bytes inode, 8 offset, 2 length, 1 type, name.
IN_CHILD long CloseByProc(int32_t first) noexcept {
  static const char kFds[] = "/proc/self/fd";
  const long dir =
      RawSyscall(SYS_openat, AT_FDCWD, RawPointer(kFds), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return dir;
  alignas(8) char buffer[2048];
  for (;;) {
    const long bytes = RawSyscall(SYS_getdents64, dir, RawPointer(buffer), sizeof(buffer));
    if (bytes <= 0) {
      RawSyscall(SYS_close, dir);
      return bytes;
    }
    for (long at = 0; at < bytes;) {
      const char* name = buffer + at + 19;
      long fd = 0;
      // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): getdents64 wrote it.
      bool number = *name != '\0';
      for (; *name != '\0'; name++) {
        if (*name < '0' || *name > '9') number = false;
        fd = fd * 10 + (*name - '0');
      }
      // FD_CLOEXEC, not close(2): the directory must not change under its reader.
      if (number && fd >= first) RawSyscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
      at += *reinterpret_cast<const uint16_t*>(buffer + at + 16);
    }
  }
}

IN_CHILD void CloseOthers(ChildPlan& plan) noexcept {
  const long result = RawSyscall(SYS_close_range, plan.close_from, ~0U, 0);
  if (result >= 0) return;
  if (CloseByProc(plan.close_from) < 0) Fail(plan, ChildStep::kCloseRange, result);
}

// execvp(3)'s rules over paths that were spelled out beforehand.
[[noreturn]] IN_CHILD void Execute(ChildPlan& plan) noexcept {
  static const char kShell[] = "/bin/sh";
  long result = -ENOENT;
  bool denied = false;
  for (const char* const* file = plan.candidates; *file != nullptr; file++) {
    result =
        RawSyscall(SYS_execve, RawPointer(*file), RawPointer(plan.argv), RawPointer(plan.envp));
    if (result == -ENOEXEC) {
      const char** script = plan.argv - 1;
      script[0] = kShell;
      script[1] = *file;
      result =
          RawSyscall(SYS_execve, RawPointer(kShell), RawPointer(script), RawPointer(plan.envp));
    }
    if (result == -EACCES) {
      denied = true;
    } else if (result != -ENOENT && result != -ENOTDIR && result != -ESTALE && result != -ENODEV &&
               result != -ETIMEDOUT) {
      Fail(plan, ChildStep::kExecve, result);
    }
  }
  Fail(plan, ChildStep::kExecve, denied ? -EACCES : result);
}

[[noreturn]] IN_CHILD void Run(ChildPlan& plan) noexcept {
  DefaultSignals();
  if (plan.session) Check(plan, ChildStep::kSetsid, RawSyscall(SYS_setsid));
  if (plan.process_group != kUnset) {
    Check(plan, ChildStep::kSetpgid, RawSyscall(SYS_setpgid, 0, plan.process_group));
  }
  if (plan.cgroup >= 0) EnterCgroup(plan);
  if (plan.nice != kUnset) {
    const long result = RawSyscall(SYS_setpriority, PRIO_PROCESS, 0, plan.nice);
    if (!plan.nice_optional) Check(plan, ChildStep::kSetpriority, result);
  }
  if (plan.umask != kUnset) RawSyscall(SYS_umask, plan.umask);
  PlaceStdio(plan);
  if (plan.cwd != nullptr) {
    Check(plan, ChildStep::kChdir, RawSyscall(SYS_chdir, RawPointer(plan.cwd)));
  }
  if (plan.close_from != kUnset) CloseOthers(plan);
  LimitResources(plan);
  BecomeUser(plan);
  if (plan.no_new_privs) {
    Check(plan, ChildStep::kNoNewPrivs, RawSyscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1));
  }
  if (plan.death_signal != 0) ArmDeathSignal(plan);
  RawSyscall(SYS_rt_sigprocmask, SIG_SETMASK, RawPointer(&kEmptyMask), 0, kSigsetBytes);
  Execute(plan);
}

[[gnu::no_sanitize("address", "undefined")]] void RunChild(void* plan) noexcept {
  Run(*static_cast<ChildPlan*>(plan));
}

void RunNothing(void*) noexcept { Exit(0); }
