#include "operators/provision/parameters/parameters.h"

#include <algorithm>
#include <charconv>

namespace offtake::provision {
namespace {

constexpr std::int64_t kLeastMemoryMib = 64;

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

const LocalEngine* find(std::string_view engine) {
  for (const auto& entry : engines()) {
    if (entry.engine == engine) return &entry;
  }
  return nullptr;
}

base::Error bad(std::string_view name, std::string_view value, std::string_view must) {
  return base::terminal("BadValue", fmt::format("parameter {}: '{}' is not {}", name, value, must));
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

base::Status check_local_parameter(std::string_view engine, std::string_view name, std::string_view value) {
  const auto& known = local_parameters(engine);
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Parameter& one) { return one.name == name; });
  if (found == known.end()) {
    std::vector<std::string_view> names;
    for (const auto& one : known) names.push_back(one.name);
    return base::terminal("BadParameter",
                          fmt::format("a local {} target has no parameter '{}'", engine, name))
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
  }
  return {};
}

base::Status check_local_parameters(std::string_view engine, const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (auto fine = check_local_parameter(engine, name, value); !fine) return fine;
  }
  return {};
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
