// The session of a revision's writer: connects again when it was lost, ends what a frozen predecessor left,
// and tells a lost connection from a lost ownership. One thread.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "operators/targets/postgres/connection.h"
#include "operators/targets/postgres/control.h"
#include "operators/targets/target.h"

namespace offtake::targets::postgres {

ConnectionSettings settings_of(const TargetConnection& connection, const std::string& application);

// Who writes which revision.
struct Writing {
  std::string product_uid;
  int revision = 1;
  std::string owner;
};
// After a connection was lost: `error` as it is, or a fenced error when another owner took the revision.
base::Error explain_loss(const TargetConnection& target, const Writing& writing, base::Error error);

class WriterSession {
 public:
  WriterSession(TargetConnection target, std::string product_uid, int revision);

  // The live connection, made anew if need be. After a loss the old backend is ended first, so that nothing
  // of an open transaction can still commit.
  base::Result<Connection*> connection();
  // Grows with every new connection: what belonged to an older one (temporary tables) is gone.
  int generation() const { return generation_; }

  const std::string& schema() const { return target_.schema; }
  const TargetConnection& target() const { return target_; }
  const std::string& product_uid() const { return product_uid_; }
  int revision() const { return revision_; }
  const std::string& owner() const { return owner_; }
  void set_owner(std::string owner) { owner_ = std::move(owner); }

  // Runs `attempt`; when it fails for want of a lock, ends the recorded sessions, provided `request` may take
  // the revision over, and runs it again.
  base::Status take_over(const Ownership& request, const std::function<base::Status()>& attempt);

  // From any thread: cancels the statement that runs now.
  void interrupt();

  // The control row, locked, if it is still ours; fenced error otherwise. `connection` is the one whose
  // transaction is open: connection() must not be called within one.
  base::Result<ControlRow> owned_row(Connection& connection, RowLock lock);
  // explain_loss, where the connection is lost. Outside of transactions.
  base::Error explain(base::Error error) const;
  Writing writing() const { return {product_uid_, revision_, owner_}; }

 private:
  base::Status record_backend();

  const TargetConnection target_;
  const std::string product_uid_;
  const int revision_;
  std::string owner_;
  std::unique_ptr<Connection> connection_;
  std::optional<Backend> lost_;  // what may still be running of the last connection
  int generation_ = 0;
  std::mutex canceller_mutex_;
  std::function<void()> canceller_;  // of connection_
};

}  // namespace offtake::targets::postgres
