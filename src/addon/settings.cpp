#include "addon/settings.hpp"

#include <fcntl.h>

namespace hawser::addon {

namespace {

std::string text(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

// Header values and reasons are bytes, not UTF-8.
std::string latin1(const Napi::Value& value) {
  std::size_t size = 0;
  napi_get_value_string_latin1(value.Env(), value, nullptr, 0, &size);
  std::string out(size, '\0');
  napi_get_value_string_latin1(value.Env(), value, out.data(), size + 1, &size);
  return out;
}

template <class T>
T number(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  return value.IsNumber() ? static_cast<T>(value.As<Napi::Number>().DoubleValue()) : T{};
}

bool flag(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  return value.IsBoolean() && value.As<Napi::Boolean>().Value();
}

std::vector<std::string> texts(const Napi::Object& from, const char* name) {
  std::vector<std::string> out;
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) return out;
  const auto list = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < list.Length(); i++) out.push_back(list.Get(i).ToString().Utf8Value());
  return out;
}

std::vector<std::pair<std::string, std::string>> pairs(const Napi::Object& from, const char* name) {
  std::vector<std::pair<std::string, std::string>> out;
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) return out;
  const auto list = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i + 1 < list.Length(); i += 2) {
    out.emplace_back(latin1(list.Get(i)), latin1(list.Get(i + 1)));
  }
  return out;
}

net::header_list headers(const Napi::Object& from, const char* name) {
  net::header_list out;
  for (auto& [key, value] : pairs(from, name)) out.push_back({std::move(key), std::move(value)});
  return out;
}

std::string bytes(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsTypedArray()) return {};
  const auto array = value.As<Napi::Uint8Array>();
  return {reinterpret_cast<const char*>(array.Data()), array.ByteLength()};
}

std::vector<std::string> list_of(const std::string& comma_separated) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin < comma_separated.size()) {
    const std::size_t end = std::min(comma_separated.find(',', begin), comma_separated.size());
    std::string item = comma_separated.substr(begin, end - begin);
    item.erase(0, item.find_first_not_of(' '));
    if (!item.empty()) out.push_back(std::move(item));
    begin = end + 1;
  }
  return out;
}

std::shared_ptr<net::tls_context> context(const Napi::Object& from, const tls_contexts& contexts) {
  const auto found = contexts.find(number<std::uint32_t>(from, "tls"));
  return found == contexts.end() ? nullptr : found->second;
}

net::socket_settings to_socket(const Napi::Object& from) {
  net::socket_settings to;
  to.handshake_timeout = number<std::int64_t>(from, "handshakeTimeout");
  to.close_timeout = number<std::int64_t>(from, "closeTimeout");
  to.idle_timeout = number<std::int64_t>(from, "idleTimeout");
  to.heartbeat_interval = number<std::int64_t>(from, "heartbeatInterval");
  to.heartbeat_timeout = number<std::int64_t>(from, "heartbeatTimeout");
  to.max_payload = number<std::size_t>(from, "maxPayload");
  to.high_water_mark = number<std::size_t>(from, "highWaterMark");
  to.max_header_size = number<std::size_t>(from, "maxHeaderSize");
  const Napi::Value deflate = from.Get("deflate");
  if (deflate.IsObject()) {
    const auto options = deflate.As<Napi::Object>();
    to.deflate_enabled = true;
    to.deflate.server_no_context_takeover = flag(options, "serverNoContextTakeover");
    to.deflate.client_no_context_takeover = flag(options, "clientNoContextTakeover");
    to.deflate.server_max_window_bits = number<int>(options, "serverMaxWindowBits");
    to.deflate.client_max_window_bits = number<int>(options, "clientMaxWindowBits");
    to.deflate.level = number<int>(options, "level");
    to.deflate.mem_level = number<int>(options, "memLevel");
    to.deflate.threshold = number<std::size_t>(options, "threshold");
  }
  return to;
}

template <class Settings>
void to_tls_common(const Napi::Object& from, Settings& to) {
  to.ca_pem = texts(from, "ca");
  to.cert_pem = text(from, "cert");
  to.key_pem = text(from, "key");
  to.pfx = bytes(from, "pfx");
  to.passphrase = text(from, "passphrase");
  to.reject_unauthorized = flag(from, "rejectUnauthorized");
  to.alpn = texts(from, "alpn");
  to.min_version = number<int>(from, "minVersion");
  to.max_version = number<int>(from, "maxVersion");
  to.ciphers = text(from, "ciphers");
  to.ciphersuites = text(from, "ciphersuites");
}

}  // namespace

