#include "operators/provision/kubernetes/outputs.h"

#include "base/crypto/crypto.h"
#include "operators/provision/kubernetes/readiness.h"
#include "operators/provision/parameters/parameters.h"
#include "operators/provision/templates/field_path.h"

namespace offtake::provision::kubernetes {
namespace {

namespace output = templates::output;

std::string text_of(const Outputs& outputs, std::string_view name, std::string_view otherwise = "") {
  const auto found = outputs.find(std::string(name));
  return found == outputs.end() ? std::string(otherwise) : found->second;
}

base::Result<std::string> of_secret(const json::Value& secret, const std::string& name,
                                    const std::string& key) {
  if (!secret.is_object()) return not_ready(fmt::format("Secret {} does not exist yet", name));
  auto bytes = crypto::base64_decode(secret["data"].string_or(key));
  if (!bytes || bytes->empty()) return not_ready(fmt::format("Secret {} has no key {} yet", name, key));
  return bytes;
}

base::Result<std::string> read(const templates::Output& output, const templates::Subject& subject,
                               const LiveObjects& objects, const ReadSecret& read_secret) {
  if (output.value) return templates::replaced(*output.value, subject);
  const auto own = objects.find(output.template_name);
  if (output.secret_key && !output.secret_key->name.empty()) {
    auto name = templates::replaced(output.secret_key->name, subject);
    if (!name) return name;
    auto secret = read_secret(*name);
    if (!secret) return std::move(secret).error();
    return of_secret(*secret, *name, output.secret_key->key);
  }
  if (own == objects.end())
    return not_ready(fmt::format("the object of template {} does not exist yet", output.template_name));
  const json::Value& object = own->second;
  if (output.secret_key)
    return of_secret(object, object["metadata"].string_or("name"), output.secret_key->key);
  auto path = templates::parse_field_path(output.field_path);
  if (!path) return std::move(path).error();
  std::string text = templates::read_field(object, *path);
  if (text.empty()) return not_ready(fmt::format("{} has no {} yet", title_of(object), output.field_path));
  return text;
}

std::string url_of(const std::string& engine, const Outputs& outputs) {
  std::string host = text_of(outputs, output::kHost);
  if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
  if (engine == "postgres") {
    return fmt::format("postgresql://{}:{}/{}", host, text_of(outputs, output::kPort, "5432"),
                       text_of(outputs, output::kDatabase, "postgres"));
  }
  return fmt::format("https://{}:{}", host, text_of(outputs, output::kPort, "9200"));
}

}  // namespace

base::Result<Outputs> read_outputs(const templates::Definition& definition, const templates::Subject& subject,
                                   const LiveObjects& objects, const ReadSecret& read_secret) {
  Outputs out;
  for (const templates::Output& each : definition.outputs) {
    auto text = read(each, subject, objects, read_secret);
    if (!text) {
      base::Error error = std::move(text).error();
      error.message += fmt::format(" (output {})", each.name);
      return error;
    }
    out[each.name] = *std::move(text);
  }
  return out;
}

ProvisionerSettings server_settings(ProvisionerSettings of_class, const Outputs& outputs) {
  of_class.objects.reset();
  of_class.parameters = of_objects(of_class.engine, of_class.parameters);
  of_class.url = text_of(outputs, output::kUrl);
  if (of_class.url.empty() && outputs.contains(std::string(output::kHost)))
    of_class.url = url_of(of_class.engine, outputs);
  of_class.admin.clear();
  for (const auto key : {output::kUsername, output::kPassword, output::kCa, output::kSslMode}) {
    if (std::string text = text_of(outputs, key); !text.empty()) of_class.admin[std::string(key)] = text;
  }
  return of_class;
}

}  // namespace offtake::provision::kubernetes
