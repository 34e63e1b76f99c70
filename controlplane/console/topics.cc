#include "controlplane/console/topics.h"

namespace offtake::console {
namespace {

constexpr std::size_t kMost = 64;
constexpr std::size_t kLongest = 600;  // two names of 253 characters
constexpr std::string_view kProduct = "dataproduct/";
constexpr std::string_view kEvents = "events/";

std::optional<ProductName> name_behind(std::string_view topic, std::string_view prefix) {
  if (!topic.starts_with(prefix) || topic.size() > kLongest) return std::nullopt;
  topic.remove_prefix(prefix.size());
  const std::size_t slash = topic.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == topic.size()) return std::nullopt;
  if (topic.find('/', slash + 1) != std::string_view::npos) return std::nullopt;
  return ProductName{std::string(topic.substr(0, slash)), std::string(topic.substr(slash + 1))};
}

bool is_topic(std::string_view text) {
  for (const resources::Kind* kind : kinds_with_topic()) {
    if (text == kind->plural) return true;
  }
  return name_behind(text, kProduct) || name_behind(text, kEvents);
}

}  // namespace

const std::vector<const resources::Kind*>& kinds_with_topic() {
  static const std::vector<const resources::Kind*> kKinds = {
      &resources::kind_of<resources::Dataset>(), &resources::kind_of<resources::DataProduct>(),
      &resources::kind_of<resources::EventStore>(), &resources::kind_of<resources::TargetClass>()};
  return kKinds;
}

base::Result<Topics> read_topics(std::string_view text) {
  if (text.empty()) {
    return base::terminal("BadRequest", "no topic is asked for")
        .with_hint("write ?topics=datasets,dataproduct/retail/orders");
  }
  Topics out;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view topic = text.substr(0, comma);
    if (!is_topic(topic)) {
      return base::terminal("BadRequest", fmt::format("there is no topic '{}'", topic.substr(0, kLongest)))
          .with_hint(
              "there are datasets, dataproducts, eventstores, targetclasses, dataproduct/NS/NAME and "
              "events/NS/NAME");
    }
    out.emplace(topic);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (out.size() > kMost)
    return base::terminal("BadRequest", fmt::format("a stream has at most {} topics", kMost));
  return out;
}

std::optional<ProductName> product_of(std::string_view topic) {
  return name_behind(topic, kProduct);
}

std::string product_topic(const ProductName& product) {
  return std::string(kProduct) + product.key();
}

std::string events_topic(const ProductName& product) {
  return std::string(kEvents) + product.key();
}

}  // namespace offtake::console