std::unique_ptr<net::connect_settings> to_connect(const Napi::Object& from, const tls_contexts& contexts) {
  auto to = std::make_unique<net::connect_settings>();
  to->socket = to_socket(from);
  to->host = text(from, "host");
  to->port = number<std::uint16_t>(from, "port");
  to->unix_path = text(from, "unixPath");
  to->addresses = texts(from, "addresses");
  to->family = number<int>(from, "family");
  to->local_address = text(from, "localAddress");
  to->connect_timeout = number<std::int64_t>(from, "connectTimeout");
  to->attempt_delay = number<std::int64_t>(from, "attemptDelay");
  to->tls = context(from, contexts);
  to->server_name = text(from, "serverName");
  to->target = text(from, "target");
  to->host_header = text(from, "hostHeader");
  to->protocols = list_of(text(from, "protocols"));
  to->headers = headers(from, "headers");
  to->proxy_host = text(from, "proxyHost");
  to->proxy_port = number<std::uint16_t>(from, "proxyPort");
  to->proxy_authorization = text(from, "proxyAuthorization");
  to->proxy_headers = pairs(from, "proxyHeaders");
  return to;
}

std::unique_ptr<net::client_settings> to_client(const Napi::Object& from, const tls_contexts& contexts) {
  auto to = std::make_unique<net::client_settings>();
  const auto codes = [&](const char* name) {
    std::vector<std::uint16_t> out;
    const auto list = from.Get(name).As<Napi::Array>();
    for (std::uint32_t i = 0; i < list.Length(); i++)
      out.push_back(static_cast<std::uint16_t>(list.Get(i).ToNumber().Uint32Value()));
    return out;
  };
  const auto endpoints = from.Get("endpoints").As<Napi::Array>();
  for (std::uint32_t i = 0; i < endpoints.Length(); i++)
    to->endpoints.push_back(std::move(*to_connect(endpoints.Get(i).As<Napi::Object>(), contexts)));
  to->strategy = number<int>(from, "strategy");
  const auto learned = from.Get("learned").As<Napi::Array>();
  const auto figure = [&](std::uint32_t at) { return learned.Get(at).ToNumber().DoubleValue(); };
  for (std::uint32_t i = 0; i + 3 < learned.Length(); i += 4) {
    client::endpoint_record known;
    known.successes = static_cast<std::uint64_t>(figure(i));
    known.failures = static_cast<std::uint64_t>(figure(i + 1));
    known.success_rate = figure(i + 2);
    known.latency = figure(i + 3);
    to->learned.push_back(known);
  }
  to->reconnect.enabled = flag(from, "reconnect");
  to->reconnect.min_delay = number<std::int64_t>(from, "minDelay");
  to->reconnect.max_delay = number<std::int64_t>(from, "maxDelay");
  to->reconnect.factor = number<double>(from, "factor");
  to->reconnect.jitter = number<double>(from, "jitter");
  to->reconnect.max_attempts = number<std::uint32_t>(from, "maxAttempts");
  to->reconnect.adaptive = flag(from, "adaptive");
  to->reconnect.min_uptime = number<std::int64_t>(from, "minUptime");
  to->reconnect.recoverable_codes = codes("recoverableCodes");
  to->reconnect.final_codes = codes("finalCodes");
  to->queue.max_messages = number<std::uint32_t>(from, "maxMessages");
  to->queue.max_bytes = number<std::size_t>(from, "maxQueuedBytes");
  to->queue.overflow = number<int>(from, "overflow");
  to->queue.ttl = number<std::int64_t>(from, "ttl");
  to->queue.ack_timeout = number<std::int64_t>(from, "ackTimeout");
  to->queue.max_retries = number<std::uint32_t>(from, "maxRetries");
  to->queue.max_requests = number<std::uint32_t>(from, "maxRequests");
  to->queue.store = text(from, "store");
  to->queue.line = text(from, "line");
  to->queue.fsync = flag(from, "fsync");
  to->routing.type_at = text(from, "typeAt");
  to->routing.room_at = text(from, "roomAt");
  to->routing.correlation_at = text(from, "correlationAt");
  to->routing.payload_at = text(from, "payloadAt");
  to->routing.error_at = text(from, "errorAt");
  to->routing.reply_type = text(from, "replyType");
  to->batch.max = number<std::uint32_t>(from, "batchMax");
  to->batch.every = number<std::int64_t>(from, "batchEvery");
  to->batch.always = flag(from, "batchAlways");
  to->gated = flag(from, "gated");
  to->message_interval = number<std::int64_t>(from, "messageInterval");
  to->message_timeout = number<std::int64_t>(from, "messageTimeout");
  to->auth = flag(from, "auth");
  to->acked = static_cast<enum net::client_settings::acks>(number<int>(from, "acks"));
  to->seed = number<std::uint64_t>(from, "seed");
  if (!to->endpoints.empty()) to->high_water_mark = to->endpoints.front().socket.high_water_mark;
  return to;
}

