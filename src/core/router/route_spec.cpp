// The text of a route to its struct. Every member is looked at, so every member is either known or a fault.
#include "core/router/route_spec.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hawser::router {

namespace {

namespace ondemand = simdjson::ondemand;

// A name as part of a JSON pointer; of one that is too long to be ours, the beginning.
void append_step(std::string& where, std::string_view name) {
  where += '/';
  for (const char c : name.substr(0, 64)) {
    if (c == '~') {
      where += "~0";
    } else if (c == '/') {
      where += "~1";
    } else {
      where += c;
    }
  }
}

class spec_parser {
 public:
  spec_result parse(std::string_view json) {
    if (json.size() > spec_limits::text_bytes) {
      fail(spec_fault::not_json, "the text is too large");
      return std::move(result_);
    }
    const simdjson::padded_string text(json);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::value root;
    if (parser.iterate(text).get(document) || document.get_value().get(root)) {
      fail(spec_fault::not_json);
    } else if (read_route(root) && !document.at_end()) {
      fail(spec_fault::not_json, "something follows the object");
    }
    if (!result_) result_.value = {};
    return std::move(result_);
  }

 private:
  bool fail(spec_fault fault, std::string_view detail = {}) {
    if (result_.fault != spec_fault::none) return false;
    result_.fault = fault;
    for (const std::string& step : path_) append_step(result_.where, step);
    result_.detail = detail;
    return false;
  }

  // Fails unless simdjson gave what was asked for: either the text is broken, or the member has another type.
  bool got(simdjson::error_code error) {
    if (!error) return true;
    return fail(error == simdjson::INCORRECT_TYPE ? spec_fault::wrong_type : spec_fault::not_json);
  }

  // Calls `member(name, value)` for each member; it returns false after a fault.
  template <class Member>
  bool read_object(ondemand::value value, Member&& member) {
    ondemand::object object;
    if (!got(value.get_object().get(object))) return false;
    std::vector<std::string> seen;
    for (auto next : object) {
      ondemand::field field;
      std::string_view key;
      if (!got(std::move(next).get(field)) || !got(field.unescaped_key(true).get(key))) return false;
      std::string name(key);
      path_.push_back(name);
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) return fail(spec_fault::repeated_member);
      if (!member(name, field.value())) return fail(spec_fault::unknown_member);
      path_.pop_back();
      seen.push_back(std::move(name));
    }
    return true;
  }

  // Calls `item(value)` for each element, at most `most`.
  template <class Item>
  bool read_array(ondemand::value value, std::size_t most, Item&& item) {
    ondemand::array array;
    if (!got(value.get_array().get(array))) return false;
    std::size_t index = 0;
    for (auto next : array) {
      ondemand::value element;
      if (!got(next.get(element))) return false;
      path_.push_back(std::to_string(index));
      if (index == most) return fail(spec_fault::out_of_range, "too many of them");
      if (!item(element)) return false;
      path_.pop_back();
      ++index;
    }
    return true;
  }

  // Lone surrogates get three bytes, as in the reader, so that the two texts are equal.
  bool read_string(ondemand::value value, std::string& out) {
    std::string_view text;
    if (!got(value.get_wobbly_string().get(text))) return false;
    out = text;
    return true;
  }

  bool read_number(ondemand::value value, double& out) {
    auto type = ondemand::json_type::null;
    if (!got(value.type().get(type))) return false;
    if (type != ondemand::json_type::number) return fail(spec_fault::wrong_type);
    return got(value.get_double().get(out));
  }

  bool read_bound(ondemand::value value, std::optional<double>& out) {
    double number = 0;
    if (!read_number(value, number)) return false;
    out = number;
    return true;
  }

  template <class Integer>
  bool read_integer(ondemand::value value, Integer least, Integer most, Integer& out) {
    double number = 0;
    if (!read_number(value, number)) return false;
    if (number != std::trunc(number)) return fail(spec_fault::wrong_type, "not a whole number");
    if (number < static_cast<double>(least) || number > static_cast<double>(most)) {
      return fail(spec_fault::out_of_range, std::to_string(least) + " to " + std::to_string(most));
    }
    out = static_cast<Integer>(number);
    return true;
  }

