#include "schemas/avro/render.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "schemas/types/jsonb.h"
#include "schemas/types/value_text.h"

namespace offtake::avro {
namespace {

// Items that take no bytes cannot be bounded by the record's size.
constexpr std::int64_t kMaxEmptyItems = 65'536;

// JSON numbers are numeric in jsonb: 1e+20 is written out. NaN and infinities are strings.
void append_float(std::string_view shortest, double value, std::string& out, types::Arena& arena) {
  if (!std::isfinite(value)) {
    types::append_json_string(shortest, out);
    return;
  }
  const auto number = types::parse_numeric(shortest, arena);
  out += number ? types::to_string(*number) : std::string(shortest);
}

void quoted(std::string& out, const std::string& text) {
  types::append_json_string(text, out);
}

std::string timestamp_text(std::int64_t micros, bool with_zone) {
  std::string text;
  types::append_timestamp(micros, with_zone, text);
  // As PostgreSQL writes times into JSON: 2026-11-23T09:02:11+00:00
  if (const auto space = text.find(' '); space != std::string::npos) text[space] = 'T';
  if (const auto zone = text.rfind("+00"); with_zone && zone != std::string::npos)
    text.insert(zone + 3, ":00");
  return text;
}

class Renderer {
 public:
  Renderer(const Program& program, Cursor& cursor, std::uint32_t& failed)
      : program_(program), cursor_(cursor), failed_(failed), arena_(256) {}

  Fault write(const Render& render, std::string& out, int depth) {
    if (depth > kMaxDepth) return fail(render, Fault::kDepth);
    switch (render.what) {
      case Render::What::kNull:
        out += "null";
        return Fault::kNone;
      case Render::What::kFail:
        return fail(render, Fault::kBranchNotRead);
      case Render::What::kScalar:
        return write_scalar(render, out, depth);
      case Render::What::kRecord:
        return write_record(render, out, depth);
      case Render::What::kArray:
        return write_array(render, out, depth);
      case Render::What::kMap:
        return write_map(render, out, depth);
      case Render::What::kConstant: {
        const Cursor after = cursor_;
        cursor_ = Cursor(render.constant);
        const Fault fault = write(*render.branches.front(), out, depth + 1);
        cursor_ = after;
        return fault;
      }
      case Render::What::kUnion:
        break;
    }
    std::int64_t branch = 0;
    if (const Fault fault = read_long(cursor_, branch); fault != Fault::kNone) return fail(render, fault);
    if (static_cast<std::uint64_t>(branch) >= render.branches.size()) return fail(render, Fault::kBranch);
    return write(*render.branches[static_cast<std::size_t>(branch)], out, depth + 1);
  }

 private:
  Fault fail(const Render& render, Fault fault) {
    if (failed_ == kNoField) failed_ = render.field;
    return fault;
  }

  Fault write_scalar(const Render& render, std::string& out, int depth) {
    alignas(16) std::array<char, 32> value;
    std::uint64_t nulls = 0;
    ColumnOut column{.values = value.data(), .nulls = &nulls, .digits = &arena_};
    Run run{.program = program_, .columns = &column, .json = {}};
    if (const Fault fault = run.run(render.address, cursor_, depth + 1); fault != Fault::kNone) {
      if (failed_ == kNoField) failed_ = run.failed;
      return fault;
    }
    if (!append(render.type, value.data(), out)) return fail(render, Fault::kNul);
    return Fault::kNone;
  }

  template <class T>
  static T load(const char* value) {
    T out;
    std::memcpy(&out, value, sizeof out);
    return out;
  }

  bool append(const types::Type& type, const char* value, std::string& out) {
    using types::TypeId;
    std::string text;
    switch (type.id) {
      case TypeId::kBoolean:
        out += *value != 0 ? "true" : "false";
        return true;
      case TypeId::kInt4:
        out += std::to_string(load<std::int32_t>(value));
        return true;
      case TypeId::kInt8:
        out += std::to_string(load<std::int64_t>(value));
        return true;
      case TypeId::kFloat4:
        types::append_float4(load<float>(value), text);
        append_float(text, static_cast<double>(load<float>(value)), out, arena_);
        return true;
      case TypeId::kFloat8:
        types::append_float8(load<double>(value), text);
        append_float(text, load<double>(value), out, arena_);
        return true;
      case TypeId::kNumeric:
        out += types::to_string(load<types::Numeric>(value));
        return true;
      case TypeId::kText: {
        const std::string_view held = reinterpret_cast<const types::StringRef*>(value)->view();
        if (held.find('\0') != std::string_view::npos) return false;  // jsonb cannot hold it
        types::append_json_string(held, out);
        return true;
      }
      case TypeId::kBytea:
        types::append_bytea(reinterpret_cast<const types::StringRef*>(value)->view(), text);
        break;
      case TypeId::kUuid:
        types::append_uuid(load<types::Uuid>(value), text);
        break;
      case TypeId::kDate:
        types::append_date(load<std::int32_t>(value), text);
        break;
      case TypeId::kTime:
        types::append_time(load<std::int64_t>(value), text);
        break;
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz:
        text = timestamp_text(load<std::int64_t>(value), type.id == TypeId::kTimestampTz);
        break;
      case TypeId::kInterval:
        types::append_interval(load<types::Interval>(value), text);
        break;
      case TypeId::kJsonb:
      case TypeId::kArray:
      case TypeId::kRecord:
      case TypeId::kMap:
        break;
    }
    quoted(out, text);
    return true;
  }

