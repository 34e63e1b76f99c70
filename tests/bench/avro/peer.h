// The peer: avro-c (Debian libavro), reused values, one reader over memory. Its three ways to read a record
// under a reader's schema; a bench takes the quickest.
#pragma once
#include <avro.h>

#include <string>
#include <string_view>
#include <vector>

namespace offtake::bench {

class Peer {
 public:
  enum class Way {
    kResolvedWriter,  // decodes straight into a value of the reader's schema, skips the other fields
    kResolvedReader,  // decodes all into a value of the writer's schema and reads it through a view
    kGeneric,         // no resolution: only where both schemas are one
  };
  Peer(const std::string& writer, const std::string& reader, Way way);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  // Decodes one record; its fields lie in record() until the next one.
  void decode(std::string_view record);
  const avro_value_t& record() const { return *record_; }
  // Decodes the records and touches each wanted field, which is when a view resolves.
  void decode_all(const std::vector<std::string_view>& records);

 private:
  void touch();

  Way way_;
  avro_schema_t writer_ = nullptr, reader_schema_ = nullptr;
  avro_value_iface_t* generic_ = nullptr;
  avro_value_iface_t* resolved_ = nullptr;
  avro_value_t stored_{}, view_{};
  avro_value_t* into_ = nullptr;    // what avro_value_read fills
  avro_value_t* record_ = nullptr;  // where the fields are
  std::size_t fields_ = 0;
  avro_reader_t input_ = nullptr;
};

// One record through avro-c's encoder.
class PeerEncoder {
 public:
  explicit PeerEncoder(const std::string& schema);
  PeerEncoder(const PeerEncoder&) = delete;
  PeerEncoder& operator=(const PeerEncoder&) = delete;
  ~PeerEncoder();
  avro_value_t& record() { return record_; }
  std::string encode();

 private:
  avro_schema_t schema_ = nullptr;
  avro_value_iface_t* iface_ = nullptr;
  avro_value_t record_{};
};

}  // namespace offtake::bench
