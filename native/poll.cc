// poll(2).
#include <napi.h>
#include <poll.h>

#include <vector>

#include "args.h"
#include "families.h"

namespace {

// poll(2): (fds, timeoutMs) => ready | -errno. `fds`: triples of fd, events, revents; the last is
// written. With events 0 only POLLERR, POLLHUP and POLLNVAL are reported.
Napi::Value Poll(const Napi::CallbackInfo& info) {
  Args args(info);
  int32_t* triples = args.Ints(0, 0);
  const int timeout = args.Int(1);
  if (!args.ok()) return args.Result(-EINVAL);
  const size_t length = args.Length(0);
  if (length % 3 != 0) return args.Result(-EINVAL);

  std::vector<pollfd> fds;
  fds.reserve(length / 3);
  for (size_t i = 0; i < length; i += 3) {
    fds.push_back({triples[i], static_cast<int16_t>(triples[i + 1]), 0});
  }
  const int result = poll(fds.data(), fds.size(), timeout);
  const int error = errno;
  for (size_t i = 0; i < fds.size(); i++) triples[i * 3 + 2] = fds[i].revents;
  return args.Result(result < 0 ? -error : result);
}

}  // namespace

void InitPoll(Napi::Env env, Napi::Object exports) { Export(env, exports, "poll", Poll); }
