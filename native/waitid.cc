// waitid(2).
#include <napi.h>
#include <sys/resource.h>
#include <unistd.h>

#include "args.h"
#include "families.h"
#include "uapi.h"

namespace {

// waitid(2): (idtype, id, options, out) => 0 | -errno
//
// `out`: si_pid, si_uid, si_signo, si_code, si_status, then utime and stime in microseconds, maxrss
// in KiB, minflt, majflt, inblock, oublock, nvcsw, nivcsw. si_pid 0: nothing to report (WNOHANG).
Napi::Value Waitid(const Napi::CallbackInfo& info) {
  Args args(info);
  const int idtype = args.Int(0);
  const int id = args.Int(1);
  const int options = args.Int(2);
  double* out = args.Doubles(3, 14);
  if (!args.ok()) return args.Result(-EINVAL);

  siginfo_t answer = {};
  rusage usage = {};
  // Raw: the kernel's fifth argument is the rusage, which libc's waitid(3) does not have.
  if (syscall(SYS_waitid, idtype, id, &answer, options, &usage) != 0) return args.Result(-errno);

  const auto microseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  const double fields[] = {
      static_cast<double>(answer.si_pid),    static_cast<double>(answer.si_uid),
      static_cast<double>(answer.si_signo),  static_cast<double>(answer.si_code),
      static_cast<double>(answer.si_status), microseconds(usage.ru_utime),
      microseconds(usage.ru_stime),          static_cast<double>(usage.ru_maxrss),
      static_cast<double>(usage.ru_minflt),  static_cast<double>(usage.ru_majflt),
      static_cast<double>(usage.ru_inblock), static_cast<double>(usage.ru_oublock),
      static_cast<double>(usage.ru_nvcsw),   static_cast<double>(usage.ru_nivcsw)};
  static_assert(sizeof(fields) / sizeof(double) == 14);
  for (const double field : fields) *out++ = field;
  return args.Result(0);
}

}  // namespace

void InitWaitid(Napi::Env env, Napi::Object exports) { Export(env, exports, "waitid", Waitid); }
