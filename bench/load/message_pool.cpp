// Makes the texts, compresses and frames them.
#include "message_pool.hpp"

#include <zlib.h>

#include <random>

#include "args.hpp"
#include "frames.hpp"

namespace hawser::load {

namespace {

constexpr std::uint32_t compressed_pool_size = 512;
constexpr std::string_view sync_tail("\x00\x00\xff\xff", 4);

std::string plain_text(std::uint32_t size, std::mt19937& random, bool binary) {
  static constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789";
  std::string out(size, ' ');
  for (char& c : out) c = binary ? static_cast<char>(random()) : letters[random() % letters.size()];
  return out;
}

// A list of quotes as a trading or telemetry service would send it: repeated keys, differing values.
std::string json_text(std::uint32_t size, std::mt19937& random) {
  static constexpr const char* symbols[] = {"AAPL", "MSFT", "NVDA", "AMZN", "TSLA", "META", "ORCL", "INTC"};
  static constexpr const char* venues[] = {"XNAS", "XNYS", "BATS", "ARCX"};
  std::string out =
      "{\"type\":\"quotes\",\"timestamp\":" + std::to_string(1'700'000'000'000 + random() % 1'000'000'000) +
      ",\"payload\":[";
  while (true) {
    std::string entry = "{\"symbol\":\"" + std::string(symbols[random() % 8]) + "\",\"venue\":\"" +
                        venues[random() % 4] + "\",\"bid\":" + std::to_string(random() % 100000) + "." +
                        std::to_string(random() % 100) + ",\"ask\":" + std::to_string(random() % 100000) +
                        "." + std::to_string(random() % 100) +
                        ",\"volume\":" + std::to_string(random() % 1'000'000) + "},";
    if (out.size() + entry.size() + 12 > size) break;
    out += entry;
  }
  if (out.back() == ',') out.pop_back();
  out += "],\"pad\":\"";
  while (out.size() + 2 < size) out += static_cast<char>('a' + random() % 26);
  return out + "\"}";
}

// Every message starts from an empty window, so the bytes are valid whatever context takeover was agreed on.
std::string deflated(const std::string& text, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw failure("deflateInit2 failed");
  std::string out(deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(out.size() - stream.avail_out - sync_tail.size());
  deflateEnd(&stream);
  return out;
}

}  // namespace

message_pool::message_pool(const pool_options& options) {
  std::mt19937 random(20240229);
  const std::uint32_t count = options.compressed ? compressed_pool_size : options.in_flight;
  offsets_.push_back(0);
  for (std::uint32_t i = 0; i < count + options.in_flight; ++i) {
    if (i < count) {
      payloads_.push_back(options.compressed ? json_text(options.size, random)
                                             : plain_text(options.size, random, options.binary));
    }
    const std::string& payload = payloads_[i % count];
    const auto key = static_cast<std::uint32_t>(random()) | 1;
    const std::uint8_t op = options.binary ? binary : text;
    append_frame(frames_, op, options.compressed,
                 options.compressed ? deflated(payload, options.level) : payload, key);
    offsets_.push_back(frames_.size());
  }
}

struct reply_inflater::state {
  z_stream stream{};
};

reply_inflater::reply_inflater(bool keeps_window) : state_(new state), keeps_window_(keeps_window) {
  if (inflateInit2(&state_->stream, -15) != Z_OK) throw failure("inflateInit2 failed");
}

reply_inflater::~reply_inflater() {
  inflateEnd(&state_->stream);
  delete state_;
}

bool reply_inflater::matches(std::string_view compressed, std::string_view expected) {
  z_stream& stream = state_->stream;
  const std::string input = std::string(compressed) + std::string(sync_tail);
  std::string out(expected.size() + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_SYNC_FLUSH);
  out.resize(out.size() - stream.avail_out);
  if (!keeps_window_ || result == Z_STREAM_END) inflateReset(&stream);
  return (result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END) && out == expected;
}

}  // namespace hawser::load
