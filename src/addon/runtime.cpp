#include "addon/runtime.hpp"

#include <algorithm>
#include <chrono>

#include "core/net/server_state.hpp"

namespace hawser::addon {

namespace {

// Bytes that the partial messages of all connections of a runtime may hold together.
constexpr std::size_t partial_limit = std::size_t{512} * 1024 * 1024;
// Bytes of large sends that may wait for a reactor.
constexpr std::size_t staged_limit = std::size_t{256} * 1024 * 1024;

Napi::Value fail(Napi::Env env, const error_info& error) {
  Napi::Error made = Napi::Error::New(env, error.detail);
  made.Set("code", Napi::Number::New(env, static_cast<double>(error.code)));
  made.ThrowAsJavaScriptException();
  return env.Undefined();
}

std::uint32_t unsigned_at(const Napi::CallbackInfo& info, std::size_t index) {
  return info[index].As<Napi::Number>().Uint32Value();
}

}  // namespace

Napi::Function runtime::define(Napi::Env env) {
  return DefineClass(env, "Runtime",
                     {InstanceMethod<&runtime::attach>("attach"),
                      InstanceMethod<&runtime::start>("start"),
                      InstanceMethod<&runtime::stop>("stop"),
                      InstanceMethod<&runtime::wake>("wake"),
                      InstanceMethod<&runtime::ref>("ref"),
                      InstanceMethod<&runtime::unref>("unref"),
                      InstanceMethod<&runtime::connect>("connect"),
                      InstanceMethod<&runtime::adopt>("adopt"),
                      InstanceMethod<&runtime::listen>("listen"),
                      InstanceMethod<&runtime::client>("client"),
                      InstanceMethod<&runtime::client_gauges>("clientGauges"),
                      InstanceMethod<&runtime::server_gauges>("serverGauges"),
                      InstanceMethod<&runtime::subscribers>("subscribers"),
                      InstanceMethod<&runtime::kept>("keptGauge"),
                      InstanceMethod<&runtime::tls_client>("tlsClient"),
                      InstanceMethod<&runtime::tls_server>("tlsServer"),
                      InstanceMethod<&runtime::tls_add_host>("tlsAddHost"),
                      InstanceMethod<&runtime::tls_release>("tlsRelease"),
                      InstanceMethod<&runtime::set_default_roots>("setDefaultRoots"),
                      InstanceMethod<&runtime::stage>("stage"),
                      InstanceMethod<&runtime::take>("take"),
                      InstanceMethod<&runtime::flush>("flush"),
                      InstanceMethod<&runtime::stats>("stats"),
                      InstanceMethod<&runtime::dispose>("dispose")});
}

runtime::runtime(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<runtime>(info), raw_env_(info.Env()), budget_(partial_limit) {
  hosts_.resize(unsigned_at(info, 0));
  if (!bell_.open(raw_env_, info[1])) {
    fail(info.Env(), {errc::listen_failed, 0, "The environment does not take a thread-safe function."});
    return;
  }
  napi_add_env_cleanup_hook(raw_env_, on_cleanup, this);
}

runtime::~runtime() { shut_down(); }

void runtime::on_cleanup(void* self) { static_cast<runtime*>(self)->shut_down(); }

void runtime::shut_down() {
  if (ended_) return;
  ended_ = true;
  napi_remove_env_cleanup_hook(raw_env_, on_cleanup, this);
  for (auto& one : hosts_) {
    if (one) one->stop();
  }
  hosts_.clear();
  contexts_.clear();
  bell_.release();
}

reactor_host* runtime::host(const Napi::CallbackInfo& info) const {
  const std::uint32_t index = unsigned_at(info, 0);
  return index < hosts_.size() ? hosts_[index].get() : nullptr;
}

void runtime::attach(const Napi::CallbackInfo& info) {
  const std::uint32_t index = unsigned_at(info, 0);
  if (ended_ || index >= hosts_.size()) return;
  hosts_[index] =
      std::make_unique<reactor_host>(index, info[1].As<Napi::Uint8Array>(), info[2].As<Napi::Uint8Array>(),
                                     info[3].As<Napi::Uint32Array>(), bell_, budget_);
  std::vector<net::engine*> engines;
  for (auto& one : hosts_) {
    if (!one) return;
    engines.push_back(&one->engine());
  }
  net::engine::join(engines);
}

void runtime::start(const Napi::CallbackInfo& info) {
  if (reactor_host* one = host(info)) one->start();
}
void runtime::stop(const Napi::CallbackInfo& info) {
  if (reactor_host* one = host(info)) one->stop();
}
void runtime::wake(const Napi::CallbackInfo& info) {
  if (reactor_host* one = host(info)) one->wake();
}
void runtime::ref(const Napi::CallbackInfo& info) { bell_.ref(info.Env()); }
void runtime::unref(const Napi::CallbackInfo& info) { bell_.unref(info.Env()); }

Napi::Value runtime::connect(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  std::uint32_t slot = net::no_slot;
  if (one != nullptr) slot = one->engine().prepare_connect(to_connect(info[1].As<Napi::Object>(), contexts_));
  if (slot != net::no_slot) return Napi::Number::New(info.Env(), slot);
  return fail(info.Env(), {errc::too_many_connections, 0, "No connection slot is left."});
}

Napi::Value runtime::adopt(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  auto settings = to_adopt(info[1].As<Napi::Object>());
  if (!settings)
    return fail(info.Env(), {errc::connection_failed, 0, "The socket's descriptor cannot be duplicated."});
  std::uint32_t slot = net::no_slot;
  if (one != nullptr) slot = one->engine().prepare_adopt(std::move(settings));
  if (slot != net::no_slot) return Napi::Number::New(info.Env(), slot);
  return fail(info.Env(), {errc::too_many_connections, 0, "No connection slot is left."});
}

Napi::Value runtime::listen(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  const std::uint32_t id = unsigned_at(info, 1);
  std::vector<std::uint32_t> gauges;
  if (one != nullptr)
    gauges = one->engine().prepare_listen(id, to_listen(info[2].As<Napi::Object>(), contexts_));
  if (!gauges.empty() && std::ranges::find(gauges, net::no_slot) == gauges.end()) {
    Napi::Array out = Napi::Array::New(info.Env(), gauges.size());
    for (std::uint32_t i = 0; i < gauges.size(); i++) out.Set(i, Napi::Number::New(info.Env(), gauges[i]));
    return out;
  }
  if (one != nullptr) one->engine().abandon_listen(id);
  return fail(info.Env(), {errc::too_many_connections, 0, "No connection slot is left."});
}

Napi::Value runtime::client(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  std::uint32_t slot = net::no_slot;
  if (one != nullptr) slot = one->engine().prepare_client(to_client(info[1].As<Napi::Object>(), contexts_));
  if (slot != net::no_slot) return Napi::Number::New(info.Env(), slot);
  return fail(info.Env(), {errc::too_many_connections, 0, "No connection slot is left."});
}

Napi::Value runtime::client_gauges(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  const auto gauges = one == nullptr ? nullptr : one->engine().client_gauges(unsigned_at(info, 1));
  constexpr std::size_t size = client::client_gauges::size;
  Napi::Float64Array out = Napi::Float64Array::New(info.Env(), gauges ? size + gauges->known() : 0);
  if (gauges) {
    for (std::size_t i = 0; i < size; i++) out[i] = gauges->get(i);
    for (std::size_t i = 0; i < gauges->known(); i++) out[size + i] = gauges->known(i);
    using namespace std::chrono;  // the clock of the reactors
    const auto now = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    out[static_cast<std::size_t>(client::gauge::health)] = gauges->health(now);
  }
  return out;
}

Napi::Value runtime::server_gauges(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  const auto state = one == nullptr ? nullptr : one->engine().state(unsigned_at(info, 1));
  Napi::Float64Array out = Napi::Float64Array::New(info.Env(), state ? net::server_state::gauges : 0);
  if (state) std::ranges::copy(state->read(), out.Data());
  return out;
}

Napi::Value runtime::subscribers(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  const auto state = one == nullptr ? nullptr : one->engine().state(unsigned_at(info, 1));
  const std::size_t count = state ? state->subscribers(info[2].ToString().Utf8Value()) : 0;
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

Napi::Value runtime::kept(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  const auto state = one == nullptr ? nullptr : one->engine().state(unsigned_at(info, 1));
  const std::string name = info[2].ToString().Utf8Value();
  const std::uint32_t what = unsigned_at(info, 3);
  if (state && what == 2) state->forget(name);
  const auto gauge = state ? state->kept(name, what == 1) : nullptr;
  // Nothing is kept yet: the reactor takes over from here.
  if (gauge && what == 1 && gauge->last.load(std::memory_order_relaxed) == 0) {
    const std::int64_t head = info[4].As<Napi::Number>().Int64Value();
    gauge->lost.store(head, std::memory_order_relaxed);
    gauge->last.store(head, std::memory_order_relaxed);
  }
  Napi::Float64Array out = Napi::Float64Array::New(info.Env(), gauge ? 4 : 0);
  if (!gauge) return out;
  out[0] = static_cast<double>(gauge->lost.load(std::memory_order_relaxed));
  out[1] = static_cast<double>(gauge->last.load(std::memory_order_relaxed));
  out[2] = static_cast<double>(gauge->count.load(std::memory_order_relaxed));
  out[3] = static_cast<double>(gauge->bytes.load(std::memory_order_relaxed));
  return out;
}

// ------------------------------------------------------------------------------------------------------ TLS

Napi::Value runtime::add_context(Napi::Env env, std::shared_ptr<net::tls_context> made,
                                 const error_info& error) {
  if (!made) return fail(env, error);
  const std::uint32_t id = next_context_++;
  contexts_.emplace(id, std::move(made));
  return Napi::Number::New(env, id);
}

Napi::Value runtime::tls_client(const Napi::CallbackInfo& info) {
  error_info error;
  auto made = net::tls_context::make_client(to_tls_client(info[0].As<Napi::Object>()), error);
  return add_context(info.Env(), std::move(made), error);
}

Napi::Value runtime::tls_server(const Napi::CallbackInfo& info) {
  error_info error;
  auto made = net::tls_context::make_server(to_tls_server(info[0].As<Napi::Object>()), error);
  return add_context(info.Env(), std::move(made), error);
}

void runtime::tls_add_host(const Napi::CallbackInfo& info) {
  const auto found = contexts_.find(unsigned_at(info, 0));
  error_info error{errc::tls_bad_material, 0, "There is no such TLS context."};
  if (found != contexts_.end() && found->second->add_host(to_tls_host(info[1].As<Napi::Object>()), error))
    return;
  fail(info.Env(), error);
}

void runtime::tls_release(const Napi::CallbackInfo& info) { contexts_.erase(unsigned_at(info, 0)); }

void runtime::set_default_roots(const Napi::CallbackInfo& info) {
  net::set_default_roots(info[0].ToString().Utf8Value());
}

// ------------------------------------------------------------------------------------------- large payloads

Napi::Value runtime::stage(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  if (one == nullptr) return Napi::Number::New(info.Env(), 0);
  std::vector<std::uint8_t> bytes;
  if (info[1].IsString()) {
    std::size_t size = 0;
    napi_get_value_string_utf8(info.Env(), info[1], nullptr, 0, &size);
    // One more byte: the call insists on a terminator.
    bytes.resize(size + 1);
    napi_get_value_string_utf8(info.Env(), info[1], reinterpret_cast<char*>(bytes.data()), size + 1, &size);
    bytes.resize(size);
  } else {
    const auto array = info[1].As<Napi::Uint8Array>();
    bytes.assign(array.Data(), array.Data() + array.ByteLength());
  }
  bridge::buffer_store& waiting = one->channel().outbound_buffers();
  // One buffer always passes; what a socket may have waiting bounds it.
  if (waiting.held() > 0 && waiting.held() + bytes.size() > staged_limit)
    return Napi::Number::New(info.Env(), 0);
  return Napi::Number::New(info.Env(), waiting.put(std::move(bytes)));
}

Napi::Value runtime::take(const Napi::CallbackInfo& info) {
  reactor_host* one = host(info);
  const std::vector<std::uint8_t> bytes = one == nullptr
                                              ? std::vector<std::uint8_t>()
                                              : one->channel().inbound_buffers().take(unsigned_at(info, 1));
  napi_value out = nullptr;
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  switch (unsigned_at(info, 2)) {
    case 0:
      napi_create_string_latin1(info.Env(), text, bytes.size(), &out);
      break;
    case 1:
      napi_create_string_utf8(info.Env(), text, bytes.size(), &out);
      break;
    default:
      // Copied: some embedders forbid external buffers.
      napi_create_buffer_copy(info.Env(), bytes.size(), bytes.data(), nullptr, &out);
      break;
  }
  return {info.Env(), out};
}

// ---------------------------------------------------------------------------------------------------- other

Napi::Value runtime::flush(const Napi::CallbackInfo& info) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(info[0].As<Napi::Number>().Int64Value());
  // The first round executes all commands; what reactors hand to each other while they do, the second brings
  // out.
  bool done = true;
  for (std::size_t round = 0; done && round < (hosts_.size() > 1 ? 2 : 1); round++) {
    for (auto& one : hosts_) {
      const auto rest =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
      if (one && one->running()) done = one->engine().flush(std::max<std::int64_t>(rest, 0)) && done;
    }
  }
  return Napi::Boolean::New(info.Env(), done);
}

Napi::Value runtime::stats(const Napi::CallbackInfo& info) {
  Napi::Object out = Napi::Object::New(info.Env());
  reactor_host* one = host(info);
  if (one == nullptr) return out;
  const net::engine_stats values = one->engine().stats();
  const auto set = [&](const char* name, std::uint64_t value) {
    out.Set(name, Napi::Number::New(info.Env(), static_cast<double>(value)));
  };
  set("connections", values.connections);
  set("accepted", values.accepted);
  set("messagesIn", values.messages_in);
  set("messagesOut", values.messages_out);
  set("bytesIn", values.bytes_in);
  set("bytesOut", values.bytes_out);
  set("reads", values.reads);
  set("writes", values.writes);
  set("turns", values.turns);
  set("bells", one->channel().bells());
  set("wakes", one->wakes());
  set("dropped", values.dropped);
  set("handed", values.handed);
  set("stalls", values.stalls);
  set("partialBytes", budget_.used());
  out.Set("running", Napi::Boolean::New(info.Env(), one->running()));
  return out;
}

void runtime::dispose(const Napi::CallbackInfo&) { shut_down(); }

}  // namespace hawser::addon
