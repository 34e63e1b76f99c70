#include "tests/unit/sql_form/queries.h"

#include <fmt/format.h>

#include <algorithm>

namespace offtake::test {
namespace {

const std::vector<std::string> kTexts = {"CAPTURED", "it's", "naïve 😀", "", "a\\b", "-- no", "$$"};
const std::vector<std::string> kNumbers = {"0", "7", "-3", "12345"};
const std::vector<std::string> kBigs = {"0", "-1", "9223372036854775807"};
const std::vector<std::string> kDecimals = {"0", "1.50", "-0.25", "1e3"};
const std::vector<std::string> kTimes = {"2026-01-01", "2026-11-23T09:02:11Z", "2026-02-03 04:05:06+01"};
const std::vector<std::string> kDates = {"2026-01-01", "1999-12-31"};

std::string quoted(const std::string& text, char quote = '\'') {
  std::string out(1, quote);
  for (const char c : text) out += c == quote ? std::string(2, quote) : std::string(1, c);
  return out + quote;
}

// One query while it is written.
class Writer {
 public:
  explicit Writer(Random& random) : random_(random) {
    upper_ = !random.one_in(4);
    lines_ = !random.one_in(3);
    comma_first_ = lines_ && random.one_in(5);
    and_last_ = lines_ && random.one_in(5);
    comments_ = random.one_in(2);
    aliases_ = !random.one_in(4);
    positions_ = random.one_in(8);
  }

  RandomQuery write() {
    choose_datasets();
    const bool grouped = random_.one_in(3);
    std::vector<std::string> columns = plain_columns(grouped);
    std::vector<std::string> groups;
    if (grouped) {
      for (std::size_t i = 0; i < group_texts_.size(); ++i) {
        groups.push_back(positions_ ? std::to_string(i + 1) : group_texts_[i]);
      }
      const int aggregates = 1 + random_.below(3);
      for (int i = 0; i < aggregates; ++i) columns.push_back(aggregate(i));
    } else if (random_.one_in(12)) {
      columns = {"*"};
    }
    keyword("select");
    list(columns, lines_ && !random_.one_in(3) ? "\n  " : " ", lines_);
    clause("from");
    from();
    const std::vector<std::string> conditions = filters();
    if (!conditions.empty()) {
      clause("where");
      for (std::size_t i = 0; i < conditions.size(); ++i) {
        if (i > 0 && lines_ && !and_last_) line("  ");
        if (i > 0) keyword(and_last_ || !lines_ ? " and" : "and");
        if (i > 0 && and_last_) line("  ");
        if (i == 0 || !and_last_) out_.sql += " ";
        out_.sql += conditions[i];
        comment(false);
      }
    }
    if (!groups.empty()) {
      clause("group by");
      list(groups, " ", false);
    }
    if (random_.one_in(6)) out_.sql += random_.one_in(2) ? ";" : "\n";
    if (random_.one_in(10)) {
      for (std::size_t at = 0; (at = out_.sql.find('\n', at)) != std::string::npos; at += 2)
        out_.sql.insert(at, 1, '\r');
    }
    return std::move(out_);
  }

 private:
  void choose_datasets() {
    const int count = 1 + random_.below(3);
    out_.datasets.push_back(
        static_cast<std::size_t>(random_.below(static_cast<int>(test_datasets().size()))));
    while (static_cast<int>(out_.datasets.size()) < count) {
      std::vector<TestJoin> possible;
      for (const TestJoin& join : test_joins()) {
        const bool left = has(join.left), right = has(join.right);
        if (left && !right) possible.push_back(join);
        if (right && !left) possible.push_back({join.right, join.right_column, join.left, join.left_column});
      }
      if (possible.empty()) break;
      joins_.push_back(random_.pick(possible));
      out_.datasets.push_back(joins_.back().right);
    }
    if (out_.datasets.size() > 1 && random_.one_in(2)) aliases_ = true;
  }
  bool has(std::size_t dataset) const {
    return std::find(out_.datasets.begin(), out_.datasets.end(), dataset) != out_.datasets.end();
  }

