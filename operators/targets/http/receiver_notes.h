// What the senders to one receiver know of it together, so that a pause that it asks for, or a refusal,
// counts for all of them, and no more is in flight than it may have. Thread-safe.
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace offtake::targets::http {

class ReceiverNotes {
 public:
  // `max_in_flight`: messages without an answer, of all senders.
  explicit ReceiverNotes(std::size_t max_in_flight) : max_in_flight_(max_in_flight) {}

  // Room for one message more; false: there is none now.
  bool enter();
  void leave();

  // Nobody is sent anything before.
  void pause_until(base::Micros time);
  base::Micros not_before() const;

  void note_answer();                                         // whatever it said
  std::uint64_t answers() const;                              // so far
  void note_taken(const std::string& key, base::Micros now);  // a message of that key
  void note_refused();                                        // one message, for itself: the others may go on
  // `for_all`: no other message would have fared better.
  void note_failed(const std::string& key, const base::Error& error, bool for_all, base::Micros now);

  // Whether a message of another key was taken within the last minute: then a failure of this one may be its
  // own.
  bool took_another(const std::string& key, base::Micros now) const;
  // What the receiver fails with since it took the last message; none while failures may be single messages':
  // where it took others lately, until several keys have failed in a row.
  std::optional<base::Error> trouble() const;

 private:
  bool took_another_locked(const std::string& key, base::Micros now) const;

  const std::size_t max_in_flight_;
  mutable std::mutex mutex_;  // guards what follows
  std::size_t in_flight_ = 0;
  base::Micros not_before_ = 0;
  std::uint64_t answers_ = 0;
  std::string key_;                    // of last_
  std::optional<base::Micros> last_;   // a message of any key was taken
  std::optional<base::Micros> other_;  // of a key that is not key_
  std::set<std::string> failed_;       // a few of the keys since then
  std::optional<base::Error> trouble_;
};

}  // namespace offtake::targets::http
