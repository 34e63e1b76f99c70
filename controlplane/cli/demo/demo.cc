// `offtake demo`: a server in this process, the session against it, and with --once the check afterwards.
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/json/value.h"
#include "base/log.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/demo/check_mails.h"
#include "controlplane/cli/demo/number.h"
#include "controlplane/cli/demo/session.h"
#include "controlplane/cli/demo/verbs.h"
#include "controlplane/cli/listen_address.h"
#include "controlplane/cli/progress.h"
#include "controlplane/server/server.h"
#include "operators/sources/embedded/store.h"

namespace offtake::cli::demo {
namespace {

// demo.json in the data directory: what it holds, and whether the history was written to its end.
struct Note {
  std::uint64_t seed = 1;
  std::int64_t events = 0;
  bool complete = false;
};

std::optional<Note> read_note(const files::Path& file) {
  auto text = files::read_file(file, 1 << 16);
  if (!text) return std::nullopt;
  auto value = json::parse(*text);
  if (!value) return std::nullopt;
  return Note{static_cast<std::uint64_t>(value->int_or("seed")), value->int_or("events"),
              value->bool_or("complete")};
}

base::Status write_note(const files::Path& file, const Note& note) {
  const json::Value value =
      json::Object{{"seed", note.seed}, {"events", note.events}, {"complete", note.complete}};
  return files::write_file_atomic(file, json::dump(value) + "\n");
}

class Demo {
 public:
  Demo(const Arguments& arguments, Console& console) : arguments_(arguments), console_(console) {}

  int run() {
    const auto started = std::chrono::steady_clock::now();
    if (auto prepared = prepare(); !prepared) return fail(console_, prepared.error());
    introduce();
    server::ServeOptions options;
    options.data_directory = data_;
    options.host = listen_.host;
    options.port = listen_.port;
    // Whoever watches the demo looks at it from another terminal; a check leaves no traces.
    if (!settings_.once) options.kubeconfig = server::default_kubeconfig();
    std::jthread session;
    options.on_ready = [&](const server::ServeOptions::Ready& ready) {
      const double seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
      console_.out("");
      console_.out(console_.paint("1. The server: event log, schema registry, API, console", Colour::kBold));
      console_.out(fmt::format("ready in {} at {}", seconds_text(seconds), ready.url));
      if (!settings_.once && !ready.sign_in_link.empty()) {
        console_.out("the console, signed in once within the hour:");
        console_.out("  " + console_.paint(ready.sign_in_link, Colour::kBold));
      }
      session = std::jthread([this, url = ready.url](const std::stop_token& stop) {
        try {
          in_session(url, stop);
        } catch (const std::exception& bug) {
          error_ = base::internal(bug.what());
          kill(getpid(), SIGTERM);
        }
      });
    };
    const base::Status served = server::serve(options);
    session.request_stop();
    if (session.joinable()) session.join();
    if (!served) return fail(console_, served.error());
    if (error_) return fail(console_, *error_);
    if (!settings_.once) {
      console_.end_moving();
      console_.out(
          fmt::format("Stopped. Everything is kept in {}; remove it to start over.", data_.string()));
      return kDone;
    }
    if (!end_)
      return fail(console_, base::terminal("Stopped", "stopped before there was something to check"));
    return check();
  }

 private:
  base::Status prepare() {
    auto events = read_number(arguments_, "events");
    if (!events) return std::move(events).error();
    auto seed = read_number(arguments_, "seed");
    if (!seed) return std::move(seed).error();
    auto listen = read_listen_address(arguments_.text("listen"));
    if (!listen) return std::move(listen).error();
    listen_ = *listen;
    settings_.once = arguments_.flag("once");
    settings_.seed = static_cast<std::uint64_t>(*seed);
    settings_.sizes = RetailSizes::of(*events);
    if (auto chosen = choose_directory(); !chosen) return chosen;
    note_file_ = data_ / "demo.json";
    if (auto cleared = look_at_directory(); !cleared) return cleared;
    settings_.server_data_directory = data_;
    if (auto made = files::make_dirs(data_, 0700); !made) return made;
    base::LogOptions log;
    log.file = (data_ / "server.log").string();
    base::configure_log(log);
    if (!settings_.write_history) return {};
    return write_note(note_file_, {settings_.seed, *events, false});
  }

  base::Status choose_directory() {
    if (arguments_.has("data-dir")) {
      data_ = std::filesystem::absolute(arguments_.text("data-dir"));
      return {};
    }
    if (!settings_.once) {
      data_ = server::default_data_directory();
      data_ += "-demo";
      return {};
    }
    auto scratch = files::TempDir::make("offtake-demo");
    if (!scratch) return std::move(scratch).error();
    scratch_.emplace(*std::move(scratch));
    data_ = scratch_->path() / "data";
    return {};
  }

  // A demo that was interrupted while it wrote starts over; a folder of anybody else's is left alone.
  base::Status look_at_directory() {
    if (!files::exists(data_)) return {};
    const auto note = read_note(note_file_);
    if (!note) {
      auto names = files::list_names(data_);
      if (names && names->empty()) return {};
      return base::terminal("NotADemo", fmt::format("{} is not empty, and no demo made it", data_.string()))
          .with_hint("give another --data-dir, or remove it");
    }
    {
      auto lock = files::LockFile::acquire(data_ / "LOCK");
      if (!lock) {
        return base::terminal("DataDirectoryInUse", fmt::format("a demo runs on {} already", data_.string()))
            .with_hint("stop it, or give another --data-dir");
      }
    }
    if (!note->complete || settings_.once) return files::remove_tree(data_);
    settings_.write_history = false;
    settings_.seed = note->seed;
    settings_.sizes = RetailSizes::of(note->events);
    return {};
  }

