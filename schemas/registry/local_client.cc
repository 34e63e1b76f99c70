#include "schemas/registry/client.h"

namespace offtake::registry {
namespace {

base::Error waiting_if_missing(base::Error error) {
  if (numbers_of(error).status == 404) error.retry = base::Retry::kWaiting;
  return error;
}

Content content_of(const std::string& text) {
  Content content;
  content.text = text;
  return content;
}

class LocalClient final : public Client {
 public:
  explicit LocalClient(Store& store) : store_(store) {}

  base::Status ping() override { return {}; }

  base::Result<SchemaVersion> version(const std::string& subject, int version) override {
    return store_.read([&](const State& state) -> base::Result<SchemaVersion> {
      const auto found = state.version(normal_subject(subject), version, false);
      if (!found) return waiting_if_missing(found.error());
      return whole(state, *found);
    });
  }

  base::Result<std::string> text_by_id(int id) override {
    return store_.read([&](const State& state) -> base::Result<std::string> {
      const auto content = state.by_id(".", id);
      if (!content) return waiting_if_missing(content.error());
      return text_of(state, *content);
    });
  }

  base::Result<SchemaVersion> register_schema(const std::string& subject, const std::string& text) override {
    const auto registered =
        store_.register_schema({normal_subject(subject), content_of(text), false, {}, {}});
    if (!registered) return registered.error();
    return store_.read([&](const State& state) { return whole(state, *registered); });
  }

  base::Result<std::vector<std::string>> subjects() override {
    return store_.read([](const State& state) { return state.subjects(false, false, ""); });
  }

  base::Result<std::vector<int>> versions(const std::string& subject) override {
    return store_.read([&](const State& state) -> base::Result<std::vector<int>> {
      auto found = state.versions(normal_subject(subject), false, false);
      if (!found) return waiting_if_missing(found.error());
      return found;
    });
  }

  base::Status delete_subject(const std::string& subject) override {
    for (const bool permanent : {false, true}) {
      const auto deleted = store_.delete_subject(normal_subject(subject), permanent);
      if (!deleted && numbers_of(deleted.error()).status != 404) return deleted.error();
    }
    return {};
  }

  base::Result<std::vector<std::string>> conflicts(const std::string& subject,
                                                   const std::string& text) override {
    return store_.read([&](const State& state) -> base::Result<std::vector<std::string>> {
      const auto understood = state.understand(content_of(text), false);
      if (!understood) return understood.error();
      return state.conflicts(normal_subject(subject), understood->schema, std::nullopt);
    });
  }

 private:
  static base::Result<std::string> text_of(const State& state, const Content& content) {
    if (content.references.empty()) return content.text;
    const auto understood = state.understand(content, false);
    if (!understood) return understood.error();
    return avro::to_json(understood->schema);
  }
  static base::Result<SchemaVersion> whole(const State& state, const Registered& found) {
    auto text = text_of(state, found.content);
    if (!text) return std::move(text).error();
    return SchemaVersion{found.subject, found.version, found.id, std::move(*text)};
  }

  Store& store_;
};

}  // namespace

std::unique_ptr<Client> local_client(Store& store) {
  return std::make_unique<LocalClient>(store);
}

}  // namespace offtake::registry
