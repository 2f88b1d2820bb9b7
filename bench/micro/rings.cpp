// A ring: a batch of records is written, published, read and given back, both ends on one thread.
#include <memory>

#include "bridge/ring.hpp"
#include "micro.hpp"

namespace hawser::micro {

namespace {

constexpr std::size_t record_batch = 16;
constexpr std::uint32_t capacity = 4 * 1024 * 1024;
constexpr std::uint32_t kind = 1;

struct ends {
  bytes memory = bytes(bridge::ring_control_bytes + capacity + bridge::ring_slack_bytes);
  bridge::ring_producer producer{bridge::ring_memory(memory.data(), capacity)};
  bridge::ring_consumer consumer{bridge::ring_memory(memory.data(), capacity)};
};

void add_batches(const char* name, std::size_t size) {
  add(name, record_batch, [size] {
    return [payload = bytes(size, 'x'), ring = std::make_shared<ends>()] {
      keep(ring->consumer.prepare_sleep());
      for (std::size_t i = 0; i < record_batch; ++i) keep(ring->producer.push(7, kind, 0, payload));
      keep(ring->producer.publish());
      for (bridge::ring_consumer::record record; ring->consumer.next(record);) keep(record.payload);
      keep(ring->consumer.release());
    };
  });
}

}  // namespace

void add_rings() {
  add_batches("ring: push and drain, 20 B", 20);
  add_batches("ring: push and drain, 1 KiB", 1024);
}

}  // namespace hawser::micro
