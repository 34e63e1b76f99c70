// By what requests prove who sends them: a token, a token file that is read again, a client certificate, or
// what a plugin gives. Thread-safe; who has nothing to show waits while a plugin runs.
#pragma once
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "operators/kubernetes/cluster.h"

namespace offtake::kubernetes {

class Credentials {
 public:
  explicit Credentials(Cluster cluster);

  struct Shown {
    std::string token;
    std::string certificate_pem, key_pem;
    bool operator==(const Shown&) const = default;
  };
  // Those of now: a token file is read each minute, a plugin asked when there is nothing yet and before what
  // it gave ends. Code CredentialPlugin where there is nothing to show.
  base::Result<Shown> present();
  // These were refused: whether there are others now.
  bool replaces(const Shown& refused);
  // What the plugin said when it last gave nothing; empty: all is well.
  std::string trouble() const;

 private:
  bool is_to_be_asked() const;
  void read_token_file();
  void ask();

  const Cluster cluster_;
  mutable std::mutex mutex_;  // guards what follows
  Shown shown_;
  std::chrono::steady_clock::time_point read_;
  std::optional<base::Micros> expires_;
  bool asked_ = false;
  std::chrono::steady_clock::time_point rests_;  // until then the plugin is let be
  std::optional<base::Error> trouble_;
};

}  // namespace offtake::kubernetes
