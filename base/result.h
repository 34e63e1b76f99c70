// Errors as values. Every function that can fail for a reason outside the program returns a Result;
// exceptions are for bugs only and never cross a folder's boundary.
#pragma once
#include <fmt/format.h>

#include <cassert>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace offtake::base {

// What may be done about an error (docs: "Retry classes").
enum class Retry {
  kTransient,  // try again with backoff
  kWaiting,    // a prerequisite is not there yet; no error to the user
  kTerminal,   // stalls until the spec or the cause changes
  kRow,        // belongs to one row or record; the rest is fine
  kFenced,     // another owner has taken over; stop, never retry
};

// Where in the user's text an error is. Unknown parts are empty or 0; line and column start at 1.
struct Location {
  std::string file;
  std::string field;  // a field path such as spec.history.from
  int line = 0;
  int column = 0;
  std::string text() const;  // "file:4:12" or "spec.sql:4:12"; empty when nothing is known
};

struct Error {
  std::string code;     // CamelCase and stable: NotFound, RecordNotDecoded, KeyNotUnique
  std::string message;  // what is wrong, with the offending text; a sentence without a full stop
  std::string detail;   // what the other side said, for logs
  std::string hint;     // what to do: "did you mean customer_id?"
  Location location;
  Retry retry = Retry::kTerminal;
  std::vector<Error> causes = {};  // where one error stands for several (an invalid object): each of them

  // "<location>: <message>; <hint>"
  std::string text() const;
  Error&& with_hint(std::string value) &&;
  Error&& with_detail(std::string value) &&;
  Error&& at(Location value) &&;
  // Puts "<context>: " before the message: how a caller adds what it was doing.
  Error&& in(std::string_view context) &&;
};

Error terminal(std::string code, std::string message);
Error transient(std::string code, std::string message);
Error waiting(std::string code, std::string message);
Error row_error(std::string code, std::string message);
Error fenced(std::string message);
// A bug of ours that was caught: logged with a random id, which the message names.
Error internal(std::string_view what);

// Either a value or an Error. REQUIRES of value(): ok(). REQUIRES of error(): !ok().
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  // A Result<Derived> (a unique_ptr of an implementation, say) is a Result<Base>.
  template <class U>
  requires(std::is_convertible_v<U, T> && !std::is_same_v<U, T> && !std::is_same_v<U, Error>)
      Result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace offtake::base
