// pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2), process_mrelease(2), ioctl_pidfd(2).
#include <napi.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "args.h"
#include "families.h"
#include "owned-fds.h"
#include "uapi.h"

namespace {

// pidfd_open(2): (pid, flags, owned) => pidfd | -errno. `owned`: closed with the environment.
Napi::Value PidfdOpen(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pid = args.Int(0);
  const int flags = args.Int(1);
  const bool owned = args.Bool(2);
  if (!args.ok()) return args.Result(-EINVAL);

  const long pidfd = syscall(SYS_pidfd_open, pid, flags);
  if (pidfd >= 0 && owned) OwnedFds::Of(info.Env()).Enter(static_cast<int>(pidfd));
  return args.Errno(pidfd);
}

// pidfd_send_signal(2): (pidfd, signo, flags) => 0 | -errno
Napi::Value PidfdSendSignal(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int(0);
  const int signo = args.Int(1);
  const int flags = args.Int(2);
  if (!args.ok()) return args.Result(-EINVAL);

  // No EINTR loop: the call queues a signal, it does not sleep.
  return args.Errno(syscall(SYS_pidfd_send_signal, pidfd, signo, nullptr, flags));
}

// pidfd_getfd(2): (pidfd, targetfd, flags) => fd | -errno
Napi::Value PidfdGetfd(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int(0);
  const int target = args.Int(1);
  const int flags = args.Int(2);
  if (!args.ok()) return args.Result(-EINVAL);

  return args.Errno(syscall(SYS_pidfd_getfd, pidfd, target, flags));
}

// process_mrelease(2): (pidfd, flags) => 0 | -errno
Napi::Value ProcessMrelease(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int(0);
  const int flags = args.Int(1);
  if (!args.ok()) return args.Result(-EINVAL);

  return args.Errno(syscall(SYS_process_mrelease, pidfd, flags));
}

// ioctl_pidfd(2), PIDFD_GET_INFO: (pidfd, mask, out) => 0 | -errno
//
// `out`: mask, cgroupid high and low, pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid,
// fsgid, exit_code. What the returned mask does not name is zero.
Napi::Value PidfdGetInfo(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int(0);
  const double mask = args.Double(1);
  double* out = args.Doubles(2, 15);
  if (!args.ok()) return args.Result(-EINVAL);

  PidfdInfo answer = {};
  answer.mask = static_cast<uint64_t>(mask);
  if (ioctl(pidfd, kPidfdGetInfo, &answer) != 0) return args.Result(-errno);

  const double fields[] = {static_cast<double>(answer.mask),
                           static_cast<double>(answer.cgroupid >> 32),
                           static_cast<double>(answer.cgroupid & 0xffffffff),
                           static_cast<double>(answer.pid),
                           static_cast<double>(answer.tgid),
                           static_cast<double>(answer.ppid),
                           static_cast<double>(answer.ruid),
                           static_cast<double>(answer.rgid),
                           static_cast<double>(answer.euid),
                           static_cast<double>(answer.egid),
                           static_cast<double>(answer.suid),
                           static_cast<double>(answer.sgid),
                           static_cast<double>(answer.fsuid),
                           static_cast<double>(answer.fsgid),
                           static_cast<double>(answer.exit_code)};
  static_assert(sizeof(fields) / sizeof(double) == 15);
  for (const double field : fields) *out++ = field;
  return args.Result(0);
}

// fstat(2) on pidfs: (pidfd, out) => 0 | -errno. `out`: inode high and low.
//
// Linux 6.9. Before, every pidfd shares one anonymous inode, which would make strangers equal:
// -EOPNOTSUPP.
Napi::Value PidfdInode(const Napi::CallbackInfo& info) {
  Args args(info);
  const int pidfd = args.Int(0);
  double* out = args.Doubles(1, 2);
  if (!args.ok()) return args.Result(-EINVAL);

  struct statfs filesystem;
  if (fstatfs(pidfd, &filesystem) != 0) return args.Result(-errno);
  if (filesystem.f_type != kPidFsMagic) return args.Result(-EOPNOTSUPP);
  struct stat file;
  if (fstat(pidfd, &file) != 0) return args.Result(-errno);
  const uint64_t inode = file.st_ino;
  out[0] = static_cast<double>(inode >> 32);
  out[1] = static_cast<double>(inode & 0xffffffff);
  return args.Result(0);
}

}  // namespace

void InitPidfd(Napi::Env env, Napi::Object exports) {
  Export(env, exports, "pidfd_open", PidfdOpen);
  Export(env, exports, "pidfd_send_signal", PidfdSendSignal);
  Export(env, exports, "pidfd_getfd", PidfdGetfd);
  Export(env, exports, "pidfd_get_info", PidfdGetInfo);
  Export(env, exports, "pidfd_inode", PidfdInode);
  Export(env, exports, "process_mrelease", ProcessMrelease);
}
