#include "tests/bench/avro/peer.h"

#include "tests/bench/support/measure.h"

namespace offtake::bench {
namespace {

void check(int code) {
  if (code != 0) fail(std::string("avro-c: ") + avro_strerror());
}

avro_schema_t parse(const std::string& text) {
  avro_schema_t schema = nullptr;
  check(avro_schema_from_json_length(text.data(), text.size(), &schema));
  return schema;
}

}  // namespace

Peer::Peer(const std::string& writer, const std::string& reader, Way way)
    : way_(way), writer_(parse(writer)), reader_schema_(parse(reader)) {
  generic_ = avro_generic_class_from_schema(way == Way::kResolvedWriter ? reader_schema_ : writer_);
  check(avro_generic_value_new(generic_, &stored_));
  into_ = record_ = &stored_;
  if (way == Way::kResolvedWriter) {
    resolved_ = avro_resolved_writer_new(writer_, reader_schema_);
    if (resolved_ == nullptr) check(1);
    check(avro_resolved_writer_new_value(resolved_, &view_));
    avro_resolved_writer_set_dest(&view_, &stored_);
    into_ = &view_;
  } else if (way == Way::kResolvedReader) {
    resolved_ = avro_resolved_reader_new(writer_, reader_schema_);
    if (resolved_ == nullptr) check(1);
    check(avro_resolved_reader_new_value(resolved_, &view_));
    avro_resolved_reader_set_source(&view_, &stored_);
    record_ = &view_;
  }
  check(avro_value_get_size(record_, &fields_));
  input_ = avro_reader_memory("", 0);
}

Peer::~Peer() {
  avro_reader_free(input_);
  if (resolved_ != nullptr) {
    avro_value_decref(&view_);
    avro_value_iface_decref(resolved_);
  }
  avro_value_decref(&stored_);
  avro_value_iface_decref(generic_);
  avro_schema_decref(writer_);
  avro_schema_decref(reader_schema_);
}

void Peer::decode(std::string_view record) {
  avro_reader_memory_set_source(input_, record.data(), static_cast<std::int64_t>(record.size()));
  check(avro_value_read(input_, into_));
}

// Only a view has work left to do after the decoding.
void Peer::touch() {
  for (std::size_t i = 0; i < fields_; ++i) {
    avro_value_t field;
    check(avro_value_get_by_index(record_, i, &field, nullptr));
    if (avro_value_get_type(&field) != AVRO_UNION) continue;
    avro_value_t branch;
    check(avro_value_get_current_branch(&field, &branch));
  }
}

void Peer::decode_all(const std::vector<std::string_view>& records) {
  for (const std::string_view record : records) {
    decode(record);
    if (way_ == Way::kResolvedReader) touch();
  }
}

PeerEncoder::PeerEncoder(const std::string& schema) : schema_(parse(schema)) {
  iface_ = avro_generic_class_from_schema(schema_);
  check(avro_generic_value_new(iface_, &record_));
}

PeerEncoder::~PeerEncoder() {
  avro_value_decref(&record_);
  avro_value_iface_decref(iface_);
  avro_schema_decref(schema_);
}

std::string PeerEncoder::encode() {
  std::size_t size = 0;
  check(avro_value_sizeof(&record_, &size));
  std::string bytes(size, '\0');
  avro_writer_t out = avro_writer_memory(bytes.data(), static_cast<std::int64_t>(size));
  check(avro_value_write(out, &record_));
  avro_writer_free(out);
  return bytes;
}

}  // namespace offtake::bench
