#include "controlplane/cli/demo/check_mails.h"

#include "base/sqlite/database.h"
#include "controlplane/cli/demo/mail.h"
#include "controlplane/cli/demo/scratch.h"
#include "operators/targets/journal/journal_controls.h"

namespace offtake::cli::demo {
namespace {

base::Result<targets::ControlRow> current_control(const ProductFacts& product,
                                                  const std::shared_ptr<sources::EventStore>& log) {
  auto all = targets::journal::JournalControls(log, product.uid).read_all();
  if (!all) return std::move(all).error();
  for (auto& stored : *all) {
    if (stored.row.phase == targets::Phase::kCurrent) return std::move(stored.row);
  }
  return base::terminal("NoControlRow", product.title + ": no revision is current");
}

// The Message-IDs of the product's rows over the records before `until`.
base::Result<std::set<std::string>> ids_at(const ProductFacts& product, const targets::SourceOffsets& until,
                                           sources::EventStore& log, const files::Path& file) {
  sqlite::Options fast;
  fast.full_sync = false;
  auto scratch = sqlite::Database::open(file, fast);
  if (!scratch) return std::move(scratch).error();
  for (const SourceFacts& source : product.sources) {
    const auto offsets = until.find(source.dataset);
    if (offsets == until.end()) {
      return base::terminal("NoControlRow", fmt::format("{}: the control row has no offsets of {}",
                                                        product.title, source.dataset));
    }
    auto loaded = load_scratch(*scratch, source, offsets->second, product.start_time, log);
    if (!loaded) return std::move(loaded).error();
  }
  auto found = scratch->prepare(fmt::format("SELECT payment_id FROM ({})", without_end(product.sql)));
  if (!found) return std::move(found).error().in(product.title);
  std::set<std::string> out;
  for (;;) {
    auto row = found->step();
    if (!row) return std::move(row).error();
    if (!*row) return out;
    out.insert(confirmation_id(found->int64(0)));
  }
}

}  // namespace

base::Result<MailCheck> check_mails(const ProductFacts& product, const std::map<std::string, int>& ids,
                                    const std::shared_ptr<sources::EventStore>& log,
                                    const files::Path& scratch_folder) {
  auto control = current_control(product, log);
  if (!control) return std::move(control).error();
  auto history = ids_at(product, control->cut, *log, scratch_folder / "cut.db");
  if (!history) return std::move(history).error();
  auto rows = ids_at(product, control->offsets, *log, scratch_folder / "now.db");
  if (!rows) return std::move(rows).error();
  MailCheck out;
  out.history = static_cast<std::int64_t>(history->size());
  for (const std::string& id : *rows) {
    if (history->contains(id)) continue;
    ++out.expected;
    if (ids.contains(id)) continue;
    ++out.missing;
    out.example = id + " has not come";
  }
  for (const auto& [id, times] : ids) {
    if (rows->contains(id) && !history->contains(id)) {
      ++out.sent;
      out.twice += times > 1 ? 1 : 0;
      continue;
    }
    ++out.surplus;
    out.example = id + (history->contains(id) ? " is of the history" : " is no payment's");
  }
  return out;
}

}  // namespace offtake::cli::demo
