// prctl(2): what a process says about itself.
#include <napi.h>
#include <sys/prctl.h>

#include "args.h"
#include "families.h"

namespace {

// PR_SET_CHILD_SUBREAPER(2const): (on) => 0 | -errno. Linux 3.4.
Napi::Value SetChildSubreaper(const Napi::CallbackInfo& info) {
  Args args(info);
  const bool on = args.Bool(0);
  if (!args.ok()) return args.Result(-EINVAL);

  return args.Errno(prctl(PR_SET_CHILD_SUBREAPER, static_cast<unsigned long>(on), 0, 0, 0));
}

// PR_GET_CHILD_SUBREAPER(2const): () => 1 | 0 | -errno
Napi::Value GetChildSubreaper(const Napi::CallbackInfo& info) {
  Args args(info);
  int on = 0;
  const int result = prctl(PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0);
  return args.Errno(result < 0 ? result : on);
}

// PR_GET_NO_NEW_PRIVS(2const): () => 1 | 0 | -errno
Napi::Value GetNoNewPrivs(const Napi::CallbackInfo& info) {
  Args args(info);
  return args.Errno(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

}  // namespace

void InitPrctl(Napi::Env env, Napi::Object exports) {
  Export(env, exports, "prctl_set_child_subreaper", SetChildSubreaper);
  Export(env, exports, "prctl_get_child_subreaper", GetChildSubreaper);
  Export(env, exports, "prctl_get_no_new_privs", GetNoNewPrivs);
}
