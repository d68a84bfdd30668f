// Longer than a sitting, and one file all the same: every function here runs under the one lock,
// and whether one is right can only be judged beside the others.
#include "watcher.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "args.h"
#include "clock.h"
#include "owned-fds.h"
#include "thread.h"
#include "uapi.h"

namespace {

// How long exit information may be missing after HUP said that it is there. Up to 7.2 a few
// microseconds pass between the two on a busy machine; what never comes is lost, not awaited.
constexpr double kRetryMs = 1000;

bool HungUp(int pidfd) {
  pollfd entry = {pidfd, 0, 0};
  return poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
}

}  // namespace

Watcher& Watcher::Get() {
  // Never destroyed: the thread may outlive every static destructor.
  static auto* watcher = new Watcher();
  return *watcher;
}

int Watcher::Start(ChildStep* step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_) return 0;
  *step = ChildStep::kEpoll;
  if (epoll_ < 0) epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return -errno;
  *step = ChildStep::kThread;
  const int result = StartThread("autoreap-watch", ThreadMain);
  running_ = result == 0;
  return result;
}

int64_t Watcher::Add(napi_env env, int listener, int pidfd, WatchKind kind, bool child,
                     WatchMode mode) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = static_cast<size_t>(listener) < listeners_.size();
  if (listener < 0 || !known) return -EINVAL;
  Listener& owner = *listeners_[static_cast<size_t>(listener)];
  // A number is never used twice, so an event that was already on its way cannot hit a later watch.
  const int64_t id = ++last_watch_;
  // Into the table first: the event may be there before epoll_ctl returns.
  const auto at = watches_.emplace(id, Watch{pidfd, kind, listener, child, mode}).first;
  if (mode == WatchMode::kTold) {
    if (const int result = Enter(id, at->second); result < 0) {
      watches_.erase(at);
      return result;
    }
  }
  if (owner.watches++ == 0) napi_reference_ref(env, owner.callback, nullptr);
  if (mode == WatchMode::kHeld) owner.held++;
  return id;
}

// Into the epoll set. 0 | -errno.
int Watcher::Enter(int64_t id, Watch& watch) {
  epoll_event event = {};
  event.data.u64 = static_cast<uint64_t>(id);
  switch (watch.kind) {
    case WatchKind::kHup:
      break;  // events = 0: POLLIN comes before the exit information, HUP with it.
    case WatchKind::kWaitid:
      // Edge-triggered: POLLIN stays up on a zombie that a debugger holds, and would spin. When the
      // debugger lets go, the kernel notifies once more.
      event.events = EPOLLIN | EPOLLET;
      break;
    case WatchKind::kIn:
      event.events = EPOLLIN;
      break;
    default:
      return -EINVAL;
  }
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, watch.pidfd, &event) == 0 ? 0 : -errno;
}

// Out of the epoll set, if it is there.
void Watcher::Leave(Watch& watch) {
  if (watch.state != Watch::kAlive || watch.mode == WatchMode::kHeld) return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.pidfd, nullptr);
}

void Watcher::Unwatch(napi_env env, Listener& listener) {
  if (--listener.watches == 0) napi_reference_unref(env, listener.callback, nullptr);
}

int Watcher::Close(napi_env env, int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return CloseLocked(env, id);
}

int Watcher::CloseHeld(napi_env env, int listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (listener < 0 || static_cast<size_t>(listener) >= listeners_.size()) return -EINVAL;
  if (listeners_[static_cast<size_t>(listener)]->held == 0) return 0;
  std::vector<int64_t> held;
  for (const auto& [id, watch] : watches_) {
    if (watch.listener == listener && watch.mode == WatchMode::kHeld) held.push_back(id);
  }
  for (const int64_t id : held) CloseLocked(env, id);
  return 0;
}

int Watcher::CloseLocked(napi_env env, int64_t id) {
  const auto found = watches_.find(id);
  if (found == watches_.end() || found->second.listener < 0) return -EBADF;
  Watch& watch = found->second;
  Listener& owner = *listeners_[static_cast<size_t>(watch.listener)];
  if (watch.mode == WatchMode::kHeld) owner.held--;
  Unwatch(env, owner);
  if (watch.state != Watch::kDone && watch.kind == WatchKind::kWaitid) {
    LeaveToUs(id, watch);
    return 0;
  }
  Leave(watch);
  close(watch.pidfd);
  watches_.erase(found);
  return 0;
}

