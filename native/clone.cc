#include "clone.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "raw-syscall.h"
#include "uapi.h"

// long autoreap_clone_trampoline(long nr, long a, long b, long c, long d, long e)
//
// libc's syscall(2) cannot do this: with CLONE_VM the child would return through a frame that the
// parent is still using (measured: the parent ran the child's _exit). Here the child starts on its
// own stack, whose two topmost words are the entry point and its argument, and never returns.
extern "C" long autoreap_clone_trampoline(long nr, long a, long b, long c, long d, long e);

#if defined(__x86_64__)
asm(R"(
  .text
  .hidden autoreap_clone_trampoline
  .globl autoreap_clone_trampoline
  .type autoreap_clone_trampoline, @function
autoreap_clone_trampoline:
  .cfi_startproc
  endbr64
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  syscall
  testq %rax, %rax
  jz 1f
  ret
1:
  .cfi_undefined rip
  xorl %ebp, %ebp
  popq %rax
  popq %rdi
  call *%rax
  hlt
  .cfi_endproc
  .size autoreap_clone_trampoline, . - autoreap_clone_trampoline
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .hidden autoreap_clone_trampoline
  .globl autoreap_clone_trampoline
  .type autoreap_clone_trampoline, %function
autoreap_clone_trampoline:
  .cfi_startproc
  hint #34
  mov x8, x0
  mov x0, x1
  mov x1, x2
  mov x2, x3
  mov x3, x4
  mov x4, x5
  svc #0
  cbz x0, 1f
  ret
1:
  .cfi_undefined x30
  mov x29, #0
  mov x30, #0
  ldp x1, x0, [sp], #16
  blr x1
  brk #0
  .cfi_endproc
  .size autoreap_clone_trampoline, . - autoreap_clone_trampoline
)");
#endif

namespace {

// The child's stack: one per spawning thread, which is suspended (CLONE_VFORK) for as long as a
// child is on it. The page below is out of bounds, so an overflow is a SIGSEGV and not a corrupted
// heap.
class ChildStack {
 public:
  ChildStack() = default;
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  ~ChildStack() {
    if (base_ != nullptr) munmap(base_, guard_ + kBytes);
  }

  // The top, 16-byte aligned as both ABIs want it at a call, or null and errno.
  void** Top() {
    if (base_ == nullptr) {
      guard_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
      void* base = mmap(nullptr, guard_ + kBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
      if (base == MAP_FAILED) return nullptr;
      if (mprotect(base, guard_, PROT_NONE) != 0) {
        munmap(base, guard_ + kBytes);
        return nullptr;
      }
      base_ = static_cast<char*>(base);
    }
    return reinterpret_cast<void**>(base_ + guard_ + kBytes);
  }

  char* Bottom() const { return base_ + guard_; }

 private:
  static constexpr size_t kBytes = 64 * 1024;
  char* base_ = nullptr;
  size_t guard_ = 0;
};

thread_local ChildStack child_stack;

}  // namespace

long CloneOnOwnStack(const CloneCall& call, void (*entry)(void*), void* argument, int* pidfd) {
  void** top = child_stack.Top();
  if (top == nullptr) return -errno;
  void** stack = top - 2;
  stack[0] = reinterpret_cast<void*>(entry);
  stack[1] = argument;

  // Of every thread's handlers, none may run in the child: it would run in our memory (libuv's
  // would write to our self-pipe). Raw, because libc never blocks the two signals it keeps for
  // itself.
  const uint64_t all = ~0ULL;
  uint64_t before = 0;
  RawSyscall(SYS_rt_sigprocmask, SIG_SETMASK, RawPointer(&all), RawPointer(&before), 8);

  long result;
  if (call.legacy) {
    // The fifth argument differs by architecture, and is unused on both. Bits above 31 would be
    // dropped silently; the caller has refused them.
    result = autoreap_clone_trampoline(
        SYS_clone, static_cast<long>(call.flags & ~CLONE_CLEAR_SIGHAND) | call.exit_signal,
        RawPointer(stack), RawPointer(pidfd), 0, 0);
  } else {
    CloneArgs args = {};
    args.flags = call.flags;
    args.pidfd = reinterpret_cast<uintptr_t>(pidfd);
    args.exit_signal = static_cast<uint64_t>(call.exit_signal);
    args.stack = reinterpret_cast<uintptr_t>(child_stack.Bottom());
    args.stack_size = static_cast<uint64_t>(reinterpret_cast<char*>(stack) - child_stack.Bottom());
    args.cgroup = call.cgroup >= 0 ? static_cast<uint64_t>(call.cgroup) : 0;
    result = autoreap_clone_trampoline(SYS_clone3, RawPointer(&args), sizeof(args), 0, 0, 0);
  }

  RawSyscall(SYS_rt_sigprocmask, SIG_SETMASK, RawPointer(&before), 0, 8);
  return result;
}