namespace {

// messages, milliseconds, burst; or nothing.
protocol::bucket_rule rule(const Napi::Object& from, const char* name) {
  const auto list = from.Get(name).As<Napi::Array>();
  if (list.Length() < 3) return {};
  const auto at = [&](std::uint32_t i) { return list.Get(i).ToNumber().DoubleValue(); };
  return protocol::bucket_rule::of(at(0), at(1), at(2));
}

hub::rate_rules to_rate(const Napi::Object& from) {
  return {.connection = rule(from, "connection"),
          .spacing = rule(from, "spacing"),
          .user = rule(from, "user"),
          .address = rule(from, "address"),
          .memory = number<std::int64_t>(from, "memory") * 1'000'000,
          .close_after = number<std::uint32_t>(from, "closeAfter"),
          .answer = flag(from, "reply")};
}

}  // namespace

std::unique_ptr<net::listen_settings> to_listen(const Napi::Object& from, const tls_contexts& contexts) {
  auto to = std::make_unique<net::listen_settings>();
  to->socket = to_socket(from);
  to->listen = flag(from, "listen");
  to->host = text(from, "host");
  to->port = number<std::uint16_t>(from, "port");
  to->unix_path = text(from, "unixPath");
  to->backlog = number<int>(from, "backlog");
  to->reuse_port = flag(from, "reusePort");
  to->ipv6_only = flag(from, "ipv6Only");
  to->tls = context(from, contexts);
  to->path = text(from, "path");
  to->origins = texts(from, "origins");
  to->protocols = texts(from, "protocols");
  to->decide = flag(from, "decide");
  to->carry = flag(from, "carry");
  to->max_connections = number<std::uint32_t>(from, "maxConnections");
  to->max_backpressure = number<std::size_t>(from, "maxBackpressure");
  to->max_per_address = number<std::uint32_t>(from, "maxConnectionsPerAddress");
  to->hub = flag(from, "hub");
  const Napi::Value rate = from.Get("rate");
  if (rate.IsObject()) to->rate = to_rate(rate.As<Napi::Object>());
  to->slow = static_cast<net::slow_policy>(number<int>(from, "slowConsumer"));
  for (const std::string& at : texts(from, "conflateBy"))
    to->conflate_by.push_back(router::pointer::parse(at).value);
  return to;
}

std::unique_ptr<net::adopt_settings> to_adopt(const Napi::Object& from) {
  auto to = std::make_unique<net::adopt_settings>();
  to->server = number<std::uint32_t>(from, "server");
  const int descriptor = number<int>(from, "fd");
  to->descriptor = descriptor < 0 ? -1 : ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (descriptor >= 0 && to->descriptor < 0) return nullptr;
  to->key = text(from, "key");
  to->extensions = text(from, "extensions");
  to->protocol = text(from, "protocol");
  to->address = text(from, "address");
  to->user = text(from, "user");
  to->headers = headers(from, "headers");
  const std::string head = bytes(from, "head");
  to->head.assign(head.begin(), head.end());
  return to;
}

net::tls_client_settings to_tls_client(const Napi::Object& from) {
  net::tls_client_settings to;
  to_tls_common(from, to);
  return to;
}

net::tls_server_settings::sni to_tls_host(const Napi::Object& from) {
  return {text(from, "host"), text(from, "cert"), text(from, "key"), bytes(from, "pfx"),
          text(from, "passphrase")};
}

net::tls_server_settings to_tls_server(const Napi::Object& from) {
  net::tls_server_settings to;
  to_tls_common(from, to);
  to.request_cert = flag(from, "requestCert");
  const Napi::Value hosts = from.Get("hosts");
  if (hosts.IsArray()) {
    const auto list = hosts.As<Napi::Array>();
    for (std::uint32_t i = 0; i < list.Length(); i++)
      to.hosts.push_back(to_tls_host(list.Get(i).As<Napi::Object>()));
  }
  return to;
}

}  // namespace hawser::addon
