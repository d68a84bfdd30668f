// Arguments in, numbers out. A binding never throws: what is not of the expected type makes the
// call answer -EINVAL, and the TypeScript above has said so better before.
#pragma once

#include <napi.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "child.h"

using Binding = Napi::Value (*)(const Napi::CallbackInfo&);

inline void Export(Napi::Env env, Napi::Object exports, const char* name, Binding binding) {
  exports.Set(name, Napi::Function::New(env, binding, name));
}

// Positional arguments.
class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info) : info_(info) {}

  double Double(size_t i) {
    double value = 0;
    if (napi_get_value_double(info_.Env(), info_[i], &value) != napi_ok) ok_ = false;
    return value;
  }
  int Int(size_t i) {
    int32_t value = 0;
    if (napi_get_value_int32(info_.Env(), info_[i], &value) != napi_ok) ok_ = false;
    return value;
  }
  bool Bool(size_t i) {
    bool value = false;
    if (napi_get_value_bool(info_.Env(), info_[i], &value) != napi_ok) ok_ = false;
    return value;
  }
  // A Float64Array or Int32Array of at least `least` elements, to be read or written in place.
  double* Doubles(size_t i, size_t least) { return Typed<double>(i, least, napi_float64_array); }
  int32_t* Ints(size_t i, size_t least) { return Typed<int32_t>(i, least, napi_int32_array); }
  uint8_t* Bytes(size_t i) { return Typed<uint8_t>(i, 0, napi_uint8_array); }
  size_t Length(size_t i) const { return info_[i].As<Napi::TypedArray>().ElementLength(); }

  bool ok() const { return ok_; }
  Napi::Value Result(int64_t result) const {
    return Napi::Number::New(info_.Env(), static_cast<double>(result));
  }
  // What a system call made through libc returned: its value, or -errno.
  Napi::Value Errno(int64_t result) const { return Result(result < 0 ? -errno : result); }

 private:
  template <typename T>
  T* Typed(size_t i, size_t least, napi_typedarray_type wanted) {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    if (napi_get_typedarray_info(info_.Env(), info_[i], &type, &length, &data, nullptr, nullptr) !=
            napi_ok ||
        type != wanted || length < least) {
      ok_ = false;
      return nullptr;
    }
    return static_cast<T*>(data);
  }

  const Napi::CallbackInfo& info_;
  bool ok_ = true;
};

// The properties of one object argument. A property that is undefined reads as unset.
class Fields {
 public:
  explicit Fields(napi_env env, napi_value object) : env_(env), object_(object) {
    napi_valuetype type = napi_undefined;
    if (napi_typeof(env, object, &type) != napi_ok || type != napi_object) ok_ = false;
  }
  explicit Fields(const Napi::Value& object) : Fields(object.Env(), object) {}

  bool Has(const char* name) const {
    napi_valuetype type = napi_undefined;
    napi_value value = Get(name);
    return value != nullptr && napi_typeof(env_, value, &type) == napi_ok && type != napi_undefined;
  }
  double Double(const char* name) const {
    double result = 0;
    napi_value value = Get(name);
    if (value == nullptr || napi_get_value_double(env_, value, &result) != napi_ok) ok_ = false;
    return result;
  }
  int Int(const char* name) const { return static_cast<int>(Double(name)); }
  int IntOrUnset(const char* name) const { return Has(name) ? Int(name) : kUnset; }
  bool Bool(const char* name) const {
    bool result = false;
    napi_value value = Get(name);
    if (value == nullptr || napi_get_value_bool(env_, value, &result) != napi_ok) ok_ = false;
    return result;
  }
  std::string String(const char* name) const {
    napi_value value = Get(name);
    size_t length = 0;
    if (value == nullptr ||
        napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) {
      ok_ = false;
      return {};
    }
    std::string result(length, '\0');
    napi_get_value_string_utf8(env_, value, result.data(), length + 1, &length);
    return result;
  }
  // An array of numbers of any element type, copied; empty when unset.
  template <typename T>
  std::vector<T> Numbers(const char* name) const {
    std::vector<T> result;
    if (!Has(name)) return result;
    napi_value array = Get(name);
    uint32_t length = 0;
    if (napi_get_array_length(env_, array, &length) != napi_ok) {
      ok_ = false;
      return result;
    }
    result.reserve(length);
    for (uint32_t i = 0; i < length; i++) {
      napi_value element = nullptr;
      double number = 0;
      if (napi_get_element(env_, array, i, &element) != napi_ok ||
          napi_get_value_double(env_, element, &number) != napi_ok) {
        ok_ = false;
        return result;
      }
      result.push_back(static_cast<T>(number));
    }
    return result;
  }

  bool ok() const { return ok_; }

 private:
  napi_value Get(const char* name) const {
    napi_value value = nullptr;
    if (!ok_ || napi_get_named_property(env_, object_, name, &value) != napi_ok) return nullptr;
    return value;
  }

  napi_env env_;
  napi_value object_;
  mutable bool ok_ = true;
};
