#include "opensearch_fixture.h"

#include <doctest/doctest.h>

#include "operators/targets/opensearch/document.h"
#include "operators/targets/opensearch/rest.h"
#include "operators/targets/protocol/json_value.h"
#include "operators/targets/protocol/raw_json.h"

namespace offtake::targets_test {
namespace {

namespace search = targets::opensearch;

constexpr const char* kElasticsearch = "OFFTAKE_TEST_ELASTICSEARCH";

std::string text_of(std::string_view slice) {
  return slice.starts_with('"') ? targets::protocol::read_string(slice).value() : std::string(slice);
}

std::string body_of(const base::Result<search::Rest::Answer>& answer) {
  REQUIRE_MESSAGE(answer.ok(), answer.error().text());
  return answer->body;
}

std::string_view at(std::string_view object, std::initializer_list<std::string_view> path) {
  for (const auto name : path) {
    const auto found = targets::protocol::member(object, name);
    REQUIRE_MESSAGE(found.has_value(), name << " in " << object);
    object = *found;
  }
  return object;
}

}  // namespace

bool OpenSearchFixture::is_left_to_full() const {
  return engine_ == "elasticsearch" && std::getenv(kElasticsearch) == nullptr;
}

OpenSearchServer& OpenSearchFixture::server() {
  static std::map<std::string, std::unique_ptr<OpenSearchServer>> servers;
  auto& server = servers[engine_];
  const char* home = engine_ == "elasticsearch" ? kElasticsearch : "OFFTAKE_TEST_OPENSEARCH";
  if (!server) server = std::make_unique<OpenSearchServer>(home);
  return *server;
}

const TargetEngine& OpenSearchFixture::engine() const {
  return *find_engine(engine_);
}

std::unique_ptr<provision::Provisioner> OpenSearchFixture::make_provisioner(const std::string& class_name) {
  return provisioner_with(class_name, {});
}

std::unique_ptr<provision::Provisioner> OpenSearchFixture::provisioner_with(
    const std::string& class_name, std::map<std::string, std::string> parameters) {
  provision::ProvisionerSettings settings;
  settings.parameters = std::move(parameters);
  settings.engine = engine_;
  settings.url = server().url();
  settings.class_name = class_name;
  auto made = provision::make_provisioner(settings);
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  return *std::move(made);
}

Shown OpenSearchFixture::read(const TargetConnection& writer, const std::string&) {
  const search::Rest rest(writer);
  const std::string alias = "/" + writer.schema;
  Shown out;
  const std::string mapping = body_of(rest.send("GET", alias + "/_mapping"));
  std::string_view of_index;
  REQUIRE(
      targets::protocol::each_member(mapping, [&](std::string_view, std::string_view value) -> base::Status {
        REQUIRE(of_index.empty());  // one index behind the alias
        of_index = value;
        return {};
      }).ok());
  REQUIRE(targets::protocol::each_element(at(of_index, {"mappings", "_meta", "offtake", "columns"}),
                                          [&](std::string_view name) -> base::Status {
                                            out.columns.push_back(text_of(name));
                                            return {};
                                          })
              .ok());
  body_of(rest.send("POST", alias + "/_refresh"));
  const std::string found = body_of(rest.send("POST", alias + "/_search", R"({"size":10000})"));
  REQUIRE(
      targets::protocol::each_element(at(found, {"hits", "hits"}), [&](std::string_view hit) -> base::Status {
        TextRow& row = out.rows.emplace_back(out.columns.size(), kNull);
        return targets::protocol::each_member(
            at(hit, {"_source"}), [&](std::string_view name, std::string_view value) -> base::Status {
              const auto column = std::find(out.columns.begin(), out.columns.end(), name);
              REQUIRE(column != out.columns.end());
              row[static_cast<std::size_t>(column - out.columns.begin())] = text_of(value);
              return {};
            });
      }).ok());
  return out;
}

std::string OpenSearchFixture::shown(const types::Column& column, std::size_t row) {
  if (column.is_null(row)) return kNull;
  std::string json;
  targets::protocol::append_json_value(column, row, json);
  return text_of(json);
}

void OpenSearchFixture::refuse_large_amounts(const TargetConnection& writer, const TableSpec&,
                                             const std::string& place, bool refuses) {
  const targets::opensearch::Rest rest(writer);
  const auto changed = rest.send("PUT", "/" + place + "/_mapping",
                                 fmt::format(R"({{"properties":{{"amount":{{"type":"long","copy_to":[{}]}},)"
                                             R"("small":{{"type":"integer"}}}}}})",
                                             refuses ? R"("small")" : ""));
  REQUIRE_MESSAGE(changed.ok(), changed.error().text());
}

}  // namespace offtake::targets_test
