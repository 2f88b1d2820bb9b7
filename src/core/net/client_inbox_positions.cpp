// Where a client is in the rooms that keep their messages: noted as they come, told when the link ends or
// opens.
#include "core/bytes.hpp"
#include "core/net/client_inbox.hpp"

namespace hawser::net {

void client_inbox::note_position(const router::classified& found) {
  using kind = router::field_value::kind;
  const router::field_value& offset = classifier_->reader().field(offset_);
  const router::field_value& epoch = classifier_->reader().field(epoch_);
  if (offset.what != kind::number || epoch.what != kind::string) return;
  if (!owner_.core().speaks_own_protocol()) return;
  if (positions_.note(found.room, epoch.text, offset.number)) return;
  tell_positions();
  positions_.note(found.room, epoch.text, offset.number);
}

void client_inbox::connected() {
  // Feeds of other makers do not pay for it.
  if (!watching_ && owner_.core().speaks_own_protocol()) {
    watching_ = true;
    epoch_ = reading().watch(router::pointer::parse("/epoch").value);
    offset_ = reading().watch(router::pointer::parse("/offset").value);
  }
  tell_positions();
}

void client_inbox::tell_positions() {
  if (positions_.empty()) return;
  const std::string text = positions_.text();
  positions_.clear();
  owner_.record({.kind = event_kind::client_notice,
                 .client = client_,
                 .aux = static_cast<std::uint32_t>(client_notice::control),
                 .flags = {},
                 .head = {},
                 .body = bytes_of(text)});
}

}  // namespace hawser::net
