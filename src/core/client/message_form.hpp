// What stands around the payloads of one type of message: JavaScript says it once, and then of each message
// no more than its number, its time and its payload.
//
//   {"id":"5f0c…-0F#","type":"work","timestamp":@,"correlationId":"5f0c…-0F#","payload":$}
//                #: the number, to base 36      @: milliseconds      $: the payload
//
// JavaScript counts the bytes that come of it by the same rules: lib/native/client-forms.ts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::client {

class message_form {
 public:
  // Control characters, which no JSON text contains.
  static constexpr char number_mark = 1, time_mark = 2, payload_mark = 3;

  explicit message_form(std::string_view text);

  // Replaces `out`. Returns where in it the id lies: what stands between the quotes around the first number;
  // empty if the form has none.
  std::string_view write(std::string& out, std::uint64_t number, std::uint64_t time,
                         std::string_view payload) const;

 private:
  // Text, and the mark behind it; 0 at the end.
  struct piece {
    std::string text;
    char mark;
  };
  std::vector<piece> pieces_;
  std::size_t id_at_ = 0;
};

}  // namespace hawser::client