  std::string name(const std::string& text) {
    const bool plain = text != "select" && std::all_of(text.begin(), text.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                       });
    return !plain || random_.one_in(8) ? quoted(text, '"') : text;
  }
  std::string alias_of(std::size_t dataset) const {
    const TestDataset& it = test_datasets()[dataset];
    if (aliases_) return it.alias;
    std::string own = it.name;
    std::replace(own.begin(), own.end(), '-', '_');
    return own;
  }
  std::string column(std::size_t dataset, const std::string& column_name) {
    const bool bare = out_.datasets.size() == 1 && random_.one_in(2);
    // Of a path the column stands in brackets, and behind them the fields.
    const std::size_t dot = std::min(column_name.find('.'), column_name.size());
    std::string out = name(column_name.substr(0, dot));
    if (!bare) out = name(alias_of(dataset)) + "." + out;
    if (dot == column_name.size()) return out;
    out = "(" + out + ")";
    for (std::size_t at = dot; at < column_name.size();) {
      const std::size_t next = std::min(column_name.find('.', at + 1), column_name.size());
      out += "." + name(column_name.substr(at + 1, next - at - 1));
      at = next;
    }
    return out;
  }
  std::size_t some_dataset() { return random_.pick(out_.datasets); }

  std::vector<std::string> plain_columns(bool grouped) {
    std::vector<std::string> out;
    const int count = 1 + random_.below(5);
    for (int i = 0; i < count; ++i) {
      const std::size_t dataset = some_dataset();
      const TestColumn& it = random_.pick(test_datasets()[dataset].columns);
      std::string text = column(dataset, it.name);
      if (random_.one_in(5)) text = fmt::format("coalesce({}, {})", text, text);
      if (random_.one_in(9)) text = fmt::format("CASE WHEN {} IS NULL THEN 1 ELSE 2 END", text);
      if (grouped) group_texts_.push_back(text);
      if (random_.one_in(3))
        text += random_.one_in(4) ? fmt::format(" c{}", i)
                                  : fmt::format(" {} {}", word("as"), name(fmt::format("c{}", i)));
      if (!grouped && random_.one_in(15)) text = name(alias_of(dataset)) + ".*";
      out.push_back(text);
    }
    return out;
  }

  std::string aggregate(int index) {
    if (random_.one_in(3)) return fmt::format("count(*) {} n{}", word("as"), index);
    const std::size_t dataset = some_dataset();
    const TestColumn& it = random_.pick(test_datasets()[dataset].columns);
    std::string argument = column(dataset, it.name);
    if (random_.one_in(4)) argument = fmt::format("coalesce({}, {})", argument, argument);
    return fmt::format("{}({}) {} n{}", random_.pick(std::vector<std::string>{"count", "min", "max"}),
                       argument, word("as"), index);
  }

  std::string literal(const TestColumn& it) {
    const std::string& value = random_.pick(it.values);
    const bool number = it.type == "integer" || it.type == "bigint" || it.type.starts_with("numeric");
    if (number) return value;
    return it.type == "text" && random_.one_in(6) && value.find('$') == std::string::npos
               ? "$q$" + value + "$q$"
               : quoted(value);
  }

  std::vector<std::string> filters() {
    std::vector<std::string> out;
    const int count = random_.below(4);
    for (int i = 0; i < count; ++i) {
      const std::size_t dataset = some_dataset();
      const TestColumn& it = random_.pick(test_datasets()[dataset].columns);
      const std::string left = column(dataset, it.name);
      switch (random_.below(9)) {
        case 0:
          out.push_back(fmt::format("{} {}", left, word(random_.one_in(2) ? "is null" : "is not null")));
          break;
        case 1:
          out.push_back(fmt::format("{} {} ({}, {})", left, word(random_.one_in(2) ? "in" : "not in"),
                                    literal(it), literal(it)));
          break;
        case 2:
          out.push_back(
              fmt::format("{} {} {} {} {}", left, word("between"), literal(it), word("and"), literal(it)));
          break;
        case 3:
          out.push_back(
              fmt::format("({} = {} {} {} {})", left, literal(it), word("or"), left, word("is null")));
          break;
        case 4:
          out.push_back(fmt::format("coalesce({}, {}) = {}", left, left, literal(it)));
          break;
        case 5:
          out_.turned = true;
          out.push_back(fmt::format("{} < {}", literal(it), left));
          break;
        default:
          out.push_back(fmt::format(
              "{} {} {}", left, random_.pick(std::vector<std::string>{"=", "<>", "<", ">="}), literal(it)));
      }
    }
    return out;
  }

  void from() {
    table(out_.datasets.front());
    for (const TestJoin& join : joins_) {
      if (lines_) {
        line(random_.one_in(3) ? "  " : "");
      } else {
        out_.sql += " ";
      }
      keyword(random_.pick(std::vector<std::string>{"join", "inner join", "left join"}));
      table(join.right);
      const std::string right = column(join.right, join.right_column);
      const std::string left = column(join.left, join.left_column);
      if (out_.datasets.size() == 2 && join.left_column == join.right_column && random_.one_in(3)) {
        keyword(" using");
        out_.sql += " (" + name(join.left_column) + ")";
      } else {
        keyword(" on");
        out_.sql +=
            random_.one_in(2) ? fmt::format(" {} = {}", left, right) : fmt::format(" {} = {}", right, left);
      }
      comment(false);
    }
  }

