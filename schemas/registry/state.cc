#include "schemas/registry/state.h"

#include <algorithm>

#include "base/json/value.h"
#include "schemas/registry/identity.h"

namespace offtake::registry {
namespace {

constexpr int kMaxReferenceDepth = 100;

}  // namespace

void State::apply(const Change& change) {
  struct Applier {
    State& state;
    void operator()(const PutSchema& put) const {
      Context& context = state.contexts_[put.context];
      context.schemas[put.id].content = put.content;
      context.ids.emplace(identity_of(put.content), put.id);
      context.next_id = std::max(context.next_id, put.id + 1);
    }
    void operator()(const DropSchema& drop) const {
      Context& context = state.contexts_[drop.context];
      const auto found = context.schemas.find(drop.id);
      if (found == context.schemas.end()) return;
      const std::string identity = identity_of(found->second.content);
      if (const auto id = context.ids.find(identity); id != context.ids.end() && id->second == drop.id) {
        context.ids.erase(id);
      }
      context.schemas.erase(found);
    }
    void operator()(const PutVersion& put) const {
      state.subjects_[put.subject][put.version] = {put.id, put.deleted};
    }
    void operator()(const DropVersion& drop) const {
      const auto subject = state.subjects_.find(drop.subject);
      if (subject == state.subjects_.end()) return;
      subject->second.erase(drop.version);
      if (subject->second.empty()) state.subjects_.erase(subject);
    }
    void operator()(const PutConfig& put) const {
      if (put.json) {
        state.configs_[put.subject] = *put.json;
      } else {
        state.configs_.erase(put.subject);
      }
    }
    void operator()(const PutMode& put) const {
      if (put.mode) {
        state.modes_[put.subject] = *put.mode;
      } else {
        state.modes_.erase(put.subject);
      }
    }
  };
  std::visit(Applier{*this}, change);
}

void State::raise_next_id(const std::string& context, int next_id) {
  int& known = contexts_[context].next_id;
  known = std::max(known, next_id);
}

int State::next_id(const std::string& context) const {
  const auto found = contexts_.find(context);
  return found == contexts_.end() ? 1 : found->second.next_id;
}

const State::Stored* State::stored(const std::string& context, int id) const {
  const auto found = contexts_.find(context);
  if (found == contexts_.end()) return nullptr;
  const auto schema = found->second.schemas.find(id);
  return schema == found->second.schemas.end() ? nullptr : &schema->second;
}

const State::Versions* State::live_subject(const std::string& subject) const {
  const auto found = subjects_.find(subject);
  if (found == subjects_.end()) return nullptr;
  const bool live = std::any_of(found->second.begin(), found->second.end(),
                                [](const auto& version) { return !version.second.deleted; });
  return live ? &found->second : nullptr;
}

base::Result<std::vector<avro::Schema>> State::known_types(const std::vector<Reference>& references,
                                                           int depth) const {
  std::vector<avro::Schema> known;
  for (const Reference& reference : references) {
    const auto target = version(normal_subject(reference.subject), reference.version, true);
    if (!target) {
      return errors::invalid_schema(
          fmt::format("no schema is there for the reference \"{}\" to subject \"{}\", version {}",
                      reference.name, reference.subject, reference.version));
    }
    auto schema = parsed(target->subject, target->id, depth + 1);
    if (!schema) return std::move(schema).error();
    known.push_back(std::move(*schema));
  }
  return known;
}

base::Result<avro::Schema> State::parsed(const std::string& subject, int id, int depth) const {
  if (depth > kMaxReferenceDepth) return errors::invalid_schema("references are nested too deeply");
  const Stored* schema = stored(context_of(subject), id);
  if (schema == nullptr) return errors::schema_id_not_found(id);
  {
    const std::lock_guard lock(parse_mutex_);
    if (schema->parsed) return *schema->parsed;
  }
  const auto known = known_types(schema->content.references, depth);
  if (!known) return known.error();
  auto read = avro::parse(schema->content.text, {.check_defaults = false, .known = *known});
  if (!read) return errors::invalid_schema(read.error().text());
  const std::lock_guard lock(parse_mutex_);
  const_cast<Stored*>(schema)->parsed = *read;
  return read;
}

base::Result<Understood> State::understand(const Content& content, bool normalize) const {
  if (content.type != "AVRO") {
    return errors::invalid_schema(fmt::format("schemas of type {} are not supported; AVRO is", content.type));
  }
  const auto known = known_types(content.references, 0);
  if (!known) return known.error();
  auto schema = avro::parse(content.text, {.known = *known});
  if (!schema) return errors::invalid_schema(schema.error().text());
  Content kept = content;
  for (Reference& reference : kept.references) {
    // "Latest" means the version that is latest now.
    if (reference.version != kLatest) continue;
    if (const auto target = version(normal_subject(reference.subject), kLatest, true)) {
      reference.version = target->version;
    }
  }
  kept.text = normalize ? avro::to_normalized_json(*schema, *known) : avro::to_json(*schema, *known);
  return Understood{std::move(kept), std::move(*schema)};
}

std::vector<std::string> State::subjects(bool with_deleted, bool only_deleted,
                                         std::string_view prefix) const {
  std::vector<std::string> names;
  for (const auto& [name, versions] : subjects_) {
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const bool live =
        std::any_of(versions.begin(), versions.end(), [](const auto& v) { return !v.second.deleted; });
    const bool deleted =
        std::any_of(versions.begin(), versions.end(), [](const auto& v) { return v.second.deleted; });
    if (only_deleted ? !live && deleted : live || with_deleted) names.push_back(name);
  }
  return names;
}

base::Result<std::vector<int>> State::versions(const std::string& subject, bool with_deleted,
                                               bool only_deleted) const {
  const auto found = subjects_.find(subject);
  std::vector<int> numbers;
  if (found != subjects_.end()) {
    for (const auto& [number, version] : found->second) {
      if (only_deleted ? version.deleted : with_deleted || !version.deleted) numbers.push_back(number);
    }
  }
  if (numbers.empty()) return errors::subject_not_found(subject);
  return numbers;
}

base::Result<Registered> State::version(const std::string& subject, int number, bool with_deleted) const {
  const auto found = subjects_.find(subject);
  if (found == subjects_.end() || (!with_deleted && live_subject(subject) == nullptr)) {
    return errors::subject_not_found(subject);
  }
  const Versions& versions = found->second;
  auto chosen = versions.end();
  if (number == kLatest) {
    for (auto at = versions.begin(); at != versions.end(); ++at) {
      if (with_deleted || !at->second.deleted) chosen = at;
    }
  } else {
    chosen = versions.find(number);
  }
  if (chosen == versions.end() || (chosen->second.deleted && !with_deleted))
    return errors::version_not_found(number);
  const Stored* schema = stored(context_of(subject), chosen->second.id);
  if (schema == nullptr) return errors::schema_id_not_found(chosen->second.id);
  return Registered{subject, chosen->first, chosen->second.id, schema->content, chosen->second.deleted};
}

base::Result<Registered> State::find(const std::string& subject, const Content& content,
                                     bool with_deleted) const {
  const auto found = subjects_.find(subject);
  if (found == subjects_.end() || (!with_deleted && live_subject(subject) == nullptr)) {
    return errors::subject_not_found(subject);
  }
  const std::string context = context_of(subject);
  for (auto at = found->second.rbegin(); at != found->second.rend(); ++at) {
    if (at->second.deleted && !with_deleted) continue;
    const Stored* schema = stored(context, at->second.id);
    if (schema == nullptr || !(schema->content == content)) continue;
    return Registered{subject, at->first, at->second.id, schema->content, at->second.deleted};
  }
  return errors::schema_not_found();
}

base::Result<Content> State::by_id(const std::string& context, int id) const {
  const Stored* schema = stored(context, id);
  if (schema == nullptr) return errors::schema_id_not_found(id);
  return schema->content;
}

std::vector<SubjectVersion> State::users_of(const std::string& context, int id, bool with_deleted) const {
  std::vector<SubjectVersion> users;
  for (const auto& [name, versions] : subjects_) {
    if (context_of(name) != context) continue;
    for (const auto& [number, version] : versions) {
      if (version.id == id && (with_deleted || !version.deleted)) users.push_back({name, number});
    }
  }
  return users;
}

std::vector<int> State::referrers(const std::string& subject, int number) const {
  std::vector<int> ids;
  for (const auto& [context, content] : contexts_) {
    for (const auto& [id, schema] : content.schemas) {
      for (const Reference& reference : schema.content.references) {
        if (normal_subject(reference.subject) == subject && reference.version == number &&
            !users_of(context, id, false).empty()) {
          ids.push_back(id);
          break;
        }
      }
    }
  }
  return ids;
}

std::vector<Registered> State::all(std::string_view prefix, bool with_deleted, bool latest_only) const {
  std::vector<Registered> out;
  for (const std::string& subject : subjects(with_deleted, false, prefix)) {
    const auto numbers = versions(subject, with_deleted, false);
    if (!numbers) continue;
    for (const int number : *numbers) {
      if (latest_only && number != numbers->back()) continue;
      if (auto found = version(subject, number, with_deleted)) out.push_back(std::move(*found));
    }
  }
  return out;
}

std::vector<std::string> State::contexts() const {
  std::vector<std::string> names{"."};
  for (const auto& [name, context] : contexts_) {
    if (name != "." && !context.schemas.empty()) names.push_back(name);
  }
  return names;
}

std::optional<std::string> State::config(const std::string& subject) const {
  const auto found = configs_.find(subject);
  return found == configs_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Mode> State::mode(const std::string& subject) const {
  const auto found = modes_.find(subject);
  return found == modes_.end() ? std::nullopt : std::optional(found->second);
}

Level State::level_of(const std::string& subject) const {
  for (const std::string& place : {subject, std::string()}) {
    if (const auto text = config(place)) {
      const auto parsed_config = json::parse(*text);
      if (!parsed_config) continue;
      if (const auto level = parse_level(parsed_config->string_or("compatibilityLevel"))) return *level;
    }
  }
  return Level::kBackward;
}

bool State::normalizes(const std::string& subject) const {
  for (const std::string& place : {subject, std::string()}) {
    if (const auto text = config(place)) {
      const auto parsed_config = json::parse(*text);
      if (parsed_config && parsed_config->find("normalize") != nullptr)
        return parsed_config->bool_or("normalize");
    }
  }
  return false;
}

Mode State::mode_of(const std::string& subject) const {
  const auto general = mode("");
  if (general == Mode::kReadOnlyOverride) return *general;
  return mode(subject).value_or(general.value_or(Mode::kReadWrite));
}

}  // namespace offtake::registry
