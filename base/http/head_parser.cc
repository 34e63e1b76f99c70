#include "base/http/head_parser.h"

#include <charconv>

namespace offtake::http {
namespace {

constexpr std::size_t kMaxFields = 200;

bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

std::optional<std::string_view> next_line(std::string_view& text) {
  const auto end = text.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

std::optional<HeadError> parse_target(std::string_view target, Request& request) {
  // A proxy's form is accepted, its host does not count.
  if (const std::string start = lower(target.substr(0, 8));
      start.starts_with("http://") || start.starts_with("https://")) {
    const auto path = target.find('/', target.find("//") + 2);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  if (!target.starts_with('/') && target != "*") return HeadError{400, "the target is no path"};
  for (const char c : target) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '#') {
      return HeadError{400, "the target has a character that must be escaped"};
    }
  }
  request.target = target;
  const std::size_t end = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, end));
  if (!path.has_value() || path->find('\0') != std::string::npos) {
    return HeadError{400, "the path has a bad escape"};
  }
  for (std::string_view rest = *path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    if (const auto segment = rest.substr(0, slash); segment == "." || segment == "..") {
      return HeadError{400, "the path must not have . or .. in it"};
    }
    rest.remove_prefix(slash);
  }
  request.path = *std::move(path);
  request.query = decode_query(target.substr(std::min(end + 1, target.size())));
  return std::nullopt;
}

std::optional<HeadError> parse_request_line(std::string_view line, Head& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return HeadError{400, "the request line is no HTTP"};
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return version.starts_with("HTTP/") ? HeadError{505, "only HTTP/1.1 is spoken here"}
                                        : HeadError{400, "the request line is no HTTP"};
  }
  head.http_1_0 = version == "HTTP/1.0";
  head.request.method = line.substr(0, first);
  if (!is_token(head.request.method)) return HeadError{400, "the method is no word"};
  return parse_target(line.substr(first + 1, last - first - 1), head.request);
}

std::optional<HeadError> read_framing(Head& head) {
  std::optional<std::string_view> length;
  int hosts = 0;
  int encodings = 0;
  for (const auto& [name, value] : head.request.headers.all()) {
    const std::string key = lower(name);
    if (key == "host") ++hosts;
    if (key == "transfer-encoding") {
      ++encodings;
      if (lower(value) != "chunked") return HeadError{501, "the only transfer encoding here is chunked"};
      head.chunked = true;
    }
    if (key == "content-length") {
      if (length.has_value() && *length != value) return HeadError{400, "two lengths of the body"};
      length = value;
    }
  }
  if (hosts > 1 || (hosts == 0 && !head.http_1_0)) return HeadError{400, "exactly one Host is needed"};
  if (encodings > 1 || (head.chunked && (length.has_value() || head.http_1_0))) {
    return HeadError{400, "the length of the body is not clear"};
  }
  if (length.has_value()) {
    const char* const end = length->data() + length->size();
    const auto [stop, error] = std::from_chars(length->data(), end, head.content_length);
    if (error != std::errc() || stop != end) return HeadError{400, "the length of the body is no number"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<HeadError> parse_head(std::string_view text, Head& head) {
  const auto line = next_line(text);
  if (!line.has_value()) return HeadError{400, "the request line is no HTTP"};
  if (auto error = parse_request_line(*line, head)) return error;
  for (;;) {
    const auto field = next_line(text);
    if (!field.has_value()) return HeadError{400, "a header does not end"};
    if (field->empty()) break;
    const auto colon = field->find(':');
    if (colon == std::string_view::npos || !is_token(field->substr(0, colon))) {
      return HeadError{400, "a header has a bad name"};
    }
    const std::string_view value = trim(field->substr(colon + 1));
    if (has_control(value)) return HeadError{400, "a header has a control character"};
    if (head.request.headers.all().size() >= kMaxFields) return HeadError{431, "too many headers"};
    head.request.headers.add(field->substr(0, colon), value);
  }
  if (auto error = read_framing(head)) return error;
  const std::string connection = lower(head.request.headers.get("connection"));
  head.keep_alive = head.http_1_0 ? connection.find("keep-alive") != std::string::npos
                                  : connection.find("close") == std::string::npos;
  head.expects_continue = !head.http_1_0 && lower(head.request.headers.get("expect")) == "100-continue";
  return std::nullopt;
}

std::optional<std::uint64_t> parse_chunk_size(std::string_view line) {
  line = trim(line.substr(0, line.find(';')));
  std::uint64_t size = 0;
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data(), end, size, 16);
  if (error != std::errc() || stop != end || line.empty()) return std::nullopt;
  return size;
}

}  // namespace offtake::http
