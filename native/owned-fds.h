// Descriptors that only JavaScript knows, one set per environment.
//
// A Worker can be terminated between any two lines of JavaScript, and then runs no `finally`: a
// pipe made by one line and given away by the next would stay open until the process ends. So what
// is made for our own use is entered here until somebody else owns it, and what is left when the
// environment goes away is closed. Only touched on the environment's own thread.
//
// The ends of pipes are never owned from one tick to the next, so what is left of them then belongs
// to a call that was cut off in the main thread (vm's timeout, Ctrl-C in the REPL), which lives on.
#pragma once

#include <napi.h>
#include <unistd.h>

#include <unordered_set>

class OwnedFds {
 public:
  OwnedFds() = default;
  OwnedFds(const OwnedFds&) = delete;
  OwnedFds& operator=(const OwnedFds&) = delete;
  ~OwnedFds() {
    CloseEnds();
    for (const int fd : fds_) close(fd);
  }

  static OwnedFds& Of(Napi::Env env) { return *env.GetInstanceData<OwnedFds>(); }

  void Enter(int fd) { fds_.insert(fd); }
  void EnterEnd(int fd) { ends_.insert(fd); }
  // Somebody else owns it now, or it is closed. Nothing happens if it was not ours.
  void Remove(int fd) {
    fds_.erase(fd);
    ends_.erase(fd);
  }
  void CloseEnds() {
    for (const int fd : ends_) close(fd);
    ends_.clear();
  }

 private:
  std::unordered_set<int> fds_;
  std::unordered_set<int> ends_;
};
