#include "addon/pool.hpp"

namespace hawser::addon {

namespace {
using hawser::pool::pool_action;

double number_at(const Napi::CallbackInfo& info, std::size_t index) {
  return info[index].As<Napi::Number>().DoubleValue();
}
std::uint64_t id_at(const Napi::CallbackInfo& info, std::size_t index) {
  return static_cast<std::uint64_t>(number_at(info, index));
}
// The first argument of nearly all: milliseconds of a steady clock.
hawser::pool::time_ms now_of(const Napi::CallbackInfo& info) {
  return static_cast<hawser::pool::time_ms>(number_at(info, 0));
}
}  // namespace

Napi::Function pool::define(Napi::Env env) {
  return DefineClass(
      env, "Pool",
      {InstanceMethod<&pool::add_target>("addTarget"), InstanceMethod<&pool::remove_target>("removeTarget"),
       InstanceMethod<&pool::acquire>("acquire"), InstanceMethod<&pool::release>("release"),
       InstanceMethod<&pool::cancel>("cancel"), InstanceMethod<&pool::begin_request>("beginRequest"),
       InstanceMethod<&pool::end_request>("endRequest"), InstanceMethod<&pool::report>("report"),
       InstanceMethod<&pool::remove_connection>("removeConnection"),
       InstanceMethod<&pool::set_limit>("setLimit"), InstanceMethod<&pool::cleanup>("cleanup"),
       InstanceMethod<&pool::close>("close"), InstanceMethod<&pool::timer>("timer"),
       InstanceMethod<&pool::next_deadline>("nextDeadline"), InstanceMethod<&pool::snapshot>("snapshot")});
}

pool::pool(const Napi::CallbackInfo& info) : Napi::ObjectWrap<pool>(info) {
  const auto from = info[0].As<Napi::Object>();
  const auto number = [&](const char* name) { return from.Get(name).ToNumber().DoubleValue(); };
  hawser::pool::pool_settings to;
  to.max_per_host = static_cast<std::uint32_t>(number("maxPerHost"));
  to.per_endpoint = static_cast<std::uint32_t>(number("perEndpoint"));
  to.max_in_flight = static_cast<std::uint32_t>(number("maxInFlight"));
  to.max_waiters = static_cast<std::size_t>(number("maxWaiters"));
  to.max_waiting_requests = static_cast<std::size_t>(number("maxWaitingRequests"));
  to.idle_time = static_cast<hawser::pool::time_ms>(number("idleTime"));
  core_.emplace(to);
}

Napi::Value pool::answer(Napi::Env env, double result) {
  Napi::Float64Array out = Napi::Float64Array::New(env, 1 + actions_.size() * 6);
  out[0] = result;
  std::size_t at = 1;
  for (const pool_action& action : actions_) {
    out[at++] = static_cast<double>(action.what);
    out[at++] = static_cast<double>(action.connection);
    out[at++] = static_cast<double>(action.endpoint);
    out[at++] = static_cast<double>(action.user);
    out[at++] = static_cast<double>(action.request);
    out[at++] = static_cast<double>(action.why);
  }
  actions_.clear();
  return out;
}

Napi::Value pool::add_target(const Napi::CallbackInfo& info) {
  const auto keys = info[0].As<Napi::Array>();
  const auto hosts = info[1].As<Napi::Array>();
  std::vector<hawser::pool::endpoint_name> endpoints;
  for (std::uint32_t i = 0; i < keys.Length(); i++)
    endpoints.push_back({keys.Get(i).ToString().Utf8Value(), hosts.Get(i).ToString().Utf8Value()});
  return answer(info.Env(),
                static_cast<double>(core_->add_target(
                    endpoints, static_cast<client::strategy>(static_cast<int>(number_at(info, 2))))));
}

Napi::Value pool::remove_target(const Napi::CallbackInfo& info) {
  core_->remove_target(now_of(info), id_at(info, 1), actions_);
  return answer(info.Env(), 0);
}

Napi::Value pool::acquire(const Napi::CallbackInfo& info) {
  const auto user = core_->acquire(now_of(info), id_at(info, 1),
                                   static_cast<hawser::pool::time_ms>(number_at(info, 2)), actions_);
  return answer(info.Env(), static_cast<double>(user));
}

Napi::Value pool::release(const Napi::CallbackInfo& info) {
  return answer(info.Env(), core_->release(now_of(info), id_at(info, 1), actions_) ? 1 : 0);
}

Napi::Value pool::cancel(const Napi::CallbackInfo& info) {
  return answer(info.Env(), core_->cancel(now_of(info), id_at(info, 1), actions_) ? 1 : 0);
}

Napi::Value pool::begin_request(const Napi::CallbackInfo& info) {
  const auto request =
      core_->begin_request(id_at(info, 0), static_cast<hawser::pool::time_ms>(number_at(info, 1)), actions_);
  return answer(info.Env(), static_cast<double>(request));
}

Napi::Value pool::end_request(const Napi::CallbackInfo& info) {
  return answer(info.Env(), core_->end_request(now_of(info), id_at(info, 1), actions_) ? 1 : 0);
}

// What became of a connection, in the order of types/native.d.ts.
Napi::Value pool::report(const Napi::CallbackInfo& info) {
  const hawser::pool::time_ms now = now_of(info);
  const std::uint64_t connection = id_at(info, 1);
  const auto latency = static_cast<hawser::pool::time_ms>(number_at(info, 3));
  switch (static_cast<int>(number_at(info, 2))) {
    case 0:
      core_->opened(now, connection, latency, actions_);
      break;
    case 1:
      core_->lost(now, connection, actions_);
      break;
    case 2:
      core_->healed(now, connection, latency, actions_);
      break;
    case 3:
      core_->failed(now, connection, actions_);
      break;
    default:
      core_->closed(now, connection, actions_);
      break;
  }
  return answer(info.Env(), 0);
}

Napi::Value pool::remove_connection(const Napi::CallbackInfo& info) {
  return answer(info.Env(), core_->remove_connection(now_of(info), id_at(info, 1), actions_) ? 1 : 0);
}

Napi::Value pool::set_limit(const Napi::CallbackInfo& info) {
  const std::string host = info[1].ToString().Utf8Value();
  const auto limit = static_cast<std::uint32_t>(number_at(info, 2));
  if (host.empty()) {
    core_->set_limit(now_of(info), limit, actions_);
  } else {
    core_->set_limit(now_of(info), host, limit, actions_);
  }
  return answer(info.Env(), 0);
}

Napi::Value pool::cleanup(const Napi::CallbackInfo& info) {
  core_->cleanup(now_of(info), actions_);
  return answer(info.Env(), 0);
}

Napi::Value pool::close(const Napi::CallbackInfo& info) {
  core_->close(now_of(info), actions_);
  return answer(info.Env(), 0);
}

Napi::Value pool::timer(const Napi::CallbackInfo& info) {
  core_->timer(now_of(info), actions_);
  return answer(info.Env(), 0);
}

Napi::Value pool::next_deadline(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(core_->next_deadline()));
}

