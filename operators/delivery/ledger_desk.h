// Where commands to the ledger are handed in, by any thread, and carried out between two epochs by the one
// that delivers. Also what the ledger was after the last epoch, for whoever asks. Thread-safe.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "operators/targets/ledger.h"

namespace offtake::delivery {

// A record as it stands in its source, for who looks at it.
struct ShownRecord {
  targets::LedgerEntry entry;
  std::int64_t timestamp_ms = 0;
  bool found = false;  // its source still has it
  bool tombstone = false;
  std::string key, value;  // in hexadecimal, cut; "•••" where the dataset is classified
  std::size_t value_bytes = 0;
};

class LedgerDesk {
 public:
  struct Request {  // neither: what there is
    std::optional<targets::LedgerCommand> command;
    std::string show;  // an entry's id
  };
  struct Answer {
    targets::LedgerOutcome outcome;
    ShownRecord shown;
    targets::LedgerEntries entries;
  };

  // Of the asking side. Waits at most `patience` for the answer. Codes LedgerBusy (transient: nothing is
  // delivered at present, or it was not reached in time; nothing was done), OutcomeUnknown (transient: it is
  // being carried out).
  base::Result<Answer> ask(Request request, std::chrono::milliseconds patience);

  // Of the delivering side.
  class Open;  // while one lives, requests are taken
  void show(const targets::LedgerEntries& entries);
  bool has_request() const;
  // Carries out the first request, if there is one.
  template <class CarryOut>
  void serve(const CarryOut& carry_out) {
    auto pending = begin();
    if (!pending) return;
    end(*pending, carry_out(pending->request));
  }

 private:
  struct Pending {
    Request request;
    bool begun = false;
    std::optional<base::Result<Answer>> answer;
  };
  std::shared_ptr<Pending> begin();
  void end(Pending& pending, base::Result<Answer> answer);
  void close();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::deque<std::shared_ptr<Pending>> waiting_;
  std::shared_ptr<Pending> running_;
  targets::LedgerEntries entries_;
};

class LedgerDesk::Open {
 public:
  explicit Open(LedgerDesk* desk);  // null: nothing is opened
  ~Open();
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

 private:
  LedgerDesk* desk_;
};

}  // namespace offtake::delivery
