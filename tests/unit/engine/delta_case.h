// Operator cases as text (*.delta). A file holds several cases; '#' starts a comment:
//
//   case a left join loses its last match
//   source orders event id:bigint customer:integer
//   source customers entity id:integer city:text
//   node o = scan orders
//   node c = scan customers
//   node j = left join o c on customer = id            (also: inner join …; where a.amount < b.limit)
//   node f = filter o amount > 3                       (column, operator, column or literal of its type)
//   node p = project o id, id / amount
//   node g = group o by customer count(*) sum(amount)  (by: no columns, one row)
//   identity bag | position | key id | watch id        (of the last node)
//   bulk                                               (optional; before it nothing is there)
//   orders 1 | 7                                       (an event)
//   customers 7 = 7 | Oslo                             (an entity's record: identity = columns)
//   customers 7 = tombstone                            (p1 t20 before the identity: partition, timestamp)
//   gives                                              (the target's rows that come + and go -, any order)
//   + 1 | 7 | 7 | Oslo
//   error division by zero | id=3                      (all error rows, as of now)
//   violation id=7                                     (all violated keys, as of now)
//   epoch
//   …
//   gives
#pragma once
#include <string>
#include <vector>

namespace offtake::engine::testing {

struct DeltaCase {
  std::string name;
  int line = 0;
  std::vector<std::string> lines;
};
std::vector<DeltaCase> read_delta_file(const std::string& path);
// Runs the case; checks fail by doctest, naming file, line and step.
void run_delta_case(const DeltaCase& one);

}  // namespace offtake::engine::testing
