#include "controlplane/cli/connection.h"

#include "controlplane/resources/validate.h"

namespace offtake::cli {

base::Result<std::unique_ptr<ApiClient>> connect(const Arguments& arguments) {
  auto address = find_server(arguments);
  if (!address) return std::move(address).error();
  return std::make_unique<ApiClient>(*address);
}

Option namespace_option() {
  return {"-n,--namespace", "NAMESPACE", "the namespace; by default that of the context, else `default`"};
}

std::string namespace_of(const Arguments& arguments, const ApiClient& client) {
  const std::string given = arguments.text("namespace");
  return given.empty() ? client.address().namespace_name : given;
}

base::Result<const resources::Kind*> read_kind(std::string_view word) {
  const resources::Kind* kind = resources::find_typed(word);
  if (kind != nullptr) return kind;
  std::vector<std::string> known;
  for (const auto* one : resources::all_kinds()) {
    known.push_back(one->plural);
    known.push_back(one->singular);
    known.insert(known.end(), one->short_names.begin(), one->short_names.end());
  }
  auto error = base::terminal("UnknownKind", fmt::format("there is no kind `{}`", word));
  const std::string nearest = resources::did_you_mean(word, known);
  if (!nearest.empty()) return std::move(error).with_hint(fmt::format("did you mean {}?", nearest));
  std::vector<std::string> plurals;
  for (const auto* one : resources::all_kinds()) plurals.push_back(one->plural);
  return std::move(error).with_hint(fmt::format("there are: {}", fmt::join(plurals, ", ")));
}

std::string ObjectName::title() const {
  if (name.empty()) return kind->plural;
  return namespace_name.empty() ? fmt::format("{} {}", kind->kind, name)
                                : fmt::format("{} {}/{}", kind->kind, namespace_name, name);
}

namespace {

// `word` KIND, or KIND/NAME where no name is given beside it.
base::Result<ObjectName> object_name(std::string word, std::string name, const std::string& space,
                                     bool name_needed) {
  ObjectName out;
  out.name = std::move(name);
  if (const auto slash = word.find('/'); slash != std::string::npos && out.name.empty()) {
    out.name = word.substr(slash + 1);
    word.resize(slash);
  }
  auto kind = read_kind(word);
  if (!kind) return std::move(kind).error();
  out.kind = *kind;
  if (out.kind->namespaced) out.namespace_name = space;
  if (name_needed && out.name.empty()) {
    return base::terminal("NameMissing", fmt::format("which of the {} is missing", out.kind->plural))
        .with_hint(fmt::format("give its name: {} NAME", out.kind->singular));
  }
  return out;
}

}  // namespace

base::Result<ObjectName> read_object_name(const Arguments& arguments, const ApiClient& client,
                                          bool name_needed) {
  return object_name(arguments.text("KIND"), arguments.text("NAME"), namespace_of(arguments, client),
                     name_needed);
}

base::Result<std::vector<ObjectName>> read_object_names(const Arguments& arguments, const ApiClient& client) {
  const std::string first = arguments.text("KIND"), space = namespace_of(arguments, client);
  const bool in_one_word = first.find('/') != std::string::npos;
  std::vector<std::string> words = arguments.all("NAME");
  if (in_one_word) words.insert(words.begin(), first);
  if (words.empty()) words.emplace_back();
  std::vector<ObjectName> out;
  for (const std::string& word : words) {
    if ((word.find('/') != std::string::npos) != in_one_word) {
      return base::terminal("BadName", fmt::format("`{}` is not written as the first one is", word))
          .with_hint("write KIND NAME NAME, or KIND/NAME KIND/NAME");
    }
    auto object = in_one_word ? object_name(word, "", space, true) : object_name(first, word, space, true);
    if (!object) return std::move(object).error();
    out.push_back(*std::move(object));
  }
  return out;
}

std::string title_of(const json::Value& object) {
  const json::Value& metadata = object["metadata"];
  const std::string space = metadata.string_or("namespace"), name = metadata.string_or("name");
  return space.empty() ? fmt::format("{} {}", object.string_or("kind"), name)
                       : fmt::format("{} {}/{}", object.string_or("kind"), space, name);
}

int fail(Console& console, const base::Error& error) {
  console.error(error);
  return kFailed;
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string bytes_text(std::int64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) value /= 1024, ++unit;
  return unit == 0 ? fmt::format("about {} bytes", bytes)
                   : fmt::format("about {:.1f} {}", value, kUnits[unit]);
}

}  // namespace offtake::cli
