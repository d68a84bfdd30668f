// The bindings of birth: what a CloneRequest says is laid out in memory, the child is made, and
// watched before JavaScript hears of it. clone.cc makes it, child.cc is what it does until its
// exec.
#include <napi.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "args.h"
#include "child.h"
#include "clock.h"
#include "clone.h"
#include "families.h"
#include "owned-fds.h"
#include "spawner.h"
#include "uapi.h"
#include "watcher.h"

namespace {

constexpr uint64_t kBirthFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
constexpr uint64_t kAllowedFlags = kBirthFlags | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP |
                                   CLONE_AUTOREAP | CLONE_NNP | CLONE_PIDFD_AUTOKILL;
constexpr uint64_t kLegacyFlags = 0xffffffffULL;

// "a\0b\0" as JavaScript packs it, and the pointers to "a" and "b" with a null behind them.
class PackedStrings {
 public:
  // `spare` slots stay free in front of the first string.
  PackedStrings(std::string packed, size_t spare) : packed_(std::move(packed)), spare_(spare) {
    pointers_.assign(spare, nullptr);
    for (size_t at = 0; at < packed_.size(); at += strlen(packed_.c_str() + at) + 1) {
      pointers_.push_back(packed_.c_str() + at);
    }
    pointers_.push_back(nullptr);
  }
  PackedStrings(const PackedStrings&) = delete;
  PackedStrings& operator=(const PackedStrings&) = delete;

  const char** pointers() { return pointers_.data() + spare_; }

 private:
  std::string packed_;
  size_t spare_;
  std::vector<const char*> pointers_;
};

// Descriptors that are the child's alone, and closed here whatever becomes of it.
class ChildEnds {
 public:
  ChildEnds(Napi::Env env, std::vector<int32_t> fds) : fds_(std::move(fds)) {
    for (const int32_t fd : fds_) OwnedFds::Of(env).Remove(fd);
  }
  ChildEnds(const ChildEnds&) = delete;
  ChildEnds& operator=(const ChildEnds&) = delete;
  ~ChildEnds() {
    for (const int32_t fd : fds_) close(fd);
  }

 private:
  std::vector<int32_t> fds_;
};

// One call of clone_execve, whichever thread makes it.
struct Birth {
  CloneCall call;
  ChildPlan plan;
  int pidfd = -1;
  long result = 0;
};

// A child that becomes another user makes the memory it lives in undumpable (commit_creds,
// kernel/cred.c), and until its exec that is our memory: we would never dump core again, and
// without root not even read our own /proc/self. So the flag is put back, but not before the child
// has left, because until then it keeps that user from tracing root's memory; nor while another
// thread has such a child, hence the lock.
class KeepDumpable {
 public:
  explicit KeepDumpable(const ChildPlan& plan) {
    if (plan.uid < 0 && plan.gid < 0) return;
    lock_ = std::unique_lock<std::mutex>(Mutex());
    was_dumpable_ = prctl(PR_GET_DUMPABLE) == 1;
  }
  KeepDumpable(const KeepDumpable&) = delete;
  KeepDumpable& operator=(const KeepDumpable&) = delete;
  ~KeepDumpable() {
    if (was_dumpable_) prctl(PR_SET_DUMPABLE, 1);
  }

 private:
  static std::mutex& Mutex() {
    static auto* mutex = new std::mutex();
    return *mutex;
  }

