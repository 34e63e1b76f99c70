#include "operators/targets/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>

#include "operators/targets/postgres/sqlstate.h"

namespace offtake::targets::postgres {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (char& c : text) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return text;
}

ServerMessage message_of(const PGresult* result) {
  return {field(result, PG_DIAG_SQLSTATE),       one_line(field(result, PG_DIAG_MESSAGE_PRIMARY)),
          field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_MESSAGE_HINT),
          field(result, PG_DIAG_CONTEXT),        field(result, PG_DIAG_CONSTRAINT_NAME)};
}

bool succeeded(const PGresult* result) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
      return true;
    default:
      return false;
  }
}

// A CA certificate as a file that exists only while the session is being made: libpq takes a path.
class CertificateFile {
 public:
  explicit CertificateFile(const std::string& pem) {
    if (pem.empty()) return;
    descriptor_ = memfd_create("offtake-ca", MFD_CLOEXEC);
    if (descriptor_ < 0) return;
    std::size_t written = 0;
    while (written < pem.size()) {
      const ssize_t count = write(descriptor_, pem.data() + written, pem.size() - written);
      if (count <= 0) break;
      written += static_cast<std::size_t>(count);
    }
    path_ = fmt::format("/proc/self/fd/{}", descriptor_);
  }
  ~CertificateFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  CertificateFile(const CertificateFile&) = delete;
  CertificateFile& operator=(const CertificateFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  int descriptor_ = -1;
  std::string path_;
};

int milliseconds_until(SteadyClock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

// Drives PQconnectPoll; false when the deadline passed first.
bool drive_connect(PGconn* connection, SteadyClock::time_point deadline) {
  PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
  while (wanted != PGRES_POLLING_OK && wanted != PGRES_POLLING_FAILED) {
    pollfd waiting{PQsocket(connection),
                   static_cast<short>(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const int left = milliseconds_until(deadline);
    if (left == 0 || poll(&waiting, 1, left) == 0) return false;
    wanted = PQconnectPoll(connection);
  }
  return true;
}

// The SQLSTATE in libpq's verbose text of a refused start ("FATAL:  28P01: password …"): the only place that
// has it before a session exists.
std::string state_in(std::string_view text) {
  for (auto at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
    const auto state = text.substr(at + 3, 5);
    const bool looks_right =
        state.size() == 5 && text.substr(at + 8, 2) == ": " &&
        state.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
    if (looks_right) return std::string(state);
  }
  return {};
}

base::Error refused_start(PGconn* connection, const ConnectionSettings& settings) {
  const std::string where = fmt::format("{}:{}", settings.host, settings.port);
  const std::string said = PQerrorMessage(connection);
  const std::string state = state_in(said);
  if (PQconnectionNeedsPassword(connection) != 0 || state.starts_with("28")) {
    return base::terminal("TargetAuthenticationFailed",
                          fmt::format("PostgreSQL at {} refuses user {}", where, settings.user))
        .with_detail(one_line(said))
        .with_hint("check user name and password");
  }
  if (!state.empty()) {
    const auto begin = said.find(state) + 7;
    ServerMessage message{state, one_line(said.substr(begin, said.find('\n', begin) - begin)), "", "", "",
                          ""};
    return error_from(message).in(fmt::format("PostgreSQL at {}", where));
  }
  const bool tls = said.find("SSL") != std::string::npos || said.find("certificate") != std::string::npos;
  if (tls) {
    const bool untrusted = said.find("certificate verify failed") != std::string::npos;
    return base::terminal("TargetTlsFailed", fmt::format("no secure connection to PostgreSQL at {}{}", where,
                                                         untrusted ? ": its certificate is not trusted" : ""))
        .with_detail(one_line(said))
        .with_hint("check sslmode and ca.crt");
  }
  return base::transient("TargetUnreachable", fmt::format("PostgreSQL at {} does not answer", where))
      .with_detail(one_line(said))
      .with_hint("it is tried again until it does");
}

// Sessions of ours end with us: an idle transaction is a frozen writer, a dead peer a lost one.
// JIT: where plans are told to avoid whole tables their cost is beyond everything, and each short statement
// would be compiled.
constexpr const char* kSessionSettings =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
    "SET extra_float_digits = 1; SET bytea_output = 'hex'; SET jit = off; "
    "SET client_min_messages = warning; SET standard_conforming_strings = on; SET search_path = pg_catalog; "
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = '10s'; "
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";

}  // namespace

struct Connection::Handle {
  PGconn* connection = nullptr;
  ~Handle() {
    if (connection != nullptr) PQfinish(connection);
  }
};

Connection::Connection(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Connection::~Connection() = default;

base::Result<std::unique_ptr<Connection>> Connection::open(const ConnectionSettings& settings) {
  const CertificateFile certificate(settings.ca_pem);
  const std::string port = std::to_string(settings.port);
  const std::string mode = !settings.ssl_mode.empty() ? settings.ssl_mode
                           : !settings.ca_pem.empty() ? "verify-full"
                                                      : "prefer";
  const std::vector<std::pair<const char*, std::string>> options = {
      {"host", settings.host},
      {"port", port},
      {"dbname", settings.database},
      {"user", settings.user},
      {"password", settings.password},
      {"passfile", "/nonexistent"},  // never the account's own
      {"sslmode", mode},
      {"sslrootcert", certificate.path()},
      {"gssencmode", "disable"},
      {"client_encoding", "UTF8"},
      {"application_name", settings.application},
      {"keepalives_idle", "5"},
      {"keepalives_interval", "2"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "15000"},
  };
  std::vector<const char*> names, values;
  for (const auto& [name, value] : options) {
    names.push_back(name);
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  auto handle = std::make_unique<Handle>();
  handle->connection = PQconnectStartParams(names.data(), values.data(), 0);
  if (handle->connection == nullptr) return base::transient("TargetUnreachable", "out of memory");
  PQsetErrorVerbosity(handle->connection, PQERRORS_VERBOSE);
  const auto deadline = SteadyClock::now() + std::chrono::seconds(settings.connect_timeout_s);
  if (!drive_connect(handle->connection, deadline)) {
    return base::transient("TargetUnreachable",
                           fmt::format("PostgreSQL at {}:{} does not answer within {} s", settings.host,
                                       settings.port, settings.connect_timeout_s))
        .with_hint("it is tried again until it does");
  }
  if (PQstatus(handle->connection) != CONNECTION_OK) return refused_start(handle->connection, settings);
  PQsetErrorVerbosity(handle->connection, PQERRORS_DEFAULT);
  PQsetNoticeProcessor(
      handle->connection, [](void*, const char*) {}, nullptr);
  std::unique_ptr<Connection> connection(new Connection(std::move(handle)));
  if (auto set = connection->execute(kSessionSettings); !set) return std::move(set).error();
  auto start = connection->query(
      "SELECT extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE pid = pg_backend_pid()");
  if (!start) return std::move(start).error();
  if (!start->empty()) connection->backend_start_ = start->text(0, 0);
  return connection;
}

bool Connection::alive() const {
  return PQstatus(handle_->connection) == CONNECTION_OK;
}

bool Connection::in_transaction() const {
  const auto status = PQtransactionStatus(handle_->connection);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

int Connection::server_version() const {
  return PQserverVersion(handle_->connection);
}
int Connection::backend_pid() const {
  return PQbackendPID(handle_->connection);
}

base::Error Connection::lost() const {
  return base::transient("TargetUnreachable", "the connection to PostgreSQL was lost")
      .with_detail(one_line(PQerrorMessage(handle_->connection)));
}

base::Status Connection::execute(const std::string& sql) {
  const Result result(PQexec(handle_->connection, sql.c_str()));
  if (result && succeeded(result.get())) return {};
  if (!alive() || !result) return lost();
  return error_from(message_of(result.get()));
}

namespace {

Rows rows_of(const PGresult* result) {
  Rows out;
  const char* affected = PQcmdTuples(const_cast<PGresult*>(result));
  out.affected = *affected == '\0' ? 0 : std::strtoll(affected, nullptr, 10);
  const int columns = PQnfields(result);
  out.rows.resize(static_cast<std::size_t>(PQntuples(result)));
  for (std::size_t row = 0; row < out.rows.size(); ++row) {
    for (int column = 0; column < columns; ++column) {
      const int index = static_cast<int>(row);
      if (PQgetisnull(result, index, column) != 0) {
        out.rows[row].emplace_back(std::nullopt);
      } else {
        out.rows[row].emplace_back(std::string(PQgetvalue(result, index, column),
                                               static_cast<std::size_t>(PQgetlength(result, index, column))));
      }
    }
  }
  return out;
}

std::vector<const char*> pointers(const std::vector<Cell>& parameters) {
  std::vector<const char*> out;
  for (const auto& parameter : parameters) out.push_back(parameter ? parameter->c_str() : nullptr);
  return out;
}

}  // namespace

base::Result<Rows> Connection::query(const std::string& sql, const std::vector<Cell>& parameters) {
  const auto values = pointers(parameters);
  const Result result(PQexecParams(handle_->connection, sql.c_str(), static_cast<int>(values.size()), nullptr,
                                   values.data(), nullptr, nullptr, 0));
  if (result && succeeded(result.get())) return rows_of(result.get());
  if (!alive() || !result) return lost();
  return error_from(message_of(result.get()));
}

base::Result<Rows> Connection::query_prepared(const std::string& sql, const std::vector<Cell>& parameters) {
  auto found = prepared_.find(sql);
  if (found == prepared_.end()) {
    const std::string name = fmt::format("offtake_{}", prepared_.size());
    const Result made(PQprepare(handle_->connection, name.c_str(), sql.c_str(), 0, nullptr));
    if (!made || !succeeded(made.get())) {
      if (!alive() || !made) return lost();
      return error_from(message_of(made.get()));
    }
    found = prepared_.emplace(sql, name).first;
  }
  const auto values = pointers(parameters);
  const Result result(PQexecPrepared(handle_->connection, found->second.c_str(),
                                     static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0));
  if (result && succeeded(result.get())) return rows_of(result.get());
  if (!alive() || !result) return lost();
  return error_from(message_of(result.get()));
}

base::Status Connection::execute_watched(const std::string& sql, int patience_ms,
                                         const std::function<void()>& waiting) {
  if (PQsendQuery(handle_->connection, sql.c_str()) == 0) return lost();
  const auto deadline = SteadyClock::now() + std::chrono::milliseconds(patience_ms);
  while (PQisBusy(handle_->connection) != 0) {
    pollfd socket{PQsocket(handle_->connection), POLLIN, 0};
    const int left = milliseconds_until(deadline);
    if (left == 0 || poll(&socket, 1, left) == 0) {
      waiting();
      break;
    }
    if (PQconsumeInput(handle_->connection) == 0) return lost();
  }
  base::Status outcome;
  while (const Result result{PQgetResult(handle_->connection)}) {
    if (!succeeded(result.get()) && outcome.ok()) outcome = error_from(message_of(result.get()));
  }
  if (!alive()) return lost();
  return outcome;
}

base::Status Connection::begin_copy_in(const std::string& sql) {
  return execute(sql);
}

base::Status Connection::put_copy_data(std::string_view bytes) {
  const int sent = PQputCopyData(handle_->connection, bytes.data(), static_cast<int>(bytes.size()));
  if (sent == 1) return {};
  if (!alive()) return lost();
  return end_copy_in();
}

base::Status Connection::end_copy_in() {
  if (PQputCopyEnd(handle_->connection, nullptr) != 1 && !alive()) return lost();
  base::Status outcome;
  while (const Result result{PQgetResult(handle_->connection)}) {
    if (PQresultStatus(result.get()) == PGRES_COPY_IN) return lost();
    if (!succeeded(result.get()) && outcome.ok()) outcome = error_from(message_of(result.get()));
  }
  if (!alive()) return lost();
  return outcome;
}

base::Status Connection::copy_out(const std::string& sql,
                                  const std::function<base::Status(std::string_view)>& take) {
  if (auto begun = execute(sql); !begun) return begun;
  base::Status outcome;
  for (;;) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(handle_->connection, &bytes, 0);
    if (size <= 0) break;
    // After an error the rest is read and dropped, so that the session stays usable.
    if (outcome.ok()) outcome = take({bytes, static_cast<std::size_t>(size)});
    PQfreemem(bytes);
  }
  while (const Result result{PQgetResult(handle_->connection)}) {
    if (!succeeded(result.get()) && outcome.ok()) outcome = error_from(message_of(result.get()));
  }
  if (!alive()) return lost();
  return outcome;
}

std::function<void()> Connection::canceller() const {
  const std::shared_ptr<PGcancel> handle(PQgetCancel(handle_->connection), PQfreeCancel);
  return [handle] {
    char ignored[256];
    if (handle) PQcancel(handle.get(), ignored, sizeof ignored);
  };
}

void Connection::roll_back() {
  if (!alive()) return;
  if (PQtransactionStatus(handle_->connection) == PQTRANS_ACTIVE) {
    // A COPY that is not over: ended with an error, which ends the transaction's work too.
    PQputCopyEnd(handle_->connection, "given up");
    while (const Result result{PQgetResult(handle_->connection)}) {
      if (PQresultStatus(result.get()) == PGRES_COPY_IN) break;
    }
  }
  const Result result(PQexec(handle_->connection, "ROLLBACK"));
}

base::Result<std::string> Connection::encrypt_password(const std::string& user, const std::string& password) {
  char* encrypted =
      PQencryptPasswordConn(handle_->connection, password.c_str(), user.c_str(), "scram-sha-256");
  if (encrypted == nullptr) {
    return base::terminal("TargetRefused", "a password could not be encrypted")
        .with_detail(one_line(PQerrorMessage(handle_->connection)));
  }
  std::string out = encrypted;
  PQfreemem(encrypted);
  return out;
}

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

}  // namespace offtake::targets::postgres
