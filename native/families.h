// One Init per system call family.
#pragma once

#include <napi.h>

void InitBirth(Napi::Env env, Napi::Object exports);
void InitFd(Napi::Env env, Napi::Object exports);
void InitPidfd(Napi::Env env, Napi::Object exports);
void InitPoll(Napi::Env env, Napi::Object exports);
void InitPrctl(Napi::Env env, Napi::Object exports);
void InitWaitid(Napi::Env env, Napi::Object exports);
