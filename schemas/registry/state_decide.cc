#include <algorithm>
#include <limits>

#include "schemas/avro/compatibility.h"
#include "schemas/registry/identity.h"
#include "schemas/registry/state.h"

namespace offtake::registry {
namespace {

constexpr int kMaxId = std::numeric_limits<int>::max() - 1;

bool is_transitive(Level level) {
  return level == Level::kBackwardTransitive || level == Level::kForwardTransitive ||
         level == Level::kFullTransitive;
}
bool reads_old_data(Level level) {
  return level == Level::kBackward || level == Level::kBackwardTransitive;
}
bool is_full(Level level) {
  return level == Level::kFull || level == Level::kFullTransitive;
}

}  // namespace

base::Result<std::vector<std::string>> State::conflicts(const std::string& subject,
                                                        const avro::Schema& schema,
                                                        std::optional<int> only) const {
  const Level level = level_of(subject);
  std::vector<std::string> messages;
  const auto found = subjects_.find(subject);
  if (only &&
      (found == subjects_.end() || found->second.count(*only) == 0 || found->second.at(*only).deleted)) {
    return errors::version_not_found(*only);
  }
  if (level == Level::kNone || found == subjects_.end()) return messages;
  // The newest first: what stands in the way there is what the writer wants to hear.
  for (auto at = found->second.rbegin(); at != found->second.rend() && messages.empty(); ++at) {
    const auto& [number, version] = *at;
    if (version.deleted || (only && number != *only)) continue;
    const auto earlier = parsed(subject, version.id, 0);
    if (!earlier) return earlier.error();
    const auto compare = [&](const avro::Schema& reader, const avro::Schema& writer, std::string_view roles) {
      for (const avro::Incompatibility& problem : avro::incompatibilities(reader, writer)) {
        messages.push_back(fmt::format("{} ({} version {})", problem.text(), roles, number));
      }
    };
    if (reads_old_data(level) || is_full(level)) compare(schema, *earlier, "reader: the new schema, writer:");
    if (!reads_old_data(level) || is_full(level))
      compare(*earlier, schema, "writer: the new schema, reader:");
    if (!is_transitive(level) || only) break;
  }
  return messages;
}

base::Result<Decision<Registered>> State::decide_register(const RegisterRequest& request,
                                                          const Understood& understood) const {
  const std::string& subject = request.subject;
  const Content& content = understood.content;
  const Mode mode = mode_of(subject);
  if (mode == Mode::kReadOnly || mode == Mode::kReadOnlyOverride) {
    return errors::not_permitted(fmt::format("Subject {} is in read-only mode", subject));
  }
  const bool import = mode == Mode::kImport;
  if (!import && request.id) {
    return errors::not_permitted(
        fmt::format("Subject {} is not in import mode, so that no id can be given", subject));
  }
  if (import && !request.id) {
    return errors::not_permitted(
        fmt::format("Subject {} is in import mode, so that an id must be given", subject));
  }
  if (auto same = find(subject, content, false); same && (!request.id || *request.id == same->id)) {
    return Decision<Registered>{std::move(*same), {}};
  }
  for (const Reference& reference : content.references) {
    if (!version(normal_subject(reference.subject), reference.version, true)) {
      return errors::invalid_schema(fmt::format("the reference \"{}\" was removed", reference.name));
    }
  }
  if (!import) {
    const auto problems = conflicts(subject, understood.schema, std::nullopt);
    if (!problems) return problems.error();
    if (!problems->empty()) {
      std::string details;
      for (const std::string& problem : *problems) details += (details.empty() ? "" : "; ") + problem;
      return errors::incompatible(
          subject, fmt::format("{}; compatibility: {}", details, level_name(level_of(subject))));
    }
  }

  const std::string context = context_of(subject);
  Decision<Registered> decision{{subject, 1, 0, content, false}, {}};
  if (const auto found = contexts_.find(context); found != contexts_.end()) {
    const auto id = found->second.ids.find(identity_of(content));
    if (id != found->second.ids.end()) decision.answer.id = id->second;
  }
  if (request.id) {
    const Stored* other = stored(context, *request.id);
    if (other != nullptr && !(other->content == content)) return errors::id_mismatch(*request.id);
    decision.answer.id = *request.id;
    if (other == nullptr) decision.changes.push_back(PutSchema{context, *request.id, content});
  } else if (decision.answer.id == 0) {
    decision.answer.id = next_id(context);
    if (decision.answer.id > kMaxId) return errors::not_permitted("All schema ids are used up");
    decision.changes.push_back(PutSchema{context, decision.answer.id, content});
  }
  if (const auto found = subjects_.find(subject); found != subjects_.end() && !found->second.empty()) {
    if (found->second.rbegin()->first >= kMaxId) return errors::not_permitted("All versions are used up");
    decision.answer.version = found->second.rbegin()->first + 1;
  }
  if (import && request.version) {
    const auto found = subjects_.find(subject);
    if (found != subjects_.end() && found->second.count(*request.version) != 0) {
      return errors::not_permitted(
          fmt::format("Subject {} has a version {} already", subject, *request.version));
    }
    decision.answer.version = *request.version;
  }
  decision.changes.push_back(PutVersion{subject, decision.answer.version, decision.answer.id, false});
  return decision;
}

// A schema that no version has any more goes with its last version.
void State::drop_unused(const std::string& subject, int id, int number, Changes& changes) const {
  const std::string context = context_of(subject);
  const std::vector<SubjectVersion> users = users_of(context, id, true);
  const bool used = std::any_of(users.begin(), users.end(), [&](const SubjectVersion& user) {
    const bool dropped = std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
      const auto* drop = std::get_if<DropVersion>(&change);
      return drop != nullptr && drop->subject == user.subject && drop->version == user.version;
    });
    return !dropped && !(user.subject == subject && user.version == number);
  });
  if (!used) changes.push_back(DropSchema{context, id});
}

