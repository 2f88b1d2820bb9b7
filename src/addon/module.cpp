// The entry of hawser.node: what types/native.d.ts calls NativeBinding.
#include <napi.h>

#include "addon/pool.hpp"
#include "addon/runtime.hpp"
#include "addon/version.hpp"

namespace hawser::addon {

namespace {
Napi::Value fatal_exception(const Napi::CallbackInfo& info) {
  napi_fatal_exception(info.Env(), info[0]);
  return info.Env().Undefined();
}

}  // namespace

// The constructors live as long as the environment; a binding loaded twice has two of each.
Napi::Object init_module(Napi::Env env, Napi::Object exports) {
  const auto constructor = std::make_shared<Napi::FunctionReference>(Napi::Persistent(runtime::define(env)));
  const auto pools = std::make_shared<Napi::FunctionReference>(Napi::Persistent(pool::define(env)));
  exports.Set(
      "createPool",
      Napi::Function::New(
          env, [pools](const Napi::CallbackInfo& info) -> Napi::Value { return pools->New({info[0]}); },
          "createPool"));
  exports.Set("version", Napi::String::New(env, version));
  exports.Set("fatalException", Napi::Function::New(env, fatal_exception, "fatalException"));
  exports.Set("createRuntime", Napi::Function::New(
                                   env,
                                   [constructor](const Napi::CallbackInfo& info) -> Napi::Value {
                                     return constructor->New({info[0], info[1]});
                                   },
                                   "createRuntime"));
  return exports;
}

}  // namespace hawser::addon

using hawser::addon::init_module;
NODE_API_MODULE(hawser, init_module)
