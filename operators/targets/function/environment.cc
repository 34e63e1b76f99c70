#include "operators/targets/function/environment.h"

#include <unistd.h>

#include <algorithm>
#include <set>

namespace offtake::targets::function {
namespace {

constexpr std::size_t kMaxSecretBytes = 128 << 10;
constexpr std::string_view kUsualPath = "/usr/local/bin:/usr/bin:/bin";
// Shorter ones would hide ordinary words.
constexpr std::size_t kShortestHidden = 4;

base::Error bad(std::string_view name, std::string_view why) {
  return base::terminal("BadEnvironment", fmt::format("the variable {} {}", name, why));
}

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string mark_of(const FunctionOptions& options) {
  return std::filesystem::absolute(options.directory).lexically_normal().string();
}

base::Status check_environment(const FunctionOptions& options) {
  std::set<std::string> seen;
  const auto check = [&](const std::string& name) -> base::Status {
    if (!is_name(name)) return bad(fmt::format("\"{}\"", name), "has no name that a variable can have");
    if (name == "PORT" || name.starts_with("K_") || name.starts_with("OFFTAKE_")) {
      return bad(name, "is set by Offtake");
    }
    if (!seen.insert(name).second) return bad(name, "is set twice");
    return {};
  };
  for (const auto& [name, value] : options.environment) {
    if (auto good = check(name); !good) return good;
    if (value.find('\0') != std::string::npos) return bad(name, "has a zero byte in its value");
  }
  for (const auto& [name, file] : options.secrets) {
    if (auto good = check(name); !good) return good;
  }
  return {};
}

base::Result<Environment> make_environment(const FunctionOptions& options, int port) {
  Environment out;
  out.variables = options.environment;
  for (const auto& [name, file] : options.secrets) {
    auto value = files::read_file(file, kMaxSecretBytes);
    if (!value) {
      return base::waiting("SecretMissing",
                           fmt::format("the secret of the variable {} is not there yet", name))
          .with_detail(value.error().text());
    }
    while (value->ends_with('\n') || value->ends_with('\r')) value->pop_back();
    if (value->find('\0') != std::string::npos) return bad(name, "has a zero byte in its secret");
    out.secrets.push_back(*value);
    out.variables.emplace_back(name, *std::move(value));
  }
  const auto add = [&](const std::string& name, std::string value) {
    const bool there = std::any_of(out.variables.begin(), out.variables.end(),
                                   [&](const auto& pair) { return pair.first == name; });
    if (!there) out.variables.emplace_back(name, std::move(value));
  };
  add("PORT", std::to_string(port));
  add("K_SERVICE", options.name);
  add("K_CONFIGURATION", options.name);
  add("K_REVISION", fmt::format("{}-{:05}", options.name, options.revision));
  add(kMark, mark_of(options));
  add("PATH", std::string(kUsualPath));
  add("HOME", options.directory.string());
  return out;
}

base::Result<std::string> find_program(const std::string& name, const Environment& environment) {
  if (name.find('/') != std::string::npos) return name;
  std::string path;
  for (const auto& [variable, value] : environment.variables) {
    if (variable == "PATH") path = value;
  }
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find(':', at), path.size());
    const std::string candidate = fmt::format("{}/{}", path.substr(at, end - at), name);
    if (end > at && ::access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) {
      return candidate;
    }
    at = end + 1;
  }
  return base::terminal("FunctionNotStarted", fmt::format("there is no program {} in {}", name, path))
      .with_hint("write the command with its whole path");
}

std::string without(const std::vector<std::string>& secrets, std::string text) {
  for (const auto& secret : secrets) {
    if (secret.size() < kShortestHidden) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

}  // namespace offtake::targets::function