  Fault write_record(const Render& render, std::string& out, int depth) {
    std::string values;
    std::vector<std::pair<std::size_t, std::size_t>> places(
        render.names.size());  // of each value in `values`
    for (const Render::Member& member : render.members) {
      if (member.value == nullptr) {
        ColumnOut none;
        Run run{.program = program_, .columns = &none, .json = {}};
        if (const Fault fault = run.run(member.skip, cursor_, depth + 1); fault != Fault::kNone) {
          if (failed_ == kNoField) failed_ = run.failed;
          return fault;
        }
        continue;
      }
      const std::size_t from = values.size();
      if (const Fault fault = write(*member.value, values, depth + 1); fault != Fault::kNone) return fault;
      places[static_cast<std::size_t>(member.position)] = {from, values.size() - from};
    }
    out += '{';
    for (std::size_t i = 0; i < render.names.size(); ++i) {
      if (i > 0) out += ", ";
      out += render.names[i];
      out += ": ";
      out.append(values, places[i].first, places[i].second);
    }
    out += '}';
    return Fault::kNone;
  }

  // Calls `item` for each item of all blocks.
  template <class Item>
  Fault each(const Render& render, const Item& item) {
    while (true) {
      std::int64_t count = 0, bytes = 0;
      if (const Fault fault = read_block(cursor_, count, bytes); fault != Fault::kNone)
        return fail(render, fault);
      if (count == 0) return Fault::kNone;
      if (render.zero_width && (count > kMaxEmptyItems || (empty_items_ += count) > kMaxEmptyItems)) {
        return fail(render, Fault::kCount);
      }
      for (; count > 0; --count) {
        if (const Fault fault = item(); fault != Fault::kNone) return fault;
      }
    }
  }

  Fault write_array(const Render& render, std::string& out, int depth) {
    out += '[';
    bool first = true;
    const Fault fault = each(render, [&] {
      if (!first) out += ", ";
      first = false;
      return write(*render.branches.front(), out, depth + 1);
    });
    out += ']';
    return fault;
  }

  Fault write_map(const Render& render, std::string& out, int depth) {
    struct Entry {
      std::string_view key;
      std::size_t from = 0, size = 0;  // in `values`
    };
    std::vector<Entry> entries;
    std::string values;
    const Fault fault = each(render, [&] {
      Entry entry;
      if (const Fault bad = read_sized(cursor_, entry.key); bad != Fault::kNone) return fail(render, bad);
      if (!is_utf8(entry.key)) return fail(render, Fault::kUtf8);
      if (entry.key.find('\0') != std::string_view::npos) return fail(render, Fault::kNul);
      entry.from = values.size();
      const Fault bad = write(*render.branches.front(), values, depth + 1);
      entry.size = values.size() - entry.from;
      entries.push_back(entry);
      return bad;
    });
    if (fault != Fault::kNone) return fault;
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return types::jsonb_name_less(a.key, b.key); });
    out += '{';
    bool first = true;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i + 1 < entries.size() && entries[i + 1].key == entries[i].key) continue;  // the last one wins
      if (!first) out += ", ";
      first = false;
      types::append_json_string(entries[i].key, out);
      out += ": ";
      out.append(values, entries[i].from, entries[i].size);
    }
    out += '}';
    return Fault::kNone;
  }

  const Program& program_;
  Cursor& cursor_;
  std::uint32_t& failed_;
  types::Arena arena_;
  std::int64_t empty_items_ = 0;
};

}  // namespace

Fault render_json(const Program& program, const Render& render, Cursor& cursor, std::string& out,
                  std::uint32_t& failed, int depth) {
  return Renderer(program, cursor, failed).write(render, out, depth);
}

}  // namespace offtake::avro
