#include "operators/targets/http/receiver_notes.h"

#include <algorithm>

namespace offtake::targets::http {
namespace {

constexpr base::Micros kLately = 60'000'000;
constexpr std::size_t kSeveral = 3;  // keys

}  // namespace

bool ReceiverNotes::enter() {
  const std::lock_guard lock(mutex_);
  if (in_flight_ >= max_in_flight_) return false;
  ++in_flight_;
  return true;
}

void ReceiverNotes::leave() {
  const std::lock_guard lock(mutex_);
  --in_flight_;
}

void ReceiverNotes::pause_until(base::Micros time) {
  const std::lock_guard lock(mutex_);
  not_before_ = std::max(not_before_, time);
}

base::Micros ReceiverNotes::not_before() const {
  const std::lock_guard lock(mutex_);
  return not_before_;
}

void ReceiverNotes::note_answer() {
  const std::lock_guard lock(mutex_);
  ++answers_;
}

std::uint64_t ReceiverNotes::answers() const {
  const std::lock_guard lock(mutex_);
  return answers_;
}

void ReceiverNotes::note_taken(const std::string& key, base::Micros now) {
  const std::lock_guard lock(mutex_);
  if (last_ && key_ != key) other_ = last_;
  if (key_ != key) key_ = key;
  last_ = now;
  failed_.clear();
  trouble_.reset();
}

void ReceiverNotes::note_refused() {
  const std::lock_guard lock(mutex_);
  failed_.clear();
  trouble_.reset();
}

void ReceiverNotes::note_failed(const std::string& key, const base::Error& error, bool for_all,
                                base::Micros now) {
  const std::lock_guard lock(mutex_);
  if (failed_.size() < kSeveral) failed_.insert(key);
  if (for_all || failed_.size() >= kSeveral || !took_another_locked(key, now)) trouble_ = error;
}

bool ReceiverNotes::took_another(const std::string& key, base::Micros now) const {
  const std::lock_guard lock(mutex_);
  return took_another_locked(key, now);
}

bool ReceiverNotes::took_another_locked(const std::string& key, base::Micros now) const {
  const auto& at = key == key_ ? other_ : last_;
  return at && now - *at < kLately;
}

std::optional<base::Error> ReceiverNotes::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace offtake::targets::http