  void table(std::size_t dataset) {
    std::string own = test_datasets()[dataset].name;
    std::replace(own.begin(), own.end(), '-', '_');
    out_.sql += " " + (random_.one_in(6) ? "retail." + name(own) : name(own));
    if (aliases_) out_.sql += (random_.one_in(4) ? " " + word("as") : "") + " " + name(alias_of(dataset));
    if (joins_.empty()) comment(false);
  }

  void list(const std::vector<std::string>& items, const std::string& begin, bool lines) {
    out_.sql += begin;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0 && lines && comma_first_) out_.sql += "\n  , ";
      out_.sql += items[i];
      const bool last = i + 1 == items.size();
      if (last || (lines && comma_first_)) {
        comment(lines);
        continue;
      }
      out_.sql += ",";
      comment(lines);
      out_.sql += lines ? "\n  " : " ";
    }
  }

  void clause(const std::string& text) {
    if (lines_) {
      line("");
    } else {
      out_.sql += " ";
    }
    keyword(text);
  }

  void line(const std::string& indent) {
    if (comments_ && random_.one_in(8)) {
      out_.comments.push_back(fmt::format("-- c{}é.", out_.comments.size()));
      out_.sql += " " + out_.comments.back();
    }
    out_.sql += "\n" + indent;
  }

  void comment(bool ends_line) {
    if (!comments_ || !random_.one_in(4)) return;
    if (ends_line && random_.one_in(2)) {
      // What follows begins with a line break.
      out_.comments.push_back(fmt::format("/* c{}. */", out_.comments.size()));
    } else {
      out_.comments.push_back(fmt::format("/* c{}😀. */", out_.comments.size()));
    }
    out_.sql += " " + out_.comments.back();
  }

  std::string word(std::string text) const {
    if (upper_)
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return static_cast<char>(toupper(c)); });
    return text;
  }
  void keyword(const std::string& text) { out_.sql += word(text); }

  Random& random_;
  bool upper_, lines_, comma_first_, and_last_, comments_, aliases_, positions_;
  std::vector<TestJoin> joins_;
  std::vector<std::string> group_texts_;
  RandomQuery out_;
};

}  // namespace

const std::vector<TestDataset>& test_datasets() {
  static const std::vector<TestDataset> kDatasets = {
      {"payments",
       "p",
       {{"payment_id", "bigint", kBigs},
        {"order_id", "bigint", kBigs},
        {"amount", "numeric(10,2)", kDecimals},
        {"status", "text", kTexts},
        {"captured_at", "timestamp with time zone", kTimes}}},
      {"orders",
       "o",
       {{"order_id", "bigint", kBigs},
        {"customer_id", "integer", kNumbers},
        {"status", "text", kTexts},
        {"placed_at", "timestamp with time zone", kTimes},
        {"note", "text", kTexts}}},
      {"customers",
       "c",
       {{"customer_id", "integer", kNumbers},
        {"email", "text", kTexts},
        {"country", "text", kTexts},
        {"signed_up", "date", kDates}}},
      {"refunds",
       "r",
       {{"refund_id", "bigint", kBigs},
        {"payment_id", "bigint", kBigs},
        {"amount", "numeric(12,4)", kDecimals}}},
      {"line-items",
       "select",
       {{"order_id", "bigint", kBigs}, {"line", "integer", kNumbers}, {"sku", "text", kTexts}}},
      {"clicks",
       "C l",
       {{"customer_id", "integer", kNumbers}, {"page", "text", kTexts}, {"orderId", "bigint", kBigs}}},
      {"countries", "k", {{"code", "text", kTexts}, {"name", "text", kTexts}}},
      {"shipments",
       "s",
       {{"shipment_id", "bigint", kBigs},
        {"order_id", "bigint", kBigs},
        {"address.city", "text", kTexts},
        {"address.geo.lat", "double precision", kNumbers},
        {"parcel.Code", "text", kTexts}}},
  };
  return kDatasets;
}

const std::vector<TestJoin>& test_joins() {
  static const std::vector<TestJoin> kJoins = {
      {0, "order_id", 1, "order_id"},       {1, "customer_id", 2, "customer_id"},
      {3, "payment_id", 0, "payment_id"},   {4, "order_id", 1, "order_id"},
      {5, "customer_id", 2, "customer_id"}, {2, "country", 6, "code"},
      {5, "orderId", 1, "order_id"},        {7, "order_id", 1, "order_id"},
      {7, "address.city", 6, "code"}};
  return kJoins;
}

RandomQuery random_query(Random& random) {
  return Writer(random).write();
}

}  // namespace offtake::test
