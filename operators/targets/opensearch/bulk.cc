#include "operators/targets/opensearch/bulk.h"

#include <charconv>
#include <thread>

#include "base/id.h"
#include "base/retry.h"
#include "operators/targets/protocol/raw_json.h"
#include "schemas/types/jsonb.h"

namespace offtake::targets::opensearch {
namespace {

constexpr int kAttempts = 8;  // some ten seconds

int status_of(std::string_view item) {
  const auto slice = protocol::member(item, "status");
  int status = 0;
  if (slice) std::from_chars(slice->data(), slice->data() + slice->size(), status);
  return status;
}

bool is_busy(const Refusal& refusal) {
  return (refusal.status == 429 || refusal.status == 503) && refusal.type != "cluster_block_exception";
}

base::Result<std::vector<Bulk::Failure>> failures_of(std::string_view answer) {
  std::vector<Bulk::Failure> out;
  if (const auto errors = protocol::member(answer, "errors"); errors == "false") return out;
  const auto items = protocol::member(answer, "items");
  if (!items) return base::transient("BadResponse", "a bulk was answered without items");
  std::size_t at = 0;
  auto walked = protocol::each_element(*items, [&](std::string_view item) {
    return protocol::each_member(item, [&](std::string_view, std::string_view result) -> base::Status {
      const int status = status_of(result);
      if (status >= 300) out.push_back({at, refusal_of(status, result)});
      ++at;
      return {};
    });
  });
  if (!walked) return std::move(walked).error();
  return out;
}

}  // namespace

void Bulk::add(std::string_view action, std::string_view id, std::string_view options,
               std::string_view source) {
  fmt::format_to(std::back_inserter(body_), "{{\"{}\":{{\"_id\":", action);
  types::append_json_string(id, body_);
  if (!options.empty()) {
    body_ += ',';
    body_ += options;
  }
  body_ += "}}\n";
  ids_.emplace_back(id);
  sources_.push_back({body_.size(), source.size()});
  if (action == "delete") return;
  body_ += source;
  body_ += '\n';
}

std::string_view Bulk::source(std::size_t item) const {
  return std::string_view(body_).substr(sources_[item].begin, sources_[item].size);
}

void Bulk::clear() {
  body_.clear();
  ids_.clear();
  sources_.clear();
}

base::Result<std::vector<Bulk::Failure>> Bulk::send(const Rest& rest, const std::string& alias,
                                                    const std::atomic<bool>& stop) const {
  for (int attempt = 1;; ++attempt) {
    auto answer = rest.send_lines(fmt::format("/{}/_bulk?require_alias=true", alias), body_);
    base::Error error;
    if (answer) {
      auto failures = failures_of(answer->body);
      if (!failures) return std::move(failures).error();
      const auto busy = std::find_if(failures->begin(), failures->end(),
                                     [](const Failure& failure) { return is_busy(failure.refusal); });
      if (busy == failures->end()) return failures;
      error = error_of(busy->refusal);
    } else {
      error = std::move(answer).error();
      if (error.code != "TargetBusy") return error;
    }
    if (attempt == kAttempts || stop) return error;
    std::this_thread::sleep_for(base::backoff_delay({}, attempt, base::random_u64()));
  }
}

}  // namespace offtake::targets::opensearch
