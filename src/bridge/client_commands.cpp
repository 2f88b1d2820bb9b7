// Records of managed clients: what they hold becomes calls of the client.
#include "bridge/client_commands.hpp"

#include <algorithm>
#include <cstring>

#include "core/bytes.hpp"

namespace hawser::bridge {

namespace {
std::uint32_t word(std::span<const std::uint8_t> payload, std::size_t index) {
  std::uint32_t out = 0;
  if (payload.size() >= (index + 1) * sizeof(out))
    std::memcpy(&out, payload.data() + index * sizeof(out), sizeof(out));
  return out;
}
std::span<const std::uint8_t> behind(std::span<const std::uint8_t> payload, std::size_t bytes) {
  return payload.subspan(std::min(bytes, payload.size()));
}
}  // namespace

void run_client_op(net::client_port* client, client_op op, std::span<const std::uint8_t> payload) {
  // A client that has ended: what JavaScript had sent before it knew.
  if (client == nullptr) return;
  switch (op) {
    case client_op::begin:
      break;
    case client_op::connect:
      client->connect();
      break;
    case client_op::disconnect:
      client->disconnect(static_cast<std::uint16_t>(payload[0] | payload[1] << 8),
                         text_of(behind(payload, 2)));
      break;
    case client_op::reconnect:
      client->reconnect();
      break;
    case client_op::set_token: {
      const std::size_t name = payload[1];
      client->set_token(static_cast<net::token_use>(payload[0]), text_of(payload.subspan(2, name)),
                        text_of(behind(payload, 2 + name)));
      break;
    }
    case client_op::fail_token:
      client->fail_token(payload[0] != 0, text_of(behind(payload, 1)));
      break;
    case client_op::add_route:
      client->add_route(word(payload, 0), text_of(behind(payload, 4)));
      break;
    case client_op::remove_route:
      client->remove_route(word(payload, 0));
      break;
    case client_op::interest:
      client->interest((payload[0] & 1) != 0, (payload[0] & 2) != 0, (payload[0] & 4) != 0);
      break;
    case client_op::cancel:
      client->cancel(word(payload, 0));
      break;
    case client_op::clear_queue:
      client->clear_queue();
      break;
    case client_op::snapshot:
      client->snapshot(word(payload, 0), word(payload, 1));
      break;
    case client_op::dispose:
      client->dispose();
      break;
    case client_op::go:
      client->go();
      break;
    case client_op::wait:
      client->wait();
      break;
    case client_op::answered:
      client->answered(payload[0] != 0, text_of(behind(payload, 1)));
      break;
    case client_op::refused:
      client->refused(text_of(payload));
      break;
    case client_op::say:
      client->say(word(payload, 0), behind(payload, 4));
      break;
    case client_op::admit:
      client->admit(static_cast<net::admission>(payload[0]), word(behind(payload, 1), 0),
                    text_of(behind(payload, 5)));
      break;
    case client_op::rooms:
      client->rooms(payload[0] != 0, word(behind(payload, 1), 0));
      break;
    case client_op::form:
      client->form(word(payload, 0), text_of(behind(payload, 4)));
      break;
  }
}

net::client_message read_client_send(std::uint32_t token, std::uint32_t flags,
                                     std::span<const std::uint8_t> payload, std::size_t& data_at) {
  client_send_head head;
  std::memcpy(&head, payload.data(), sizeof(head));
  net::client_message out;
  out.priority = head.priority;
  out.acked = (head.mode & 1) != 0;
  out.durable = (head.mode & 2) != 0;
  out.request = (head.mode & 4) != 0;
  out.joinable = (head.mode & 8) != 0;
  out.shape = static_cast<net::shape_use>(std::min(head.mode >> 4 & 3, 2));
  out.binary = (flags & out_flag::binary) != 0;
  out.compress = (flags & out_flag::compress) != 0;
  out.arm_drain = (flags & out_flag::arm_drain) != 0;
  const bool bound = (head.mode & 64) != 0;
  out.ttl = bound ? 0 : head.ttl;
  out.link = bound ? head.ttl : 0;
  out.timeout = head.timeout;
  out.token = token;
  out.id = text_of(payload.subspan(sizeof(head), head.id_length));
  data_at = sizeof(head) + head.id_length;
  return out;
}

net::formed_message read_client_form(std::uint32_t token, std::uint32_t flags,
                                     std::span<const std::uint8_t> begin,
                                     std::span<const std::uint8_t> data) {
  client_form_head head;
  std::memcpy(&head, begin.data(), sizeof(head));
  return {.form = head.form,
          .number = head.number,
          .time = head.time,
          .timeout = head.timeout,
          .token = token,
          .priority = static_cast<std::uint8_t>(head.priority),
          .compress = (flags & out_flag::compress) != 0,
          .arm_drain = (flags & out_flag::arm_drain) != 0,
          .payload = text_of(data)};
}

}  // namespace hawser::bridge
