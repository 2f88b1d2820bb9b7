// The walk: a machine without recursion over one text.
#include "core/router/field_reader.hpp"

#include <array>
#include <cstring>

#include "core/router/json_number.hpp"
#include "core/router/json_string.hpp"

namespace hawser::router {

using byte = std::uint8_t;
using id = pointer_trie::id;

namespace {

bool is_word(const byte* p, const char (&word)[5]) noexcept { return std::memcmp(p, word, 4) == 0; }

bool is_pair(const byte* p, const char (&pair)[3]) noexcept { return std::memcmp(p, pair, 2) == 0; }

bool is_digit(byte c) noexcept { return static_cast<byte>(c - '0') < 10; }

std::string_view view(const byte* first, const byte* last) noexcept {
  return {reinterpret_cast<const char*>(first), static_cast<std::size_t>(last - first)};
}

}  // namespace

field_reader::field_reader() = default;

std::uint32_t field_reader::add(const pointer& at) {
  base_ = visits_;
  return trie_.add(at);
}

void field_reader::release(std::uint32_t field) {
  if (field == no_field) return;
  base_ = visits_;
  trie_.release(field);
}

field_reader::outcome field_reader::read(std::span<const byte> text) {
  base_ = visits_;
  repeated_ = false;
  scratch_used_ = 0;
  if (scratch_capacity_ > kept_scratch) {
    scratch_.reset();
    scratch_capacity_ = 0;
  }
  if (text.size() > max_text) return outcome::too_large;
  text_size_ = text.size();
  const outcome result = walk(text.data(), text.data() + text.size());
  if (result != outcome::ok) {
    visits_ += text.size() + 1;  // no fewer than the walk may have counted
    base_ = visits_;
  } else if (repeated_) {
    forget_repeated();
  }
  return result;
}

// `end` is looked at behind each value, and where an object, array or wanted number begins. What lies
// between, with the sixteen bytes by which a run is loaded, stays within the slack: a comma, a name, a colon,
// a string's first bytes, a number.
//
// The labels are the states; each stands where its input is expected at p. All loops lead through `value` or
// `after_value`, so the compiler sees plain loops.
field_reader::outcome field_reader::walk(const byte* p, const byte* const end) {
  pointer_trie::node* const nodes = trie_.nodes();
  // On the stack and not cleared: 16 KB that a reader would else hold all its life, and few texts are deep.
  std::array<frame, max_depth + 1> frames;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  frame* const bottom = frames.data();
  frame* top = bottom;  // the open object or array; `bottom` stands for none
  std::uint64_t visits = visits_;
  pointer_trie::node* child = nodes + pointer_trie::root;  // of the value that comes
  const byte* first;

  const auto enter = [&](pointer_trie::id found) {
    child = nodes + found;
    if (found == pointer_trie::none) return;
    if (child->visit > base_) repeated_ = true;
    child->visit = ++visits;
    child->parent_visit = top->node->visit;
  };

  p = json::skip_space(p, end);
  if (p >= end || (*p != '{' && *p != '[')) return outcome::not_json;
  child->visit = ++visits;
  json::string_window window(p, end);

value:
  if (*p == '"') {
    first = p + 1;
    p = window.run(first, end);
    if (*p == '"') [[likely]] {
      child->value.text = view(first, p);
    } else {
      p = json::string_end(p, end);
      if (p == nullptr) return outcome::not_json;
      if (child != nodes) child->value.text = unescaped(first, p);
    }
    child->value.what = field_value::kind::string;
    ++p;
  } else if (is_digit(*p) || *p == '-') {
    if (p >= end) return outcome::not_json;
    const json::number_text number = json::scan_number(p, end);
    if (number.end == nullptr) return outcome::not_json;
    if (child != nodes) {
      child->value.what = field_value::kind::number;
      child->value.number = json::number_value(p, number);
      child->value.text = view(p, number.end);
    }
    p = number.end;
  } else if (*p == '{' || *p == '[') {
    if (p >= end) return outcome::not_json;
    child->value.what = field_value::kind::container;
    child->value.text = view(p, p);
    const bool object = *p++ == '{';
    if (*p <= ' ') p = json::skip_space(p, end);
    if (*p == (object ? byte{'}'} : byte{']'})) {
      ++p;
      if (top == bottom) goto finish;
      goto after_value;
    }
    if (top == bottom + max_depth) return outcome::too_large;
    ++top;
    if (object) {
      *top = {child, in_object};
      goto member;
    }
    *top = {trie_.has_elements(*child) ? child : nodes, 0};
    goto item;
  } else if (is_word(p, "true")) {
    child->value.what = field_value::kind::boolean;
    child->value.boolean = true;
    p += 4;
  } else if (is_word(p + 1, "alse") && *p == 'f') {
    child->value.what = field_value::kind::boolean;
    child->value.boolean = false;
    p += 5;
  } else if (is_word(p, "null")) {
    child->value.what = field_value::kind::null;
    p += 4;
  } else {
    first = p;
    p = json::skip_space(p, end);
    if (p == first || p >= end) return outcome::not_json;
    goto value;
  }

after_value:
  if (p >= end) return outcome::not_json;
  if (top->element == in_object) {
    if (*p == ',') {
      ++p;
      if (*p <= ' ') [[unlikely]]
        p = json::skip_space(p, end);
      goto member;
    }
    if (*p == '}') goto close;
  } else {
    if (*p == ',') {
      ++p;
      ++top->element;
      goto item;
    }
    if (*p == ']') goto close;
  }
  first = p;
  p = json::skip_space(p, end);
  if (p == first) return outcome::not_json;
  goto after_value;

close:
  ++p;
  --top;
  if (top != bottom) goto after_value;
  goto finish;

member:
  if (*p != '"') return outcome::not_json;
  window.seek(p, end);
next_member:  // here p is not at its name yet, but the window's next stop is the quote before it
  if (!window.take(first, end) || !window.take(p, end)) return outcome::not_json;
  ++first;
  if (!is_pair(p, "\":")) [[unlikely]]
    goto odd_name;
  enter(trie_.child(*top->node, first, static_cast<std::size_t>(p - first)));
  p += 2;
  if (child != nodes) goto value;
  // Most members are asked for by nobody: their strings and numbers are passed over here.
  if (*p == '"') {
    if (!window.take(p, end) || !window.take(p, end)) return outcome::not_json;
    if (*p != '"') [[unlikely]] {
      p = json::string_end(p, end);
      if (p == nullptr) return outcome::not_json;
      ++p;
      goto after_value;
    }
    ++p;
  } else if (is_digit(*p) || *p == '-') {
    p = json::scan_number(p, end).end;
    if (p == nullptr) return outcome::not_json;
  } else {
    goto value;
  }
  if (p >= end) return outcome::not_json;
  if (is_pair(p, ",\"")) goto next_member;
  goto after_value;

odd_name:
  if (*p == '"') {
    enter(trie_.child(*top->node, first, static_cast<std::size_t>(p - first)));
  } else {
    p = json::string_end(p, end);
    if (p == nullptr) return outcome::not_json;
    enter(top->node == nodes ? pointer_trie::none : escaped_child(*top->node, first, p));
  }
  p = json::skip_space(p + 1, end);
  if (*p++ != ':') return outcome::not_json;
  goto value;

item:
  enter(top->node == nodes ? pointer_trie::none : trie_.child_at(*top->node, top->element));
  goto value;

finish:
  visits_ = visits;
  // A bracket in the slack may have ended it: then the text was cut.
  if (p < end) p = json::skip_space(p, end);
  return p == end ? outcome::ok : outcome::not_json;
}

id field_reader::escaped_child(const pointer_trie::node& node, const byte* first, const byte* last) const {
  // A name of n bytes is written with at most 6n.
  std::array<byte, 6 * pointer::max_bytes + 8> name;
  const auto length = static_cast<std::size_t>(last - first);
  if (length > 6 * pointer::max_bytes) return pointer_trie::none;
  byte* const stop = json::unescape(first, last, name.data());
  std::memset(stop, 0, 8);
  return trie_.child(node, name.data(), static_cast<std::size_t>(stop - name.data()));
}

// All texts of one read are parts of its text and do not overlap, so they fit into as many bytes.
std::string_view field_reader::unescaped(const byte* first, const byte* last) {
  if (scratch_capacity_ < text_size_) {
    // Nothing is in it yet: the first of a read takes care of all.
    scratch_ = std::make_unique_for_overwrite<byte[]>(text_size_);
    scratch_capacity_ = text_size_;
  }
  byte* const out = scratch_.get() + scratch_used_;
  byte* const stop = json::unescape(first, last, out);
  scratch_used_ = static_cast<std::size_t>(stop - scratch_.get());
  return view(out, stop);
}

// A node may stand before or behind its parent in the list; either way a wrong ancestor shows.
void field_reader::forget_repeated() noexcept {
  pointer_trie::node* const nodes = trie_.nodes();
  for (id node = pointer_trie::root + 1; node < trie_.size(); ++node) {
    if (nodes[node].visit <= base_) continue;
    for (id up = node; up != pointer_trie::root; up = trie_.parent(up)) {
      if (nodes[up].parent_visit == nodes[trie_.parent(up)].visit) continue;
      nodes[node].visit = 0;
      break;
    }
  }
}

}  // namespace hawser::router
