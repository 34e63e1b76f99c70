// A trading floor: its books, three months of trades, and for each trade none to three risk results, which
// come in bursts when the valuations run: at the close of the day and of those that follow.
#pragma once
#include <queue>

#include "controlplane/cli/demo/company.h"

namespace offtake::cli::demo {

struct FinanceSizes {
  std::int64_t trades = 300'000;
  std::int64_t books = 200;
  // 1.4 risk results a trade, on average.
  constexpr std::int64_t total() const { return books + trades + trades * 7 / 5; }
  // About `events` in all.
  static FinanceSizes of(std::int64_t events);
};

class Finance : public Company {
 public:
  Finance(std::uint64_t seed, FinanceSizes sizes, base::Micros now);
  std::span<const std::string_view> datasets() const override;
  std::int64_t total() const override { return sizes_.total(); }
  std::optional<Event> next() override;

 private:
  struct Valuation {
    base::Micros time = 0;
    std::int64_t trade = 0;
    int number = 0;                                 // of the trade's
    bool operator<(const Valuation& other) const {  // the earliest on top
      return std::pair(time, trade) > std::pair(other.time, other.trade);
    }
  };
  // A number of its own for each thing that is drawn about an object.
  std::uint64_t draw(std::uint64_t object, std::uint64_t what) const {
    return mix(seed_ ^ mix(object * 16 + what));
  }
  Event book(std::int64_t id) const;
  Event trade(std::int64_t id) const;
  Event risk(const Valuation& valuation) const;
  void plan_valuations(std::int64_t trade);
  base::Micros traded_at(std::int64_t trade) const;

  std::uint64_t seed_;
  FinanceSizes sizes_;
  base::Micros start_, now_;
  std::int64_t next_book_ = 0, next_trade_ = 0;
  std::priority_queue<Valuation> valuations_;
};

}  // namespace offtake::cli::demo
