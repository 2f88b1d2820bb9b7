// The bell that wakes JavaScript: one ThreadSafeFunction a runtime, called without data.
// Rung by reactor threads; made, referenced and released by the JavaScript thread, which joins the reactors
// first.
#pragma once

#include <node_api.h>

#include "bridge/channel.hpp"

namespace hawser::addon {

class js_doorbell final : public bridge::doorbell {
 public:
  js_doorbell() = default;
  js_doorbell(const js_doorbell&) = delete;
  js_doorbell& operator=(const js_doorbell&) = delete;

  // `callback` is called on the JavaScript thread after each ring, several rings may share a call.
  bool open(napi_env env, napi_value callback);
  void ref(napi_env env);
  void unref(napi_env env);
  void release();
  void ring() noexcept override;

 private:
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace hawser::addon