// Nobody will be told of its end, but it is reaped. A held one is the thread's from now on; should
// the epoll set have no room for it, it is a zombie until we end.
void Watcher::LeaveToUs(int64_t id, Watch& watch) {
  watch.listener = -1;
  if (watch.mode == WatchMode::kTold) return;
  watch.mode = WatchMode::kTold;
  if (watch.state == Watch::kRetry) watch.state = Watch::kAlive;
  Enter(id, watch);
}

int Watcher::Collect(int64_t id, double* record) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = watches_.find(id);
  if (found == watches_.end() || found->second.mode != WatchMode::kHeld) return -EBADF;
  Watch& watch = found->second;
  ExitFields fields = {};
  fields.watch = static_cast<double>(id);
  switch (Learn(watch, fields)) {
    case Learnt::kNothing:
      return 0;
    case Learnt::kSoon:
      watch.state = Watch::kRetry;
      return 0;
    case Learnt::kEnd:
      break;
  }
  watch.state = Watch::kDone;
  fields.at_ms = MonotonicMs();
  memcpy(record, &fields, sizeof(fields));
  return 1;
}

void* Watcher::ThreadMain(void*) {
  Get().Run();
  return nullptr;
}

void Watcher::Run() {
  constexpr int kBatch = 256;
  epoll_event events[kBatch];
  int idle = 0;  // Rounds in which a retry brought nothing.
  for (;;) {
    int timeout = -1;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!retries_.empty()) timeout = ++idle < 100 ? 0 : 1;
    }
    if (timeout < 0) idle = 0;
    if (timeout == 0) sched_yield();
    const int count = epoll_wait(epoll_, events, kBatch, timeout);

    std::vector<int64_t> retries;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      retries.swap(retries_);
    }
    for (const int64_t id : retries) Look(id);
    for (int i = 0; i < count; i++) Look(static_cast<int64_t>(events[i].data.u64));
    const std::lock_guard<std::mutex> lock(mutex_);
    Flush();
  }
}

// Something happened to a watched process, or did not happen yet. Holds the lock throughout, so the
// descriptor cannot be closed, and its number not reused, under our hands; nothing here blocks. Not
// for a whole batch: a thread that spawns would wait for hundreds of waits.
void Watcher::Look(int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = watches_.find(id);
  if (found == watches_.end() || found->second.state == Watch::kDone) return;
  Watch& watch = found->second;
  ExitFields fields = {};
  fields.watch = static_cast<double>(id);
  switch (Learn(watch, fields)) {
    case Learnt::kNothing:
      return;
    case Learnt::kEnd:
      return Finish(id, watch, fields);
    case Learnt::kSoon:
      return Retry(id, watch);
  }
}

// How it ended, if that can be known now. kSoon: HUP says that it can, and it cannot yet; ask again
// without waiting for another event. From kRetryMs after the first kSoon on the status is lost.
Watcher::Learnt Watcher::Learn(Watch& watch, ExitFields& fields) {
  const auto lost = [&](int error) {
    fields.lost = error;
    return Learnt::kEnd;
  };
  if (watch.kind == WatchKind::kIn) return lost(ECHILD);

  if (watch.kind == WatchKind::kWaitid) {
    siginfo_t info = {};
    rusage usage = {};
    // Raw: libc's waitid(3) has no room for the rusage. __WALL: before its exec, a child with exit
    // signal 0 is not there for an ordinary wait.
    if (syscall(SYS_waitid, kPPidfd, watch.pidfd, &info, WEXITED | WNOHANG | __WALL, &usage) == 0) {
      // A zombie that is still a debugger's; there will be an edge.
      if (info.si_pid == 0) return Learnt::kNothing;
      SetWaited(fields, info, usage);
      return Learnt::kEnd;
    }
    if (errno != ECHILD) return lost(errno);
    // Somebody stole the wait from us: a waitpid(-1) in some library, or SIGCHLD is ignored. From
    // 6.15 on, the kernel tells us nevertheless.
  } else if (!HungUp(watch.pidfd)) {
    return Learnt::kNothing;
  }

  const int error = SetExitInformation(fields, watch.pidfd);
  if (error == 0) return Learnt::kEnd;
  if (error != EAGAIN) return lost(watch.kind == WatchKind::kWaitid ? ECHILD : error);
  // The thief has taken the status and not yet released the process: HUP, a second edge, will come,
  // for a kernel that knows PIDFD_GET_INFO knows HUP.
  if (!HungUp(watch.pidfd)) return Learnt::kNothing;
  const double now = MonotonicMs();
  if (watch.retry_until_ms == 0) watch.retry_until_ms = now + kRetryMs;
  if (now < watch.retry_until_ms) return Learnt::kSoon;
  return lost(watch.kind == WatchKind::kWaitid ? ECHILD : ESRCH);
}

