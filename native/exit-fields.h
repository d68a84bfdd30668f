// What is told of the end of a process, and the two calls that tell it.
#pragma once

#include <signal.h>
#include <sys/resource.h>

// One end, as lib/backend/native.ts reads it: doubles, because a record is one Float64Array.
struct ExitFields {
  double watch;
  double pidfd;  // The listener's to close.
  double lost;   // The errno that hid the status, or 0.
  double wstatus;
  double at_ms;  // CLOCK_MONOTONIC.
  double has_cgroup;
  double cgroup_high;
  double cgroup_low;
  double has_rusage;
  double utime_us;
  double stime_us;
  double maxrss_kib;
  double minflt;
  double majflt;
  double inblock;
  double oublock;
  double nvcsw;
  double nivcsw;
};
constexpr const char* kExitFieldNames[] = {
    "watch",      "pidfd",     "lost",      "wstatus", "atMs",    "hasCgroup",
    "cgroupHigh", "cgroupLow", "hasRusage", "utimeUs", "stimeUs", "maxrssKib",
    "minflt",     "majflt",    "inblock",   "oublock", "nvcsw",   "nivcsw",
};
static_assert(sizeof(ExitFields) / sizeof(double) == sizeof(kExitFieldNames) / sizeof(char*));

// By waitid(2): the status and what it used. `info` and `usage` are what the call filled in.
void SetWaited(ExitFields& fields, const siginfo_t& info, const rusage& usage);

// By PIDFD_GET_INFO, of a process that somebody reaps. 0: `fields` has the status. EAGAIN: not yet.
// Anything else: this kernel, or a seccomp filter, does not tell.
int SetExitInformation(ExitFields& fields, int pidfd);
