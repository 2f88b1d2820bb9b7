// The runtime of one Node environment: the object that types/native.d.ts calls NativeRuntime.
//
// Member order is the order of construction; destruction goes backwards: reactors are joined and gone before
// the bell is released. dispose() does the same earlier, called by the program's exit or by the environment's
// cleanup hook, whichever comes first. The hook is registered after the bell was made, so it runs before Node
// closes the bell.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "addon/doorbell.hpp"
#include "addon/reactor_host.hpp"
#include "addon/settings.hpp"

namespace hawser::addon {

class runtime : public Napi::ObjectWrap<runtime> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit runtime(const Napi::CallbackInfo& info);
  ~runtime() override;

 private:
  void attach(const Napi::CallbackInfo& info);
  void start(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  void wake(const Napi::CallbackInfo& info);
  void ref(const Napi::CallbackInfo& info);
  void unref(const Napi::CallbackInfo& info);
  Napi::Value connect(const Napi::CallbackInfo& info);
  Napi::Value adopt(const Napi::CallbackInfo& info);
  Napi::Value listen(const Napi::CallbackInfo& info);
  Napi::Value client(const Napi::CallbackInfo& info);
  Napi::Value client_gauges(const Napi::CallbackInfo& info);
  Napi::Value server_gauges(const Napi::CallbackInfo& info);
  Napi::Value subscribers(const Napi::CallbackInfo& info);
  Napi::Value kept(const Napi::CallbackInfo& info);
  Napi::Value tls_client(const Napi::CallbackInfo& info);
  Napi::Value tls_server(const Napi::CallbackInfo& info);
  void tls_add_host(const Napi::CallbackInfo& info);
  void tls_release(const Napi::CallbackInfo& info);
  void set_default_roots(const Napi::CallbackInfo& info);
  Napi::Value stage(const Napi::CallbackInfo& info);
  Napi::Value take(const Napi::CallbackInfo& info);
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  void shut_down();
  reactor_host* host(const Napi::CallbackInfo& info) const;
  Napi::Value add_context(Napi::Env env, std::shared_ptr<net::tls_context> made, const error_info& error);
  static void on_cleanup(void* self);

  napi_env raw_env_;
  js_doorbell bell_;
  protocol::memory_budget budget_;
  tls_contexts contexts_;
  std::uint32_t next_context_ = 1;
  std::vector<std::unique_ptr<reactor_host>> hosts_;
  bool ended_ = false;
};

}  // namespace hawser::addon
