// A retail company that does not exist: its customers, orders and payments of the past year, and then what
// goes on from day to day. The same seed, sizes and instant give the same records. Pure; one thread.
#pragma once
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json/value.h"

namespace offtake::cli::demo {

enum class Topic { kCustomers, kOrders, kPayments };
inline constexpr int kTopics = 3;
// "customers", "orders", "payments": the name of the dataset.
std::string_view dataset_of(Topic topic);

struct Event {
  Topic topic = Topic::kOrders;
  std::string key;
  json::Value value;  // as the dataset's schema wants it
  base::Micros time = 0;
};

struct RetailSizes {
  std::int64_t customers = 20'000;
  std::int64_t orders = 200'000;  // and as many payments
  std::int64_t total() const { return customers + 2 * orders; }
  // About `events` in all, in the same proportions.
  static RetailSizes of(std::int64_t events);
};

class Retail {
 public:
  Retail(std::uint64_t seed, RetailSizes sizes, base::Micros now);

  // History in the order of time, up to `now`; then nothing. Customers also move and are classified anew.
  std::optional<Event> next();
  // What happens in a moment of the present: a few orders with their payments, now and then a customer's
  // change. Ids go on from the clock, so that they are new after a restart as well.
  std::vector<Event> moment(base::Micros now);

 private:
  struct Later {
    base::Micros time = 0;
    Event event;
    bool operator<(const Later& other) const { return time > other.time; }  // the earliest on top
  };
  std::uint64_t random();
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound));
  }
  std::int64_t known_customers() const { return std::max<std::int64_t>(1, next_customer_); }
  base::Micros joins_at(std::int64_t customer) const;
  base::Micros ordered_at(std::int64_t order) const;
  Event customer(std::int64_t id, base::Micros time);
  Event order(std::int64_t id, std::int64_t customer, std::int64_t amount, base::Micros time);
  Event payment(std::int64_t id, std::int64_t order, std::int64_t amount, base::Micros time);
  std::int64_t amount();

  std::uint64_t seed_, state_;
  RetailSizes sizes_;
  base::Micros start_, now_;
  std::int64_t next_customer_ = 0, next_order_ = 0, last_live_id_ = 0;
  std::vector<std::uint8_t> versions_;  // of each customer
  std::priority_queue<Later> later_;    // payments and changes that follow an order
};

}  // namespace offtake::cli::demo
