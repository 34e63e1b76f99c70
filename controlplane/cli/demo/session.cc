#include "controlplane/cli/demo/session.h"

#include <cstdlib>
#include <sstream>

#include "base/process/process.h"
#include "base/sqlite/database.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/demo/history.h"
#include "controlplane/cli/demo/mail_story.h"
#include "controlplane/cli/demo/product_facts.h"
#include "controlplane/cli/demo/trickle.h"
#include "controlplane/cli/progress.h"
#include "controlplane/cli/wait_for.h"
#include "controlplane/console/archive.h"

namespace offtake::cli::demo {
namespace {

using namespace std::chrono_literals;

constexpr const char* kProducts[] = {"payment-confirmations", "revenue-by-day"};
constexpr std::int64_t kLiveEpochs = 3;  // committed before `once` ends

base::Error not_applied() {
  return base::terminal("NotApplied", "the examples were not applied");
}

base::Error cancelled() {
  return base::terminal("Cancelled", "stopped");
}

// How a shell in this folder finds this program: by its path where its folder is not on PATH.
std::string own_name() {
  const auto own = process::own_executable();
  if (!own) return "offtake";
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::error_code failed;
    if (std::filesystem::equivalent(files::Path(folder) / "offtake", *own, failed) && !failed)
      return "offtake";
  }
  const files::Path near = own->lexically_relative(std::filesystem::current_path());
  return near.empty() || *near.begin() == ".." ? own->string() : near.string();
}

// The first rows of a product's view, as a reader with SQLite sees them.
base::Status show_rows(const ProductFacts& product, Console& console) {
  sqlite::Options options;
  options.read_only = true;
  auto database = sqlite::Database::open(product.target, options);
  if (!database) return std::move(database).error();
  const std::string sql = fmt::format("SELECT * FROM {} LIMIT 5", product.object);
  auto found = database->prepare(sql);
  if (!found) return std::move(found).error();
  std::vector<std::vector<std::string>> rows(1);
  for (int i = 0; i < found->column_count(); ++i) rows[0].emplace_back(found->column_name(i));
  for (;;) {
    auto there = found->step();
    if (!there) return std::move(there).error();
    if (!*there) break;
    auto& row = rows.emplace_back();
    for (int i = 0; i < found->column_count(); ++i)
      row.push_back(found->is_null(i) ? "NULL" : found->string(i));
  }
  console.out("");
  console.out(console.paint(product.title, Colour::kBold));
  console.text(table_text(rows));
  console.out(fmt::format("  sqlite3 -readonly -header -column '{}' '{}'", product.target.string(), sql));
  return {};
}

class Session {
 public:
  Session(const ServerAddress& address, const SessionSettings& settings, Console& console,
          std::stop_token stop)
      : client_(address),
        settings_(settings),
        console_(console),
        stop_(std::move(stop)),
        mails_(client_, kCompany, console_, stop_) {}

  base::Result<SessionEnd> run(const std::function<base::Status()>& history_written) {
    headline("Datasets: what the company's teams publish (manifests/examples/retail/datasets.yaml)");
    if (!apply_example(client_, "retail/datasets.yaml", {}, console_)) return not_applied();
    if (auto ready = wait_for_datasets(client_, kCompany, Retail::dataset_names(), console_, stop_); !ready)
      return ready.error();
    headline("Records: a year of customers, orders and payments, through POST /offtake/v1/events");
    if (settings_.write_history) {
      Retail retail(settings_.seed, settings_.sizes, base::system_clock().now());
      if (auto written = write_history(client_, kCompany, retail, console_, stop_); !written)
        return written.error();
      if (auto noted = history_written(); !noted) return noted.error();
    } else {
      console_.out("they are there from an earlier run of the demo");
    }
    if (stop_.stop_requested()) return cancelled();
    Trickle trickle(client_.address(), kCompany, settings_.seed, settings_.sizes);
    if (auto started = trickle.start(); !started) return started.error();
    console_.out("from now on new ones keep coming, some every second");
    headline("Data products: what somebody needs of them (manifests/examples/retail/product.yaml)");
    if (!apply_example(client_, "retail/product.yaml", {}, console_)) return not_applied();
    if (auto live = wait_for_products(); !live) return live.error();
    headline("What readers of the products see");
    auto facts = gather();
    if (!facts) return std::move(facts).error();
    for (const ProductFacts& product : *facts) {
      if (auto shown = show_rows(product, console_); !shown) return shown.error();
    }
    headline("A function: a mail for each new payment (manifests/examples/mails/product.yaml)");
    if (auto told = mails_.start(); !told) return told.error();
    if (auto ended = settings_.once ? catch_up(trickle, *facts) : keep_running(trickle); !ended)
      return ended.error();
    auto mailed = product_facts(client_, kCompany, kMailProduct);
    // After Ctrl-C nothing is checked, and the server may be gone.
    if (!mailed && settings_.once) return std::move(mailed).error();
    return SessionEnd{*std::move(facts), mailed ? *std::move(mailed) : ProductFacts{}, mails_.ids()};
  }

