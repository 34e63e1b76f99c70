// How a field table is written: Table<Struct> with one line a field, bound to the struct's member. The
// member's type gives kind, conversion and, for structs, the nested table; rules add the rest:
//
//   Table<TopicConfig>("TopicConfig", "How the topic is made where there is none")
//       .field("partitions", &TopicConfig::partitions, "…", between(1, 1000), default_to(1))
#pragma once
#include <map>
#include <string>
#include <vector>

#include "controlplane/resources/schema.h"
#include "controlplane/resources/values.h"

namespace offtake::resources {

// The table of a struct; specialised in the *_table.cc files. One instance, living as long as the program.
template <class S>
const ObjectType& table();

using Rule = std::function<void(Field&)>;

inline Rule required() {
  return [](Field& f) { f.required = true; };
}
inline Rule immutable() {
  return [](Field& f) { f.immutable = true; };
}
inline Rule between(std::int64_t min, std::int64_t max) {
  return [=](Field& f) {
    f.min = min;
    f.max = max;
  };
}
inline Rule at_most(std::int64_t max) {
  return between(0, max);
}
inline Rule default_to(json::Value value) {
  return [value = std::move(value)](Field& f) { f.default_value = value; };
}
inline Rule like(const TextFormat& format) {
  return [&format](Field& f) { f.format = &format; };
}
inline Rule keys_like(const TextFormat& format) {
  return [&format](Field& f) { f.key_format = &format; };
}
inline Rule refers_to(std::string kind) {
  return [kind = std::move(kind)](Field& f) { f.reference = kind; };
}
inline Rule one_of(std::vector<std::string> values) {
  return [values = std::move(values)](Field& f) { f.values = values; };
}
inline Rule not_yet(std::vector<std::string> values) {
  return [values = std::move(values)](Field& f) { f.unavailable_values = values; };
}
inline Rule not_yet_where(bool (*matches)(std::string_view)) {
  return [=](Field& f) { f.unavailable_value = matches; };
}
inline Rule set_list() {
  return [](Field& f) { f.list_type = ListType::kSet; };
}
inline Rule map_list(std::vector<std::string> keys) {
  return [keys = std::move(keys)](Field& f) {
    f.list_type = ListType::kMap;
    f.list_keys = keys;
  };
}
// A rule for the items of a list or the values of a map.
inline Rule each(Rule rule) {
  return [rule = std::move(rule)](Field& f) { rule(*f.item); };
}

// How a member's type is described, read and written. read leaves `out` alone where the value does not fit.
template <class T>
struct Codec;  // the general case below: a struct with a table

template <class S>
json::Value write_struct(const S& value) {
  json::Value out = json::Value::object();
  for (const Field& field : table<S>().fields) {
    if (!field.write) continue;
    json::Value member = field.write(&value);
    if (!member.is_null()) out.as_object().emplace_back(field.name, std::move(member));
  }
  return out;
}

template <class S>
void read_struct(const json::Value& value, S& out) {
  if (!value.is_object()) return;
  for (const Field& field : table<S>().fields) {
    if (!field.read) continue;
    const json::Value& member = value[field.name];
    if (!member.is_null()) field.read(&out, member);
  }
}

template <class T>
concept HasEnumText = requires {
  EnumText<T>::values;
};

// Types with parse(text) and a text form: Duration, HistoryFrom, …
template <class T>
concept ParsedText = requires(std::string_view text, const T& value) {
  {T::parse(text).ok()};
  { value.text() } -> std::convertible_to<std::string>;
};

template <class T>
struct Codec {
  static void describe(Field& f) {
    if constexpr (HasEnumText<T>) {
      f.kind = FieldKind::kString;
      for (const auto& [value, text] : EnumText<T>::values) f.values.emplace_back(text);
    } else if constexpr (ParsedText<T>) {
      f.kind = FieldKind::kString;
      f.parse = [](std::string_view text) -> base::Status {
        auto parsed = T::parse(text);
        if (!parsed) return std::move(parsed).error();
        return {};
      };
      if constexpr (std::is_same_v<T, Duration>) describe_duration(f);
      if constexpr (std::is_same_v<T, Instant>) describe_instant(f);
    } else {
      f.kind = FieldKind::kObject;
      f.object = &table<T>();
    }
  }
  static void read(const json::Value& value, T& out) {
    if constexpr (HasEnumText<T>) {
      if (!value.is_string()) return;
      for (const auto& [candidate, text] : EnumText<T>::values) {
        if (text == value.as_string()) out = candidate;
      }
    } else if constexpr (ParsedText<T>) {
      if (!value.is_string()) return;
      auto parsed = T::parse(value.as_string());
      if (parsed.ok()) out = *std::move(parsed);
    } else {
      read_struct(value, out);
    }
  }
  static json::Value write(const T& value) {
    if constexpr (HasEnumText<T>) {
      return std::string(text_of(value));
    } else if constexpr (ParsedText<T>) {
      return value.text();
    } else {
      return write_struct(value);
    }
  }
};

template <>
struct Codec<std::string> {
  static void describe(Field& f) { f.kind = FieldKind::kString; }
  static void read(const json::Value& value, std::string& out) {
    if (value.is_string()) out = value.as_string();
  }
  static json::Value write(const std::string& value) { return value; }
};

template <>
struct Codec<std::int64_t> {
  static void describe(Field& f) { f.kind = FieldKind::kInteger; }
  static void read(const json::Value& value, std::int64_t& out) {
    if (value.is_int()) out = value.as_int();
  }
  static json::Value write(std::int64_t value) { return value; }
};

template <>
struct Codec<bool> {
  static void describe(Field& f) { f.kind = FieldKind::kBoolean; }
  static void read(const json::Value& value, bool& out) {
    if (value.is_bool()) out = value.as_bool();
  }
  static json::Value write(bool value) { return value; }
};

template <>
struct Codec<Quantity> {
  static void describe(Field& f) {
    f.kind = FieldKind::kQuantity;
    f.format_name = "quantity";
  }
  static void read(const json::Value& value, Quantity& out) {
    auto parsed = Quantity::parse(value.is_int()      ? std::to_string(value.as_int())
                                  : value.is_string() ? value.as_string()
                                                      : "");
    if (parsed.ok()) out = *std::move(parsed);
  }
  static json::Value write(const Quantity& value) {
    if (value.text.empty()) return value.value;
    return value.text;
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static void describe(Field& f) { Codec<T>::describe(f); }
  static void read(const json::Value& value, std::optional<T>& out) { Codec<T>::read(value, out.emplace()); }
  static json::Value write(const std::optional<T>& value) {
    return value ? Codec<T>::write(*value) : json::Value();
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static void describe(Field& f) {
    f.kind = FieldKind::kList;
    f.item = std::make_shared<Field>();
    Codec<T>::describe(*f.item);
  }
  static void read(const json::Value& value, std::vector<T>& out) {
    if (!value.is_array()) return;
    out.clear();
    for (const json::Value& item : value.as_array()) Codec<T>::read(item, out.emplace_back());
  }
  static json::Value write(const std::vector<T>& value) {
    json::Value out = json::Value::array();
    for (const T& item : value) out.push_back(Codec<T>::write(item));
    return out;
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static void describe(Field& f) {
    f.kind = FieldKind::kMap;
    f.item = std::make_shared<Field>();
    Codec<T>::describe(*f.item);
  }
  static void read(const json::Value& value, std::map<std::string, T>& out) {
    if (!value.is_object()) return;
    out.clear();
    for (const auto& [key, item] : value.as_object()) Codec<T>::read(item, out[key]);
  }
  static json::Value write(const std::map<std::string, T>& value) {
    json::Value out = json::Value::object();
    for (const auto& [key, item] : value) out.as_object().emplace_back(key, Codec<T>::write(item));
    return out;
  }
};

// A member that says nothing is left out: an empty text, list or map, a plain zero, a struct without members.
template <class T>
bool says_nothing(const T&, const json::Value& written) {
  if constexpr (HasEnumText<T>) return false;
  if (written.is_string()) return written.as_string().empty();
  if (written.is_int()) return written.as_int() == 0;
  if (written.is_array()) return written.as_array().empty();
  if (written.is_object()) return written.as_object().empty();
  return false;
}
template <class T>
bool says_nothing(const std::optional<T>& value, const json::Value&) {
  return !value.has_value();
}

template <class S>
class Table {
 public:
  Table(std::string name, std::string doc) {
    type_.name = std::move(name);
    type_.doc = std::move(doc);
  }

  template <class M, class... Rules>
  Table& field(std::string name, M S::*member, std::string doc, Rules... rules) {
    Field f;
    f.name = std::move(name);
    f.doc = std::move(doc);
    Codec<M>::describe(f);
    f.read = [member](void* object, const json::Value& value) {
      Codec<M>::read(value, static_cast<S*>(object)->*member);
    };
    f.write = [member](const void* object) {
      const M& value = static_cast<const S*>(object)->*member;
      json::Value written = Codec<M>::write(value);
      return says_nothing(value, written) ? json::Value() : written;
    };
    (rules(f), ...);
    type_.fields.push_back(std::move(f));
    return *this;
  }

  // A field of which the struct keeps nothing: constants, and what only the store looks at.
  template <class... Rules>
  Table& plain(std::string name, FieldKind kind, std::string doc, Rules... rules) {
    Field f;
    f.name = std::move(name);
    f.doc = std::move(doc);
    f.kind = kind;
    (rules(f), ...);
    type_.fields.push_back(std::move(f));
    return *this;
  }

  // Fields of the design that this version refuses by name.
  Table& unavailable(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      Field f;
      f.name = name;
      f.kind = FieldKind::kAny;
      f.unavailable = true;
      type_.fields.push_back(std::move(f));
    }
    return *this;
  }

  Table& exactly_one(std::vector<std::string> members, bool fixed = false) {
    type_.unions.push_back({std::move(members), true, fixed});
    return *this;
  }

  ObjectType done() { return std::move(type_); }

 private:
  ObjectType type_;
};

}  // namespace offtake::resources
