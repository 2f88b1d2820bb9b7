// Publishing: a message is encoded once and appended to what is due to each subscriber.
#include <memory>

#include "core/net/byte_buffer.hpp"
#include "core/net/published.hpp"
#include "micro.hpp"

namespace hawser::micro {

namespace {
constexpr std::size_t subscribers = 1000;
}

void add_fan_out() {
  add("publish: encode 128 B", 1, [] {
    return [payload = bytes(128, 'x')] {
      keep(std::make_shared<net::published>("topic", payload, net::send_flags{}));
    };
  });
  add("publish: append 128 B to a subscriber", subscribers, [] {
    const bytes payload(128, 'x');
    return [frame = std::make_shared<net::published>("topic", payload, net::send_flags{}),
            queues = std::make_shared<std::vector<net::byte_buffer>>(subscribers)] {
      for (net::byte_buffer& queue : *queues) {
        queue.append(frame->plain());
        keep(queue.data());
        queue.clear();
      }
    };
  });
}

}  // namespace hawser::micro
