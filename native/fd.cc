// Descriptors: pipe2(2), socketpair(2), fcntl(2), read(2), write(2), close(2), close_range(2).
#include <fcntl.h>
#include <napi.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "families.h"
#include "owned-fds.h"
#include "uapi.h"

namespace {

// `owned`: both ends are closed with the environment unless they were given away before.
template <typename Make>
Napi::Value MakePair(const Napi::CallbackInfo& info, Make make) {
  Args args(info);
  int32_t* out = args.Ints(0, 2);
  const bool owned = args.Bool(1);
  if (!args.ok()) return args.Result(-EINVAL);

  const int result = make(out);
  if (result == 0 && owned) {
    OwnedFds::Of(info.Env()).EnterEnd(out[0]);
    OwnedFds::Of(info.Env()).EnterEnd(out[1]);
  }
  return args.Errno(result);
}

// pipe2(2): (out, owned) => 0 | -errno. `out`: read end, write end. O_CLOEXEC.
Napi::Value Pipe2(const Napi::CallbackInfo& info) {
  return MakePair(info, [](int32_t* out) { return pipe2(out, O_CLOEXEC); });
}

// socketpair(2): (out, owned) => 0 | -errno. `out`: two ends. AF_UNIX, SOCK_STREAM, SOCK_CLOEXEC.
Napi::Value Socketpair(const Napi::CallbackInfo& info) {
  return MakePair(
      info, [](int32_t* out) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out); });
}

// An owned descriptor gets another owner: (fd) => 0
Napi::Value Disown(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int(0);
  if (!args.ok()) return args.Result(-EINVAL);

  OwnedFds::Of(info.Env()).Remove(fd);
  return args.Result(0);
}

// The ends that are still owned: () => 0
Napi::Value CloseEnds(const Napi::CallbackInfo& info) {
  OwnedFds::Of(info.Env()).CloseEnds();
  return Args(info).Result(0);
}

// F_DUPFD_CLOEXEC(2const): (fd, least, owned) => fd | -errno
Napi::Value Dup(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int(0);
  const int least = args.Int(1);
  const bool owned = args.Bool(2);
  if (!args.ok()) return args.Result(-EINVAL);

  const int result = fcntl(fd, F_DUPFD_CLOEXEC, least);
  if (result >= 0 && owned) OwnedFds::Of(info.Env()).EnterEnd(result);
  return args.Errno(result);
}

// F_SETFL(2const), O_NONBLOCK: (fd) => 0 | -errno
Napi::Value SetNonblocking(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int(0);
  if (!args.ok()) return args.Result(-EINVAL);

  const int flags = fcntl(fd, F_GETFL);
  return args.Errno(flags < 0 ? flags : fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

// F_SETPIPE_SZ(2const): (fd, bytes) => bytes | -errno
Napi::Value SetPipeSize(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int(0);
  const int bytes = args.Int(1);
  if (!args.ok()) return args.Result(-EINVAL);

  return args.Errno(fcntl(fd, F_SETPIPE_SZ, bytes));
}

// read(2): (fd, buffer) => bytes | -errno
Napi::Value Read(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int(0);
  uint8_t* buffer = args.Bytes(1);
  if (!args.ok()) return args.Result(-EINVAL);

  return args.Errno(read(fd, buffer, args.Length(1)));
}

// write(2): (fd, buffer) => bytes | -errno
Napi::Value Write(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int(0);
  const uint8_t* buffer = args.Bytes(1);
  if (!args.ok()) return args.Result(-EINVAL);

  return args.Errno(write(fd, buffer, args.Length(1)));
}

// close(2): (fd) => 0 | -errno
Napi::Value Close(const Napi::CallbackInfo& info) {
  Args args(info);
  const int fd = args.Int(0);
  if (!args.ok()) return args.Result(-EINVAL);

  OwnedFds::Of(info.Env()).Remove(fd);
  // Not repeated on EINTR: Linux has released the number by then, and it may be somebody else's.
  return args.Errno(close(fd));
}

// close_range(2): (first, last, flags) => 0 | -errno
Napi::Value CloseRange(const Napi::CallbackInfo& info) {
  Args args(info);
  const double first = args.Double(0);
  const double last = args.Double(1);
  const int flags = args.Int(2);
  if (!args.ok()) return args.Result(-EINVAL);

  return args.Errno(
      syscall(SYS_close_range, static_cast<unsigned>(first), static_cast<unsigned>(last), flags));
}

}  // namespace

void InitFd(Napi::Env env, Napi::Object exports) {
  Export(env, exports, "pipe2", Pipe2);
  Export(env, exports, "socketpair", Socketpair);
  Export(env, exports, "disown", Disown);
  Export(env, exports, "close_ends", CloseEnds);
  Export(env, exports, "dup", Dup);
  Export(env, exports, "set_nonblocking", SetNonblocking);
  Export(env, exports, "set_pipe_size", SetPipeSize);
  Export(env, exports, "read", Read);
  Export(env, exports, "write", Write);
  Export(env, exports, "close", Close);
  Export(env, exports, "close_range", CloseRange);
}
