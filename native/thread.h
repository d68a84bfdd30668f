// A thread of ours: detached, alive until the process ends, deaf to every signal, so that the
// application's handlers run where they always did.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <cstddef>

// 0 | -errno of pthread_create(3).
inline int StartThread(const char* name, void* (*run)(void*)) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);

  constexpr size_t kStackBytes = 256 * 1024;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run, nullptr);
  if (error == 0) pthread_setname_np(thread, name);
  pthread_attr_destroy(&attributes);

  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return -error;
}
