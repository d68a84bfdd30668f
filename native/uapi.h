// Kernel ABI that may be newer than the machine that builds us: the kernel's own spelling, where it
// comes from, the release that brought it, and an assertion instead of trust.
#pragma once

#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstdint>

// <asm-generic/unistd.h>; the same number on x86_64 and aarch64 since the tables were joined.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424  // Linux 5.1.
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434  // Linux 5.3.
#endif
#ifndef SYS_clone3
#define SYS_clone3 435  // Linux 5.3.
#endif
#ifndef SYS_close_range
#define SYS_close_range 436  // Linux 5.9.
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438  // Linux 5.6.
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448  // Linux 5.15.
#endif
static_assert(SYS_clone3 == 435 && SYS_close_range == 436 && SYS_process_mrelease == 448);

// <linux/sched.h>, clone3(2).
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000  // Linux 5.2.
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND (1ULL << 32)  // Linux 5.5.
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP (1ULL << 33)  // Linux 5.7.
#endif
#ifndef CLONE_AUTOREAP
#define CLONE_AUTOREAP (1ULL << 34)  // Linux 7.1.
#endif
#ifndef CLONE_NNP
#define CLONE_NNP (1ULL << 35)  // Linux 7.1.
#endif
#ifndef CLONE_PIDFD_AUTOKILL
#define CLONE_PIDFD_AUTOKILL (1ULL << 36)  // Linux 7.1.
#endif
static_assert(CLONE_CLEAR_SIGHAND == 0x100000000ULL && CLONE_INTO_CGROUP == 0x200000000ULL);
static_assert(CLONE_AUTOREAP == 1ULL << 34 && CLONE_NNP == 1ULL << 35);
static_assert(CLONE_PIDFD_AUTOKILL == 1ULL << 36);

// <linux/sched.h>, struct clone_args, CLONE_ARGS_SIZE_VER2 (Linux 5.7). Our own name, because the
// header of an older machine stops at VER0 or VER1.
struct CloneArgs {
  alignas(8) uint64_t flags;
  alignas(8) uint64_t pidfd;
  alignas(8) uint64_t child_tid;
  alignas(8) uint64_t parent_tid;
  alignas(8) uint64_t exit_signal;
  alignas(8) uint64_t stack;
  alignas(8) uint64_t stack_size;
  alignas(8) uint64_t tls;
  alignas(8) uint64_t set_tid;
  alignas(8) uint64_t set_tid_size;
  alignas(8) uint64_t cgroup;
};
static_assert(sizeof(CloneArgs) == 88);

// <linux/wait.h>, waitid(2). Linux 5.4. In glibc 2.36 an enumerator, in older headers absent.
constexpr int kPPidfd = 3;

// <linux/pidfd.h>, ioctl_pidfd(2). The 64 bytes that every kernel since 6.13 knows: a larger struct
// gets mask bits for fields whose place has moved between releases (supported_mask, 72 to 80).
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroupid;
  uint32_t pid;
  uint32_t tgid;
  uint32_t ppid;
  uint32_t ruid;
  uint32_t rgid;
  uint32_t euid;
  uint32_t egid;
  uint32_t suid;
  uint32_t sgid;
  uint32_t fsuid;
  uint32_t fsgid;
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);  // Linux 6.13.
static_assert(kPidfdGetInfo == 0xC040FF0B);
constexpr uint64_t kPidfdInfoPid = 1ULL << 0;
constexpr uint64_t kPidfdInfoCgroupid = 1ULL << 2;
constexpr uint64_t kPidfdInfoExit = 1ULL << 3;  // Linux 6.15.

// <linux/magic.h>: what fstatfs(2) says of a pidfd since it has an inode of its own. Linux 6.9.
constexpr long kPidFsMagic = 0x50494446;