  void introduce() {
    const RetailSizes& sizes = settings_.sizes;
    console_.out(
        fmt::format("A retail company of {} customers with {} orders and as many payments, as data products.",
                    grouped(sizes.customers), grouped(sizes.orders)));
    console_.out(fmt::format("  data  {}", data_.string()));
    console_.out(fmt::format("  log   {}", (data_ / "server.log").string()));
  }

  // On a thread of its own; the server runs on the main one.
  void in_session(const std::string& url, const std::stop_token& stop) {
    auto token = files::read_file(data_ / "token");
    if (!token) {
      error_ = token.error();
    } else {
      while (token->ends_with('\n')) token->pop_back();
      ServerAddress address;
      address.url = url;
      address.token = *token;
      const auto written = [this]() -> base::Status {
        auto note = read_note(note_file_);
        if (!note) return {};
        note->complete = true;
        return write_note(note_file_, *note);
      };
      auto ended = run_session(address, settings_, written, console_, stop);
      if (ended) {
        end_ = *std::move(ended);
      } else if (!is_end_of_server(ended.error())) {
        error_ = ended.error();
      }
    }
    // The server ends as it would for anybody: by the signal.
    if (!stop.stop_requested()) kill(getpid(), SIGTERM);
  }

  // After Ctrl-C the server is gone before the session knows.
  static bool is_end_of_server(const base::Error& error) {
    return error.code == "Cancelled" || error.code == "Unreachable" || error.code == "ConnectionLost";
  }

  int check() {
    console_.out("");
    console_.out(
        console_.paint("The check: the same SQL, run by SQLite over the raw records", Colour::kBold));
    if (arguments_.flag("tamper")) {
      auto altered = tamper(end_->products.front());
      if (!altered) return fail(console_, altered.error());
      console_.out(fmt::format("altered on purpose: {}", *altered));
    }
    auto scratch = files::TempDir::make("offtake-check");
    if (!scratch) return fail(console_, scratch.error());
    sources::embedded::LogOptions options;
    options.dir = (data_ / "events").string();
    auto log = sources::embedded::Log::open(options);
    if (!log) return fail(console_, log.error());
    const std::shared_ptr<sources::EventStore> store =
        sources::embedded::make_store(std::shared_ptr<sources::embedded::Log>(*std::move(log)));
    bool equal = true;
    int number = 0;
    for (const ProductFacts& product : end_->products) {
      auto result = check_product(product, *store, scratch->path() / fmt::format("{}.db", ++number));
      if (!result) return fail(console_, result.error());
      report(product, *result);
      equal = equal && result->equal();
    }
    auto mails = check_mails(end_->mailed, end_->mails, store, scratch->path());
    if (!mails) return fail(console_, mails.error());
    report(*mails);
    return equal && mails->good() ? kDone : kFailed;
  }

  void report(const MailCheck& mails) {
    console_.out(fmt::format("{}: mails for the {} payments since the cut, none for the {} before it:",
                             end_->mailed.title, grouped(mails.expected), grouped(mails.history)));
    console_.out(fmt::format("  {} came, {} of them twice; missing: {}, not asked for: {}",
                             grouped(mails.sent), grouped(mails.twice), grouped(mails.missing),
                             grouped(mails.surplus)));
    if (mails.good()) {
      console_.out("  " + console_.paint("one for each", Colour::kGreen));
    } else {
      console_.out("  " + console_.paint("NOT RIGHT", Colour::kRed) + ": " + mails.example);
    }
  }

  void report(const ProductFacts& product, const CheckResult& result) {
    console_.out(
        fmt::format("{}, revision {}, epoch {}:", product.title, result.revision, grouped(result.epoch)));
    for (const CheckedSource& source : result.sources) {
      console_.out(fmt::format("  {}: {} records up to the control row's offsets, {} rows that count",
                               source.name, grouped(source.records), grouped(source.rows)));
    }
    console_.out(fmt::format(
        "  SQLite's answer has {} rows, the target {}; only in the answer: {}, only in the target: {}",
        grouped(result.expected_rows), grouped(result.target_rows), grouped(result.missing),
        grouped(result.surplus)));
    if (result.equal()) {
      console_.out("  " + console_.paint("equal", Colour::kGreen));
    } else {
      console_.out("  " + console_.paint("NOT EQUAL", Colour::kRed) + ", for example " + result.example);
    }
  }

  const Arguments& arguments_;
  Console& console_;
  ListenAddress listen_;
  SessionSettings settings_;
  std::optional<files::TempDir> scratch_;
  files::Path data_, note_file_;
  std::optional<SessionEnd> end_;
  std::optional<base::Error> error_;
};

int run_demo(const Arguments& arguments, Console& console) {
  return Demo(arguments, console).run();
}

}  // namespace

std::vector<const Verb*> verbs() {
  static const Option kSeed = {"--seed", "N", "the company that is made: the same seed, the same records",
                               "1"};
  static const Option kEvents = {"--events", "N", "how many records, about", "420000"};
  static const Verb kDemo = {
      "demo",
      "Shows the whole path on this machine: a company, its records, data products",
      {},
      {{"--once", "", "checks the products against SQLite, then ends; exit code 1 when they differ"},
       {"--data-dir", "DIR",
        "where everything is kept (default ~/.local/share/offtake-demo; --once: a temporary one)"},
       {"--listen", "HOST:PORT", "where its server answers; port 0 takes a free one", "127.0.0.1:0"},
       kSeed,
       kEvents,
       {"--tamper", "", "alters one row before the check, which then must find it", "", false, false, true}},
      "  offtake demo\n"
      "  offtake demo --once",
      run_demo};
  return {&kDemo, &generate_verb(), &mailer_verb()};
}

}  // namespace offtake::cli::demo
