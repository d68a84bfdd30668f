#include <napi.h>

#include "families.h"
#include "owned-fds.h"
#include "watcher.h"

// Once per environment: the main thread's and each Worker's.
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new OwnedFds());  // Deleted with the environment.
  InitBirth(env, exports);
  InitFd(env, exports);
  InitPidfd(env, exports);
  InitPoll(env, exports);
  InitPrctl(env, exports);
  InitWaitid(env, exports);
  InitWatcher(env, exports);
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
