#include "exit-fields.h"

#include <cerrno>

#include "uapi.h"

// siginfo of a child, back in the form of wait(2).
static int WaitStatus(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

static double Microseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

void SetWaited(ExitFields& fields, const siginfo_t& info, const rusage& usage) {
  fields.wstatus = WaitStatus(info);
  fields.has_rusage = 1;
  fields.utime_us = Microseconds(usage.ru_utime);
  fields.stime_us = Microseconds(usage.ru_stime);
  fields.maxrss_kib = static_cast<double>(usage.ru_maxrss);
  fields.minflt = static_cast<double>(usage.ru_minflt);
  fields.majflt = static_cast<double>(usage.ru_majflt);
  fields.inblock = static_cast<double>(usage.ru_inblock);
  fields.oublock = static_cast<double>(usage.ru_oublock);
  fields.nvcsw = static_cast<double>(usage.ru_nvcsw);
  fields.nivcsw = static_cast<double>(usage.ru_nivcsw);
}

int SetExitInformation(ExitFields& fields, int pidfd) {
  PidfdInfo info = {};
  info.mask = kPidfdInfoExit;
  if (ioctl(pidfd, kPidfdGetInfo, &info) != 0) return errno == ESRCH ? EAGAIN : errno;
  if ((info.mask & kPidfdInfoExit) == 0) return EAGAIN;
  fields.wstatus = info.exit_code;
  if ((info.mask & kPidfdInfoCgroupid) != 0) {
    fields.has_cgroup = 1;
    fields.cgroup_high = static_cast<double>(info.cgroupid >> 32);
    fields.cgroup_low = static_cast<double>(info.cgroupid & 0xffffffff);
  }
  return 0;
}