  bool read_every(ondemand::value value, time_ms& out) {
    return read_integer(value, spec_limits::shortest, spec_limits::longest, out);
  }

  bool read_pointer(ondemand::value value, pointer& out) {
    std::string text;
    if (!read_string(value, text)) return false;
    pointer::parsed parsed = pointer::parse(text);
    if (!parsed) {
      return fail(spec_fault::bad_pointer,
                  text_of(parsed.fault) + std::string(", at byte ") + std::to_string(parsed.at));
    }
    out = std::move(parsed.value);
    return true;
  }

  bool read_pattern(ondemand::value value, pattern& out) {
    std::string text;
    if (!read_string(value, text)) return false;
    pattern::parsed parsed = pattern::parse(text);
    if (!parsed) {
      return fail(spec_fault::bad_pattern,
                  text_of(parsed.fault) + std::string(", at byte ") + std::to_string(parsed.at));
    }
    out = std::move(parsed.value);
    return true;
  }

  bool read_scalar(ondemand::value value, scalar& out) {
    auto type = ondemand::json_type::null;
    if (!got(value.type().get(type))) return false;
    switch (type) {
      case ondemand::json_type::null: {
        bool null = false;
        out.what = scalar::kind::null;
        return got(value.is_null().get(null)) && (null || fail(spec_fault::not_json));
      }
      case ondemand::json_type::boolean:
        out.what = scalar::kind::boolean;
        return got(value.get_bool().get(out.boolean));
      case ondemand::json_type::number:
        out.what = scalar::kind::number;
        return got(value.get_double().get(out.number));
      case ondemand::json_type::string:
        out.what = scalar::kind::string;
        return read_string(value, out.text);
      default:
        return fail(spec_fault::wrong_type, "a string, a number, a boolean or null");
    }
  }

  bool read_any(ondemand::value value, std::vector<scalar>& out) {
    return read_array(value, spec_limits::alternatives,
                      [&](ondemand::value element) { return read_scalar(element, out.emplace_back()); }) &&
           (!out.empty() || fail(spec_fault::out_of_range, "an empty set never holds"));
  }

  bool read_condition(ondemand::value value, condition& out) {
    if (!read_object(value, [&](std::string_view name, ondemand::value member) {
          if (name == "pointer") return read_pointer(member, out.at);
          if (name == "any") return read_any(member, out.any);
          if (name == "gt") return read_bound(member, out.gt);
          if (name == "gte") return read_bound(member, out.gte);
          if (name == "lt") return read_bound(member, out.lt);
          if (name == "lte") return read_bound(member, out.lte);
          return false;
        })) {
      return false;
    }
    if (out.at.tokens().empty()) return fail(spec_fault::missing_member, "pointer");
    const bool range = out.gt || out.gte || out.lt || out.lte;
    if (out.any.empty() && !range) return fail(spec_fault::missing_member, "any, gt, gte, lt or lte");
    if (!out.any.empty() && range) return fail(spec_fault::contradiction, "a set and a range");
    if (out.gt && out.gte) return fail(spec_fault::contradiction, "gt and gte");
    if (out.lt && out.lte) return fail(spec_fault::contradiction, "lt and lte");
    return true;
  }

  bool read_mode(ondemand::value value, sample_mode& out) {
    std::string text;
    if (!read_string(value, text)) return false;
    if (text == "sample") {
      out = sample_mode::sample;
    } else if (text == "throttle") {
      out = sample_mode::throttle;
    } else if (text == "debounce") {
      out = sample_mode::debounce;
    } else {
      return fail(spec_fault::wrong_type, "sample, throttle or debounce");
    }
    return true;
  }

  bool read_sample(ondemand::value value, sample_spec& out) {
    bool mode = false;
    return read_object(value,
                       [&](std::string_view name, ondemand::value member) {
                         if (name == "mode") return mode = read_mode(member, out.mode);
                         if (name == "every") return read_every(member, out.every);
                         return false;
                       }) &&
           require(mode, "mode") && require(out.every != 0, "every");
  }

