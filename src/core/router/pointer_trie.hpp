// Pointers as a tree of names: what a walk over a document asks at each member and each array element, and
// where it leaves what it finds. Many names below one node cost the same as a few: a mask of lengths turns
// most away, one hashed probe the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/router/field_value.hpp"
#include "core/router/json_scan.hpp"
#include "core/router/pointer.hpp"

namespace hawser::router {

class pointer_trie {
 public:
  using id = std::uint32_t;

  static constexpr id none = 0;  // the node of all values that nobody asks for; its value is rubbish
  static constexpr id root = 1;
  static constexpr std::size_t max_nodes = 16'384;

  struct entry {
    std::uint64_t head = 0;  // the first eight bytes of the name, zeros behind a shorter one
    std::uint32_t length = 0;
    id child = none;
  };

  // The hot part. A whole number of cache lines, and a power of two, so that an id becomes an address by a
  // shift.
  struct alignas(128) node {
    std::uint64_t lengths = 0;  // bit n: a child's name has n bytes, or n plus a multiple of 64
    const entry* table = nullptr;
    std::uint32_t shift = 63;
    std::uint32_t mask = 0;

    // The walk's: see field_reader.
    std::uint64_t visit = 0;
    std::uint64_t parent_visit = 0;
    field_value value;
  };

  pointer_trie();
  pointer_trie(const pointer_trie&) = delete;  // nodes point into their details
  pointer_trie& operator=(const pointer_trie&) = delete;

  // The node of a pointer, made if it is not there yet; `none` when there would be more than max_nodes. Each
  // add() is given back by one release(); ids of other pointers never change.
  id add(const pointer& at);
  void release(id node);

  // Nodes by id, `none` and those that are free included. add() may move them.
  node* nodes() noexcept { return nodes_.data(); }
  const node* nodes() const noexcept { return nodes_.data(); }
  std::size_t size() const noexcept { return nodes_.size(); }
  id parent(id node) const noexcept { return details_[node].parent; }

  // The child by the name of `length` bytes at `name`, behind which eight bytes must be readable.
  id child(const node& of, const std::uint8_t* name, std::size_t length) const noexcept {
    if (((of.lengths >> (length % 64)) & 1) == 0) return none;
    const std::uint64_t head = head_of(name, length);
    const entry& e = of.table[hash(head, of.shift)];
    if (e.child == none) return none;
    return e.head == head && e.length == length && length <= 8 ? e.child : probe(of, head, name, length);
  }

  // The same for an array element, and whether any element has a node.
  id child_at(const node& of, std::uint32_t index) const noexcept;
  bool has_elements(const node& of) const noexcept { return !details_of(of).indices.empty(); }

 private:
  // What the walk seldom needs.
  struct detail {
    id parent = none;
    std::uint32_t users = 0;
    std::string name;
    std::vector<id> children;
    std::vector<entry> table;
    std::vector<std::pair<std::uint32_t, id>> indices;  // sorted
  };

  static std::uint64_t head_of(const std::uint8_t* name, std::size_t length) noexcept {
    const std::uint64_t v = json::words::load(name);
    return length >= 8 ? v : v & ~(~std::uint64_t{0} << (8 * length));
  }

  static std::uint32_t hash(std::uint64_t head, std::uint32_t shift) noexcept {
    return static_cast<std::uint32_t>((head * 0x9E3779B97F4A7C15U) >> shift);
  }

  const detail& details_of(const node& n) const noexcept {
    return details_[static_cast<std::size_t>(&n - nodes_.data())];
  }

  id probe(const node& of, std::uint64_t head, const std::uint8_t* name, std::size_t length) const noexcept;
  id find_child(id node, const std::string& name) const;
  id make(id parent, const std::string& name);
  void rebuild(id node);
  void enter(id node, id child);

  std::vector<node> nodes_;
  std::vector<detail> details_;
  std::vector<id> free_;
};

static_assert(sizeof(pointer_trie::node) == 128);

}  // namespace hawser::router