  std::unique_lock<std::mutex> lock_;
  bool was_dumpable_ = false;
};

void GiveBirth(void* data) {
  Birth& birth = *static_cast<Birth*>(data);
  birth.plan.parent_pid = static_cast<int32_t>(getpid());
  const KeepDumpable keep(birth.plan);
  birth.result = CloneOnOwnStack(birth.call, RunChild, &birth.plan, &birth.pidfd);
}

// Takes the status of a child that nobody will ever hear of. With CLONE_AUTOREAP this ends with
// ECHILD when the kernel has reaped it; either way it is gone when we return.
void Collect(int pidfd) {
  siginfo_t info;
  while (syscall(SYS_waitid, kPPidfd, pidfd, &info, WEXITED | __WALL, nullptr) < 0 &&
         errno == EINTR) {
  }
}

// clone_execve(birth, listener, held, out) => pid | -errno
//
// `birth` is CloneRequest of lib/backend/interface.ts. `out` receives [pidfd, step, watch,
// startMs]. The child is watched, and its ends of the pipes are closed, before this returns: a
// Worker may be ended between any two lines of JavaScript, runs no `finally` then, and must not
// leave a child that nobody waits for, or a pipe that never ends.
Napi::Value CloneExecve(const Napi::CallbackInfo& info) {
  Args args(info);
  const Fields from(info[0]);
  const int listener = args.Int(1);
  const WatchMode mode = args.Bool(2) ? WatchMode::kHeld : WatchMode::kTold;
  double* out = args.Doubles(3, 4);

  const ChildEnds child_ends(info.Env(), from.Numbers<int32_t>("closeAfter"));

  Birth birth;
  birth.call.flags = static_cast<uint64_t>(from.Double("flags"));
  birth.call.exit_signal = from.Int("exitSignal");
  birth.call.legacy = from.Bool("legacy");
  PackedStrings candidates(from.String("files"), 0);
  PackedStrings argv(from.String("argv"), 1);
  PackedStrings envp(from.String("envp"), 0);
  const bool has_cwd = from.Has("cwd");
  const std::string cwd = has_cwd ? from.String("cwd") : std::string();
  std::vector<int32_t> stdio = from.Numbers<int32_t>("stdio");
  const std::vector<uint32_t> groups = from.Numbers<uint32_t>("groups");
  const std::vector<double> limits = from.Numbers<double>("rlimits");  // resource, soft, hard, …
  const auto kind = static_cast<WatchKind>(from.Int("watch"));
  if (!args.ok() || !from.ok() || limits.size() % 3 != 0 ||
      (birth.call.flags & kBirthFlags) != kBirthFlags || (birth.call.flags & ~kAllowedFlags) != 0 ||
      (birth.call.legacy && (birth.call.flags & ~CLONE_CLEAR_SIGHAND & ~kLegacyFlags) != 0)) {
    return args.Result(-EINVAL);
  }

  std::vector<ChildRlimit> rlimits;
  const auto limit = [](double value) { return value < 0 ? ~0ULL : static_cast<uint64_t>(value); };
  for (size_t i = 0; i < limits.size(); i += 3) {
    rlimits.push_back(
        {static_cast<uint32_t>(limits[i]), limit(limits[i + 1]), limit(limits[i + 2])});
  }

  ChildPlan& plan = birth.plan;
  plan.candidates = candidates.pointers();
  plan.argv = argv.pointers();
  plan.envp = envp.pointers();
  plan.cwd = has_cwd ? cwd.c_str() : nullptr;
  plan.stdio = stdio.data();
  plan.stdio_count = static_cast<int32_t>(stdio.size());
  const int cgroup = from.Int("cgroup");
  if ((birth.call.flags & CLONE_INTO_CGROUP) != 0) {
    birth.call.cgroup = cgroup;
  } else {
    plan.cgroup = cgroup;
  }
  plan.session = from.Bool("session");
  plan.process_group = from.IntOrUnset("processGroup");
  plan.rlimits = rlimits.data();
  plan.rlimit_count = static_cast<int32_t>(rlimits.size());
  plan.nice = from.IntOrUnset("nice");
  plan.umask = from.IntOrUnset("umask");
  plan.groups = groups.data();
  plan.group_count = from.Has("groups") ? static_cast<int32_t>(groups.size()) : kUnset;
  plan.groups_optional = from.Bool("groupsOptional");
  plan.gid = static_cast<int64_t>(from.Double("gid"));
  plan.uid = static_cast<int64_t>(from.Double("uid"));
  plan.no_new_privs = from.Bool("noNewPrivs");
  plan.death_signal = from.Int("deathSignal");
  plan.close_from = from.IntOrUnset("closeFrom");
  if (plan.death_signal != 0 && plan.nice == kUnset) {
    // The nice value is a thread's, and the spawner has that of whoever started it.
    errno = 0;  // -1 is also a value.
    const int nice = getpriority(PRIO_PROCESS, 0);
    if (errno == 0) {
      plan.nice = nice;
      plan.nice_optional = true;
    }
  }
  if (!from.ok()) return args.Result(-EINVAL);

  const auto fail = [&](long result, ChildStep step) {
    out[1] = static_cast<double>(step);
    return args.Result(result);
  };
  ChildStep step;
  if (const int result = Watcher::Get().Start(&step); result < 0) return fail(result, step);

  out[3] = MonotonicMs();
  if (plan.death_signal == 0) {
    GiveBirth(&birth);
  } else if (const int result = RunOnSpawner(GiveBirth, &birth); result < 0) {
    return fail(result, ChildStep::kThread);
  }

  // On failure pidfd may hold the number of a descriptor that was never opened: not ours to close.
  if (birth.result < 0) return fail(birth.result, ChildStep::kClone);
  if (plan.failure.error != 0) {
    Collect(birth.pidfd);
    close(birth.pidfd);
    return fail(-plan.failure.error, plan.failure.step);
  }

  const int64_t watch = Watcher::Get().Add(info.Env(), listener, birth.pidfd, kind, true, mode);
  if (watch < 0) {
    // An unwatched child would be a zombie one day. It has hardly run: end it, and say so.
    if (syscall(SYS_pidfd_send_signal, birth.pidfd, SIGKILL, nullptr, 0) == 0) {
      Collect(birth.pidfd);
    }
    close(birth.pidfd);
    return fail(watch, ChildStep::kWatch);
  }
  out[0] = birth.pidfd;
  out[1] = 0;
  out[2] = static_cast<double>(watch);
  return args.Result(birth.result);
}

// clone3_probe(flags) => -errno
//
// EINVAL: some flag is unknown. EFAULT: all are known, for put_user(pidfd) comes after the check of
// flags and before the child is visible; no process is created (KERNEL_FACTS, 9.1). E2BIG: older
// than 5.7, whose struct ends before `cgroup`. ENOSYS, EPERM: clone3 itself is refused.
Napi::Value Clone3Probe(const Napi::CallbackInfo& info) {
  Args args(info);
  const auto flags = static_cast<uint64_t>(args.Double(0));
  if (!args.ok() || (flags & ~kAllowedFlags) != 0) return args.Result(-EINVAL);

  CloneCall call;
  call.flags = flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_FILES | CLONE_FS;
  call.cgroup = 1;  // Not looked at without CLONE_INTO_CGROUP, but its place must be known.
  int* const nowhere = reinterpret_cast<int*>(~0ULL & ~4095ULL);

  const long result = CloneOnOwnStack(call, RunNothing, nullptr, nowhere);
  // Should a kernel ever succeed here, RunNothing has left at once, and says "I am no kernel you
  // know".
  return args.Result(result >= 0 ? -EIO : result);
}

// clone_exit_info() => 1 | 0 | -errno
//
// Whether PIDFD_GET_INFO tells how a reaped process ended. Before SUPPORTED_MASK (6.19) only a
// reaped child can show it, so one is born, leaves and is collected: with exit signal 0 and no
// exec, it is invisible to wait(2) and raises no SIGCHLD.
Napi::Value CloneExitInfo(const Napi::CallbackInfo& info) {
  Args args(info);
  CloneCall call;
  call.flags = kBirthFlags;
  call.legacy = true;
  int pidfd = -1;
  const long pid = CloneOnOwnStack(call, RunNothing, nullptr, &pidfd);
  if (pid < 0) return args.Result(pid);

  Collect(pidfd);
  PidfdInfo answer = {};
  answer.mask = kPidfdInfoExit;
  const int result = ioctl(pidfd, kPidfdGetInfo, &answer);
  const int error = errno;
  close(pidfd);
  if (result == 0) return args.Result((answer.mask & kPidfdInfoExit) != 0 ? 1 : 0);
  return args.Result(error == ESRCH ? 0 : -error);
}

}  // namespace

void InitBirth(Napi::Env env, Napi::Object exports) {
  Export(env, exports, "clone_execve", CloneExecve);
  Export(env, exports, "clone3_probe", Clone3Probe);
  Export(env, exports, "clone_exit_info", CloneExitInfo);

  Napi::Array steps = Napi::Array::New(env);
  uint32_t index = 0;
  for (const char* name : kChildStepNames) steps.Set(index++, name);
  exports.Set("clone_steps", steps);
}
