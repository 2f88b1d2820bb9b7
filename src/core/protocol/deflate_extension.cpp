// Parsing and negotiation of Sec-WebSocket-Extensions.
#include "core/protocol/deflate_extension.hpp"

#include <algorithm>
#include <utility>

#include "core/protocol/http_syntax.hpp"

namespace hawser::protocol {

namespace {

constexpr std::string_view deflate_name = "permessage-deflate";

// A cursor over the header text. Methods return false where the grammar does not match.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_(trim(text)) {}

  bool at_end() const { return rest_.empty(); }

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }

  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    skip_space();
    return true;
  }

  bool take_token(std::string& out) {
    std::size_t n = 0;
    while (n < rest_.size() && is_token_char(rest_[n])) ++n;
    out.assign(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return n != 0;
  }

  // A token, or a quoted string whose content is a token (RFC 6455 §9.1).
  bool take_value(std::string& out) {
    if (rest_.empty() || rest_.front() != '"') return take_token(out);
    rest_.remove_prefix(1);
    out.clear();
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) return false;
      out.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);
    return is_token(out);
  }

 private:
  std::string_view rest_;
};

std::optional<int> window_bits(const std::string& text) {
  if (text.size() == 1 && text[0] >= '8' && text[0] <= '9') return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') return 10 + (text[1] - '0');
  return std::nullopt;
}

// The parameters of one permessage-deflate element.
struct deflate_params {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  bool client_bits_named = false;
  std::optional<int> server_bits;
  std::optional<int> client_bits;
};

// None: an unknown or repeated parameter, or a value where none belongs, or none where one belongs.
std::optional<deflate_params> read_params(const extension& element, bool is_response) {
  deflate_params result;
  for (const auto& [name, value] : element.params) {
    if (name == "server_no_context_takeover") {
      if (value || std::exchange(result.server_no_context_takeover, true)) return std::nullopt;
    } else if (name == "client_no_context_takeover") {
      if (value || std::exchange(result.client_no_context_takeover, true)) return std::nullopt;
    } else if (name == "server_max_window_bits") {
      if (!value || result.server_bits) return std::nullopt;
      result.server_bits = window_bits(*value);
      if (!result.server_bits) return std::nullopt;
    } else if (name == "client_max_window_bits") {
      if (std::exchange(result.client_bits_named, true)) return std::nullopt;
      if (value) {
        result.client_bits = window_bits(*value);
        if (!result.client_bits) return std::nullopt;
      } else if (is_response) {
        return std::nullopt;
      }
    } else {
      return std::nullopt;
    }
  }
  return result;
}

void append_bits(std::string& header, std::string_view name, int bits) {
  header.append("; ").append(name).append("=").append(std::to_string(bits));
}

std::optional<deflate_agreement> accept(const deflate_params& params, const deflate_options& own) {
  if (params.server_bits && *params.server_bits < 9) return std::nullopt;
  deflate_agreement result{own, std::string(deflate_name)};
  deflate_options& agreed = result.options;
  agreed.server_no_context_takeover = own.server_no_context_takeover || params.server_no_context_takeover;
  agreed.client_no_context_takeover = own.client_no_context_takeover || params.client_no_context_takeover;
  agreed.server_max_window_bits =
      std::min(std::clamp(own.server_max_window_bits, 9, 15), params.server_bits.value_or(15));
  // A client that does not name the parameter cannot be told a smaller window (RFC 7692 §7.1.2.2).
  agreed.client_max_window_bits_offered = params.client_bits_named;
  agreed.client_max_window_bits =
      params.client_bits_named
          ? std::min(std::clamp(own.client_max_window_bits, 9, 15), params.client_bits.value_or(15))
          : 15;

  if (agreed.server_no_context_takeover) result.header += "; server_no_context_takeover";
  if (agreed.client_no_context_takeover) result.header += "; client_no_context_takeover";
  if (agreed.server_max_window_bits < 15 || params.server_bits) {
    append_bits(result.header, "server_max_window_bits", agreed.server_max_window_bits);
  }
  if (agreed.client_max_window_bits < 15) {
    append_bits(result.header, "client_max_window_bits", agreed.client_max_window_bits);
  }
  return result;
}

}  // namespace

std::optional<std::vector<extension>> parse_extensions(std::string_view header) {
  std::vector<extension> list;
  scanner in(header);
  while (!in.at_end()) {
    // Empty list elements are to be ignored (RFC 9110 §5.6.1).
    if (in.take(',')) continue;
    extension element;
    if (!in.take_token(element.name)) return std::nullopt;
    while (in.take(';')) {
      std::string name;
      if (!in.take_token(name)) return std::nullopt;
      std::optional<std::string> value;
      if (in.take('=')) {
        if (!in.take_value(value.emplace())) return std::nullopt;
      }
      element.params.emplace_back(std::move(name), std::move(value));
    }
    list.push_back(std::move(element));
    if (!in.at_end() && !in.take(',')) return std::nullopt;
  }
  return list;
}

std::optional<deflate_agreement> negotiate_server(std::string_view header, const deflate_options& own) {
  const auto offers = parse_extensions(header);
  if (!offers) return std::nullopt;
  for (const extension& element : *offers) {
    if (element.name != deflate_name) continue;
    const auto params = read_params(element, false);
    if (!params) continue;
    if (auto result = accept(*params, own)) return result;
  }
  return std::nullopt;
}

std::string offer(const deflate_options& own) {
  std::string header(deflate_name);
  if (own.server_no_context_takeover) header += "; server_no_context_takeover";
  if (own.client_no_context_takeover) header += "; client_no_context_takeover";
  if (own.server_max_window_bits < 15)
    append_bits(header, "server_max_window_bits", own.server_max_window_bits);
  if (own.client_max_window_bits < 15) {
    append_bits(header, "client_max_window_bits", std::max(own.client_max_window_bits, 9));
  } else if (own.client_max_window_bits_offered) {
    header += "; client_max_window_bits";
  }
  return header;
}

deflate_response check_response(std::string_view header, const deflate_options* offered) {
  const auto list = parse_extensions(header);
  if (!list) return {{}, "malformed Sec-WebSocket-Extensions in the response"};
  if (list->empty()) return {};
  if (!offered || list->size() > 1 || list->front().name != deflate_name) {
    return {{}, "the server chose an extension that was not offered"};
  }
  const auto params = read_params(list->front(), true);
  if (!params) return {{}, "invalid permessage-deflate parameters in the response"};
  if (params->server_bits && *params->server_bits > offered->server_max_window_bits) {
    return {{}, "the server chose a larger server_max_window_bits than was offered"};
  }
  const bool bits_offered = offered->client_max_window_bits_offered || offered->client_max_window_bits < 15;
  if (params->client_bits && !bits_offered) {
    return {{}, "the server chose client_max_window_bits, which was not offered"};
  }
  deflate_options agreed = *offered;
  agreed.server_no_context_takeover = params->server_no_context_takeover;
  agreed.client_no_context_takeover =
      offered->client_no_context_takeover || params->client_no_context_takeover;
  agreed.server_max_window_bits = params->server_bits.value_or(15);
  agreed.client_max_window_bits =
      std::min(params->client_bits.value_or(15), std::max(offered->client_max_window_bits, 9));
  return {agreed, nullptr};
}

}  // namespace hawser::protocol
