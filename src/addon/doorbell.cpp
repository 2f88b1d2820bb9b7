#include "addon/doorbell.hpp"

namespace hawser::addon {

namespace {
void call_bell(napi_env env, napi_value callback, void*, void*) {
  // Both are null when the environment is being torn down.
  if (env == nullptr || callback == nullptr) return;
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, callback, 0, nullptr, nullptr);
}
}  // namespace

bool js_doorbell::open(napi_env env, napi_value callback) {
  napi_value name = nullptr;
  napi_create_string_utf8(env, "hawser", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, callback, nullptr, name, 0, 1, nullptr, nullptr, nullptr,
                                      call_bell, &function_) != napi_ok) {
    return false;
  }
  unref(env);
  return true;
}

void js_doorbell::ref(napi_env env) {
  if (function_ != nullptr) napi_ref_threadsafe_function(env, function_);
}

void js_doorbell::unref(napi_env env) {
  if (function_ != nullptr) napi_unref_threadsafe_function(env, function_);
}

void js_doorbell::release() {
  if (function_ == nullptr) return;
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
}

void js_doorbell::ring() noexcept {
  napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

}  // namespace hawser::addon
