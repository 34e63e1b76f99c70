#include "operators/targets/opensearch/document_rows.h"

#include <numeric>

#include "base/crash_point.h"
#include "base/log.h"
#include "operators/targets/opensearch/bulk.h"
#include "operators/targets/opensearch/document.h"
#include "operators/targets/opensearch/document_loader.h"
#include "operators/targets/opensearch/names.h"
#include "operators/targets/protocol/raw_json.h"
#include "operators/targets/protocol/table_layout.h"
#include "schemas/types/jsonb.h"

namespace offtake::targets::opensearch {
namespace {

using namespace std::chrono_literals;

constexpr int kPages[] = {1000, 50, 2};  // documents at a time; fewer where they are large
constexpr auto kGreenPatience = 10min;
constexpr base::Micros kSecond = 1'000'000;
constexpr base::Micros kPurgeEvery = 600 * kSecond;
// As long as a late bulk may be under way.
constexpr base::Micros kKeepDeleted = 24 * 3600 * kSecond;
constexpr int kPurgeAtOnce = 5'000;

std::string not_deleted() {
  return fmt::format(R"({{"bool":{{"must_not":[{{"term":{{"{}":true}}}}]}}}})", kDeletedField);
}

base::Error interrupted() {
  return base::transient("Interrupted", "the request was interrupted");
}

std::string version_of(std::int64_t epoch) {
  return fmt::format(R"("version":{},"version_type":"external_gte")", epoch);
}

std::vector<int> every_column(const types::Batch& rows) {
  std::vector<int> out(rows.columns.size());
  std::iota(out.begin(), out.end(), 0);
  return out;
}

// Ends the server's snapshot whatever happened.
class Scroll {
 public:
  explicit Scroll(const Rest& rest) : rest_(rest) {}
  ~Scroll() {
    if (!id_.empty()) (void)rest_.send("DELETE", "/_search/scroll", body(""), 404);
  }
  Scroll(const Scroll&) = delete;
  Scroll& operator=(const Scroll&) = delete;

  void take(std::string_view answer) {
    if (std::string id = protocol::string_member(answer, "_scroll_id"); !id.empty()) id_ = std::move(id);
  }
  std::string body(std::string_view more) const {
    std::string out = "{\"scroll_id\":";
    types::append_json_string(id_, out);
    out += more;
    out += '}';
    return out;
  }

