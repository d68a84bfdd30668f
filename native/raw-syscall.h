// A system call and nothing else: no errno, no libc, no thread-local storage. For the code that
// runs between clone and execve, where libc's state belongs to a thread that is suspended
// (child.cc).
#pragma once

#if defined(__x86_64__)

[[gnu::always_inline]] inline long RawSyscall(long nr, long a = 0, long b = 0, long c = 0,
                                              long d = 0, long e = 0) noexcept {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

[[gnu::always_inline]] inline long RawSyscall(long nr, long a = 0, long b = 0, long c = 0,
                                              long d = 0, long e = 0) noexcept {
  register long x8 asm("x8") = nr;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}

#else
#error "autoreap knows the system call convention of x86_64 and aarch64; port RawSyscall()."
#endif

template <typename T>
[[gnu::always_inline]] inline long RawPointer(T* pointer) noexcept {
  return reinterpret_cast<long>(pointer);
}
