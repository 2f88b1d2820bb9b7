// Reads the fields that routing needs out of a JSON text, in place and in one pass: all pointers of all
// routes at once, and the grammar of everything else on the way.
//
// What it takes for JSON is what JSON.parse takes, with an object or array at the root; so texts that it
// accepted may be joined to `[a,b,c]`. UTF-8 is the caller's to check: any bytes are safe, but those of
// invalid UTF-8 within strings pass as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/router/field_value.hpp"
#include "core/router/json_scan.hpp"
#include "core/router/pointer.hpp"
#include "core/router/pointer_trie.hpp"

namespace hawser::router {

// Not thread-safe; no allocation in steady state.
class field_reader {
 public:
  static constexpr std::size_t slack = json::slack;

  // Deeper texts are valid for JSON.parse, which knows no bound.
  static constexpr std::size_t max_depth = 1024;
  static constexpr std::size_t max_text = std::numeric_limits<std::uint32_t>::max();

  // add() beyond pointer_trie::max_nodes; field() of it is missing.
  static constexpr std::uint32_t no_field = pointer_trie::none;

  enum class outcome : std::uint8_t {
    ok,
    not_json,
    too_large,  // beyond max_depth or max_text: may be JSON, was not read
  };

  field_reader();

  // The index of the pointer's field; equal pointers have equal indices. Indices have gaps, and keep their
  // meaning until every add() of the pointer was given back.
  std::uint32_t add(const pointer& at);
  void release(std::uint32_t field);

  // Behind the text `slack` bytes must be readable, whatever they are. After anything but ok all fields are
  // missing.
  outcome read(std::span<const std::uint8_t> text);

  // Valid until the next call of read(), add() or release(); its text as long as the text that was read, too.
  const field_value& field(std::uint32_t index) const noexcept {
    const pointer_trie::node& node = trie_.nodes()[index];
    return node.visit > base_ ? node.value : missing_;
  }

 private:
  // An open object or array around the current one. Of an array `element` is the position, of an object
  // `in_object`.
  struct frame {
    pointer_trie::node* node;
    std::uint32_t element;
  };
  static constexpr std::uint32_t in_object = std::numeric_limits<std::uint32_t>::max();

  outcome walk(const std::uint8_t* p, const std::uint8_t* end);
  pointer_trie::id escaped_child(const pointer_trie::node& node, const std::uint8_t* first,
                                 const std::uint8_t* last) const;
  std::string_view unescaped(const std::uint8_t* first, const std::uint8_t* last);
  void forget_repeated() noexcept;

  // Texts with escapes are unescaped into here; more than this is not kept from one text to the next.
  static constexpr std::size_t kept_scratch = 1 << 20;

  // Visits of nodes are numbered through all texts; a number up to base_ is an old one's. A node counts only
  // while its parent's visit is the one that it was found in: a repeated member gets a new number, and what
  // the earlier one had below it is forgotten.
  pointer_trie trie_;
  std::uint64_t base_ = 0;
  std::uint64_t visits_ = 0;
  bool repeated_ = false;
  std::size_t text_size_ = 0;
  std::unique_ptr<std::uint8_t[]> scratch_;
  std::size_t scratch_capacity_ = 0;
  std::size_t scratch_used_ = 0;
  field_value missing_;
};

}  // namespace hawser::router