  bool read_conflate(ondemand::value value, conflate_spec& out) {
    return read_object(value,
                       [&](std::string_view name, ondemand::value member) {
                         if (name == "key") return read_pointer(member, out.key);
                         if (name == "every") return read_every(member, out.every);
                         if (name == "maxKeys") {
                           return read_integer(member, std::uint32_t{1}, spec_limits::max_keys, out.max_keys);
                         }
                         return false;
                       }) &&
           require(!out.key.tokens().empty(), "key") && require(out.every != 0, "every");
  }

  bool read_batch(ondemand::value value, batch_spec& out) {
    return read_object(value,
                       [&](std::string_view name, ondemand::value member) {
                         if (name == "max") {
                           return read_integer(member, std::uint32_t{1}, spec_limits::max_batch, out.max);
                         }
                         if (name == "every") return read_every(member, out.every);
                         return false;
                       }) &&
           require(out.max != 0, "max") && require(out.every != 0, "every");
  }

  bool read_column(ondemand::value value, column_spec& out) {
    return read_object(value,
                       [&](std::string_view name, ondemand::value member) {
                         if (name == "name") return read_column_name(member, out.name);
                         if (name == "pointer") return read_pointer(member, out.at);
                         return false;
                       }) &&
           require(!out.name.empty(), "name") && require(!out.at.tokens().empty(), "pointer");
  }

  bool read_column_name(ondemand::value value, std::string& out) {
    if (!read_string(value, out)) return false;
    if (out.empty() || out.size() > spec_limits::column_name_bytes) {
      return fail(spec_fault::out_of_range, "1 to 256 bytes");
    }
    const auto& columns = result_.value.columns;  // the one being read is the last
    const auto same = [&](const column_spec& c) { return &c != &columns.back() && c.name == out; };
    return std::none_of(columns.begin(), columns.end(), same) ||
           fail(spec_fault::contradiction, "two columns of one name");
  }

  bool require(bool there, std::string_view name) { return there || fail(spec_fault::missing_member, name); }

  bool read_route(ondemand::value value) {
    route_spec& out = result_.value;
    bool pattern = false;
    return read_object(value,
                       [&](std::string_view name, ondemand::value member) {
                         if (name == "pattern") return pattern = read_pattern(member, out.pattern);
                         if (name == "where") {
                           return read_array(member, spec_limits::conditions, [&](ondemand::value element) {
                             return read_condition(element, out.where.emplace_back());
                           });
                         }
                         if (name == "sample") return read_sample(member, out.sample.emplace());
                         if (name == "conflate") return read_conflate(member, out.conflate.emplace());
                         if (name == "batch") return read_batch(member, out.batch.emplace());
                         if (name == "columns") {
                           return read_array(member, spec_limits::columns, [&](ondemand::value element) {
                             return read_column(element, out.columns.emplace_back());
                           });
                         }
                         return false;
                       }) &&
           require(pattern, "pattern") &&
           (out.columns.empty() || out.batch || fail(spec_fault::contradiction, "columns need a batch"));
  }

  spec_result result_;
  std::vector<std::string> path_;
};

}  // namespace

const char* text_of(spec_fault fault) noexcept {
  switch (fault) {
    case spec_fault::none:
      return "no fault";
    case spec_fault::not_json:
      return "not a JSON object";
    case spec_fault::unknown_member:
      return "no such option";
    case spec_fault::repeated_member:
      return "the option stands there twice";
    case spec_fault::missing_member:
      return "an option is missing";
    case spec_fault::wrong_type:
      return "a value of another type is needed";
    case spec_fault::out_of_range:
      return "outside of what is possible";
    case spec_fault::contradiction:
      return "these options do not go together";
    case spec_fault::bad_pattern:
      return "not a pattern";
    case spec_fault::bad_pointer:
      return "not a JSON pointer";
  }
  return "no fault";
}

spec_result parse_route_spec(std::string_view json) { return spec_parser().parse(json); }

}  // namespace hawser::router
