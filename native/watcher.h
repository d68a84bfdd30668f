// The one thread that learns how processes end.
//
// It holds an epoll set of pidfds and, per listener (one for each copy of the library in each
// JavaScript environment), a queue of records and a napi_threadsafe_function that delivers them. It
// does not depend on any event loop: with the loop blocked or its Worker ended, children are still
// reaped.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "child.h"
#include "exit-fields.h"

// How the end of a process is learnt. The values are WatchKind of lib/backend/interface.ts.
enum class WatchKind : int32_t {
  kHup,     // Somebody else reaps (the kernel, another parent): HUP, then PIDFD_GET_INFO.
  kWaitid,  // We reap: POLLIN, then waitid(P_PIDFD).
  kIn,      // Nobody can tell the status (before 6.13): POLLIN is all there is.
};

// Who asks how a child ended.
enum class WatchMode : int32_t {
  kTold,  // Nobody: the thread sees to it and tells the listener.
  kHeld,  // The thread that made it, by Collect(): it is in poll(2) itself, and no event loop runs.
};

class Watcher {
 public:
  static Watcher& Get();

  // Starts the thread, once. 0 | -errno, and the step that failed.
  int Start(ChildStep* step);

  // A JavaScript function that wants records, and its number. >= 0 | -errno. It is called with how
  // many there are, one behind the other in `records`, an array of its own with room for so many.
  // Both are held only while it has watches: a copy of the library that nobody uses any more can be
  // collected.
  int Listen(napi_env env, napi_value callback, ExitFields* records, size_t room);

  // Whether a listener keeps its event loop alive. 0 | -errno.
  int Reference(napi_env env, int listener, bool on);

  // Takes `pidfd`, which closes by Close() or, when the listener's environment has ended, with the
  // process it names. Returns the watch, or -errno and takes nothing.
  // `child`: it goes on being watched when the environment ends, to be reaped, and because the last
  // reference to an autokill pidfd is the child's life. A stranger's pidfd is closed then.
  int64_t Add(napi_env env, int listener, int pidfd, WatchKind kind, bool child,
              WatchMode mode = WatchMode::kTold);

  // Whether a held child has ended; if so, `record` says how. Does not wait. 1 | 0 | -EBADF.
  int Collect(int64_t watch, double* record);

  // Closes the pidfd of a watch. A child that is alive and ours to reap stays watched: only its
  // record will not be delivered. 0 | -EBADF.
  int Close(napi_env env, int64_t watch);

  // The same for all that a listener holds: of calls that were cut off before they knew their
  // watch.
  int CloseHeld(napi_env env, int listener);

 private:
  struct Listener {
    napi_threadsafe_function function = nullptr;  // Null once its environment is going away.
    std::vector<ExitFields> queue;
    bool announced = false;       // A call of `function` is on its way.
    napi_ref callback = nullptr;  // Strong while there are watches.
    uint32_t watches = 0;
    uint32_t held = 0;              // How many of them are kHeld.
    ExitFields* records = nullptr;  // Alive as long as the callback is.
    size_t room = 0;
  };
  struct Watch {
    int pidfd;
    WatchKind kind;
    int listener;  // -1: nobody; the pidfd closes with the process.
    bool child;
    WatchMode mode;  // A held one is not in the epoll set.
    enum { kAlive, kRetry, kDone } state = kAlive;
    double retry_until_ms = 0;
  };
  enum class Learnt { kEnd, kNothing, kSoon };
  struct ListenerRef {
    Watcher* watcher;
    int listener;
  };

  static void* ThreadMain(void* argument);
  static void Deliver(napi_env env, napi_value, void* context, void* data);
  static void Forget(napi_env env, void* data, void* hint);

  int CloseLocked(napi_env env, int64_t id);
  void Unwatch(napi_env env, Listener& listener);
  bool HandOver(napi_env env, Listener& listener, ExitFields& fields);
  void Run();
  void Look(int64_t id);
  static Learnt Learn(Watch& watch, ExitFields& fields);
  void Finish(int64_t id, Watch& watch, ExitFields& fields);
  void Retry(int64_t id, Watch& watch);
  int Enter(int64_t id, Watch& watch);
  void Leave(Watch& watch);
  void LeaveToUs(int64_t id, Watch& watch);
  void Flush();

  std::mutex mutex_;
  int epoll_ = -1;
  bool running_ = false;
  int64_t last_watch_ = 0;
  std::unordered_map<int64_t, Watch> watches_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // By number; places are used again.
  std::vector<int64_t> retries_;
};

void InitWatcher(Napi::Env env, Napi::Object exports);
