// The newest change of every subject (an object under a topic), in the order in which they became known: what
// streams read by cursor. A newer change takes the place of the one before, so who reads slowly or comes back
// late gets each subject once, as it is now, and memory is bounded by the subjects that changed. Not
// thread-safe; time comes in.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace offtake::console {

struct Change {
  std::uint64_t number = 0;  // ascending from 1
  std::string topic, id;
  base::Micros at = 0;
  std::shared_ptr<const std::string> frame;  // as it is sent; all streams share it
};

class ChangeLog {
 public:
  struct Rules {
    base::Micros kept = 600LL * 1'000'000;
    std::size_t most_bytes = 16 << 20;  // of frames and names; beyond: the oldest go
    base::Micros apart = 500'000;       // two changes of a subject; of those in between the last one waits
  };
  // `epoch` begins every id: those of another log are not known here.
  ChangeLog(std::string epoch, Rules rules) : epoch_(std::move(epoch)), rules_(rules) {}

  // Takes it in, or lets it wait for its time in the place of one that waits already. `event` and `data` as
  // frame() takes them.
  void offer(std::string_view topic, std::string_view id, std::string_view event, std::string data,
             base::Micros now);
  // Takes in what has waited long enough, and drops what is too old.
  void advance(base::Micros now);
  std::optional<base::Micros> next_due() const;  // when something that waits is due

  // The first change after `number`; null: none.
  const Change* after(std::uint64_t number) const;
  const Change* newest_of(std::string_view topic, std::string_view id) const;
  // Of a topic that nobody follows any more, without a trace: whoever follows it next begins anew.
  void forget(std::string_view topic, std::string_view id);

  std::uint64_t newest() const { return newest_; }
  // Whether all that came after `number` is here, or was replaced by something newer that is.
  bool knows(std::uint64_t number) const { return number >= floor_ && number <= newest_; }
  std::string id_of(std::uint64_t number) const { return fmt::format("{}-{}", epoch_, number); }
  std::optional<std::uint64_t> number_of(std::string_view id) const;  // absent: not one of this log's
  std::size_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    std::string topic, id, event, data;
    base::Micros due = 0;
  };
  void publish(std::string_view topic, std::string_view id, std::string_view event, std::string_view data,
               base::Micros now);
  void drop(std::map<std::uint64_t, Change>::iterator change);

  const std::string epoch_;
  const Rules rules_;
  std::map<std::uint64_t, Change> changes_;
  std::map<std::string, std::uint64_t, std::less<>> by_subject_;
  std::map<std::string, Waiting, std::less<>> waiting_;  // by subject
  std::uint64_t newest_ = 0;
  std::uint64_t floor_ = 0;  // changes up to here may be missing
  std::size_t bytes_ = 0;
};

}  // namespace offtake::console
