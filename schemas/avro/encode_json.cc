// JSON values to Avro's binary form: defaults, and what people write.
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "schemas/avro/columns.h"
#include "schemas/avro/defaults.h"
#include "schemas/avro/encoder.h"
#include "schemas/types/time_text.h"

namespace offtake::avro {

void append_long(std::int64_t value, std::string& out) {
  auto bits = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(bits | 0x80U);
  out += static_cast<char>(bits);
}

void append_sized(std::string_view bytes, std::string& out) {
  append_long(static_cast<std::int64_t>(bytes.size()), out);
  out += bytes;
}

namespace {

constexpr int kMaxNesting = 200;
constexpr std::size_t kShownBytes = 80;  // of a value in a message

template <class T>
void append_raw(T value, std::string& out) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

// PostgreSQL's text of bytea: "\\x00ff". Nothing when it is not that.
std::optional<std::string> bytes_of_hex(std::string_view text) {
  if (text.substr(0, 2) != "\\x" || text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 2; i < text.size(); i += 2) {
    unsigned byte = 0;
    const char* end = text.data() + i + 2;
    const auto [stop, error] = std::from_chars(text.data() + i, end, byte, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

enum class Style { kDefault, kPlain };

class JsonEncoder {
 public:
  JsonEncoder(Style style, std::string& out) : style_(style), out_(out), start_(out.size()) {}

  base::Status encode(const Node& root, const json::Value& value) {
    if (write(root, value)) return {};
    out_.resize(start_);
    const std::string where = error_path_.empty() ? "the value" : fmt::format("field \"{}\"", error_path_);
    std::string message = fmt::format("{}: {}", where, error_);
    if (style_ == Style::kDefault) return base::terminal("BadAvroSchema", std::move(message));
    base::Error error = base::row_error("ValueNotEncoded", std::move(message));
    error.hint = hint_;
    return error;
  }

 private:
  bool refuse(std::string message) {
    if (error_.empty()) {
      error_ = std::move(message);
      error_path_ = path_;
    }
    return false;
  }
  bool mismatch(const Node& node, const json::Value& value) {
    std::string text = json::dump(value);
    if (text.size() > kShownBytes) {
      std::size_t end = kShownBytes;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // whole characters
      text.resize(end);
      text += "…";
    }
    return refuse(fmt::format("{} is no {}", text, describe(node)));
  }

  bool write(const Node& node, const json::Value& value) {
    if (depth_ >= kMaxNesting)
      return refuse(fmt::format("the value is nested deeper than {} levels", kMaxNesting));
    // A small schema can stand for a huge default: records whose defaults are records with defaults.
    if (style_ == Style::kDefault && --budget_ < 0) return refuse("the default value is too large");
    ++depth_;
    const bool done = write_kind(node, value);
    --depth_;
    return done;
  }

  bool write_kind(const Node& node, const json::Value& value) {
    if (style_ == Style::kPlain && node.logical != Logical::kNone &&
        (value.is_string() || node.logical == Logical::kDecimal)) {
      return write_logical(node, value);
    }
    switch (node.kind) {
      case Kind::kNull:
        return value.is_null() || mismatch(node, value);
      case Kind::kBoolean:
        if (!value.is_bool()) return mismatch(node, value);
        out_ += value.as_bool() ? '\1' : '\0';
        return true;
      case Kind::kInt:
      case Kind::kLong:
        if (!is_valid_default(node, value)) return mismatch(node, value);
        append_long(value.as_int(), out_);
        return true;
      case Kind::kFloat:
      case Kind::kDouble:
        return write_float(node, value);
      case Kind::kString:
        if (!value.is_string()) return mismatch(node, value);
        append_sized(value.as_string(), out_);
        return true;
      case Kind::kBytes:
      case Kind::kFixed:
        return write_bytes(node, value);
      case Kind::kEnum:
        return write_enum(node, value);
      case Kind::kArray:
      case Kind::kMap:
        return write_items(node, value);
      case Kind::kRecord:
        return write_record(node, value);
      case Kind::kUnion:
        return write_union(node, value);
    }
    return false;
  }

  bool write_float(const Node& node, const json::Value& value) {
    double number = 0;
    if (value.is_number()) {
      number = value.as_double();
    } else if (value.is_string() && value.as_string() == "NaN") {
      number = std::numeric_limits<double>::quiet_NaN();
    } else if (value.is_string() && (value.as_string() == "Infinity" || value.as_string() == "-Infinity")) {
      number = std::numeric_limits<double>::infinity() * (value.as_string()[0] == '-' ? -1 : 1);
    } else {
      return mismatch(node, value);
    }
    if (node.kind == Kind::kDouble) {
      append_raw(number, out_);
      return true;
    }
    if (std::isfinite(number) && std::abs(number) > static_cast<double>(std::numeric_limits<float>::max())) {
      return mismatch(node, value);
    }
    append_raw(static_cast<float>(number), out_);
    return true;
  }

  bool write_bytes(const Node& node, const json::Value& value) {
    auto bytes = value.is_string() ? bytes_of_default(value.as_string()) : std::nullopt;
    if (bytes && style_ == Style::kPlain) {
      if (auto unhexed = bytes_of_hex(*bytes)) bytes = std::move(unhexed);
    }
    if (!bytes) return mismatch(node, value);
    if (node.kind == Kind::kBytes) {
      append_sized(*bytes, out_);
      return true;
    }
    if (static_cast<std::int64_t>(bytes->size()) != node.size) {
      return refuse(fmt::format("{} has {} bytes, not the {} of {}", json::dump(value), bytes->size(),
                                node.size, describe(node)));
    }
    out_ += *bytes;
    return true;
  }

  bool write_enum(const Node& node, const json::Value& value) {
    for (std::size_t i = 0; value.is_string() && i < node.symbols.size(); ++i) {
      if (node.symbols[i] != value.as_string()) continue;
      append_long(static_cast<std::int64_t>(i), out_);
      return true;
    }
    return refuse(fmt::format("{} is no symbol of {}", json::dump(value), describe(node)));
  }

  bool write_items(const Node& node, const json::Value& value) {
    const bool is_map = node.kind == Kind::kMap;
    if (is_map ? !value.is_object() : !value.is_array()) return mismatch(node, value);
    const std::size_t count = is_map ? value.as_object().size() : value.as_array().size();
    if (count > 0) append_long(static_cast<std::int64_t>(count), out_);
    for (std::size_t i = 0; i < count; ++i) {
      if (is_map) append_sized(value.as_object()[i].first, out_);
      if (!write_named(node.items(), is_map ? value.as_object()[i].second : value.as_array()[i],
                       is_map ? value.as_object()[i].first : std::to_string(i))) {
        return false;
      }
    }
    append_long(0, out_);
    return true;
  }

  bool write_named(const Node& node, const json::Value& value, std::string_view segment) {
    const std::size_t before = path_.size();
    if (!path_.empty()) path_ += '.';
    path_ += segment;
    const bool done = write(node, value);
    path_.resize(before);
    return done;
  }

  bool write_record(const Node& node, const json::Value& value) {
    if (!value.is_object()) return mismatch(node, value);
    std::size_t used = 0;
    for (const Field& field : node.fields) {
      if (const json::Value* given = value.find(field.name)) {
        ++used;
        if (!write_named(*field.type, *given, field.name)) return false;
      } else if (field.default_value) {
        JsonEncoder inner(Style::kDefault, out_);
        inner.depth_ = depth_;
        if (style_ == Style::kDefault) inner.budget_ = budget_;
        const bool wrote = inner.write(*field.type, *field.default_value);
        if (style_ == Style::kDefault) budget_ = inner.budget_;
        if (!wrote) return refuse(inner.error_);
      } else if (style_ == Style::kDefault || !is_valid_default(*field.type, json::Value())) {
        path_ += (path_.empty() ? "" : ".") + field.name;
        return refuse(fmt::format("a value is missing, and the schema has no default"));
      } else if (!write(*field.type, json::Value())) {
        return false;
      }
    }
    if (used == value.as_object().size() || style_ == Style::kDefault) return true;
    for (const json::Member& member : value.as_object()) {
      if (node.find_field(member.first) != nullptr) continue;
      for (const Field& field : node.fields) hint_ += (hint_.empty() ? "it has " : ", ") + field.name;
      return refuse(fmt::format("\"{}\" is no field of {}", member.first, describe(node)));
    }
    return true;
  }

  bool write_union(const Node& node, const json::Value& value) {
    // {"branch": value}: Avro's JSON encoding.
    if (style_ == Style::kPlain && value.is_object() && value.as_object().size() == 1) {
      const auto& [name, inner] = value.as_object().front();
      for (std::size_t i = 0; i < node.branches.size(); ++i) {
        const Node& branch = *node.branches[i];
        if (name != (branch.is_named() ? branch.full_name() : kind_name(branch.kind))) continue;
        if (try_branch(branch, inner, i)) return true;
      }
    }
    for (std::size_t i = 0; i < node.branches.size(); ++i) {
      if (try_branch(*node.branches[i], value, i)) return true;
    }
    // With one branch besides null, what is wrong with it says more.
    if (node.branches.size() == 2 && !value.is_null()) {
      for (const Node* branch : node.branches) {
        if (branch->kind != Kind::kNull) return write(*branch, value);
      }
    }
    return mismatch(node, value);
  }

  bool try_branch(const Node& branch, const json::Value& value, std::size_t index) {
    if (style_ == Style::kDefault && !is_valid_default(branch, value)) return false;
    const std::size_t before = out_.size();
    const std::string path = path_, hint = hint_;
    append_long(static_cast<std::int64_t>(index), out_);
    if (error_.empty() && write(branch, value)) return true;
    out_.resize(before);
    path_ = path;
    hint_ = hint;
    error_.clear();
    return false;
  }

  bool write_logical(const Node& node, const json::Value& value) {
    if (node.logical == Logical::kDecimal) return write_decimal(node, value);
    const std::string& text = value.as_string();
    const auto bad = [&](const base::Error& error) { return refuse(error.message); };
    switch (node.logical) {
      case Logical::kUuid:
        if (node.kind == Kind::kString) {
          append_sized(text, out_);
          return true;
        }
        return write_uuid_bytes(node, value);
      case Logical::kDate: {
        const auto days = types::parse_date(text);
        if (!days) return bad(days.error());
        append_long(*days, out_);
        return true;
      }
      case Logical::kTimeMillis:
      case Logical::kTimeMicros: {
        const auto micros = types::parse_time(text);
        if (!micros) return bad(micros.error());
        return write_micros(node, *micros);
      }
      case Logical::kDuration: {
        const auto interval = types::parse_interval(text);
        if (!interval) return bad(interval.error());
        if (interval->months < 0 || interval->days < 0 || interval->micros < 0 ||
            interval->micros / 1000 > std::numeric_limits<std::uint32_t>::max()) {
          return mismatch(node, value);
        }
        append_raw(static_cast<std::uint32_t>(interval->months), out_);
        append_raw(static_cast<std::uint32_t>(interval->days), out_);
        append_raw(static_cast<std::uint32_t>(interval->micros / 1000), out_);
        return true;
      }
      default: {
        const bool zoned = node.logical == Logical::kTimestampMillis ||
                           node.logical == Logical::kTimestampMicros ||
                           node.logical == Logical::kTimestampNanos;
        const auto micros = types::parse_timestamp(text, zoned);
        if (!micros) return bad(micros.error());
        return write_micros(node, *micros);
      }
    }
  }

  bool write_micros(const Node& node, std::int64_t micros) {
    std::int64_t value = micros;
    switch (node.logical) {
      case Logical::kTimeMillis:
      case Logical::kTimestampMillis:
      case Logical::kLocalTimestampMillis:
        value = micros / 1000 - (micros % 1000 < 0 ? 1 : 0);
        break;
      case Logical::kTimestampNanos:
      case Logical::kLocalTimestampNanos:
        if (__builtin_mul_overflow(micros, std::int64_t{1000}, &value))
          return refuse("the instant is out of range");
        break;
      default:
        break;
    }
    append_long(value, out_);
    return true;
  }

  bool write_uuid_bytes(const Node& node, const json::Value& value) {
    std::string bytes;
    const std::string& text = value.as_string();
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
      if (text[i] == '-') ++i;
      unsigned byte = 0;
      const char* end = text.data() + std::min(i + 2, text.size());
      const auto parsed = std::from_chars(text.data() + i, end, byte, 16);
      if (parsed.ec != std::errc() || parsed.ptr != end) return mismatch(node, value);
      bytes += static_cast<char>(byte);
    }
    if (bytes.size() != 16) return mismatch(node, value);
    out_ += bytes;
    return true;
  }

  bool write_decimal(const Node& node, const json::Value& value) {
    types::Arena arena(256);
    std::string text = value.is_string() ? value.as_string() : json::dump(value);
    if (!value.is_string() && !value.is_number()) return mismatch(node, value);
    const auto number = types::parse_numeric(text, arena);
    if (!number || number->kind > types::Numeric::Kind::kBig) return mismatch(node, value);
    const auto fitted = types::fit(*number, node.precision, node.scale, arena);
    if (!fitted || types::compare(*fitted, *number) != 0) {
      return refuse(fmt::format("{} does not fit {} exactly", text, describe(node)));
    }
    std::string bytes = types::numeric_to_bytes(*fitted, node.scale);
    if (node.kind == Kind::kBytes) {
      append_sized(bytes, out_);
      return true;
    }
    const auto size = static_cast<std::size_t>(node.size);
    if (bytes.size() > size) return refuse(fmt::format("{} does not fit {}", text, describe(node)));
    const bool negative = !bytes.empty() && (bytes[0] & 0x80) != 0;
    out_.append(size - bytes.size(), negative ? '\xFF' : '\0');
    out_ += bytes;
    return true;
  }

  Style style_;
  std::string& out_;
  std::size_t start_;
  std::string path_, error_, error_path_, hint_;
  int depth_ = 0;
  int budget_ = 1'000'000;  // values in a default
};

}  // namespace

base::Status encode_default(const Node& node, const json::Value& value, std::string& out) {
  return JsonEncoder(Style::kDefault, out).encode(node, value);
}

base::Status encode_json(const Node& node, const json::Value& value, std::string& out) {
  return JsonEncoder(Style::kPlain, out).encode(node, value);
}

}  // namespace offtake::avro