 private:
  const Rest& rest_;
  std::string id_;
};

}  // namespace

IndexSettings index_settings(const std::map<std::string, std::string>& parameters) {
  const auto value = [&](const std::string& name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? "" : found->second;
  };
  return {value("shards"), value("replicas"), value("refreshInterval")};
}

DocumentRows::DocumentRows(std::shared_ptr<const Rest> rest, TableSpec table, std::string prefix,
                           IndexSettings settings)
    : rest_(std::move(rest)),
      table_(std::move(table)),
      prefix_(std::move(prefix)),
      settings_(std::move(settings)) {}

std::string DocumentRows::place_for(const ControlRow& row) const {
  return place_name(prefix_, row);
}

base::Status DocumentRows::make(const std::string& place, const std::string& previous) {
  for (const std::string& old : {place, previous}) {
    if (old.empty()) continue;
    if (auto gone = drop_index(*rest_, old); !gone) return gone;
  }
  json::Value index = json::Value::object();
  if (!settings_.shards.empty()) index.set("number_of_shards", settings_.shards);
  index.set("number_of_replicas", 0);
  index.set("auto_expand_replicas", false);
  index.set("refresh_interval", "-1");
  json::Value settings = json::Value::object();
  settings.set("index", std::move(index));
  json::Value aliases = json::Value::object();
  aliases.set(write_alias(place), json::Value::object());
  json::Value body = json::Value::object();
  body.set("settings", std::move(settings));
  body.set("mappings", table_mapping(table_));
  body.set("aliases", std::move(aliases));
  auto made = rest_->send("PUT", "/" + place, json::dump(body));
  if (!made) return std::move(made).error();
  return {};
}

base::Result<std::unique_ptr<intent::RowLoader>> DocumentRows::open_loader(const std::string& place) {
  return std::make_unique<DocumentLoader>(rest_, table_, place, stop_);
}

base::Status DocumentRows::finish_load(const std::string& place) {
  stop_ = false;
  json::Value index = json::Value::object();
  index.set("refresh_interval",
            settings_.refresh_interval.empty() ? json::Value() : json::Value(settings_.refresh_interval));
  if (settings_.replicas.empty()) {
    index.set("auto_expand_replicas", "0-1");
  } else {
    index.set("number_of_replicas", settings_.replicas);
  }
  json::Value settings = json::Value::object();
  settings.set("index", std::move(index));
  auto set = rest_->send("PUT", "/" + place + "/_settings", json::dump(settings));
  if (!set) return place_error(std::move(set).error());
  for (const char* step : {"/_flush", "/_refresh"}) {
    if (auto done = rest_->send("POST", "/" + place + step); !done)
      return place_error(std::move(done).error());
  }
  return wait_for_green(place);
}

base::Status DocumentRows::wait_for_green(const std::string& place) {
  const auto deadline = std::chrono::steady_clock::now() + kGreenPatience;
  for (;;) {
    auto health =
        rest_->send("GET", "/_cluster/health/" + place + "?wait_for_status=green&timeout=2s", "", 408);
    if (!health) return std::move(health).error();
    const std::string status = protocol::string_member(health->body, "status");
    if (health->status == 200 && status == "green") return {};
    if (stop_) return interrupted();
    if (std::chrono::steady_clock::now() > deadline) {
      return base::transient("TargetNotGreen",
                             fmt::format("index {} is {}: its copies are not all there", place, status))
          .with_hint("see GET _cluster/allocation/explain");
    }
  }
}

std::vector<std::string> DocumentRows::ids_of(const engine::Changes& changes) const {
  const bool keyed = protocol::has_key(table_.identity);
  const types::Batch hidden{changes.upsert_identity, {}, changes.upserts.rows};
  const std::vector<int> columns = keyed ? table_.identity.key : every_column(hidden);
  const std::vector<int> key_columns = every_column(changes.deletes);
  std::vector<std::string> out;
  out.reserve(changes.upserts.rows + changes.deletes.rows);
  for (std::size_t row = 0; row < changes.upserts.rows; ++row)
    out.push_back(document_id(keyed ? changes.upserts : hidden, columns, row));
  for (std::size_t row = 0; row < changes.deletes.rows; ++row)
    out.push_back(document_id(changes.deletes, key_columns, row));
  return out;
}

base::Result<std::vector<protocol::RefusedRow>> DocumentRows::write(const std::string& place,
                                                                    const engine::Changes& changes,
                                                                    std::int64_t epoch) {
  const std::vector<std::string> ids = ids_of(changes);
  const std::string version = version_of(epoch);
  const std::string deleted = deleted_document(base::system_clock().now());
  std::vector<protocol::RefusedRow> refused;
  Bulk bulk;
  std::string source;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i < changes.upserts.rows) {
      source.clear();
      append_document(table_.columns, changes.upserts, i, source);
      bulk.add("index", ids[i], version, source);
    } else {
      bulk.add("index", ids[i], version, deleted);
    }
    // A test that kills in the middle of an epoch finds it in two parts, however small.
    const bool parted = base::crash_points_armed() && i == ids.size() / 2;
    if (bulk.bytes() < kBulkBytes && i + 1 < ids.size() && !parted) continue;
    if (auto sent = send(place, bulk, refused); !sent) return std::move(sent).error();
    bulk.clear();
    if (i >= ids.size() / 2) base::crash_point("mid-epoch");
  }
  return refused;
}

base::Result<std::vector<protocol::RefusedRow>> DocumentRows::write_again(
    const std::string& place, const std::vector<protocol::RowAgain>& rows) {
  std::vector<protocol::RefusedRow> refused;
  Bulk bulk;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bulk.add("index", rows[i].id, version_of(rows[i].version), rows[i].row);
    if (bulk.bytes() < kBulkBytes && i + 1 < rows.size()) continue;
    auto failures = bulk.send(*rest_, write_alias(place), stop_);
    if (!failures) return place_error(std::move(failures).error());
    std::erase_if(*failures, [](const auto& failure) { return failure.refusal.status == 409; });
    auto again = refused_documents(*rest_, table_, place, bulk, *failures);
    if (!again) return std::move(again).error();
    std::move(again->begin(), again->end(), std::back_inserter(refused));
    bulk.clear();
  }
  return refused;
}

base::Status DocumentRows::send(const std::string& place, const Bulk& bulk,
                                std::vector<protocol::RefusedRow>& refused) {
  auto failures = bulk.send(*rest_, write_alias(place), stop_);
  if (!failures) return place_error(std::move(failures).error());
  auto rows = refused_documents(*rest_, table_, place, bulk, *failures);
  if (!rows) return std::move(rows).error();
  std::move(rows->begin(), rows->end(), std::back_inserter(refused));
  return {};
}

base::Result<types::Checksum> DocumentRows::checksum(const std::string& place) {
  stop_ = false;
  if (auto fresh = rest_->send("POST", "/" + place + "/_refresh"); !fresh)
    return place_error(std::move(fresh).error());
  for (const int page : kPages) {
    auto counted = scroll(place, page);
    if (counted || counted.error().code != "ResponseTooLarge" || page == std::end(kPages)[-1]) return counted;
  }
  return base::internal("no page size");
}

