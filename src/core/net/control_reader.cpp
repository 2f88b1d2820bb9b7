#include "core/net/control_reader.hpp"

#include <algorithm>
#include <limits>

#include "core/bytes.hpp"
#include "core/router/json_array.hpp"
#include "core/router/pointer.hpp"

namespace hawser::net {

namespace {

using kind = router::field_value::kind;
using outcome = router::field_reader::outcome;

// In characters, see docs/protocol.md.
constexpr std::size_t longest_id = 64;
constexpr std::size_t longest_correlation = 128;
constexpr std::size_t longest_number = 32;

// A name that can be written as it is; others are JavaScript's.
bool plain(std::string_view name, std::size_t longest) noexcept {
  return !name.empty() && name.size() <= longest &&
         std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace

control_reader::control_reader() {
  const auto field = [this](std::string_view at) { return reader_.add(router::pointer::parse(at).value); };
  type_ = field("/type");
  id_ = field("/id");
  correlation_ = field("/correlationId");
  timestamp_ = field("/timestamp");
  room_ = field("/room");
  ack_ = field("/ack");
  payload_ = field("/payload");
}

bool control_reader::may_be_heartbeat(std::span<const std::uint8_t> text) noexcept {
  return text.size() <= longest && text_of(text).find("heartbeat\"") != std::string_view::npos;
}
bool control_reader::may_be_batch(std::span<const std::uint8_t> text) noexcept {
  // The type may be written with escapes.
  return text_of(text).find("batch\"") != std::string_view::npos ||
         text_of(text).find("\\u") != std::string_view::npos;
}

// Of a message that was read: under what it is answered.
std::string_view control_reader::correlation() const noexcept {
  const router::field_value& name = reader_.field(correlation_);
  const router::field_value& id = reader_.field(id_);
  if (name.what == kind::string) return plain(name.text, longest_correlation) ? name.text : "";
  return id.what == kind::string && plain(id.text, longest_id) ? id.text : "";
}

void control_reader::begin(std::string_view type, std::int64_t wall) {
  out_.assign(R"({"type":")").append(type).append(R"(","timestamp":)").append(std::to_string(wall));
}
void control_reader::add_correlation(std::string_view id) {
  if (!id.empty()) out_.append(R"(,"correlationId":")").append(id).append("\"");
}

std::string_view control_reader::answer_heartbeat(std::span<const std::uint8_t> text, std::int64_t wall) {
  if (reader_.read(text) != outcome::ok) return {};
  const router::field_value& type = reader_.field(type_);
  if (type.what != kind::string || type.text != "heartbeat") return {};
  const auto absent = [&](std::uint32_t field) { return reader_.field(field).what == kind::missing; };
  if (!absent(room_) || !absent(ack_) || !absent(payload_)) return {};
  const router::field_value& timestamp = reader_.field(timestamp_);
  const bool timed = timestamp.what == kind::number && timestamp.text.size() <= longest_number;
  if (!timed && timestamp.what != kind::missing) return {};
  const std::string_view id = correlation();
  if (id.empty() && !(absent(id_) && absent(correlation_))) return {};
  if (!absent(id_) && !plain(reader_.field(id_).text, longest_id)) return {};
  begin("heartbeat_ack", wall);
  add_correlation(id);
  if (timed) out_.append(R"(,"payload":{"originalTimestamp":)").append(timestamp.text).append("}");
  return out_.append("}");
}

std::int64_t control_reader::messages_in(std::span<const std::uint8_t> text) {
  const outcome read = reader_.read(text);
  if (read != outcome::ok) return read == outcome::too_large ? std::numeric_limits<std::int32_t>::max() : 1;
  const router::field_value& type = reader_.field(type_);
  if (type.what != kind::string || type.text != "batch") return 1;
  std::size_t at = router::json::array_member(text, "payload");
  std::int64_t count = 0;
  if (at != 0) {
    while (!router::json::next_element(text, at).empty()) count++;
  }
  return std::max<std::int64_t>(count, 1);
}

std::string_view control_reader::refusal(std::span<const std::uint8_t> text, std::int64_t retry_after,
                                         std::int64_t wall) {
  const bool known = !text.empty() && reader_.read(text) == outcome::ok;
  begin("error", wall);
  if (known) add_correlation(correlation());
  const std::string after = std::to_string(retry_after);
  return out_.append(R"(,"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many messages. Wait )")
      .append(after)
      .append(R"( ms","retryAfter":)")
      .append(after)
      .append("}}");
}

}  // namespace hawser::net
