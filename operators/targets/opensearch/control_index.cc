#include "operators/targets/opensearch/control_index.h"

#include "operators/targets/control_json.h"
#include "operators/targets/opensearch/names.h"
#include "operators/targets/protocol/raw_json.h"

namespace offtake::targets::opensearch {
namespace {

constexpr std::string_view kControl = "control";
constexpr std::string_view kFill = "fill";
constexpr int kMostDocuments = 10'000;

std::string control_id(int revision) {
  return fmt::format("r{}", revision);
}

// A stream's name is a number.
std::string fill_id(int revision, const std::string& stream) {
  return fmt::format("fill-{}-{}", revision, stream);
}

std::string number_member(std::string_view object, std::string_view name) {
  const auto slice = protocol::member(object, name);
  return slice ? std::string(*slice) : "";
}

std::string version_of(std::string_view answer) {
  return number_member(answer, "_seq_no") + ":" + number_member(answer, "_primary_term");
}

base::Result<ControlRow> row_of(std::string_view document) {
  auto parsed = json::parse(document);
  if (!parsed) return std::move(parsed).error();
  return control_from_json(*parsed);
}

base::Result<std::string> document_of(std::string_view source) {
  const auto document = protocol::member(source, "document");
  if (!document) return base::terminal("BadControlRow", "a control document has no content");
  return std::string(*document);
}

}  // namespace

base::Status make_control_index(const Rest& rest, const std::string& prefix) {
  const std::string index = control_index(prefix);
  auto there = rest.send("GET", "/" + index + "/_alias", "", 404);
  if (!there) return std::move(there).error();
  if (there->status == 200) return {};
  auto made = rest.send(
      "PUT", "/" + index,
      fmt::format(
          R"({{"settings":{{"index":{{"number_of_shards":1,"auto_expand_replicas":"0-1","hidden":true}}}},)"
          R"("mappings":{{"dynamic":false,"properties":{{"kind":{{"type":"keyword"}},)"
          R"("revision":{{"type":"integer"}},"document":{{"type":"object","enabled":false}}}}}},"aliases":{{"{}":{{"is_hidden":true}}}}}})",
          write_alias(index)));
  if (made) return {};
  // Another control plane made it meanwhile.
  if (made.error().detail == "resource_already_exists_exception") return {};
  return std::move(made).error();
}

ControlIndex::ControlIndex(std::shared_ptr<const Rest> rest, const std::string& prefix)
    : rest_(std::move(rest)), index_(control_index(prefix)), alias_(write_alias(index_)) {}

base::Result<std::vector<ControlIndex::Found>> ControlIndex::search(std::string_view kind, int revision) {
  if (auto fresh = rest_->send("POST", "/" + index_ + "/_refresh"); !fresh) return std::move(fresh).error();
  std::string filter = fmt::format(R"({{"term":{{"kind":"{}"}}}})", kind);
  if (revision > 0) filter += fmt::format(R"(,{{"term":{{"revision":{}}}}})", revision);
  auto answer = rest_->send(
      "POST", "/" + index_ + "/_search",
      fmt::format(R"({{"size":{},"seq_no_primary_term":true,"query":{{"bool":{{"filter":[{}]}}}}}})",
                  kMostDocuments, filter));
  if (!answer) return std::move(answer).error();
  std::vector<Found> out;
  const auto hits = protocol::member(answer->body, "hits");
  const auto list = hits ? protocol::member(*hits, "hits") : std::nullopt;
  if (!list) return base::transient("BadResponse", "a search was answered without hits");
  auto walked = protocol::each_element(*list, [&](std::string_view hit) -> base::Status {
    const auto source = protocol::member(hit, "_source");
    auto document = document_of(source.value_or("{}"));
    if (!document) return std::move(document).error();
    out.push_back({protocol::string_member(hit, "_id"), version_of(hit), *std::move(document)});
    return {};
  });
  if (!walked) return std::move(walked).error();
  return out;
}

base::Result<std::vector<ControlIndex::Stored>> ControlIndex::read_all() {
  auto found = search(kControl, 0);
  if (!found) return std::move(found).error();
  std::vector<Stored> out;
  for (const auto& each : *found) {
    auto row = row_of(each.document);
    if (!row) return std::move(row).error();
    out.push_back({*std::move(row), each.version});
  }
  std::sort(out.begin(), out.end(),
            [](const Stored& a, const Stored& b) { return a.row.revision < b.row.revision; });
  return out;
}

base::Result<std::optional<ControlIndex::Stored>> ControlIndex::read(int revision) {
  auto answer = rest_->send("GET", fmt::format("/{}/_doc/{}", index_, control_id(revision)), "", 404);
  if (!answer) return std::move(answer).error();
  if (answer->status == 404) {
    if (protocol::member(answer->body, "found") == "false") return std::optional<Stored>();
    return error_of(refusal_of(404, answer->body));
  }
  auto document = document_of(protocol::member(answer->body, "_source").value_or("{}"));
  if (!document) return std::move(document).error();
  auto row = row_of(*document);
  if (!row) return std::move(row).error();
  return std::optional<Stored>(Stored{*std::move(row), version_of(answer->body)});
}

base::Result<std::string> ControlIndex::put(const std::string& id, std::string_view kind, int revision,
                                            std::string_view document, const std::string& condition) {
  auto answer = rest_->send(
      "PUT", fmt::format("/{}/_doc/{}?require_alias=true{}", alias_, id, condition),
      fmt::format(R"({{"kind":"{}","revision":{},"document":{}}})", kind, revision, document), 409);
  if (!answer) return std::move(answer).error();
  if (answer->status == 409) {
    return base::transient(std::string(intent::kConflict), "the control document has another version");
  }
  return version_of(answer->body);
}

base::Result<std::string> ControlIndex::write(const ControlRow& row, const std::string& version) {
  std::string condition = "&op_type=create";
  if (const auto colon = version.find(':'); colon != std::string::npos) {
    condition =
        fmt::format("&if_seq_no={}&if_primary_term={}", version.substr(0, colon), version.substr(colon + 1));
  }
  return put(control_id(row.revision), kControl, row.revision, json::dump(to_json(row)), condition);
}

base::Result<std::vector<FillProgress>> ControlIndex::fill_progress(int revision) {
  auto found = search(kFill, revision);
  if (!found) return std::move(found).error();
  std::vector<FillProgress> out;
  for (const auto& each : *found) {
    auto parsed = json::parse(each.document);
    if (!parsed) return std::move(parsed).error();
    auto progress = fill_progress_from_json(*parsed);
    if (!progress) return std::move(progress).error();
    out.push_back(*std::move(progress));
  }
  std::sort(out.begin(), out.end(),
            [](const FillProgress& a, const FillProgress& b) { return a.stream < b.stream; });
  return out;
}

base::Status ControlIndex::write_fill_progress(int revision, const FillProgress& progress) {
  auto written = put(fill_id(revision, progress.stream), kFill, revision, json::dump(to_json(progress)), "");
  if (!written) return std::move(written).error();
  return {};
}

base::Status ControlIndex::forget_fill(int revision) {
  auto found = search(kFill, revision);
  if (!found) return std::move(found).error();
  for (const auto& each : *found) {
    auto gone = rest_->send("DELETE", fmt::format("/{}/_doc/{}", index_, each.id), "", 404);
    if (!gone) return std::move(gone).error();
  }
  return {};
}

base::Status ControlIndex::drop(int revision) {
  if (auto forgotten = forget_fill(revision); !forgotten) return forgotten;
  auto gone = rest_->send("DELETE", fmt::format("/{}/_doc/{}", index_, control_id(revision)), "", 404);
  if (!gone) return std::move(gone).error();
  return {};
}

base::Result<std::string> ControlIndex::read_document(const std::string& id) {
  auto answer = rest_->send("GET", fmt::format("/{}/_doc/{}", index_, id), "", 404);
  if (!answer) return std::move(answer).error();
  if (answer->status == 404) return std::string();
  return document_of(protocol::member(answer->body, "_source").value_or("{}"));
}

base::Status ControlIndex::write_document(const std::string& id, std::string_view kind,
                                          std::string_view document, bool over) {
  auto written = put(id, kind, 0, document, over ? "" : "&op_type=create");
  if (!written) return std::move(written).error();
  return {};
}

}  // namespace offtake::targets::opensearch
