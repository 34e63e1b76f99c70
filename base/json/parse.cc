#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/json/value.h"

namespace offtake::json {
namespace {

using Json = nlohmann::json;

// Reads the text and lets the handler know how far the parser has come.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

// Builds a Value from the parser's events; a false answer stops the parser.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, int max_depth)
      : text_(text), at_(text.data()), max_depth_(static_cast<std::size_t>(max_depth)) {}

  const char** position() { return &at_; }
  base::Result<Value> take(bool parsed) {
    if (parsed) return std::move(root_);
    return std::move(*error_);
  }

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return add(value);
    return add(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // no such thing in JSON text
  bool start_object(std::size_t) override { return open(Value::object()); }
  bool start_array(std::size_t) override { return open(Value::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!open_.back().names.insert(name).second) {
      return refuse(fmt::format("the member \"{}\" appears twice", name), key_start());
    }
    open_.back().key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    std::string_view why = e.what();
    // "[json.exception…] parse error at line 1, column 2: syntax error while parsing value - …"
    if (const auto from = why.find(": "); from != std::string_view::npos) why.remove_prefix(from + 2);
    return refuse(fmt::format("this is no JSON: {}", why), position > 0 ? position - 1 : 0);
  }

 private:
  struct Open {
    Value value;
    std::string key;                        // of the member being read
    std::unordered_set<std::string> names;  // of an object's members so far
  };

  bool add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Open& parent = open_.back(); parent.value.is_array()) {
      parent.value.as_array().push_back(std::move(value));
    } else {
      parent.value.as_object().emplace_back(std::move(parent.key), std::move(value));
    }
    return true;
  }

  bool open(Value empty) {
    if (open_.size() >= max_depth_) {
      return refuse(fmt::format("the document is nested deeper than {} levels", max_depth_), offset() - 1);
    }
    open_.push_back({std::move(empty), {}, {}});
    return true;
  }

  bool close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(done));
  }

  std::size_t offset() const { return static_cast<std::size_t>(at_ - text_.data()); }

  // The parser has just read the closing quote of a key; a quote inside a key is escaped.
  std::size_t key_start() const {
    std::size_t pos = offset() - 1;
    while (pos > 0) {
      --pos;
      std::size_t backslashes = 0;
      while (backslashes < pos && text_[pos - 1 - backslashes] == '\\') ++backslashes;
      if (text_[pos] == '"' && backslashes % 2 == 0) break;
    }
    return pos;
  }

  bool refuse(std::string message, std::size_t at) {
    base::Location location;
    location.line = 1;
    location.column = 1;
    for (const char c : text_.substr(0, std::min(at, text_.size()))) {
      if (c == '\n') {
        ++location.line;
        location.column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
        ++location.column;
      }
    }
    error_ = base::terminal("BadJson", std::move(message)).at(std::move(location));
    return false;
  }

  std::string_view text_;
  const char* at_;
  std::size_t max_depth_;
  std::vector<Open> open_;
  Value root_;
  std::optional<base::Error> error_;
};

}  // namespace

base::Result<Value> parse(std::string_view text, int max_depth) {
  // The parser takes a NUL for the end of the document and would not see what follows.
  if (text.find('\0') != std::string_view::npos) {
    return base::terminal("BadJson", "this is no JSON: it contains a NUL byte");
  }
  Builder builder(text, max_depth);
  const CountingIterator begin(text.data(), builder.position());
  const CountingIterator end(text.data() + text.size(), builder.position());
  bool parsed = false;
  try {
    parsed = Json::sax_parse(begin, end, &builder);
  } catch (const std::exception& e) {
    return base::internal(fmt::format("JSON parser: {}", e.what()));
  }
  return builder.take(parsed);
}

}  // namespace offtake::json
