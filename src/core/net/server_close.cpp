// The end of a server, and its events to the sink.
#include <filesystem>

#include "core/net/reactor.hpp"
#include "core/net/server.hpp"

namespace hawser::net {

// --------------------------------------------------------------------------------------------------- events

void server::on_room() {
  while (!reports_.empty()) {
    const report_record& first = reports_.front();
    if (!reactor_.sink().event(
            first.kind, id_, first.aux,
            {reinterpret_cast<const std::uint8_t*>(first.fields.data()), first.fields.size()})) {
      reactor_.mark_blocked(*this);
      return;
    }
    const bool last = first.kind == event_kind::server_closed;
    reports_.erase(reports_.begin());
    if (last) {
      finished_ = true;
      reactor_.release(gauge_);
      return;
    }
  }
  if (drain_pending_ && reactor_.sink().event(event_kind::server_drain, id_, 0, {})) drain_pending_ = false;
  if (dropped_ > 0 && reactor_.sink().event(event_kind::dropped, id_, dropped_, {})) dropped_ = 0;
  begin_handed();
  on_credit();
}

void server::report(event_kind kind, std::uint32_t aux, std::string fields) {
  reports_.push_back({kind, aux, std::move(fields)});
  on_room();
}

// ---------------------------------------------------------------------------------------------------- close

void server::refuse(bool deaf) {
  refusing_ = true;
  if (!deaf || closing_ || !acceptor_.is_open()) return;
  // The kernel resets who waits in the backlog of a listener that is closed; these get an answer.
  for (int most = settings_->backlog; most > 0 && on_acceptable(); most -= accept_burst) {
  }
  stop_listening();
}

void server::stop_listening() {
  if (!acceptor_.is_open()) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  if (settings_->unix_path.empty()) return;
  std::error_code none;
  std::filesystem::remove(settings_->unix_path, none);
}

void server::close(std::int64_t milliseconds) {
  if (closing_) return;
  if (!group_ || listener_ended_) return shut(milliseconds);
  if (group_->home() != part_) {
    close_asked_ = milliseconds;
    return;
  }
  end_listener(false);
  shut(milliseconds);
}

// What was published here before goes first. A part that does not know the server yet finds it noted.
void server::end_listener(bool failed) {
  group_->note_end(failed ? server_group::end::failed : server_group::end::closed);
  reactor_.joined()->end_listener(id_, failed);
}

void server::on_listener_ended(bool failed) {
  listener_ended_ = true;
  if (failed) {
    shut(0);
  } else if (close_asked_ >= 0) {
    shut(close_asked_);
  }
}

void server::shut(std::int64_t milliseconds) {
  if (closing_) return;
  closing_ = true;
  drop_handed();
  stop_listening();
  timer_.cancel();
  sweep_timer_.cancel();
  reactor_.each_connection([this](connection& c) {
    if (c.owner() == this) c.shutdown_server();
  });
  check_closed();
  if (connections_ == 0) return;
  operations_++;
  timer_.expires_after(std::chrono::milliseconds(milliseconds));
  timer_.async_wait([this](const boost::system::error_code& ec) {
    operations_--;
    if (!ec) drop_connections();
  });
}

void server::drop_connections() {
  reactor_.each_connection([this](connection& c) {
    if (c.owner() == this) c.terminate();
  });
}

void server::left() {
  connections_--;
  if (group_) group_->left(part_);
  check_closed();
}

void server::note_above(bool above) {
  above_ = above ? above_ + 1 : above_ - 1;
  reactor_.sink().flushed(gauge_, above_, 0);
  if (group_ ? !group_->note_above(above) : above_ > 0) return;
  drain_pending_ = !reactor_.sink().event(event_kind::server_drain, id_, 0, {});
  if (drain_pending_) reactor_.mark_blocked(*this);
}

void server::check_closed() {
  if (!closing_ || connections_ > 0 || finished_) return;
  for (const report_record& waiting : reports_) {
    if (waiting.kind == event_kind::server_closed) return;
  }
  timer_.cancel();
  report(event_kind::server_closed, 0, {});
}

}  // namespace hawser::net
