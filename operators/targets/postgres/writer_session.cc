#include "operators/targets/postgres/writer_session.h"

#include "base/log.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {

ConnectionSettings settings_of(const TargetConnection& connection, const std::string& application) {
  ConnectionSettings out;
  out.host = connection.host;
  out.port = connection.port;
  out.database = connection.database;
  out.user = connection.user;
  out.password = connection.password;
  out.ssl_mode = connection.ssl_mode;
  out.ca_pem = connection.ca_pem;
  out.application = application;
  return out;
}

WriterSession::WriterSession(TargetConnection target, std::string product_uid, int revision)
    : target_(std::move(target)), product_uid_(std::move(product_uid)), revision_(revision) {}

base::Result<Connection*> WriterSession::connection() {
  if (connection_ && connection_->alive()) return connection_.get();
  if (connection_) lost_ = Backend{connection_->backend_pid(), connection_->backend_start()};
  connection_.reset();
  auto opened = Connection::open(settings_of(target_, fmt::format("offtake r{}", revision_)));
  if (!opened) return std::move(opened).error();
  if (lost_) {
    base::log_info("connected to the target again", {});
    if (auto ended = terminate_backend(**opened, *lost_); !ended) return std::move(ended).error();
    lost_.reset();
  }
  connection_ = *std::move(opened);
  ++generation_;
  {
    const std::lock_guard lock(canceller_mutex_);
    canceller_ = connection_->canceller();
  }
  if (!owner_.empty()) {
    if (auto recorded = record_backend(); !recorded) return std::move(recorded).error();
  }
  return connection_.get();
}

void WriterSession::interrupt() {
  std::function<void()> cancel;
  {
    const std::lock_guard lock(canceller_mutex_);
    cancel = canceller_;
  }
  if (cancel) cancel();
}

base::Status WriterSession::record_backend() {
  auto recorded = connection_->query(
      fmt::format(
          "UPDATE {} SET backend_pid = $4, backend_start = $5 WHERE product_uid = $1 AND revision = $2 AND "
          "owner = $3",
          in_schema(target_.schema, protocol::kControlTable)),
      {product_uid_, std::to_string(revision_), owner_, std::to_string(connection_->backend_pid()),
       connection_->backend_start()});
  if (!recorded) return std::move(recorded).error();
  return {};
}

base::Status WriterSession::take_over(const Ownership& request,
                                      const std::function<base::Status()>& attempt) {
  auto done = attempt();
  if (done || done.error().code != "TargetLocked") return done;
  auto session = connection();
  if (!session) return std::move(session).error();
  auto row = read_control(**session, target_.schema, product_uid_, revision_);
  if (!row) return std::move(row).error();
  if (row->has_value()) {
    if (auto allowed = protocol::may_take(**row, request); !allowed) return allowed;
  }
  auto backends = recorded_backends(**session, target_.schema, product_uid_, revision_);
  if (!backends) return std::move(backends).error();
  for (const auto& backend : *backends) {
    if (auto ended = terminate_backend(**session, backend); !ended) return ended;
  }
  return attempt();
}

base::Result<ControlRow> WriterSession::owned_row(Connection& connection, RowLock lock) {
  auto row = read_control(connection, target_.schema, product_uid_, revision_, lock);
  if (!row) return std::move(row).error();
  if (!row->has_value()) return base::fenced("the control row is gone: the revision was dropped");
  if ((*row)->owner != owner_ || owner_.empty()) return protocol::fenced_by_another(revision_);
  return **std::move(row);
}

base::Error explain_loss(const TargetConnection& target, const Writing& writing, base::Error error) {
  auto connection = Connection::open(settings_of(target, "offtake observer"));
  if (!connection) return error;
  auto row = read_control(**connection, target.schema, writing.product_uid, writing.revision);
  if (!row) return error;
  const bool ours = row->has_value() && (*row)->owner == writing.owner;
  return ours ? error : protocol::fenced_by_another(writing.revision);
}

base::Error WriterSession::explain(base::Error error) const {
  if (owner_.empty() || !connection_ || connection_->alive()) return error;
  return explain_loss(target_, writing(), std::move(error));
}

}  // namespace offtake::targets::postgres
