#include "operators/provision/offers/offers.h"

namespace offtake::provision {
namespace {

const std::vector<Offer>& offers() {
  static const std::vector<Offer> kOffers = {
      {.engine = "sqlite", .local = true},
      {.engine = "postgres",
       .local = true,
       .url_schemes = {"postgresql://", "postgres://"},
       .url_form = "postgresql://host:port/database",
       .kubernetes = true},
      {.engine = "opensearch",
       .local = true,
       .url_schemes = {"https://", "http://"},
       .url_form = "https://host:9200",
       .kubernetes = true},
      {.engine = "elasticsearch",
       .url_schemes = {"https://", "http://"},
       .url_form = "https://host:9200",
       .kubernetes = true},
      {.engine = "topic", .on_event_store = true},
      {.engine = "http",
       .url_schemes = {"https://", "http://"},
       .url_form = "https://host:443",
       .kubernetes = true,
       .receiver = ReceiverKind::kUrl},
      {.engine = "function", .local = true, .receiver = ReceiverKind::kCommand},
  };
  return kOffers;
}

constexpr std::string_view kPlanned[] = {"redis", "http", "function", "files"};

}  // namespace

const Offer* find_offer(std::string_view engine) {
  for (const Offer& offer : offers()) {
    if (offer.engine == engine) return &offer;
  }
  return nullptr;
}

std::vector<std::string_view> offered_engines() {
  std::vector<std::string_view> out;
  for (const Offer& offer : offers()) out.push_back(offer.engine);
  return out;
}

std::vector<std::string_view> planned_engines() {
  std::vector<std::string_view> out;
  for (const auto name : kPlanned) {
    if (find_offer(name) == nullptr) out.push_back(name);
  }
  return out;
}

}  // namespace offtake::provision
