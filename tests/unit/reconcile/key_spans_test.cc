#include "controlplane/reconcile/key_spans.h"

#include <doctest/doctest.h>

namespace offtake::reconcile {

TEST_CASE("one worker that saw a key in two partitions is enough; what nobody read is not known") {
  KeySpans spans;
  CHECK_FALSE(spans.spans("shop/stock").has_value());
  spans.tell("a", {}, {"shop/stock"});
  CHECK(spans.spans("shop/stock") == false);
  spans.tell("b", {"shop/stock"}, {"shop/plants"});
  CHECK(spans.spans("shop/stock") == true);
  CHECK(spans.spans("shop/plants") == false);
  spans.forget("b");
  CHECK(spans.spans("shop/stock") == false);
  spans.forget("a");
  CHECK_FALSE(spans.spans("shop/stock").has_value());
}

TEST_CASE("the condition comes with the first such key, and is kept while nobody reads") {
  resources::Conditions conditions;
  const auto now = [&] { return resources::find_condition(conditions, "KeySpansPartitions"); };
  report_key_spans(std::nullopt, 1, 10, conditions);
  report_key_spans(false, 1, 10, conditions);
  CHECK(now() == nullptr);
  report_key_spans(true, 1, 20, conditions);
  REQUIRE(now() != nullptr);
  CHECK(now()->status == resources::Truth::kTrue);
  report_key_spans(std::nullopt, 1, 30, conditions);
  CHECK(now()->status == resources::Truth::kTrue);
  report_key_spans(false, 2, 40, conditions);
  CHECK(now()->status == resources::Truth::kFalse);
  CHECK(now()->reason == "KeysInOnePartition");
}

}  // namespace offtake::reconcile
