// Random queries over the datasets of tests/unit/sql, in the handwriting of many people.
#pragma once
#include <random>
#include <string>
#include <vector>

namespace offtake::test {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(engine_); }
  bool one_in(int n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(list.size())))];
  }
  template <class T>
  void shuffle(std::vector<T>& list) {
    std::shuffle(list.begin(), list.end(), engine_);
  }

 private:
  std::mt19937 engine_;
};

// A column that conditions and groups can be made of, with values of its type as a form has them.
struct TestColumn {
  std::string name, type;
  std::vector<std::string> values;
};
struct TestDataset {
  std::string name;  // of the resource
  std::string alias;
  std::vector<TestColumn> columns;
};
const std::vector<TestDataset>& test_datasets();
// Columns that join two of them; by their places in test_datasets().
struct TestJoin {
  std::size_t left;
  std::string left_column;
  std::size_t right;
  std::string right_column;
};
const std::vector<TestJoin>& test_joins();

struct RandomQuery {
  std::string sql;
  std::vector<std::string> comments;  // each stands once in it
  std::vector<std::size_t> datasets;  // in the order of FROM
  bool turned = false;                // a value stands before its column
};
RandomQuery random_query(Random& random);

}  // namespace offtake::test
