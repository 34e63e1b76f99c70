#include "operators/sources/writer_schemas.h"

namespace offtake::sources {

base::Result<avro::Schema> WriterSchemas::get(int id) {
  if (const auto known = parsed_.find(id); known != parsed_.end()) return known->second;
  auto text = texts_.find(id);
  if (text == texts_.end()) {
    if (!fetch_) {
      return base::terminal("SchemaMissing",
                            fmt::format("schema {} is not known and there is no registry to ask", id));
    }
    auto fetched = fetch_(id);
    if (!fetched) return std::move(fetched).error().in(fmt::format("schema {}", id));
    text = texts_.emplace(id, std::move(fetched).value()).first;
  }
  avro::ParseOptions options;
  options.check_defaults = false;  // a writer's defaults do not matter to who reads what it wrote
  auto schema = avro::parse(text->second, options);
  if (!schema) return std::move(schema).error().in(fmt::format("schema {}", id));
  return parsed_.emplace(id, std::move(schema).value()).first->second;
}

}  // namespace offtake::sources