void Watcher::Retry(int64_t id, Watch& watch) {
  Leave(watch);
  watch.state = Watch::kRetry;
  retries_.push_back(id);
}

void Watcher::Finish(int64_t id, Watch& watch, ExitFields& fields) {
  Leave(watch);
  if (watch.listener < 0) {
    close(watch.pidfd);
    watches_.erase(id);
    return;
  }
  watch.state = Watch::kDone;
  fields.at_ms = MonotonicMs();
  listeners_[static_cast<size_t>(watch.listener)]->queue.push_back(fields);
}

// One call for all that has ended: that each has a turn of the event loop is JavaScript's to see
// to.
void Watcher::Flush() {
  for (const auto& listener : listeners_) {
    if (listener->announced || listener->queue.empty() || listener->function == nullptr) continue;
    listener->announced = napi_call_threadsafe_function(listener->function, nullptr,
                                                        napi_tsfn_nonblocking) == napi_ok;
  }
}

int Watcher::Listen(napi_env env, napi_value callback, ExitFields* records, size_t room) {
  // Without the lock: creating the function runs JavaScript, the hooks of async_hooks, and a hook
  // that spawns would wait for us for ever.
  auto* ref = new ListenerRef{this, -1};
  napi_threadsafe_function function = nullptr;
  napi_value name;
  napi_create_string_utf8(env, "autoreap", NAPI_AUTO_LENGTH, &name);
  napi_ref weak = nullptr;
  if (napi_create_reference(env, callback, 0, &weak) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, ref, Forget, ref, Deliver,
                                      &function) != napi_ok) {
    if (weak != nullptr) napi_delete_reference(env, weak);
    delete ref;
    return -ENOMEM;
  }
  napi_unref_threadsafe_function(env, function);

  const std::lock_guard<std::mutex> lock(mutex_);
  size_t number = 0;  // The place of one that has gone, or a new one.
  while (number < listeners_.size() && listeners_[number]->function != nullptr) number++;
  if (number == listeners_.size()) listeners_.push_back(std::make_unique<Listener>());
  ref->listener = static_cast<int>(number);
  Listener& listener = *listeners_[number];
  listener.function = function;
  listener.callback = weak;
  listener.records = records;
  listener.room = room;
  return ref->listener;
}

int Watcher::Reference(napi_env env, int number, bool on) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (number < 0 || static_cast<size_t>(number) >= listeners_.size()) return -EINVAL;
  napi_threadsafe_function function = listeners_[static_cast<size_t>(number)]->function;
  if (function == nullptr) return -EINVAL;
  if (on) {
    napi_ref_threadsafe_function(env, function);
  } else {
    napi_unref_threadsafe_function(env, function);
  }
  return 0;
}

// The end of a watch: its pidfd is the environment's from now on, which can close it without asking
// us. False if somebody has closed it before he was told.
bool Watcher::HandOver(napi_env env, Listener& listener, ExitFields& fields) {
  const auto found = watches_.find(static_cast<int64_t>(fields.watch));
  if (found == watches_.end()) return false;
  fields.pidfd = found->second.pidfd;
  OwnedFds::Of(env).Enter(found->second.pidfd);
  watches_.erase(found);
  Unwatch(env, listener);
  return true;
}

// On the listener's own thread. `env` is null while the environment is torn down.
void Watcher::Deliver(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;
  auto* ref = static_cast<ListenerRef*>(context);
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  for (;;) {
    napi_value callback = nullptr;
    napi_value count = nullptr;
    {
      const std::lock_guard<std::mutex> lock(ref->watcher->mutex_);
      Listener& listener = *ref->watcher->listeners_[static_cast<size_t>(ref->listener)];
      listener.announced = false;
      const size_t some = std::min(listener.queue.size(), listener.room);
      if (some == 0) return;
      // Before the last watch ends, for then the reference is weak: null if nobody watches any
      // more.
      napi_get_reference_value(env, listener.callback, &callback);
      size_t wanted = 0;
      for (size_t i = 0; i < some; i++) {
        ExitFields& fields = listener.queue[i];
        if (!ref->watcher->HandOver(env, listener, fields)) continue;
        listener.records[wanted++] = fields;
      }
      listener.queue.erase(listener.queue.begin(),
                           listener.queue.begin() + static_cast<std::ptrdiff_t>(some));
      if (wanted == 0 || callback == nullptr) continue;
      napi_create_uint32(env, static_cast<uint32_t>(wanted), &count);
    }
    if (napi_call_function(env, undefined, callback, 1, &count, nullptr) != napi_ok) break;
  }

  // A Worker that is being terminated. Without this Node.js 20 would swallow an exception with a
  // deprecation warning.
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
    napi_value error;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
}

