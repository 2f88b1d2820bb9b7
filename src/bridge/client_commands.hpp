// Reads the records that JavaScript writes for managed clients. Used by the channel, on the reactor's thread.
#pragma once

#include <cstdint>
#include <span>

#include "bridge/records.hpp"
#include "core/net/client_port.hpp"

namespace hawser::bridge {

static_assert(sizeof(client_send_head) == 12);
static_assert(sizeof(client_form_head) == 24);
static_assert(static_cast<int>(client_notice::token_wanted) ==
              static_cast<int>(net::client_notice::token_wanted));
static_assert(static_cast<int>(client_notice::control) == static_cast<int>(net::client_notice::control));
static_assert(static_cast<int>(client_notice::dropped) == static_cast<int>(net::client_notice::dropped));
static_assert(static_cast<int>(client_notice::snapshot) == static_cast<int>(net::client_notice::snapshot));
static_assert(static_cast<int>(client_notice::store_failed) ==
              static_cast<int>(net::client_notice::store_failed));
static_assert(static_cast<int>(client_notice::route_refused) ==
              static_cast<int>(net::client_notice::route_refused));
static_assert(static_cast<int>(client_notice::opened) == static_cast<int>(net::client_notice::opened));

// `client` may be null. Payloads come from lib/native/client-engine.ts.
void run_client_op(net::client_port* client, client_op op, std::span<const std::uint8_t> payload);

// All but the data, which begins at `data_at` of the payload.
net::client_message read_client_send(std::uint32_t token, std::uint32_t flags,
                                     std::span<const std::uint8_t> payload, std::size_t& data_at);

// `begin` is that of the record behind what names a buffer, the client_form_head.
net::formed_message read_client_form(std::uint32_t token, std::uint32_t flags,
                                     std::span<const std::uint8_t> begin, std::span<const std::uint8_t> data);

}  // namespace hawser::bridge
