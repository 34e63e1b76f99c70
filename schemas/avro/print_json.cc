// Schema graphs to schema documents.
#include <algorithm>
#include <unordered_set>

#include "schemas/avro/schema.h"

namespace offtake::avro {
namespace {

enum class Style { kStored, kNormalized, kCanonical };

class Printer {
 public:
  Printer(Style style, std::span<const Schema> known) : style_(style) {
    for (const Schema& schema : known) {
      for (const Node* node : named_types(schema)) printed_.insert(node);
    }
  }

  std::string take() { return std::move(out_); }

  void print(const Node& node, const std::string& space) {
    if (node.is_named() && !printed_.insert(&node).second) {
      const bool short_name = style_ == Style::kStored && node.space == space;
      text(short_name ? node.name : node.full_name());
      return;
    }
    switch (node.kind) {
      case Kind::kRecord:
        return print_record(node, space);
      case Kind::kEnum:
        return print_enum(node, space);
      case Kind::kFixed:
        return print_fixed(node, space);
      case Kind::kArray:
      case Kind::kMap:
        return print_collection(node, space);
      case Kind::kUnion:
        return print_union(node, space);
      default:
        return print_primitive(node);
    }
  }

 private:
  bool canonical() const { return style_ == Style::kCanonical; }
  void text(std::string_view value) { out_ += json::dump(json::Value(value)); }
  void member(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    text(name);
    out_ += ':';
  }
  void text_member(std::string_view name, std::string_view value) {
    member(name);
    text(value);
  }
  void strings(std::string_view name, const std::vector<std::string>& values) {
    member(name);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      text(values[i]);
    }
    out_ += ']';
  }
  void properties(const json::Object& values) {
    if (canonical()) return;
    if (style_ == Style::kStored) {
      for (const json::Member& value : values) {
        member(value.first);
        out_ += json::dump(value.second);
      }
      return;
    }
    json::Object sorted = values;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const json::Member& value : sorted) {
      member(value.first);
      out_ += json::dump_canonical(value.second);
    }
  }

  void open_named(const Node& node, const std::string& space) {
    const char* type = node.is_error ? "error" : kind_name(node.kind);
    out_ += '{';
    if (canonical()) {
      text_member("name", node.full_name());
      text_member("type", type);
      return;
    }
    text_member("type", type);
    if (style_ == Style::kNormalized) {
      text_member("name", node.full_name());
      if (node.space.empty() && !space.empty()) text_member("namespace", "");
    } else {
      text_member("name", node.name);
      if (node.space != space) text_member("namespace", node.space);
    }
    if (node.doc) text_member("doc", *node.doc);
  }
  void close_named(const Node& node) {
    properties(node.properties);
    if (!canonical() && !node.aliases.empty()) {
      std::vector<std::string> aliases = node.aliases;
      for (std::string& alias : aliases) {
        const std::size_t dot = alias.rfind('.');
        const bool same_space = dot != std::string::npos && alias.compare(0, dot, node.space) == 0;
        if (style_ == Style::kStored && same_space) alias.erase(0, dot + 1);
      }
      if (style_ == Style::kNormalized) std::sort(aliases.begin(), aliases.end());
      strings("aliases", aliases);
    }
    out_ += '}';
  }

  void print_record(const Node& node, const std::string& space) {
    open_named(node, space);
    member("fields");
    out_ += '[';
    for (std::size_t i = 0; i < node.fields.size(); ++i) {
      if (i > 0) out_ += ',';
      print_field(node.fields[i], node.space);
    }
    out_ += ']';
    close_named(node);
  }

  void print_field(const Field& field, const std::string& space) {
    out_ += '{';
    text_member("name", field.name);
    member("type");
    print(*field.type, space);
    if (!canonical()) {
      if (field.doc) text_member("doc", *field.doc);
      if (field.default_value) {
        member("default");
        out_ += style_ == Style::kStored ? json::dump(*field.default_value)
                                         : json::dump_canonical(*field.default_value);
      }
      if (field.order != Order::kAscending) {
        text_member("order", field.order == Order::kDescending ? "descending" : "ignore");
      }
      if (!field.aliases.empty()) strings("aliases", field.aliases);
      properties(field.properties);
    }
    out_ += '}';
  }

  void print_enum(const Node& node, const std::string& space) {
    open_named(node, space);
    strings("symbols", node.symbols);
    if (!canonical() && node.enum_default) text_member("default", *node.enum_default);
    close_named(node);
  }

  void print_fixed(const Node& node, const std::string& space) {
    open_named(node, space);
    member("size");
    out_ += std::to_string(node.size);
    close_named(node);
  }

  void print_collection(const Node& node, const std::string& space) {
    out_ += '{';
    text_member("type", kind_name(node.kind));
    member(node.kind == Kind::kArray ? "items" : "values");
    print(node.items(), space);
    properties(node.properties);
    out_ += '}';
  }

  void print_union(const Node& node, const std::string& space) {
    out_ += '[';
    for (std::size_t i = 0; i < node.branches.size(); ++i) {
      if (i > 0) out_ += ',';
      print(*node.branches[i], space);
    }
    out_ += ']';
  }

  void print_primitive(const Node& node) {
    if (canonical() || node.properties.empty()) return text(kind_name(node.kind));
    out_ += '{';
    text_member("type", kind_name(node.kind));
    properties(node.properties);
    out_ += '}';
  }

  Style style_;
  std::unordered_set<const Node*> printed_;  // named types that are defined by now
  std::string out_;
};

std::string print(const Schema& schema, Style style, std::span<const Schema> known) {
  Printer printer(style, known);
  printer.print(schema.root(), "");
  return printer.take();
}

constexpr std::uint64_t kEmptyFingerprint = 0xC15D213AA4D7A795U;

std::array<std::uint64_t, 256> fingerprint_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (kEmptyFingerprint & -(value & 1U));
    table[i] = value;
  }
  return table;
}

}  // namespace

std::string to_json(const Schema& schema, std::span<const Schema> known) {
  return print(schema, Style::kStored, known);
}

std::string to_normalized_json(const Schema& schema, std::span<const Schema> known) {
  return print(schema, Style::kNormalized, known);
}

std::string canonical_form(const Schema& schema) {
  return print(schema, Style::kCanonical, {});
}

std::uint64_t fingerprint64(std::string_view canonical_form) {
  static const std::array<std::uint64_t, 256> kTable = fingerprint_table();
  std::uint64_t value = kEmptyFingerprint;
  for (const char c : canonical_form)
    value = (value >> 8) ^ kTable[(value ^ static_cast<unsigned char>(c)) & 0xFFU];
  return value;
}

}  // namespace offtake::avro
