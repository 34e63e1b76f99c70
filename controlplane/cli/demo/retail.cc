#include "controlplane/cli/demo/retail.h"

#include <limits>

namespace offtake::cli::demo {
namespace {

constexpr std::string_view kCustomers = "customers", kOrders = "orders", kPayments = "payments";

constexpr base::Micros kYear = 365 * kDay;

constexpr std::int64_t kFirstPayment = 7'000'000;  // before the year's first one

constexpr const char* kFirstNames[] = {
    "Ada",   "Bruno", "Chiara", "Dmitri", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Lena",
    "Mateo", "Nadia", "Olek",   "Priya",  "Quin", "Rosa", "Samir", "Tove", "Uma",  "Vera",  "Wen",   "Zoë"};
constexpr const char* kLastNames[] = {"Almeida", "Berg",     "Costa",  "Dubois",   "Eriksen",  "Fischer",
                                      "García",  "Haddad",   "Ivanov", "Jansen",   "Kowalski", "Lindqvist",
                                      "Moreau",  "Nakamura", "Okafor", "Papadaki", "Rossi",    "Schmidt"};
constexpr const char* kCities[] = {"Lisbon", "Oslo", "Kraków", "Lyon", "Graz", "Bilbao", "Ghent", "Turku"};
constexpr const char* kCountries[] = {"PT", "NO", "PL", "FR", "AT", "ES", "BE", "FI"};
constexpr const char* kStreets[] = {"Mill Lane", "Harbour Road", "High Street", "Station Square", "Elm Walk"};
constexpr const char* kSegments[] = {"Consumer", "Consumer", "Consumer", "Business", "Business", "Wholesale"};
constexpr const char* kChannels[] = {"web", "web", "app", "app", "app", "store", "phone"};
constexpr const char* kMethods[] = {"card", "card", "card", "wallet", "invoice", "transfer"};
constexpr const char* kNotes[] = {"leave it with the neighbours", "gift, no invoice please",
                                  "call before delivery"};

std::int64_t days_since_epoch(base::Micros time) {
  return time / kDay - (time % kDay < 0 ? 1 : 0);
}

}  // namespace

std::span<const std::string_view> Retail::dataset_names() {
  static constexpr std::string_view kAll[] = {kCustomers, kOrders, kPayments};
  return kAll;
}

RetailSizes RetailSizes::of(std::int64_t events) {
  RetailSizes out;
  out.customers = std::max<std::int64_t>(1, events / 21);
  out.orders = std::max<std::int64_t>(1, (events - out.customers) / 2);
  return out;
}

Retail::Retail(std::uint64_t seed, RetailSizes sizes, base::Micros now)
    : seed_(mix(seed)), state_(mix(seed + 1)), sizes_(sizes), start_(now - kYear), now_(now) {
  versions_.assign(static_cast<std::size_t>(sizes.customers), 0);
}

std::uint64_t Retail::random() {
  return mix(state_++);
}

// Three in five were customers before the year began; the others join throughout.
base::Micros Retail::joins_at(std::int64_t customer) const {
  const std::int64_t before = sizes_.customers * 3 / 5;
  if (customer < before) return start_ + customer;
  return start_ + kMinute +
         (kYear - kHour) / std::max<std::int64_t>(1, sizes_.customers - before) * (customer - before);
}

base::Micros Retail::ordered_at(std::int64_t order) const {
  const base::Micros step = (kYear - 2 * kMinute) / sizes_.orders;
  const auto jitter = static_cast<base::Micros>(mix(seed_ + static_cast<std::uint64_t>(order)) %
                                                static_cast<std::uint64_t>(std::max<base::Micros>(1, step)));
  return start_ + kMinute + step * order + jitter;
}

std::int64_t Retail::amount() {
  // Many small ones, a few large ones.
  const std::int64_t most = below(20) == 0 ? 250'000 : 12'000;
  return 199 + below(most);
}

Event Retail::customer(std::int64_t id, base::Micros time) {
  std::uint8_t& version = versions_[static_cast<std::size_t>(id)];
  // Who she is stays; where she lives and how she is classified may change with each version.
  const std::uint64_t self = mix(seed_ ^ static_cast<std::uint64_t>(id));
  const std::uint64_t now = mix(self + version);
  ++version;
  const std::string first = pick(kFirstNames, self), last = pick(kLastNames, self >> 8);
  Event out{kCustomers, std::to_string(id), json::Value::object(), time};
  out.value.set("customer_id", id);
  out.value.set("name", first + " " + last);
  out.value.set("email",
                now % 11 == 0 ? json::Value() : json::Value(fmt::format("customer{}@mail.example", id)));
  out.value.set("segment", pick(kSegments, now >> 16));
  out.value.set("country", pick(kCountries, now >> 24));
  out.value.set("address",
                json::Object{{"street", fmt::format("{} {}", now % 180 + 1, pick(kStreets, now >> 32))},
                             {"postcode", fmt::format("{:05}", now % 99'999)},
                             {"city", pick(kCities, now >> 24)}});
  const bool before = id < sizes_.customers * 3 / 5;
  out.value.set("joined_at", before ? start_ - static_cast<base::Micros>(self % (3 * kYear)) : joins_at(id));
  return out;
}

Event Retail::order(std::int64_t id, std::int64_t customer, std::int64_t amount, base::Micros time) {
  Event out{kOrders, std::to_string(id), json::Value::object(), time};
  out.value.set("order_id", id);
  out.value.set("customer_id", customer);
  out.value.set("channel", pick(kChannels, random()));
  out.value.set("items", below(9) + 1);
  out.value.set("amount_cents", amount);
  out.value.set("note", below(12) == 0 ? json::Value(pick(kNotes, random())) : json::Value());
  out.value.set("placed_on", days_since_epoch(time));
  out.value.set("placed_at", time);
  return out;
}

Event Retail::payment(std::int64_t id, std::int64_t order, std::int64_t amount, base::Micros time) {
  Event out{kPayments, std::to_string(id), json::Value::object(), time};
  out.value.set("payment_id", id);
  out.value.set("order_id", order);
  out.value.set("method", pick(kMethods, random()));
  out.value.set("status", below(14) == 0 ? "DECLINED" : "CAPTURED");
  out.value.set("amount_cents", amount);
  out.value.set("reference", fmt::format("{:016x}", random()));
  out.value.set("captured_at", time);
  return out;
}

std::optional<Event> Retail::next() {
  const base::Micros customer_time =
      next_customer_ < sizes_.customers ? joins_at(next_customer_) : std::numeric_limits<base::Micros>::max();
  const base::Micros order_time =
      next_order_ < sizes_.orders ? ordered_at(next_order_) : std::numeric_limits<base::Micros>::max();
  const base::Micros later_time =
      later_.empty() ? std::numeric_limits<base::Micros>::max() : later_.top().time;
  if (later_time <= std::min(customer_time, order_time)) {
    if (later_.empty()) return std::nullopt;
    Event event = later_.top().event;
    later_.pop();
    return event;
  }
  if (customer_time <= order_time) {
    const std::int64_t id = next_customer_++;
    return customer(id, customer_time);
  }
  const std::int64_t id = ++next_order_;
  const std::int64_t buyer = below(known_customers()), cents = amount();
  const base::Micros paid = std::min(now_, order_time + kMinute + below(2 * kDay));
  later_.push({paid, payment(kFirstPayment + id, id, cents, paid)});
  if (below(50) == 0) {
    const base::Micros moved = std::min(now_, order_time + below(kDay));
    later_.push({moved, customer(buyer, moved)});
  }
  return order(id, buyer, cents, order_time);
}

std::vector<Event> Retail::moment(base::Micros now) {
  std::vector<Event> out;
  next_customer_ = sizes_.customers;
  for (std::int64_t count = below(4) + 1; count > 0; --count) {
    last_live_id_ = std::max(last_live_id_ + 1, now / 1000);
    const std::int64_t cents = amount();
    out.push_back(order(last_live_id_, below(sizes_.customers), cents, now));
    out.push_back(payment(kFirstPayment + last_live_id_, last_live_id_, cents, now));
  }
  if (below(3) == 0) {
    const std::int64_t id = below(sizes_.customers);
    // Another version than before a restart, too.
    versions_[static_cast<std::size_t>(id)] = static_cast<std::uint8_t>(now / kSecond);
    out.push_back(customer(id, now));
  }
  return out;
}

}  // namespace offtake::cli::demo