Napi::Value pool::snapshot(const Napi::CallbackInfo& info) {
  static constexpr const char* states[] = {"opening", "open", "lost", "closing"};
  const hawser::pool::pool_snapshot from = core_->snapshot();
  const Napi::Env env = info.Env();
  const auto number = [env](auto value) { return Napi::Number::New(env, static_cast<double>(value)); };
  Napi::Array connections = Napi::Array::New(env, from.connections.size());
  for (std::size_t i = 0; i < from.connections.size(); i++) {
    const hawser::pool::connection_info& one = from.connections[i];
    Napi::Object to = Napi::Object::New(env);
    to.Set("id", number(one.id));
    to.Set("key", one.key);
    to.Set("host", one.host);
    to.Set("state", states[static_cast<std::size_t>(one.state)]);
    to.Set("users", number(one.users));
    to.Set("waiters", number(one.waiters));
    to.Set("activeRequests", number(one.active_requests));
    to.Set("waitingRequests", number(one.waiting_requests));
    connections[static_cast<std::uint32_t>(i)] = to;
  }
  Napi::Object out = Napi::Object::New(env);
  out.Set("connections", connections);
  out.Set("holders", number(from.holders));
  out.Set("waiters", number(from.waiters));
  out.Set("opened", number(from.opened));
  out.Set("failed", number(from.failed));
  out.Set("evicted", number(from.evicted));
  out.Set("granted", number(from.granted));
  out.Set("refused", number(from.refused));
  return out;
}

}  // namespace hawser::addon