base::Result<types::Checksum> DocumentRows::scroll(const std::string& place, int page) {
  types::Checksum total;
  DocumentReader reader(table_);
  Scroll scroll(*rest_);
  auto answer = rest_->send("POST", "/" + place + "/_search?scroll=5m",
                            fmt::format(R"({{"size":{},"sort":["_doc"],"query":{}}})", page, not_deleted()));
  for (;;) {
    if (!answer) return place_error(std::move(answer).error());
    scroll.take(answer->body);
    const auto hits = protocol::member(answer->body, "hits");
    const auto list = hits ? protocol::member(*hits, "hits") : std::nullopt;
    if (!list) return base::transient("BadResponse", "a search was answered without hits");
    if (const auto shards = protocol::member(answer->body, "_shards");
        shards && protocol::member(*shards, "failed") != "0")
      return base::transient("TargetBusy", "some shards did not answer");
    auto walked = protocol::each_element(*list, [&](std::string_view hit) -> base::Status {
      const auto source = protocol::member(hit, "_source");
      if (!source) return base::terminal("BadStoredValue", "a document without _source");
      return reader.add(*source);
    });
    if (!walked) return std::move(walked).error();
    if (reader.rows() == 0) return total;
    types::add_to(total, reader.finish());
    if (stop_) return interrupted();
    answer = rest_->send("POST", "/_search/scroll", scroll.body(R"(,"scroll":"5m")"));
  }
}

base::Status DocumentRows::publish(const std::string& place) {
  return point_alias(*rest_, prefix_, place);
}

void DocumentRows::tidy(const std::string& place) {
  const base::Micros now = base::system_clock().now();
  if (now - purged_at_ < kPurgeEvery) return;
  purged_at_ = now;
  if (auto purged = purge(place, now - kKeepDeleted); !purged) {
    base::log_warn("deleted documents are not purged yet", {{"error", purged.error().text()}});
  }
}

base::Status DocumentRows::purge(const std::string& place, base::Micros before) {
  auto found = rest_->send(
      "POST", "/" + place + "/_search",
      fmt::format(R"({{"size":{},"_source":false,"seq_no_primary_term":true,"query":{{"bool":{{"filter":[)"
                  R"({{"term":{{"{}":true}}}},{{"range":{{"{}":{{"lt":{}}}}}}}]}}}}}})",
                  kPurgeAtOnce, kDeletedField, kDeletedAtField, before / 1000));
  if (!found) return std::move(found).error();
  const auto hits = protocol::member(found->body, "hits");
  const auto list = hits ? protocol::member(*hits, "hits") : std::nullopt;
  if (!list) return base::transient("BadResponse", "a search was answered without hits");
  Bulk bulk;
  auto walked = protocol::each_element(*list, [&](std::string_view hit) -> base::Status {
    // Only what is still as it was found.
    bulk.add(
        "delete", protocol::string_member(hit, "_id"),
        fmt::format(R"("if_seq_no":{},"if_primary_term":{})", protocol::member(hit, "_seq_no").value_or("0"),
                    protocol::member(hit, "_primary_term").value_or("0")),
        "");
    return {};
  });
  if (!walked || bulk.items() == 0) return walked;
  auto failures = bulk.send(*rest_, write_alias(place), stop_);
  if (!failures) return std::move(failures).error();
  base::log_info("purged deleted documents",
                 {{"documents", std::to_string(bulk.items() - failures->size())}});
  return {};
}

base::Result<std::vector<std::string>> indices_behind(const Rest& rest, const std::string& name) {
  auto answer = rest.send("GET", fmt::format("/{}/_alias", name), "", 404);
  if (!answer) return std::move(answer).error();
  std::vector<std::string> out;
  if (answer->status == 404) return out;
  auto walked =
      protocol::each_member(answer->body, [&](std::string_view index, std::string_view) -> base::Status {
        out.emplace_back(index);
        return {};
      });
  if (!walked) return std::move(walked).error();
  std::sort(out.begin(), out.end());
  return out;
}

base::Status point_alias(const Rest& rest, const std::string& prefix, const std::string& place) {
  auto behind = indices_behind(rest, prefix);
  if (!behind) return std::move(behind).error();
  std::string actions;
  for (const auto& index : *behind) {
    if (index == place) continue;
    actions += fmt::format(R"({{"remove":{{"index":"{}","alias":"{}"}}}},)", index, prefix);
  }
  actions +=
      fmt::format(R"({{"add":{{"index":"{}","alias":"{}","filter":{}}}}})", place, prefix, not_deleted());
  auto moved = rest.send("POST", "/_aliases", fmt::format(R"({{"actions":[{}]}})", actions));
  if (!moved) return place_error(std::move(moved).error());
  return {};
}

base::Status drop_index(const Rest& rest, const std::string& index) {
  auto gone = rest.send("DELETE", "/" + index, "", 404);
  if (!gone) return std::move(gone).error();
  return {};
}

}  // namespace offtake::targets::opensearch
