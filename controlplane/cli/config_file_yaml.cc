#include "base/yaml/node.h"
#include "controlplane/cli/config_file.h"
#include "controlplane/resources/validate.h"

namespace offtake::cli {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

base::Error bad(const files::Path& file, yaml::Position place, std::string message, std::string hint) {
  base::Error error = base::terminal("BadConfig", std::move(message));
  error.hint = std::move(hint);
  error.location.file = file.string();
  error.location.line = place.line;
  error.location.column = place.column;
  return error;
}

std::vector<std::string> names_of(const std::vector<Option>& options) {
  std::vector<std::string> out;
  for (const Option& option : options) {
    const std::string name = long_name(option.names);
    if (!option.value.empty() && !option.hidden && name != "config") out.push_back(name);
  }
  return out;
}

}  // namespace

base::Result<std::map<std::string, std::string>> read_config(const files::Path& file,
                                                             const std::vector<Option>& options) {
  auto text = files::read_file(file, kMaxBytes);
  if (!text) return std::move(text).error().in("--config");
  auto documents = yaml::parse(*text, file.string());
  if (!documents) return std::move(documents).error();
  std::map<std::string, std::string> out;
  if (documents->empty()) return out;
  const std::vector<std::string> known = names_of(options);
  const std::string all = fmt::format("there are: {}", fmt::join(known, ", "));
  const yaml::Node& root = documents->front().root;
  if (documents->size() > 1)
    return bad(file, documents->at(1).position, "a second document has no meaning here", "remove it");
  if (!root.is_map()) return bad(file, root.position, "settings are written as NAME: VALUE, one a line", all);
  std::vector<base::Error> errors;
  for (const yaml::Member& member : root.members) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      const std::string meant = resources::did_you_mean(member.key, known);
      errors.push_back(bad(file, member.key_position, fmt::format("there is no setting `{}`", member.key),
                           meant.empty() ? all : fmt::format("did you mean {}?", meant)));
    } else if (!member.value.is_scalar() || member.value.is_null() || member.value.text.empty()) {
      errors.push_back(bad(file, member.value.position, fmt::format("`{}` needs a value", member.key),
                           "write one text, or remove the line"));
    } else {
      out[member.key] = member.value.text;
    }
  }
  if (errors.empty()) return out;
  base::Error error = errors.front();
  if (errors.size() > 1) error.causes = std::move(errors);
  return error;
}

}  // namespace offtake::cli
