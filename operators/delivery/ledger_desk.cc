#include "operators/delivery/ledger_desk.h"

#include <algorithm>

namespace offtake::delivery {
namespace {

base::Error busy() {
  return base::transient("LedgerBusy", "nothing is delivered at present: the product is starting or filling")
      .with_hint("try again once `offtake get dataproducts` shows it live, catching up or stalled");
}

}  // namespace

base::Result<LedgerDesk::Answer> LedgerDesk::ask(Request request, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!request.command && request.show.empty()) return Answer{{}, {}, entries_};
  if (!open_) return busy();
  auto pending = std::make_shared<Pending>();
  pending->request = std::move(request);
  waiting_.push_back(pending);
  if (changed_.wait_for(lock, patience, [&] { return pending->answer.has_value(); })) {
    return *std::move(pending->answer);
  }
  if (pending->begun) {
    return base::transient("OutcomeUnknown",
                           "it is being carried out; `offtake errors list` shows what came");
  }
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), pending));
  return base::transient("LedgerBusy",
                         "the epoch that is being delivered does not end: its target or a "
                         "source is away; nothing was done");
}

void LedgerDesk::show(const targets::LedgerEntries& entries) {
  const std::lock_guard lock(mutex_);
  entries_ = entries;
}

bool LedgerDesk::has_request() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

std::shared_ptr<LedgerDesk::Pending> LedgerDesk::begin() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  running_ = std::move(waiting_.front());
  waiting_.pop_front();
  running_->begun = true;
  return running_;
}

void LedgerDesk::end(Pending& pending, base::Result<Answer> answer) {
  const std::lock_guard lock(mutex_);
  pending.answer = std::move(answer);
  running_.reset();
  changed_.notify_all();
}

void LedgerDesk::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  if (running_) waiting_.push_front(std::move(running_));
  for (auto& pending : waiting_) pending->answer = base::Result<Answer>(busy());
  waiting_.clear();
  changed_.notify_all();
}

LedgerDesk::Open::Open(LedgerDesk* desk) : desk_(desk) {
  if (desk_ == nullptr) return;
  const std::lock_guard lock(desk_->mutex_);
  desk_->open_ = true;
}

LedgerDesk::Open::~Open() {
  if (desk_ != nullptr) desk_->close();
}

}  // namespace offtake::delivery
