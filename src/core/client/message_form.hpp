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
                         std::string_view payload);

 private:
  using places = std::vector<std::size_t>;

  void lay_out(std::string_view number);
  void fill(const places& at, std::string_view value);

  std::string form_;
  // The message before, without its payload. Most often the next one differs from it in a few digits.
  std::string text_;
  places numbers_, times_, payloads_;  // where in it they begin
  std::size_t digits_ = 0;             // of its number; 0: it has to be laid out anew
  std::uint64_t time_ = 0;
  std::string time_text_;
  std::size_t id_at_ = 0;
};

}  // namespace hawser::client