// The environment is going away (a Worker has ended): the function is deleted after this returns,
// and the lock keeps the thread from calling it meanwhile. Children go on living, and are still
// reaped; an autokill child keeps its descriptor, or it would die with the Worker.
void Watcher::Forget(napi_env env, void* data, void*) {
  auto* ref = static_cast<ListenerRef*>(data);
  Watcher& watcher = *ref->watcher;
  const std::lock_guard<std::mutex> lock(watcher.mutex_);
  Listener& listener = *watcher.listeners_[static_cast<size_t>(ref->listener)];
  napi_delete_reference(env, listener.callback);
  listener = Listener();
  for (auto at = watcher.watches_.begin(); at != watcher.watches_.end();) {
    Watch& watch = at->second;
    if (watch.listener != ref->listener) {
      ++at;
    } else if (watch.state == Watch::kDone || !watch.child) {
      watcher.Leave(watch);
      close(watch.pidfd);
      at = watcher.watches_.erase(at);
    } else {
      watcher.LeaveToUs(at->first, watch);
      ++at;
    }
  }
  delete ref;
}

namespace {

// watcher_listen(callback, records) => listener | -errno. `records` has a place for each field of
// one record or more; callback(count) finds so many there.
Napi::Value WatcherListen(const Napi::CallbackInfo& info) {
  Args args(info);
  double* records = args.Doubles(1, std::size(kExitFieldNames));
  if (!info[0].IsFunction() || !args.ok()) return args.Result(-EINVAL);
  const size_t room = args.Length(1) / std::size(kExitFieldNames);
  return args.Result(
      Watcher::Get().Listen(info.Env(), info[0], reinterpret_cast<ExitFields*>(records), room));
}

// watcher_ref(listener, on) => 0 | -errno
Napi::Value WatcherRef(const Napi::CallbackInfo& info) {
  Args args(info);
  const int listener = args.Int(0);
  const bool on = args.Bool(1);
  if (!args.ok()) return args.Result(-EINVAL);
  return args.Result(Watcher::Get().Reference(info.Env(), listener, on));
}

// watcher_add(listener, pidfd, kind) => watch | -errno
Napi::Value WatcherAdd(const Napi::CallbackInfo& info) {
  Args args(info);
  const int listener = args.Int(0);
  const int pidfd = args.Int(1);
  const auto kind = static_cast<WatchKind>(args.Int(2));
  if (!args.ok()) return args.Result(-EINVAL);
  ChildStep step;
  if (const int result = Watcher::Get().Start(&step); result < 0) return args.Result(result);
  const int64_t watch = Watcher::Get().Add(info.Env(), listener, pidfd, kind, false);
  if (watch >= 0) OwnedFds::Of(info.Env()).Remove(pidfd);
  return args.Result(watch);
}

// watcher_collect(watch, out) => 1 | 0 | -errno. `out` has a place for each field.
Napi::Value WatcherCollect(const Napi::CallbackInfo& info) {
  Args args(info);
  const double watch = args.Double(0);
  double* out = args.Doubles(1, std::size(kExitFieldNames));
  if (!args.ok()) return args.Result(-EINVAL);
  return args.Result(Watcher::Get().Collect(static_cast<int64_t>(watch), out));
}

// watcher_close(watch) => 0 | -errno
Napi::Value WatcherClose(const Napi::CallbackInfo& info) {
  Args args(info);
  const double watch = args.Double(0);
  if (!args.ok()) return args.Result(-EINVAL);
  return args.Result(Watcher::Get().Close(info.Env(), static_cast<int64_t>(watch)));
}

// watcher_close_held(listener) => 0 | -errno
Napi::Value WatcherCloseHeld(const Napi::CallbackInfo& info) {
  Args args(info);
  const int listener = args.Int(0);
  if (!args.ok()) return args.Result(-EINVAL);
  return args.Result(Watcher::Get().CloseHeld(info.Env(), listener));
}

}  // namespace

void InitWatcher(Napi::Env env, Napi::Object exports) {
  Export(env, exports, "watcher_listen", WatcherListen);
  Export(env, exports, "watcher_ref", WatcherRef);
  Export(env, exports, "watcher_add", WatcherAdd);
  Export(env, exports, "watcher_collect", WatcherCollect);
  Export(env, exports, "watcher_close", WatcherClose);
  Export(env, exports, "watcher_close_held", WatcherCloseHeld);

  Napi::Array fields = Napi::Array::New(env);
  uint32_t index = 0;
  for (const char* name : kExitFieldNames) fields.Set(index++, name);
  exports.Set("watcher_fields", fields);
}
