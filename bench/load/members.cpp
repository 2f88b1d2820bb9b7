#include "members.hpp"

#include "args.hpp"

namespace hawser::load {

namespace {
constexpr std::uint32_t mask_key = 0x2b7e1516;
}

void members::open(std::uint16_t port, std::uint32_t count) {
  open_options options;
  options.request.port = port;
  options.timeout_seconds = patience_;
  prepare_upgrade(how_, options.request);
  opened_.push_back(open_clients(poll_, count, options));
  const auto before = static_cast<std::uint32_t>(all_.size());
  for (auto& each : opened_.back().all) {
    each->index += before;
    all_.emplace_back().io = each.get();
  }
  if (ready_at_once(how_)) return;
  done_ = 0;
  const hearer nobody = [](member&, heard, std::string_view) {};
  hearer_ = &nobody;
  // What came with the answer to the upgrade is read already.
  for (std::size_t i = before; i < all_.size(); ++i) serve(all_[i]);
  wait_for(count, nobody, "became ready");
}

void members::join(std::uint32_t rooms) {
  done_ = 0;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    all_[i].room = "room-" + std::to_string(i % rooms);
    send(all_[i], join_text(how_, all_[i].room));
  }
  const auto joined = [this](member& who, heard what, std::string_view text) {
    if (what != heard::joined) return;
    ++done_;
    who.epoch = string_behind(text, "\"epoch\":");
    const std::int64_t offset = number_behind(text, "\"offset\":");
    if (offset >= 0) who.next = static_cast<std::uint64_t>(offset) + 1;
  };
  wait_for(all_.size(), joined, "joined");
}

void members::wait_for(std::size_t count, const hearer& hear, const char* what) {
  const nanoseconds deadline = now() + static_cast<nanoseconds>(patience_ * 1e9);
  while (done_ < count) {
    serve(hear);
    if (failures_ != 0) throw failure("the server refused: " + first_failure_);
    if (lost_ != 0 || asked_to_stop() || now() > deadline) {
      throw failure("only " + std::to_string(done_) + " of " + std::to_string(count) + " clients " + what);
    }
  }
}

void members::serve(const hearer& hear, const void* aside) {
  hearer_ = &hear;
  for (const epoll_event& event : poll_.wait(100)) {
    if (event.data.ptr == aside) continue;
    auto& who = *static_cast<client*>(event.data.ptr);
    if (who.state == client::phase::open) serve(all_[who.index]);
  }
}

void members::serve(member& who) {
  reading_ = &who;
  client& io = *who.io;
  if (io.io.flush() && read_frames(io, buffer_, *this)) {
    follow_writes(poll_, io);
    return;
  }
  drop(poll_, io);
  ++lost_;
}

void members::send(member& who, std::string_view text) {
  frame_.clear();
  append_frame(frame_, load::text, false, text, mask_key);
  if (!who.io->io.send(frame_)) throw failure("a connection is gone");
  follow_writes(poll_, *who.io);
}

void members::clear() {
  for (member& each : all_) drop(poll_, *each.io);
  all_.clear();
  opened_.clear();
  lost_ = 0;
}

void members::data(const frame_header& header, std::uint64_t offset, const char* bytes, std::size_t size) {
  if (offset == 0 && size == header.length && header.final && reading_->partial.empty()) {
    whole_ = {bytes, size};
  } else {
    reading_->partial.append(bytes, size);
  }
}

void members::end(const frame_header& header) {
  if (!header.final) return;
  if (reading_->partial.empty()) {
    hear(whole_);
  } else {
    hear(reading_->partial);
    reading_->partial.clear();
  }
  whole_ = {};
}

void members::hear(std::string_view text) {
  const heard what = classify(how_, text);
  if (what == heard::handshake) {
    send(*reading_, answer_to_handshake());
  } else if (what == heard::heartbeat) {
    send(*reading_, answer_to_heartbeat());
  } else if (what == heard::ready) {
    if (!reading_->ready) ++done_;
    reading_->ready = true;
  } else {
    if (what == heard::failed && ++failures_ == 1) first_failure_ = text.substr(0, 300);
    (*hearer_)(*reading_, what, text);
  }
}

void members::control(std::uint8_t op, std::string_view payload) {
  if (op == ping) send_pong(*reading_->io, payload);
}

}  // namespace hawser::load