base::Result<Decision<std::vector<int>>> State::decide_delete_subject(const std::string& subject,
                                                                      bool permanent) const {
  const Mode mode = mode_of(subject);
  if (mode == Mode::kReadOnly || mode == Mode::kReadOnlyOverride) {
    return errors::not_permitted(fmt::format("Subject {} is in read-only mode", subject));
  }
  const auto found = subjects_.find(subject);
  if (found == subjects_.end()) return errors::subject_not_found(subject);
  const bool live = live_subject(subject) != nullptr;
  if (permanent && live) return errors::subject_not_soft_deleted(subject);
  if (!permanent && !live) return errors::subject_soft_deleted(subject);
  Decision<std::vector<int>> decision;
  for (const auto& [number, version] : found->second) {
    if (!permanent && version.deleted) continue;
    if (!referrers(subject, number).empty()) return errors::referenced(subject, number);
    decision.answer.push_back(number);
    if (permanent) {
      decision.changes.push_back(DropVersion{subject, number});
      drop_unused(subject, version.id, number, decision.changes);
    } else {
      decision.changes.push_back(PutVersion{subject, number, version.id, true});
    }
  }
  if (config(subject)) decision.changes.push_back(PutConfig{subject, std::nullopt});
  if (this->mode(subject)) decision.changes.push_back(PutMode{subject, std::nullopt});
  return decision;
}

base::Result<Decision<int>> State::decide_delete_version(const std::string& subject, int number,
                                                         bool permanent) const {
  const Mode mode = mode_of(subject);
  if (mode == Mode::kReadOnly || mode == Mode::kReadOnlyOverride) {
    return errors::not_permitted(fmt::format("Subject {} is in read-only mode", subject));
  }
  // Permanently, "latest" is the latest of the deleted ones too.
  const auto found = subjects_.find(subject);
  if (found == subjects_.end() || (!permanent && number == kLatest && live_subject(subject) == nullptr)) {
    return errors::subject_not_found(subject);
  }
  const auto target = version(subject, number, true);
  if (!target) return target.error();
  Registered chosen = *target;
  if (number == kLatest && !permanent) chosen = *version(subject, kLatest, false);
  if (permanent && !chosen.deleted) return errors::version_not_soft_deleted(subject, chosen.version);
  if (!permanent && chosen.deleted) return errors::version_soft_deleted(subject, chosen.version);
  if (!referrers(subject, chosen.version).empty()) return errors::referenced(subject, chosen.version);
  Decision<int> decision{chosen.version, {}};
  if (permanent) {
    decision.changes.push_back(DropVersion{subject, chosen.version});
    drop_unused(subject, chosen.id, chosen.version, decision.changes);
  } else {
    decision.changes.push_back(PutVersion{subject, chosen.version, chosen.id, true});
  }
  return decision;
}

base::Result<Decision<Mode>> State::decide_mode(const std::string& subject, std::optional<Mode> mode,
                                                bool force) const {
  if (!mode) {
    const auto own = this->mode(subject);
    if (!own && !subject.empty()) return errors::subject_not_found(subject);
    return Decision<Mode>{own.value_or(Mode::kReadWrite), {PutMode{subject, std::nullopt}}};
  }
  if (*mode == Mode::kImport && !force && this->mode(subject) != Mode::kImport) {
    const bool used =
        subject.empty() ? !subjects(false, false, "").empty() : live_subject(subject) != nullptr;
    if (used)
      return errors::not_permitted("Import mode needs a registry or subject without schemas, or force=true");
  }
  return Decision<Mode>{*mode, {PutMode{subject, mode}}};
}

}  // namespace offtake::registry
