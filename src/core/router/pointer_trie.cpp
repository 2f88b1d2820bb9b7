// Building of the tree, and the rare part of a look-up.
#include "core/router/pointer_trie.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hawser::router {

namespace {

// A table has at least so many places for each name: most names that are not in it meet a free place.
constexpr std::size_t crowding = 4;

}  // namespace

pointer_trie::pointer_trie() {
  // Room for the three parts of an envelope: many clients ask for no more.
  nodes_.reserve(5);
  details_.reserve(5);
  nodes_.resize(2);
  details_.resize(2);
}

pointer_trie::id pointer_trie::find_child(id node, const std::string& name) const {
  // The look-up reads eight bytes at the name.
  std::vector<std::uint8_t> padded(name.begin(), name.end());
  padded.resize(name.size() + 8);
  return child(nodes_[node], padded.data(), name.size());
}

pointer_trie::id pointer_trie::add(const pointer& at) {
  id node = root;
  std::size_t known = 0;
  for (; known < at.tokens().size(); ++known) {
    const id next = find_child(node, at.tokens()[known]);
    if (next == none) break;
    node = next;
  }
  if (nodes_.size() - free_.size() + (at.tokens().size() - known) > max_nodes) return none;
  for (; known < at.tokens().size(); ++known) node = make(node, at.tokens()[known]);
  ++details_[node].users;
  return node;
}

pointer_trie::id pointer_trie::make(id parent, const std::string& name) {
  id node;
  if (free_.empty()) {
    node = static_cast<id>(nodes_.size());
    nodes_.emplace_back();
    details_.emplace_back();
  } else {
    node = free_.back();
    free_.pop_back();
  }
  details_[node].parent = parent;
  details_[node].name = name;
  detail& d = details_[parent];
  d.children.push_back(node);
  if (d.table.size() < crowding * d.children.size()) {
    rebuild(parent);
  } else {
    enter(parent, node);
  }
  return node;
}

void pointer_trie::release(id node) {
  if (details_[node].users > 0) --details_[node].users;
  while (node != root && details_[node].users == 0 && details_[node].children.empty()) {
    const id parent = details_[node].parent;
    std::erase(details_[parent].children, node);
    rebuild(parent);
    nodes_[node] = {};
    details_[node] = {};
    free_.push_back(node);
    node = parent;
  }
}

void pointer_trie::rebuild(id node) {
  detail& d = details_[node];
  const std::size_t size = std::bit_ceil(2 * crowding * d.children.size() + 2);
  d.table.assign(size, entry{});
  d.indices.clear();
  pointer_trie::node& n = nodes_[node];
  n.lengths = 0;
  n.table = d.table.data();
  n.mask = static_cast<std::uint32_t>(size - 1);
  n.shift = static_cast<std::uint32_t>(64 - std::countr_zero(size));
  for (const id child : d.children) enter(node, child);
}

void pointer_trie::enter(id node, id child) {
  detail& d = details_[node];
  pointer_trie::node& n = nodes_[node];
  const std::string& name = details_[child].name;
  const std::size_t length = name.size();
  std::uint8_t first[8] = {};
  std::memcpy(first, name.data(), std::min<std::size_t>(length, sizeof first));
  const entry e{head_of(first, length), static_cast<std::uint32_t>(length), child};
  n.lengths |= std::uint64_t{1} << (length % 64);
  std::uint32_t i = hash(e.head, n.shift);
  while (d.table[i & n.mask].child != none) ++i;
  d.table[i & n.mask] = e;
  if (const auto index = pointer::index_of(name)) {
    const std::pair<std::uint32_t, id> place(*index, child);
    d.indices.insert(std::lower_bound(d.indices.begin(), d.indices.end(), place), place);
  }
}

pointer_trie::id pointer_trie::probe(const node& of, std::uint64_t head, const std::uint8_t* name,
                                     std::size_t length) const noexcept {
  for (std::uint32_t i = hash(head, of.shift);; ++i) {
    const entry& e = of.table[i & of.mask];
    if (e.child == none) return none;
    if (e.head == head && e.length == length &&
        (length <= 8 || std::memcmp(details_[e.child].name.data() + 8, name + 8, length - 8) == 0)) {
      return e.child;
    }
  }
}

pointer_trie::id pointer_trie::child_at(const node& of, std::uint32_t index) const noexcept {
  const auto& indices = details_of(of).indices;
  const auto it = std::lower_bound(indices.begin(), indices.end(), std::pair<std::uint32_t, id>(index, none));
  return it == indices.end() || it->first != index ? none : it->second;
}

}  // namespace hawser::router
