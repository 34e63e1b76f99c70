// What one would write for this one topic and this one table: records in, tuples of COPY out, nothing
// between.
#include <libpq-fe.h>

#include "hand_input.h"

namespace bench {
namespace {

class Database {
 public:
  explicit Database(const std::string& connection) : connection_(PQconnectdb(connection.c_str())) {
    check(PQstatus(connection_) == CONNECTION_OK);
  }
  ~Database() { PQfinish(connection_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql) {
    PGresult* result = PQexec(connection_, sql.c_str());
    const auto status = PQresultStatus(result);
    check(status == PGRES_COMMAND_OK || status == PGRES_COPY_IN);
    PQclear(result);
  }
  void put(const std::string& bytes) {
    check(PQputCopyData(connection_, bytes.data(), static_cast<int>(bytes.size())) == 1);
  }
  void end_copy() {
    check(PQputCopyEnd(connection_, nullptr) == 1);
    while (PGresult* result = PQgetResult(connection_)) {
      check(PQresultStatus(result) == PGRES_COMMAND_OK);
      PQclear(result);
    }
  }

 private:
  void check(bool good) {
    if (!good) fail(PQerrorMessage(connection_));
  }
  PGconn* connection_;
};

void put16(std::string& out, std::uint16_t value) {
  value = __builtin_bswap16(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put32(std::string& out, std::uint32_t value) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put64(std::string& out, std::uint64_t value) {
  value = __builtin_bswap64(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put_int8(std::string& out, std::int64_t value) {
  put32(out, 8);
  put64(out, static_cast<std::uint64_t>(value));
}
void put_text(std::string& out, AvroReader& in) {
  const auto size = static_cast<std::size_t>(in.take_long());
  const char* const bytes = in.take(size);
  put32(out, static_cast<std::uint32_t>(size));
  out.append(bytes, size);
}

constexpr const char* kColumns =
    "id bigint, customer bigint, quantity integer, price double precision, placed_at timestamptz, "
    "status text, product text, note text";

// order.avsc, column by column.
void put_row(const rd_kafka_message_t& message, std::string& out) {
  constexpr std::int64_t kPostgresEpochMicros = 946'684'800'000'000;
  AvroReader in(static_cast<const char*>(message.payload), message.len);
  in.take(5);
  put16(out, 8);
  put_int8(out, in.take_long());
  put_int8(out, in.take_long());
  put32(out, 4);
  put32(out, static_cast<std::uint32_t>(in.take_long()));
  std::uint64_t price;
  std::memcpy(&price, in.take(sizeof price), sizeof price);
  put32(out, 8);
  put64(out, price);
  put_int8(out, in.take_long() - kPostgresEpochMicros);
  put_text(out, in);
  put_text(out, in);
  if (in.take_long() == 0) {
    put32(out, 0xFFFFFFFF);
  } else {
    put_text(out, in);
  }
}

}  // namespace

void load(const LoadOptions& options) {
  constexpr std::size_t kFlushBytes = 256 << 10;
  Database database(options.connection);
  Consumer consumer(options.brokers);
  const auto begin = Clock::now();
  const std::int64_t records = consumer.start(options.topic);
  database.run("BEGIN");
  database.run("CREATE TABLE " + options.table + " (" + kColumns + ")");
  database.run("COPY " + options.table + " FROM STDIN (FORMAT BINARY)");
  std::string out("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  out.reserve(2 * kFlushBytes);
  std::vector<rd_kafka_message_t*> messages(8192);
  std::int64_t rows = 0;
  while (rows < records) {
    const std::size_t count = consumer.take(messages);
    for (std::size_t i = 0; i < count; ++i) {
      const rd_kafka_message_t& message = *messages[i];
      if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_message_errstr(&message));
      put_row(message, out);
      ++rows;
      rd_kafka_message_destroy(messages[i]);
      if (out.size() < kFlushBytes) continue;
      database.put(out);
      out.clear();
    }
  }
  put16(out, 0xFFFF);
  database.put(out);
  database.end_copy();
  const auto loaded = Clock::now();
  database.run("ALTER TABLE " + options.table + " ADD PRIMARY KEY (id)");
  database.run("COMMIT");
  std::printf("{\"rows\":%lld,\"seconds\":%.3f,\"key_seconds\":%.3f,\"cpu_seconds\":%.1f}\n",
              static_cast<long long>(rows), seconds_since(begin), seconds_since(loaded), cpu_seconds());
}

}  // namespace bench
