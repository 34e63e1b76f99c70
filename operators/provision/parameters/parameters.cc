#include "operators/provision/parameters/parameters.h"

#include <algorithm>
#include <charconv>

namespace offtake::provision {
namespace {

constexpr std::int64_t kLeastMemoryMib = 64;
constexpr std::int64_t kDaySeconds = 24 * 3600;
constexpr int kMostShards = 1024;  // as the servers have it

struct LocalEngine {
  std::string_view engine;
  LocalForm form;
  std::vector<Parameter> parameters;
};

constexpr Parameter kRunAs{"runAs", ParameterForm::kUser,
                           "the account of this machine that the server runs as, where Offtake runs as root"};
constexpr Parameter kSearchHome{"home", ParameterForm::kPath, "the unpacked installation: has lib/"};
constexpr Parameter kJavaHome{"javaHome", ParameterForm::kPath,
                              "a Java runtime: has bin/java; by default JAVA_HOME, then PATH"};
constexpr Parameter kHeap{"memory", ParameterForm::kMemory, "the Java heap, 512m by default"};

const std::vector<LocalEngine>& engines() {
  static const std::vector<LocalEngine> kEngines = {
      {"sqlite", LocalForm::kFiles, {}},
      {"postgres",
       LocalForm::kServer,
       {{"home", ParameterForm::kPath,
         "an installation: has bin/postgres; by default the newest below /usr/lib/postgresql, then PATH"},
        kRunAs,
        {"memory", ParameterForm::kMemory, "what the server plans with, 256m by default"}}},
      {"opensearch", LocalForm::kServer, {kSearchHome, kJavaHome, kRunAs, kHeap}},
  };
  return kEngines;
}

const std::vector<Parameter>& index_parameters() {
  static const std::vector<Parameter> kIndex = {
      {"shards", ParameterForm::kCount,
       "primary shards of an index; by default as the cluster's templates say"},
      {"replicas", ParameterForm::kCountOrNone,
       "copies of each shard, made when the index is filled; by default one where there is a second node"},
      {"refreshInterval", ParameterForm::kSeconds,
       "how soon a search sees what was written, such as 5s; by default as the cluster has it (1s)"},
  };
  return kIndex;
}

const LocalEngine* find(std::string_view engine) {
  for (const auto& entry : engines()) {
    if (entry.engine == engine) return &entry;
  }
  return nullptr;
}

base::Error bad(std::string_view name, std::string_view value, std::string_view must) {
  return base::terminal("BadValue", fmt::format("parameter {}: '{}' is not {}", name, value, must));
}

bool is_number(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} && end == text.data() + text.size() && number >= least && number <= most &&
         text == std::to_string(number);
}

bool is_user_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && text[0] != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '-' || c == '.';
         });
}

}  // namespace

LocalForm local_form(std::string_view engine) {
  const LocalEngine* entry = find(engine);
  return entry == nullptr ? LocalForm::kNone : entry->form;
}

const std::vector<Parameter>& local_parameters(std::string_view engine) {
  static const std::vector<Parameter> kNone;
  const LocalEngine* entry = find(engine);
  return entry == nullptr ? kNone : entry->parameters;
}

const std::vector<Parameter>& object_parameters(std::string_view engine) {
  static const std::vector<Parameter> kNone;
  return engine == "opensearch" || engine == "elasticsearch" ? index_parameters() : kNone;
}

Parameters of_objects(std::string_view engine, const Parameters& parameters) {
  Parameters out;
  for (const auto& one : object_parameters(engine)) {
    if (const auto found = parameters.find(std::string(one.name)); found != parameters.end())
      out.insert(*found);
  }
  return out;
}

Parameters of_server(std::string_view engine, const Parameters& parameters) {
  Parameters out = parameters;
  for (const auto& one : object_parameters(engine)) out.erase(std::string(one.name));
  return out;
}

base::Status check_parameter(std::string_view engine, bool local, std::string_view name,
                             std::string_view value) {
  std::vector<Parameter> known = object_parameters(engine);
  if (local) {
    const auto& more = local_parameters(engine);
    known.insert(known.begin(), more.begin(), more.end());
  }
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Parameter& one) { return one.name == name; });
  if (found == known.end()) {
    std::vector<std::string_view> names;
    for (const auto& one : known) names.push_back(one.name);
    return base::terminal("BadParameter", fmt::format("{} {} target has no parameter '{}'",
                                                      local ? "a local" : "an external", engine, name))
        .with_hint(names.empty() ? "it takes none" : fmt::format("it takes {}", fmt::join(names, ", ")));
  }
  switch (found->form) {
    case ParameterForm::kPath:
      if (value.starts_with('/') && value.find('\0') == std::string_view::npos) return {};
      return bad(name, value, "an absolute path");
    case ParameterForm::kUser:
      if (is_user_name(value)) return {};
      return bad(name, value, "the name of an account");
    case ParameterForm::kMemory:
      if (memory_mib(value).value_or(0) >= kLeastMemoryMib) return {};
      return bad(name, value, fmt::format("an amount such as 512m or 2g, at least {}m", kLeastMemoryMib));
    case ParameterForm::kCount:
      if (is_number(value, 1, kMostShards)) return {};
      return bad(name, value, fmt::format("a whole number from 1 to {}", kMostShards));
    case ParameterForm::kCountOrNone:
      if (is_number(value, 0, kMostShards)) return {};
      return bad(name, value, fmt::format("a whole number from 0 to {}", kMostShards));
    case ParameterForm::kSeconds:
      if (duration_seconds(value)) return {};
      return bad(name, value, "a duration such as 5s or 1m, at most a day");
  }
  return {};
}

base::Status check_parameters(std::string_view engine, bool local, const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (auto fine = check_parameter(engine, local, name, value); !fine) return fine;
  }
  return {};
}

std::optional<std::int64_t> duration_seconds(std::string_view text) {
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (code != std::errc{} || text.empty() || number < 1 || number > kDaySeconds) return std::nullopt;
    const std::int64_t unit = text[0] == 's'   ? 1
                              : text[0] == 'm' ? 60
                              : text[0] == 'h' ? 3600
                              : text[0] == 'd' ? kDaySeconds
                                               : 0;
    if (unit == 0) return std::nullopt;
    total += number * unit;
    text.remove_prefix(1);
  }
  if (total < 1 || total > kDaySeconds) return std::nullopt;
  return total;
}

std::optional<std::int64_t> memory_mib(std::string_view text) {
  if (text.ends_with('i')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  const char unit = text.back();
  text.remove_suffix(1);
  std::int64_t factor = 0;
  if (unit == 'm' || unit == 'M') factor = 1;
  if (unit == 'g' || unit == 'G') factor = 1024;
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::int64_t kMost = 1 << 20;
  if (factor == 0 || code != std::errc{} || end != text.data() + text.size() || number < 1 || number > kMost)
    return std::nullopt;
  return number * factor;
}

}  // namespace offtake::provision
