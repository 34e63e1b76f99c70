#include "base/crypto/crypto.h"
#include "operators/provision/templates/manifest.h"

namespace offtake::provision::templates {
namespace {

base::Error bad(std::string message, yaml::Position position = {}) {
  base::Error error = base::terminal("BadTemplate", std::move(message));
  error.location.line = position.line;
  error.location.column = position.column;
  return error;
}

base::Result<std::string> text_at(const yaml::Node& root, std::string_view parent, std::string_view name) {
  const yaml::Node* within = parent.empty() ? &root : root.find(parent);
  const yaml::Node* node = within == nullptr ? nullptr : within->find(name);
  if (node != nullptr && node->is_scalar() && !node->is_null() && !node->text.empty()) return node->text;
  return bad(fmt::format("the object has no {}{}{}", parent, parent.empty() ? "" : ".", name),
             node != nullptr ? node->position : root.position);
}

class Rendering {
 public:
  Rendering(const Subject& subject, const std::map<std::string, std::string>& generated)
      : subject_(subject), generated_(generated) {}

  base::Result<json::Value> value(const yaml::Node& node) const {
    if (node.is_scalar()) return scalar(node);
    if (node.is_list()) {
      json::Value out = json::Value::array();
      for (const yaml::Node& item : node.items) {
        auto read = value(item);
        if (!read) return read;
        out.push_back(*std::move(read));
      }
      return out;
    }
    json::Value out = json::Value::object();
    for (const yaml::Member& member : node.members) {
      auto read = value(member.value);
      if (!read) return read;
      out.set(member.key, *std::move(read));
    }
    return out;
  }

 private:
  base::Result<json::Value> scalar(const yaml::Node& node) const {
    if (node.text.find("${") == std::string::npos) return yaml::to_json(node);
    auto pieces = pieces_of(node.text);
    if (!pieces) return std::move(pieces).error();
    std::string out;
    for (const Piece& piece : *pieces) {
      if (!piece.is_placeholder) {
        out += piece.text;
        continue;
      }
      auto value = value_of_piece(piece.text);
      if (!value) return std::move(value).error();
      out += *value;
    }
    // Names are texts whatever they look like; of a parameter only its author knows.
    if (pieces->size() == 1 && node.is_plain() && !parameter_name(pieces->front().text).empty()) {
      yaml::Node typed = node;
      typed.text = out;
      return yaml::to_json(typed);
    }
    return json::Value(std::move(out));
  }

  base::Result<std::string> value_of_piece(const std::string& placeholder) const {
    if (const auto name = generated_name(placeholder); !name.empty()) {
      const auto found = generated_.find(std::string(name));
      if (found != generated_.end()) return found->second;
    }
    return value_of(placeholder, subject_);
  }

  const Subject& subject_;
  const std::map<std::string, std::string>& generated_;
};

// Applied as stringData, a key would stay for ever once it is no longer in the template.
void encode_string_data(json::Value& secret) {
  const json::Value* texts = secret.find("stringData");
  if (texts == nullptr || !texts->is_object()) return;
  json::Value data = secret["data"].is_object() ? secret["data"] : json::Value::object();
  for (const auto& [key, value] : texts->as_object()) {
    if (value.is_null()) continue;
    data.set(key, crypto::base64(value.is_string() ? value.as_string() : json::dump(value)));
  }
  secret.erase("stringData");
  secret.set("data", std::move(data));
}

void add_labels(json::Value& object, const Subject& subject) {
  json::Value& labels = object.get_or_add("metadata").get_or_add("labels");
  labels.set(kNamespaceLabel, subject.product_namespace);
  labels.set(kNameLabel, subject.product);
  labels.set(kUidLabel, subject.product_uid);
  labels.set(kManagedByLabel, "offtake");
}

}  // namespace

base::Result<Manifest> Manifest::parse(const Template& from) {
  if (from.manifest.size() > kLongestManifest) {
    return bad(
        fmt::format("is {} bytes long; at most {} are allowed", from.manifest.size(), kLongestManifest));
  }
  auto documents = yaml::parse(from.manifest);
  if (!documents) {
    base::Error error = std::move(documents).error();
    error.code = "BadTemplate";
    return error;
  }
  if (documents->empty()) return bad("there is no document in it").with_hint("write one object");
  if (documents->size() > 1) {
    return bad(fmt::format("there are {} documents in it", documents->size()), (*documents)[1].position)
        .with_hint("write one object a template");
  }
  Manifest out;
  out.template_name_ = from.name;
  out.root_ = std::move(documents->front().root);
  const yaml::Node& root = out.root_;
  if (!root.is_map())
    return bad("is no object", root.position).with_hint("write apiVersion, kind, metadata …");
  for (const auto& [name, member] : {std::pair("apiVersion", &out.api_version_), {"kind", &out.kind_}}) {
    auto text = text_at(root, "", name);
    if (!text) return std::move(text).error();
    if (text->find("${") != std::string::npos)
      return bad(fmt::format("a placeholder cannot stand in {}", name), root.find(name)->position);
    *member = *std::move(text);
  }
  if (auto name = text_at(root, "metadata", "name"); !name) {
    return std::move(name).error().with_hint("metadata: {name: \"${product.id}\"}");
  }
  if (out.kind_ == "List") return bad("a List is no object").with_hint("write one object a template");
  const yaml::Node* texts = out.is_secret() ? root.find("stringData") : nullptr;
  if (texts != nullptr && texts->is_map()) {
    for (const yaml::Member& member : texts->members) {
      if (!member.value.is_scalar()) continue;
      auto pieces = pieces_of(member.value.text);
      if (!pieces || pieces->size() != 1 || !pieces->front().is_placeholder) continue;
      if (const auto name = generated_name(pieces->front().text); !name.empty())
        out.generated_.emplace(name, member.key);
    }
  }
  return out;
}

base::Result<std::string> Manifest::name(const Subject& subject) const {
  return replaced(root_.find("metadata")->find("name")->text, subject);
}

base::Result<json::Value> Manifest::object(const Subject& subject,
                                           const std::map<std::string, std::string>& generated) const {
  auto rendered = Rendering(subject, generated).value(root_);
  if (!rendered) return std::move(rendered).error().in(fmt::format("template {}", template_name_));
  json::Value object = *std::move(rendered);
  // Names are texts, also where YAML would take one for a number.
  auto named = name(subject);
  if (!named) return std::move(named).error();
  object.get_or_add("metadata").set("name", *std::move(named));
  object.get_or_add("metadata").set("namespace", subject.objects_namespace);
  object.erase("status");
  add_labels(object, subject);
  if (is_secret()) encode_string_data(object);
  // Its claims outlive it: by their labels they are found when the product goes.
  if (kind_ == "StatefulSet") {
    json::Value* spec = object.find("spec");
    json::Value* claims = spec == nullptr ? nullptr : spec->find("volumeClaimTemplates");
    if (claims != nullptr && claims->is_array()) {
      for (json::Value& claim : claims->as_array()) add_labels(claim, subject);
    }
  }
  return object;
}

}  // namespace offtake::provision::templates
