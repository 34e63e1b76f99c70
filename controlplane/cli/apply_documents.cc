#include "controlplane/cli/apply_documents.h"

#include "controlplane/cli/plan_request.h"

namespace offtake::cli {
namespace {

using resources::Document;

class Applying {
 public:
  Applying(ApiClient& client, const std::vector<Document>& documents, Console& console)
      : client_(client), documents_(documents), console_(console) {}

  // What would be refused: by the API for the object itself, or by the plan of a product.
  bool check() {
    bool good = true;
    for (const Document& document : documents_) {
      if (!namespace_exists(document)) {
        if (failed_) return false;
        continue;  // a trial run has nothing to run in
      }
      store::ApplyOptions trial;
      trial.dry_run = true;
      auto tried = client_.apply(document.object, trial);
      if (tried) continue;
      good = false;
      report(document, tried.error());
    }
    if (!good) return false;
    for (const Document& document : documents_) {
      if (document.kind != &resources::kind_of<resources::DataProduct>()) continue;
      auto answer = plan_document(client_, document, documents_);
      if (!answer && answer.error().code == "PathMissing") {
        console_.warn("this API server makes no plans; what is wrong shows as the objects' conditions");
        break;
      }
      if (!answer) {
        console_.error(answer.error());
        return false;
      }
      for (const auto& warning : answer->warnings) console_.warn(document.title() + ": " + warning);
      for (const auto& waiting : answer->waiting) {
        console_.warn(waiting_text(waiting));
        waited_.insert(waiting.message);
      }
      for (const auto& error : answer->errors) console_.error(error);
      good = good && answer->errors.empty();
    }
    return good;
  }

  bool send(bool dry_run) {
    bool good = true;
    for (const Document& document : documents_) {
      if (!dry_run && !make_namespace(document)) return false;
      if (dry_run && !namespace_exists(document)) {
        console_.out(fmt::format("{} created (dry run)", document.title()));
        continue;
      }
      store::ApplyOptions options;
      options.dry_run = dry_run;
      auto written = client_.apply(document.object, options);
      if (!written) {
        good = false;
        report(document, written.error());
        continue;
      }
      const char* said = written->created ? "created" : written->changed ? "configured" : "unchanged";
      console_.out(fmt::format("{} {}{}", document.title(), said, dry_run ? " (dry run)" : ""));
      // The plan has said most of it already, with places.
      if (waited_.empty()) {
        for (const auto& warning : written->warnings) console_.warn(document.title() + ": " + warning);
      }
    }
    return good;
  }

 private:
  void report(const Document& document, const base::Error& error) {
    if (error.causes.empty()) {
      base::Error own = error;
      own.location.field = "metadata.name";
      console_.error(document.located(std::move(own)));
      return;
    }
    for (base::Error cause : error.causes) {
      // Paths of field owners begin with a dot.
      if (cause.location.field.starts_with('.')) cause.location.field.erase(0, 1);
      if (cause.code == "FieldManagerConflict") {
        const auto from = cause.message.find('"'), to = cause.message.find('"', from + 1);
        const std::string owner =
            to == std::string::npos ? "" : cause.message.substr(from + 1, to - from - 1);
        cause.message =
            fmt::format("this field is owned by the field manager `{}`, which wrote another value", owner);
        cause.hint = "leave it out here, write the same value, or change it where that manager does";
      }
      console_.error(document.located(std::move(cause)));
    }
  }

  bool namespace_exists(const Document& document) {
    const std::string space = document.namespace_name();
    if (space.empty() || known_.count(space) != 0) return true;
    auto found = client_.get(resources::kind_of<resources::Namespace>(), "", space);
    if (found) {
      known_.insert(space);
      return true;
    }
    if (found.error().code != "NotFound" && !failed_) {
      failed_ = true;
      console_.error(found.error());
    }
    return false;
  }

  bool make_namespace(const Document& document) {
    const std::string space = document.namespace_name();
    if (space.empty() || namespace_exists(document)) return true;
    if (failed_) return false;
    const json::Value object = json::Object{
        {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", json::Object{{"name", space}}}};
    auto created = client_.create(object);
    if (!created && created.error().code != "AlreadyExists") {
      console_.error(created.error());
      return false;
    }
    known_.insert(space);
    if (created) console_.out(fmt::format("Namespace {} created", space));
    return true;
  }

  ApiClient& client_;
  const std::vector<Document>& documents_;
  Console& console_;
  std::set<std::string> known_;  // namespaces
  std::set<std::string> waited_;
  bool failed_ = false;
};

}  // namespace

bool apply_documents(ApiClient& client, const std::vector<Document>& documents, const ApplyChoices& choices,
                     Console& console) {
  Applying applying(client, documents, console);
  if (choices.plan && !applying.check()) return false;
  return applying.send(choices.dry_run);
}

}  // namespace offtake::cli
