#include <algorithm>
#include <set>

#include "operators/provision/templates/field_path.h"
#include "operators/provision/templates/manifest.h"

namespace offtake::provision::templates {
namespace {

// Where a piece of a scalar stands in the text of the manifest.
yaml::Position position_of(const yaml::Node& scalar, std::size_t offset) {
  int line = 1, column = 1;
  for (std::size_t i = 0; i < offset && i < scalar.text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(scalar.text[i]);
    if (byte == '\n') {
      ++line;
      column = 1;
    } else if ((byte & 0xC0) != 0x80) {
      ++column;
    }
  }
  return scalar.position_in_text(line, column);
}

class Check {
 public:
  Check(const Definition& definition, std::string_view engine, const Parameters& parameters)
      : definition_(definition), engine_(engine) {
    subject_.parameters = parameters;
    subject_.product = subject_.product_namespace = subject_.product_uid = "x";
  }

  std::vector<base::Error> run() {
    for (std::size_t i = 0; i < definition_.templates.size(); ++i) {
      manifests_.push_back({});
      field_ = fmt::format("templates[{}].manifest", i);
      auto parsed = Manifest::parse(definition_.templates[i]);
      if (!parsed) {
        base::Error error = std::move(parsed).error();
        error.location.field = field_;
        errors_.push_back(std::move(error));
        continue;
      }
      manifests_.back() = *std::move(parsed);
      walk(*manifests_.back(), manifests_.back()->root());
    }
    for (std::size_t i = 0; i < definition_.outputs.size(); ++i) output(i);
    need_outputs();
    return std::move(errors_);
  }

 private:
  void add(std::string field, std::string message, std::string hint, yaml::Position position = {},
           std::string code = "BadTemplate") {
    base::Error error = base::terminal(std::move(code), std::move(message));
    error.hint = std::move(hint);
    error.location = {"", std::move(field), position.line, position.column};
    errors_.push_back(std::move(error));
  }

  void walk(const Manifest& manifest, const yaml::Node& node) {
    for (const yaml::Node& item : node.items) walk(manifest, item);
    for (const yaml::Member& member : node.members) {
      if (member.key.find("${") != std::string::npos)
        add(field_, fmt::format("a placeholder cannot stand in the key '{}'", member.key),
            "write it as a value", member.key_position);
      walk(manifest, member.value);
    }
    if (!node.is_scalar()) return;
    std::size_t offset = 0;
    auto pieces = pieces_of(node.text, &offset);
    if (!pieces) {
      add(field_, pieces.error().message, pieces.error().hint, position_of(node, offset),
          pieces.error().code);
      return;
    }
    for (const Piece& piece : *pieces) {
      if (!piece.is_placeholder) continue;
      if (const auto name = generated_name(piece.text); !name.empty()) {
        generated(manifest, std::string(name), position_of(node, piece.offset));
      } else if (auto value = value_of(piece.text, subject_); !value) {
        add(field_, value.error().message, value.error().hint, position_of(node, piece.offset),
            value.error().code);
      }
    }
  }

  void generated(const Manifest& manifest, const std::string& name, yaml::Position position) {
    if (!manifest.is_secret()) {
      add(field_, fmt::format("'${{generated.{}}}' can stand in a Secret only", name),
          "let the other object read it from there", position);
    } else if (!manifest.generated().contains(name)) {
      add(field_, fmt::format("'${{generated.{}}}' stands alone in no key of stringData", name),
          fmt::format("add `{0}: ${{generated.{0}}}` there: that is where it is kept", name), position);
    }
  }

  void output(std::size_t index) {
    const Output& output = definition_.outputs[index];
    const std::string path = fmt::format("outputs[{}]", index);
    const int ways = !output.field_path.empty() + output.secret_key.has_value() + output.value.has_value();
    if (ways != 1) return;  // the field table says so
    const Manifest* manifest = nullptr;
    if (!output.template_name.empty()) {
      const auto found =
          std::find_if(definition_.templates.begin(), definition_.templates.end(),
                       [&](const Template& candidate) { return candidate.name == output.template_name; });
      if (found == definition_.templates.end()) {
        std::vector<std::string> names;
        for (const Template& candidate : definition_.templates) names.push_back(candidate.name);
        add(path + ".template", fmt::format("there is no template '{}'", output.template_name),
            fmt::format("there are {}", fmt::join(names, ", ")), {}, "BadValue");
        return;
      }
      const auto& parsed = manifests_[static_cast<std::size_t>(found - definition_.templates.begin())];
      if (!parsed) return;
      manifest = &*parsed;
    }
    if (output.value) return text(path + ".value", *output.value);
    if (!output.field_path.empty()) {
      if (output.template_name.empty())
        add(path + ".template", "is required with `fieldPath`", "name the template of the object", {},
            "MissingField");
      if (auto fine = parse_field_path(output.field_path); !fine)
        add(path + ".fieldPath", fine.error().message, fine.error().hint, {}, fine.error().code);
      return;
    }
    if (!output.secret_key->name.empty()) return text(path + ".secretKey.name", output.secret_key->name);
    if (manifest == nullptr || !manifest->is_secret()) {
      add(path + ".secretKey.name", "is required where the template is no Secret",
          "name the Secret, as in \"${product.id}-app\"", {}, "MissingField");
    }
  }

  void text(std::string field, const std::string& text) {
    if (auto value = replaced(text, subject_); !value)
      add(std::move(field), value.error().message, value.error().hint, {}, value.error().code);
  }

  void need_outputs() {
    const auto has = [&](std::string_view name) {
      return std::any_of(definition_.outputs.begin(), definition_.outputs.end(),
                         [&](const Output& output) { return output.name == name; });
    };
    if (!has(output::kUrl) && (engine_ == "http" || !has(output::kHost))) {
      add("outputs", fmt::format("none says where the {} server is", engine_),
          engine_ == "http" ? "add one named url" : "add one named url, or host", {}, "MissingField");
    }
    if (engine_ == "postgres" && !(has(output::kUsername) && has(output::kPassword))) {
      add("outputs", "none says who may make roles and schemas there",
          "add one named username and one named password", {}, "MissingField");
    }
  }

  const Definition& definition_;
  const std::string_view engine_;
  Subject subject_;
  std::string field_;
  std::vector<std::optional<Manifest>> manifests_;
  std::vector<base::Error> errors_;
};

}  // namespace

std::vector<base::Error> check(const Definition& definition, std::string_view engine,
                               const Parameters& parameters) {
  return Check(definition, engine, parameters).run();
}

std::vector<std::string> named_parameters(const Definition& definition) {
  std::set<std::string> out;
  const auto look = [&](std::string_view text) {
    auto pieces = pieces_of(text);
    if (!pieces) return;
    for (const Piece& piece : *pieces) {
      const auto name = piece.is_placeholder ? parameter_name(piece.text) : std::string_view();
      if (!name.empty()) out.emplace(name);
    }
  };
  for (const Template& each : definition.templates) look(each.manifest);
  for (const Output& output : definition.outputs) {
    if (output.value) look(*output.value);
    if (output.secret_key) look(output.secret_key->name);
  }
  return {out.begin(), out.end()};
}

}  // namespace offtake::provision::templates
