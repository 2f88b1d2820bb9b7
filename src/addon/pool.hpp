// The decisions of a connection pool for JavaScript: src/core/pool in a wrapper. Lives on the JavaScript
// thread alone; the connections themselves are managed clients, which the caller makes and ends as the
// actions say.
#pragma once

#include <napi.h>

#include <optional>

#include "core/pool/pool_core.hpp"

namespace hawser::addon {

// Each call answers with a Float64Array: its result, then six numbers for each action: kind, connection,
// endpoint, user, request, why.
class pool : public Napi::ObjectWrap<pool> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit pool(const Napi::CallbackInfo& info);

 private:
  Napi::Value add_target(const Napi::CallbackInfo& info);
  Napi::Value remove_target(const Napi::CallbackInfo& info);
  Napi::Value acquire(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value begin_request(const Napi::CallbackInfo& info);
  Napi::Value end_request(const Napi::CallbackInfo& info);
  Napi::Value report(const Napi::CallbackInfo& info);
  Napi::Value remove_connection(const Napi::CallbackInfo& info);
  Napi::Value set_limit(const Napi::CallbackInfo& info);
  Napi::Value cleanup(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value timer(const Napi::CallbackInfo& info);
  Napi::Value next_deadline(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);

  Napi::Value answer(Napi::Env env, double result);

  std::optional<hawser::pool::pool_core> core_;
  hawser::pool::pool_actions actions_;
};

}  // namespace hawser::addon
