#include "controlplane/resources/schema.h"

namespace offtake::resources {
namespace {

bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool letter(char c) {
  return lower(c) || (c >= 'A' && c <= 'Z');
}
bool word(char c) {
  return letter(c) || digit(c);
}

template <class Accepts>
bool all(std::string_view text, Accepts accepts) {
  return std::all_of(text.begin(), text.end(), accepts);
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && lower(text.front()) && text.back() != '-' &&
         all(text, [](char c) { return lower(c) || digit(c) || c == '-'; });
}

bool is_namespace(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         all(text, [](char c) { return lower(c) || digit(c) || c == '-'; });
}

// Every part between dots passes.
template <class Accepts>
bool parts(std::string_view text, Accepts accepts) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!accepts(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return parts(text, [](std::string_view part) {
    return !part.empty() && part.front() != '-' && part.back() != '-' &&
           all(part, [](char c) { return lower(c) || digit(c) || c == '-'; });
  });
}

bool is_topic(std::string_view text) {
  return !text.empty() && text.size() <= 249 && text != "." && text != ".." &&
         all(text, [](char c) { return word(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_column(std::string_view text) {
  return !text.empty() && text.size() <= 63 && (letter(text.front()) || text.front() == '_') &&
         all(text, [](char c) { return word(c) || c == '_'; });
}

bool is_column_path(std::string_view text) {
  return parts(text, is_column);
}

bool is_target_name(std::string_view text) {
  return !text.empty() && text.size() <= 48 && lower(text.front()) &&
         all(text, [](char c) { return lower(c) || digit(c) || c == '_'; });
}

bool is_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || !all(port, digit)) return false;
  const int number = std::stoi(std::string(port));
  if (number < 1 || number > 65535) return false;
  return all(text.substr(0, colon), [](char c) {
    return word(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

bool after_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix && text.size() > prefix.size() &&
         all(text, [](char c) { return c > ' ' && c < 127; });
}

bool is_http_url(std::string_view text) {
  return after_prefix(text, "http://") || after_prefix(text, "https://");
}

bool is_server_url(std::string_view text) {
  const std::size_t scheme = text.find("://");
  return scheme != std::string_view::npos && scheme > 0 &&
         all(text.substr(0, scheme), [](char c) { return c >= 'a' && c <= 'z'; }) &&
         after_prefix(text, text.substr(0, scheme + 3));
}

bool is_variable_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_label_value(std::string_view text) {
  if (text.empty()) return true;
  return text.size() <= 63 && word(text.front()) && word(text.back()) &&
         all(text, [](char c) { return word(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (!is_subdomain(text.substr(0, slash))) return false;
    text.remove_prefix(slash + 1);
  }
  return !text.empty() && is_label_value(text);
}

bool is_secret_key(std::string_view text) {
  return !text.empty() && text.size() <= 253 &&
         all(text, [](char c) { return word(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  return all(text, [](char c) { return word(c) || c == '+' || c == '/'; });
}

}  // namespace

const Field* ObjectType::find(std::string_view field) const {
  for (const Field& candidate : fields) {
    if (candidate.name == field) return &candidate;
  }
  return nullptr;
}

void describe_duration(Field& field) {
  field.format_name = "duration";
  field.max = 32;
}

void describe_instant(Field& field) {
  field.format_name = "date-time";
  field.max = 40;
}

const TextFormat kLabelName{"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
                            "must be at most 63 of a-z, 0-9 and -, start with a letter and not end with -",
                            is_label, 63};
const TextFormat kNamespaceName{"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
                                "must be at most 63 of a-z, 0-9 and -, with a letter or digit at both ends",
                                is_namespace, 63};
const TextFormat kSubdomainName{
    R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)",
    "must be at most 253 of a-z, 0-9, - and ., with a letter or digit at both ends of each part",
    is_subdomain, 253};
const TextFormat kTopicName{R"(^[a-zA-Z0-9._-]{1,249}$)",
                            "must be at most 249 of letters, digits, '.', '_' and '-'", is_topic, 249};
const TextFormat kColumnName{"^[A-Za-z_][A-Za-z0-9_]{0,62}$",
                             "must be at most 63 of letters, digits and _, and not start with a digit",
                             is_column, 63};
const TextFormat kColumnPath{R"(^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})*$)",
                             "must be a column, or column.field for nested ones", is_column_path};
const TextFormat kTargetName{"^[a-z][a-z0-9_]{0,47}$",
                             "must be at most 48 of a-z, 0-9 and _, and start with a letter", is_target_name,
                             48};
const TextFormat kHostPort{R"(^[A-Za-z0-9._:\[\]-]+:[0-9]{1,5}$)", "must be host:port", is_host_port};
const TextFormat kHttpUrl{"^https?://[!-~]+$", "must be an http:// or https:// URL", is_http_url};
const TextFormat kServerUrl{"^[a-z]+://[!-~]+$", "must be a URL: scheme://host:port", is_server_url};
const TextFormat kVariableName{"^[A-Za-z_][A-Za-z0-9_]*$",
                               "must be letters, digits and '_', beginning with no digit", is_variable_name};
const TextFormat kLabelKey{R"(^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$)",
                           "must be a label name, with prefix/ if you like", is_label_key, 317};
const TextFormat kLabelValue{R"(^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$)",
                             "must be at most 63 of letters, digits, '-', '_' and '.'", is_label_value, 63};
const TextFormat kSecretKey{R"(^[-._a-zA-Z0-9]{1,253}$)",
                            "must be at most 253 of letters, digits, '-', '_' and '.'", is_secret_key, 253};
const TextFormat kBase64{"^[A-Za-z0-9+/]*={0,2}$", "must be base64 (stringData takes plain text)", is_base64};

}  // namespace offtake::resources
