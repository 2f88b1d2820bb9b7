// Routing of a managed client: the fields of a message, the routes that want it, its row of numbers.
#include <array>
#include <memory>

#include "core/router/classifier.hpp"
#include "core/router/shaper.hpp"
#include "micro.hpp"
#include "samples.hpp"

namespace hawser::micro {

namespace {

bytes readable(std::size_t size) {
  bytes text = as_bytes(quote(size));
  text.resize(text.size() + router::field_reader::slack);
  return text;
}

void add_matching(const char* name, std::size_t size, const char* route) {
  add(name, 1, [size, route] {
    auto routes = std::make_shared<router::classifier>();
    routes->add_route(1, router::parse_route_spec(route).value);
    return [routes = std::move(routes), size, text = readable(size)] {
      keep(routes->classify(std::span(text).first(size)).routes.size());
    };
  });
}

// Takes every record.
struct taker : router::route_output {
  bool message(std::uint32_t, std::span<const std::uint8_t>, bool) override { return true; }
  bool batch(std::uint32_t, std::span<const std::uint32_t>, std::span<const std::uint8_t>, bool) override {
    return true;
  }
  bool columns(std::uint32_t, std::uint32_t, std::span<const double> values, std::uint32_t) override {
    keep(values.data());
    return true;
  }
};

struct column_route {
  explicit column_route(const router::route_spec& spec) : shaper(1, spec, 0) { routes.add_route(1, spec); }

  router::classifier routes;
  router::shaper shaper;
  std::array<router::field_value, 3> row;
  taker output;
};

void add_columns() {
  add("route: 3 numbers of 85 B into columns", 1, [] {
    auto one = std::make_shared<column_route>(
        router::parse_route_spec(R"({"pattern":"quote","batch":{"max":4096,"every":100},"columns":[)"
                                 R"({"name":"price","pointer":"/price"},{"name":"size","pointer":"/size"},)"
                                 R"({"name":"t","pointer":"/t"}]})")
            .value);
    return [one = std::move(one), text = readable(85)] {
      const auto message = std::span(text).first(85);
      keep(one->routes.classify(message).routes.size());
      const auto& columns = one->routes.fields_of(1)->columns;
      for (std::size_t i = 0; i < one->row.size(); ++i) one->row[i] = one->routes.reader().field(columns[i]);
      keep(one->shaper.take({.text = message, .ascii = true, .columns = one->row}, 0, one->output));
    };
  });
}

}  // namespace

void add_routes() {
  static constexpr const char* other_type = R"({"pattern":"trade"})";
  static constexpr const char* condition = R"({"pattern":"quote","where":{"/symbol":["NVDA","AMD"]}})";
  add_matching("route: no route wants it, 85 B", 85, other_type);
  add_matching("route: no route wants it, 1 KiB", 1024, other_type);
  add_matching("route: one does, with a condition, 85 B", 85, condition);
  add_matching("route: one does, with a condition, 1 KiB", 1024, condition);
  add_columns();
}

}  // namespace hawser::micro
