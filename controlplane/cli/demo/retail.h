// A retail company: its customers, orders and payments of the past year, and then what goes on from day to
// day.
#pragma once
#include <queue>

#include "controlplane/cli/demo/company.h"

namespace offtake::cli::demo {

struct RetailSizes {
  std::int64_t customers = 20'000;
  std::int64_t orders = 200'000;  // and as many payments
  std::int64_t total() const { return customers + 2 * orders; }
  // About `events` in all, in the same proportions.
  static RetailSizes of(std::int64_t events);
};

class Retail : public Company {
 public:
  Retail(std::uint64_t seed, RetailSizes sizes, base::Micros now);

  static std::span<const std::string_view> dataset_names();
  std::span<const std::string_view> datasets() const override { return dataset_names(); }
  std::int64_t total() const override { return sizes_.total(); }
  // Customers also move and are classified anew.
  std::optional<Event> next() override;
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
