#include "operators/targets/opensearch/rest.h"

#include "operators/targets/protocol/raw_json.h"

namespace offtake::targets::opensearch {
namespace {

using namespace std::chrono_literals;

// A page of documents, each of which may be large.
constexpr std::size_t kMaxResponseBytes = std::size_t{256} << 20;

http::ClientOptions options_of(const TargetConnection& connection) {
  http::ClientOptions options;
  options.base_url = connection.url;
  options.user = connection.user;
  options.password = connection.password;
  options.ca_pem = connection.ca_pem;
  options.timeout = 120s;
  options.max_response_bytes = kMaxResponseBytes;
  return options;
}

bool is_of_the_row(const Refusal& refusal) {
  return refusal.status == 413 ||
         (refusal.status == 400 &&
          (refusal.type == "mapper_parsing_exception" || refusal.type == "document_parsing_exception" ||
           refusal.type == "strict_dynamic_mapping_exception" || refusal.type == "parsing_exception" ||
           refusal.type == "illegal_argument_exception"));
}

}  // namespace

Refusal refusal_of(int status, std::string_view object) {
  Refusal out;
  out.status = status;
  const auto error = protocol::member(object, "error");
  if (!error) return out;
  if (!error->starts_with('{')) {
    out.reason = std::string(*error);
    return out;
  }
  out.type = protocol::string_member(*error, "type");
  out.reason = protocol::string_member(*error, "reason");
  if (const auto cause = protocol::member(*error, "caused_by")) {
    out.cause_type = protocol::string_member(*cause, "type");
    out.cause = protocol::string_member(*cause, "reason");
  }
  return out;
}

base::Error error_of(const Refusal& refusal) {
  std::string words = refusal.reason.empty() ? fmt::format("status {}", refusal.status) : refusal.reason;
  if (is_of_the_row(refusal)) {
    // What is below it quotes the value however it likes.
    if (!refusal.cause_type.empty()) words += fmt::format(" ({})", refusal.cause_type);
    return base::row_error("RowRefused", words);
  }
  if (!refusal.cause.empty()) words += ": " + refusal.cause;
  if (refusal.type == "cluster_block_exception") {
    base::Error error = base::transient("TargetReadOnly", words);
    if (words.find("read-only-allow-delete") != std::string::npos ||
        words.find("read-only / allow delete") != std::string::npos) {
      return std::move(error).with_hint(
          "index.blocks.read_only_allow_delete is set, as the server does when its disk is nearly full; make "
          "room, and take the block away where the server does not");
    }
    return error;
  }
  switch (refusal.status) {
    case 401:
    case 403:
      return base::terminal("TargetAccessDenied", words);
    case 404:
      return base::terminal("TargetMissing", words);
    case 408:
    case 429:
      return base::transient("TargetBusy", words);
    default:
      break;
  }
  if (refusal.status >= 500) return base::transient("TargetBusy", words);
  return base::terminal("TargetRefused", words).with_detail(refusal.type);
}

Rest::Rest(const TargetConnection& connection) : client_(options_of(connection)) {}

base::Result<Rest::Answer> Rest::send(std::string_view method, std::string path, std::string body,
                                      int expected) const {
  http::ClientRequest request;
  request.method = method;
  request.path = std::move(path);
  request.body = std::move(body);
  auto response = client_.send(request);
  if (!response) return std::move(response).error();
  if (response->status < 300 || response->status == expected) {
    return Answer{response->status, std::move(response->body)};
  }
  return error_of(refusal_of(response->status, response->body));
}

base::Result<Rest::Answer> Rest::send_lines(std::string path, std::string body) const {
  http::ClientRequest request;
  request.method = "POST";
  request.path = std::move(path);
  request.body = std::move(body);
  request.headers.set("Content-Type", "application/x-ndjson");
  auto response = client_.send(request);
  if (!response) return std::move(response).error();
  if (response->status < 300) return Answer{response->status, std::move(response->body)};
  return error_of(refusal_of(response->status, response->body));
}

}  // namespace offtake::targets::opensearch
