#include "operators/targets/journal/journal_controls.h"

#include <charconv>

#include "base/json/value.h"
#include "base/log.h"
#include "operators/targets/control_json.h"

namespace offtake::targets::journal {
namespace {

constexpr std::string_view kControlPrefix = "control/";

std::string control_key(int revision) {
  return fmt::format("{}{}", kControlPrefix, revision);
}
std::string fill_prefix(int revision) {
  return fmt::format("fill/{}/", revision);
}

// {"version": 7, "row": {…}}
std::string document_of(const ControlRow& row, std::int64_t version) {
  json::Value out = json::Value::object();
  out.set("version", version);
  out.set("row", to_json(row));
  return json::dump(out);
}

base::Result<intent::ControlStore::Stored> parse_document(const std::string& text) {
  auto document = json::parse(text);
  if (!document) return std::move(document).error();
  auto row = control_from_json((*document)["row"]);
  if (!row) return std::move(row).error();
  return intent::ControlStore::Stored{*std::move(row), std::to_string(document->int_or("version"))};
}

base::Error conflict(int revision) {
  return base::transient(std::string(intent::kConflict),
                         fmt::format("the control document of revision {} has another version", revision));
}

}  // namespace

JournalControls::JournalControls(std::shared_ptr<sources::EventStore> store, std::string product_uid)
    : store_(store), product_uid_(std::move(product_uid)), journal_(store, topic_of(product_uid_)) {}

base::Result<std::vector<intent::ControlStore::Stored>> JournalControls::read_all() {
  const std::lock_guard lock(mutex_);
  if (auto read = journal_.refresh(); !read) return std::move(read).error();
  std::vector<Stored> out;
  for (const auto& [key, text] : journal_.entries()) {
    if (!key.starts_with(kControlPrefix)) continue;
    auto parsed = parse_document(text);
    if (!parsed) return std::move(parsed).error();
    out.push_back(*std::move(parsed));
  }
  std::sort(out.begin(), out.end(),
            [](const Stored& a, const Stored& b) { return a.row.revision < b.row.revision; });
  return out;
}

base::Result<std::optional<intent::ControlStore::Stored>> JournalControls::read(int revision) {
  const std::lock_guard lock(mutex_);
  if (auto read = journal_.refresh(); !read) return std::move(read).error();
  return stored(revision);
}

base::Result<std::optional<intent::ControlStore::Stored>> JournalControls::stored(int revision) const {
  const std::string* text = journal_.find(control_key(revision));
  if (text == nullptr) return std::optional<Stored>();
  auto parsed = parse_document(*text);
  if (!parsed) return std::move(parsed).error();
  return std::optional<Stored>(*std::move(parsed));
}

base::Result<std::string> JournalControls::write(const ControlRow& row, const std::string& version) {
  return write_with(row, version, nullptr);
}

base::Result<std::string> JournalControls::write_with(const ControlRow& row, const std::string& version,
                                                      const Add& add) {
  const std::lock_guard lock(mutex_);
  return write_locked(row.revision, row, version, add);
}

base::Status JournalControls::append_with(int revision, const std::string& version, const Add& add) {
  const std::lock_guard lock(mutex_);
  auto written = write_locked(revision, std::nullopt, version, add);
  if (!written) return std::move(written).error();
  return {};
}

base::Result<std::string> JournalControls::write_locked(int revision, const std::optional<ControlRow>& row,
                                                        const std::string& version, const Add& add) {
  for (int attempt = 1;; ++attempt) {
    auto producer = writer(revision);
    if (!producer) return std::move(producer).error();
    auto found = stored(revision);
    if (!found) return std::move(found).error();
    if ((found->has_value() ? (*found)->version : "") != version) return conflict(revision);
    const std::int64_t next = (version.empty() ? 0 : std::stoll(version)) + 1;
    std::vector<Change> changes;
    base::Status done;
    if (add) {
      auto added = add(**producer);
      if (added) {
        changes = *std::move(added);
      } else {
        done = std::move(added).error();
      }
    }
    if (row) changes.push_back({control_key(revision), document_of(*row, next)});
    if (done) done = journal_.commit(**producer, changes);
    if (done) {
      if (auto tidied = journal_.tidy(); !tidied) {
        base::log_warn("the journal was not tidied", {{"error", tidied.error().text()}});
      }
      return row ? std::to_string(next) : version;
    }
    if (!(*producer)->usable()) {
      writers_.erase(revision);
    } else {
      (*producer)->abort();
    }
    // Whoever opened it changed the document, or did not: the next turn reads.
    if (done.error().retry != base::Retry::kFenced || attempt == 2) return std::move(done).error();
  }
}

// A producer that is open holds the document: nobody else can have changed it.
base::Result<sources::TransactionalProducer*> JournalControls::writer(int revision) {
  auto& known = writers_[revision];
  if (known && known->usable()) return known.get();
  if (auto made = create(*store_, topic_of(product_uid_)); !made) return std::move(made).error();
  known.reset();
  auto opened = store_->open_producer(fmt::format("offtake.{}.r{}", product_uid_, revision));
  if (!opened) return std::move(opened).error();
  if (auto read = journal_.refresh(); !read) return std::move(read).error();
  known = *std::move(opened);
  return known.get();
}

base::Result<std::optional<intent::ControlStore::Stored>> JournalControls::take(int revision) {
  const std::lock_guard lock(mutex_);
  writers_.erase(revision);
  auto producer = writer(revision);
  if (!producer) return std::move(producer).error();
  return stored(revision);
}

base::Result<std::vector<FillProgress>> JournalControls::fill_progress(int revision) {
  const std::lock_guard lock(mutex_);
  if (auto read = journal_.refresh(); !read) return std::move(read).error();
  std::vector<FillProgress> out;
  for (const auto& [key, text] : journal_.entries()) {
    if (!key.starts_with(fill_prefix(revision))) continue;
    auto document = json::parse(text);
    if (!document) return std::move(document).error();
    auto progress = fill_progress_from_json(*document);
    if (!progress) return std::move(progress).error();
    out.push_back(*std::move(progress));
  }
  return out;
}

base::Status JournalControls::change(int revision, const std::vector<Change>& changes) {
  auto producer = writer(revision);
  if (!producer) return std::move(producer).error();
  auto done = journal_.commit(**producer, changes);
  if (!done && !(*producer)->usable()) writers_.erase(revision);
  return done;
}

base::Status JournalControls::write_fill_progress(int revision, const FillProgress& progress) {
  const std::lock_guard lock(mutex_);
  return change(revision, {{fill_prefix(revision) + progress.stream, json::dump(to_json(progress))}});
}

base::Status JournalControls::forget_fill(int revision) {
  const std::lock_guard lock(mutex_);
  if (auto read = journal_.refresh(); !read) return read;
  std::vector<Change> changes;
  for (const auto& [key, text] : journal_.entries()) {
    if (key.starts_with(fill_prefix(revision))) changes.push_back({key, std::nullopt});
  }
  return changes.empty() ? base::Status() : change(revision, changes);
}

base::Status JournalControls::forget(int revision) {
  if (auto gone = forget_fill(revision); !gone) return gone;
  std::vector<Change> changes = entries(own_prefix(revision));
  const std::lock_guard lock(mutex_);
  for (Change& change : changes) change.value.reset();
  if (journal_.find(control_key(revision)) != nullptr)
    changes.push_back({control_key(revision), std::nullopt});
  return changes.empty() ? base::Status() : change(revision, changes);
}

base::Status JournalControls::drop_fenced(int revision) {
  auto found = read(revision);
  if (!found) return std::move(found).error();
  if (!found->has_value()) return {};
  if ((*found)->row.phase != Phase::kFenced) {
    return base::terminal("RevisionNotFenced",
                          fmt::format("revision {} is not fenced; it is not dropped", revision));
  }
  return forget(revision);
}

std::string JournalControls::own_prefix(int revision) {
  return fmt::format("own/{}/", revision);
}

std::vector<Change> JournalControls::entries(const std::string& prefix) {
  const std::lock_guard lock(mutex_);
  std::vector<Change> out;
  const auto& all = journal_.entries();
  for (auto entry = all.lower_bound(prefix); entry != all.end() && entry->first.starts_with(prefix);
       ++entry) {
    out.push_back({entry->first, entry->second});
  }
  return out;
}

}  // namespace offtake::targets::journal
