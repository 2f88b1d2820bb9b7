// Settings objects of types/native.d.ts as the structs of the core. TypeScript has checked them.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>

#include "core/net/settings.hpp"

namespace hawser::addon {

using tls_contexts = std::unordered_map<std::uint32_t, std::shared_ptr<net::tls_context>>;

std::unique_ptr<net::connect_settings> to_connect(const Napi::Object& from, const tls_contexts& contexts);
std::unique_ptr<net::client_settings> to_client(const Napi::Object& from, const tls_contexts& contexts);
std::unique_ptr<net::listen_settings> to_listen(const Napi::Object& from, const tls_contexts& contexts);
// Duplicates the descriptor.
std::unique_ptr<net::adopt_settings> to_adopt(const Napi::Object& from);
net::tls_client_settings to_tls_client(const Napi::Object& from);
net::tls_server_settings to_tls_server(const Napi::Object& from);
net::tls_server_settings::sni to_tls_host(const Napi::Object& from);

}  // namespace hawser::addon