 private:
  void headline(const std::string& text) {
    console_.out("");
    console_.out(console_.paint(fmt::format("{}. {}", ++step_, text), Colour::kBold));
  }

  base::Status wait_for_products() {
    for (const char* name : kProducts) {
      ObjectName object{&resources::kind_of<resources::DataProduct>(), kCompany, name};
      WaitChoices choices;
      choices.timeout = 10min;
      choices.show_progress = true;
      choices.stop = stop_;
      if (auto live = wait_for_condition(client_, object, "Ready", "True", choices, console_); !live)
        return live;
      auto found = client_.get(*object.kind, kCompany, name);
      if (!found) return std::move(found).error();
      const json::Value& verified = (*found)["status"]["verification"];
      std::string proof;
      if (verified.is_object()) {
        proof = fmt::format(": {} rows, counted and summed in the table before readers got it",
                            grouped(verified.int_or("rows")));
      }
      console_.out(fmt::format("{} is live, revision {}{}", object.title(),
                               (*found)["status"]["revision"].int_or("current"), proof));
    }
    return {};
  }

  base::Result<std::vector<ProductFacts>> gather() {
    std::vector<ProductFacts> out;
    for (const char* name : kProducts) {
      auto facts = product_facts(client_, kCompany, name);
      if (!facts) return std::move(facts).error();
      out.push_back(*std::move(facts));
    }
    return out;
  }

  // Until some live epochs are committed, then nothing more is written, then until all of it is committed.
  base::Status catch_up(Trickle& trickle, const std::vector<ProductFacts>& facts) {
    headline("Live: epochs that follow the log");
    auto live = poll(2min, [&]() -> base::Result<bool> {
      for (const ProductFacts& product : facts) {
        auto epochs = committed_epochs(product);
        if (!epochs || *epochs < kLiveEpochs) return epochs ? base::Result<bool>(false) : epochs.error();
      }
      return true;
    });
    if (!live) return live.error();
    if (auto stopped = trickle.stop(); !stopped) return stopped.error();
    const auto ends = trickle.ends();
    const base::Micros stopped_at = base::system_clock().now();
    auto caught_up = poll(2min, [&]() -> base::Result<bool> {
      for (const ProductFacts& product : facts) {
        auto reached = has_reached(product, ends);
        if (!reached || !*reached) return reached;
      }
      return mails_.is_through(stopped_at);
    });
    if (!caught_up) return caught_up.error();
    console_.out(
        fmt::format("{} records came while the products were filled and live; all of them are committed",
                    grouped(trickle.sent())));
    console_.out(fmt::format("{} mails have come", grouped(mails_.mails())));
    return {};
  }

  // Looks every 100 ms.
  base::Status poll(std::chrono::seconds patience, const std::function<base::Result<bool>()>& look) {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::mutex mutex;
    std::condition_variable_any wake;
    for (;;) {
      auto seen = look();
      if (!seen) return std::move(seen).error();
      if (*seen) return {};
      if (std::chrono::steady_clock::now() >= end) {
        return base::terminal("TimedOut",
                              fmt::format("the products did not catch up within {} s", patience.count()));
      }
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop_, 100ms, [] { return false; });
      if (stop_.stop_requested()) return cancelled();
    }
  }

  base::Status keep_running(Trickle& trickle) {
    console_.out("");
    console_.out("Look around from another terminal:");
    const std::string program = own_name();
    const auto line = [&](const char* words, const char* what) {
      return std::vector<std::string>{fmt::format("  {} {}", program, words), what};
    };
    std::vector<std::vector<std::string>> lines = {
        line("get products -n retail -w", "how they are, as it changes"),
        line("describe product revenue-by-day -n retail", "everything about one"),
        line("plan payment-confirmations -n retail", "what is read, and why"),
        line("logs payment-confirmations -n retail -f", "what its worker does"),
        line("logs payment-mails -n retail --function", "what the function says")};
    if (!console::embedded_archive().empty())
      lines.insert(lines.begin(), line("console", "another link that signs a browser in to the console"));
    console_.text(table_text(lines));
    console_.out("");
    console_.out("New orders keep coming. Ctrl-C stops it all; the next `offtake demo` goes on from here.");
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!stop_.stop_requested()) {
      wake.wait_for(lock, stop_, 1s, [] { return false; });
      if (auto failed = trickle.error()) return *failed;
    }
    return {};
  }

  ApiClient client_;
  const SessionSettings& settings_;
  Console& console_;
  std::stop_token stop_;
  int step_ = 1;
  MailStory mails_;
};

}  // namespace

base::Result<SessionEnd> run_session(const ServerAddress& address, const SessionSettings& settings,
                                     const std::function<base::Status()>& history_written, Console& console,
                                     const std::stop_token& stop) {
  return Session(address, settings, console, stop).run(history_written);
}

}  // namespace offtake::cli::demo
