// Which engines can be had, and how: what a target class may say. Plain data, so that resources are checked
// without what it takes to speak to a server. A test holds it against the engines that are registered.
#pragma once
#include <string_view>
#include <vector>

namespace offtake::provision {

// What a product says of where its changes are sent; kNone: it keeps a target of its own.
enum class ReceiverKind { kNone, kUrl, kCommand };

struct Offer {
  std::string_view engine;
  bool local = false;  // on this machine
  std::vector<std::string_view> url_schemes =
      {};                          // of a server that exists: "postgresql://"; empty: it has none
  std::string_view url_form = {};  // "postgresql://host:port/database"
  bool on_event_store = false;     // `external: {eventStoreName}`
  bool kubernetes = false;         // as objects of a cluster
  ReceiverKind receiver = ReceiverKind::kNone;
};

// Null when there is none of that name.
const Offer* find_offer(std::string_view engine);
std::vector<std::string_view> offered_engines();
// Engines that later versions will have: refused by name, not as a mistake.
std::vector<std::string_view> planned_engines();

}  // namespace offtake::provision
