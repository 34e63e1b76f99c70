#include "controlplane/cli/demo/finance.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace offtake::cli::demo {
namespace {

constexpr base::Micros kThreeMonths = 90 * kDay;
constexpr std::string_view kTrades = "trades", kRisk = "risk", kBooks = "books";

constexpr const char* kDesks[] = {"Rates", "Credit", "FX", "Equity – Zürich", "Commodities"};
constexpr const char* kRegions[] = {"EMEA", "APAC", "AMER"};
constexpr const char* kTraders[] = {"Ann", "Bo", "Çem", "Dag", "Ewa", "Femi"};
constexpr const char* kSides[] = {"Buy", "Sell"};
constexpr const char* kCurrencies[] = {"EUR", "EUR", "USD", "USD", "USD", "GBP", "JPY", "CHF"};

// A decimal as text: `value` in units of 10^-places.
std::string decimal(std::int64_t value, int places) {
  std::int64_t unit = 1;
  for (int i = 0; i < places; ++i) unit *= 10;
  const std::int64_t size = value < 0 ? -value : value;
  return fmt::format("{}{}.{:0{}}", value < 0 ? "-" : "", size / unit, size % unit, places);
}

std::int64_t between(std::uint64_t random, std::int64_t least, std::int64_t most) {
  return least + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(most - least + 1));
}

}  // namespace

FinanceSizes FinanceSizes::of(std::int64_t events) {
  FinanceSizes out;
  out.books = std::clamp<std::int64_t>(events / 10, 1, out.books);
  out.trades = std::max<std::int64_t>(1, (events - out.books) * 5 / 12);
  return out;
}

Finance::Finance(std::uint64_t seed, FinanceSizes sizes, base::Micros now)
    : seed_(mix(seed)), sizes_(sizes), start_(now - kThreeMonths), now_(now) {}

std::span<const std::string_view> Finance::datasets() const {
  static constexpr std::string_view kAll[] = {kTrades, kRisk, kBooks};
  return kAll;
}

Event Finance::book(std::int64_t id) const {
  const auto book = static_cast<std::uint64_t>(id);
  Event out{kBooks, std::to_string(id), json::Value::object(), start_ + id};
  out.value.set("book_id", id);
  out.value.set("name", fmt::format("Book {:03} {}", id, pick(kRegions, draw(book, 0))));
  out.value.set("desk", pick(kDesks, draw(book, 1)));
  // Some are between two traders.
  const bool taken = draw(book, 2) % 8 != 0;
  out.value.set("trader", taken ? json::Value(pick(kTraders, draw(book, 3))) : json::Value());
  return out;
}

// Evenly over the three months, a little apart: trade by trade in the order of time.
base::Micros Finance::traded_at(std::int64_t trade) const {
  const base::Micros step = std::max<base::Micros>(1, (kThreeMonths - 2 * kMinute) / sizes_.trades);
  const auto jitter = static_cast<base::Micros>(draw(static_cast<std::uint64_t>(trade), 4) %
                                                static_cast<std::uint64_t>(step));
  return start_ + kMinute + step * trade + jitter;
}

Event Finance::trade(std::int64_t id) const {
  const auto trade = static_cast<std::uint64_t>(id);
  const base::Micros time = traded_at(id);
  Event out{kTrades, std::to_string(id), json::Value::object(), time};
  out.value.set("trade_id", id);
  // One in fifty is booked where no book is yet: its name comes later, or never.
  const bool known = draw(trade, 5) % 50 != 0;
  out.value.set("book_id", between(draw(trade, 6), 0, sizes_.books - 1) + (known ? 0 : sizes_.books));
  out.value.set("instrument", fmt::format("XS{:04}", draw(trade, 7) % 500));
  out.value.set("side", pick(kSides, draw(trade, 8)));
  out.value.set("quantity", between(draw(trade, 9), 1, 10'000));
  out.value.set("price", decimal(between(draw(trade, 10), 1, 2'000'000), 4));
  out.value.set("currency", pick(kCurrencies, draw(trade, 11)));
  out.value.set("traded_at", time);
  return out;
}

Event Finance::risk(const Valuation& valuation) const {
  const auto trade = static_cast<std::uint64_t>(valuation.trade);
  const std::uint64_t drawn = draw(trade, 12 + static_cast<std::uint64_t>(valuation.number));
  Event out{kRisk, std::to_string(valuation.trade), json::Value::object(), valuation.time};
  out.value.set("trade_id", valuation.trade);
  out.value.set("present_value", decimal(between(drawn, -5'000'000'000, 5'000'000'000), 4));
  out.value.set("delta", static_cast<double>(between(mix(drawn), -1'000'000, 1'000'000)) / 1'000'000);
  out.value.set("valued_at", valuation.time);
  return out;
}

// A day's trades are valued together: within some seconds of the close, and again on the days after.
void Finance::plan_valuations(std::int64_t trade) {
  constexpr base::Micros kClose = 17 * kHour + 30 * kMinute, kBurst = 20 * kSecond;
  constexpr int kHowMany[] = {0, 1, 1, 2, 3};
  const auto id = static_cast<std::uint64_t>(trade);
  const base::Micros time = traded_at(trade);
  base::Micros close = time - time % kDay + kClose;
  if (close <= time) close += kDay;
  for (int number = 0; number < kHowMany[draw(id, 15) % 5]; ++number, close += kDay) {
    const auto within = static_cast<base::Micros>(draw(id, 0) % static_cast<std::uint64_t>(kBurst));
    if (close + within > now_) return;  // has not happened yet
    valuations_.push({close + within, trade, number});
  }
}

std::optional<Event> Finance::next() {
  if (next_book_ < sizes_.books) return book(next_book_++);
  constexpr base::Micros kNever = std::numeric_limits<base::Micros>::max();
  const base::Micros trade_time = next_trade_ < sizes_.trades ? traded_at(next_trade_) : kNever;
  if (valuations_.empty() && trade_time == kNever) return std::nullopt;
  if (!valuations_.empty() && valuations_.top().time <= trade_time) {
    const Valuation valuation = valuations_.top();
    valuations_.pop();
    return risk(valuation);
  }
  plan_valuations(next_trade_);
  return trade(next_trade_++);
}

}  // namespace offtake::cli::demo
