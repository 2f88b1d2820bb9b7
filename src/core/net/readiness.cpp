#include "core/net/readiness.hpp"

#ifdef HAWSER_READINESS
#include <boost/system/system_error.hpp>
#include <cerrno>

namespace hawser::net {

namespace {
constexpr std::uint32_t input_edges = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;

int make_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
  return set;
}
}  // namespace

readiness::readiness(boost::asio::io_context& context) : set_(context, make_set()) {}

bool readiness::add(int descriptor, transport& who) noexcept {
  epoll_event event{.events = input_edges, .data = {.ptr = &who}};
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

// The kernel looks again when it is told, so nothing that came before is missed.
void readiness::watch_output(int descriptor, transport& who) noexcept {
  epoll_event event{.events = input_edges | EPOLLOUT, .data = {.ptr = &who}};
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_MOD, descriptor, &event);
}

// Closing a descriptor is not enough: a child process that was just forked may hold it for a moment.
void readiness::remove(int descriptor) noexcept {
  epoll_event ignored{};
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, descriptor, &ignored);
}

void readiness::arm() {
  if (armed_) return;
  armed_ = true;
  set_.async_wait(decltype(set_)::wait_read, [this](const boost::system::error_code& ec) {
    armed_ = false;
    told_ = told_ || !ec;
  });
}

std::span<const epoll_event> readiness::collect() noexcept {
  told_ = false;
  const int count = ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace hawser::net
#endif
