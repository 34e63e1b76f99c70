#include "controlplane/cli/documents.h"

#include <iostream>
#include <iterator>

#include "base/files/files.h"
#include "controlplane/sql/compile.h"

namespace offtake::cli {
namespace {

constexpr std::size_t kMaxFileBytes = 16 << 20;

struct Source {
  std::string name;  // as errors say it
  std::string text;
};

bool is_manifest(const std::string& name) {
  const auto extension = files::Path(name).extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

base::Status add_file(const files::Path& path, std::vector<Source>& out) {
  auto text = files::read_file(path, kMaxFileBytes);
  if (!text) return std::move(text).error();
  out.push_back({path.string(), *std::move(text)});
  return {};
}

base::Status add_sources(const std::string& name, std::vector<Source>& out) {
  if (name == "-") {
    out.push_back({"<stdin>", std::string(std::istreambuf_iterator<char>(std::cin), {})});
    return {};
  }
  std::error_code failed;
  if (!std::filesystem::is_directory(name, failed)) return add_file(name, out);
  auto names = files::list_names(name);
  if (!names) return std::move(names).error();
  const std::size_t before = out.size();
  for (const std::string& file : *names) {
    if (!is_manifest(file)) continue;
    if (auto added = add_file(files::Path(name) / file, out); !added) return added;
  }
  if (out.size() > before) return {};
  return base::terminal("NoDocuments", fmt::format("{}: there is no .yaml, .yml or .json file in it", name));
}

std::size_t rank(const resources::Document& document) {
  const auto& kinds = resources::all_kinds();
  return static_cast<std::size_t>(std::find(kinds.begin(), kinds.end(), document.kind) - kinds.begin());
}

// Within one file the reader finds them itself.
void find_same_names(std::vector<resources::Document>& documents) {
  std::map<std::string, const resources::Document*> seen;
  for (auto& document : documents) {
    if (document.kind == nullptr || document.name().empty()) continue;
    const auto [first, fresh] = seen.emplace(document.title(), &document);
    if (fresh || first->second->file == document.file) continue;
    auto error = base::terminal("SameNameTwice",
                                fmt::format("the same name is used twice, first in {}", first->second->file));
    error.location.field = "metadata.name";
    error.hint = "give one of the two another name";
    document.errors.push_back(document.located(std::move(error)));
  }
}

}  // namespace

std::optional<std::vector<resources::Document>> read_all(const std::vector<std::string>& names,
                                                         std::string_view default_namespace,
                                                         Console& console) {
  std::vector<Source> sources;
  for (const std::string& name : names) {
    if (auto added = add_sources(name, sources); !added) {
      console.error(added.error());
      return std::nullopt;
    }
  }
  const resources::SqlCheck check = [](const resources::DataProduct& product) {
    return sql::check_grammar(product.spec.sql);
  };
  std::vector<resources::Document> documents;
  for (const Source& source : sources) {
    auto read = resources::read_documents(source.text, source.name, check, default_namespace);
    std::move(read.begin(), read.end(), std::back_inserter(documents));
  }
  find_same_names(documents);
  bool good = true;
  for (const auto& document : documents) {
    for (const base::Error& error : document.errors) console.error(error);
    good = good && document.ok();
  }
  if (!good) return std::nullopt;
  if (documents.empty()) {
    console.say(fmt::format("{}: there is no document in it", fmt::join(names, ", ")));
    return std::nullopt;
  }
  std::stable_sort(documents.begin(), documents.end(),
                   [](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return documents;
}

}  // namespace offtake::cli
