// The records of the load benchmark and the loader written by hand that the product is measured against.
// A program of its own: it shares no code with the product.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

// Ends the program: a benchmark that went wrong has no figures.
[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "load_bench: %s\n", what.c_str());
  std::exit(1);
}

// Appends record number `number`, as Confluent's serializers frame it, to an empty buffer. A pure function of
// the number: about 150 bytes, every tenth without a note.
void encode_order(std::int64_t number, std::uint32_t schema_id, std::string& out);

struct ProduceOptions {
  std::string brokers, topic;
  std::int64_t records = 0;
  int partitions = 1;
  std::uint32_t schema_id = 0;
};
// Writes the records round robin; returns when the broker has acknowledged all.
void produce(const ProduceOptions& options);

struct LoadOptions {
  std::string brokers, topic;
  std::string connection;  // libpq's words
  std::string table;
};
// Reads the topic up to where it ends now into a new table by COPY BINARY, in one transaction, then adds the
// primary key. Prints one line of JSON: rows, seconds, seconds of the key, CPU seconds.
void load(const LoadOptions& options);

struct BulkOptions {
  std::string brokers, topic;
  std::string url;    // of an OpenSearch
  std::string index;  // is there, and empty
};
// Reads the topic up to where it ends now into the index by bulk requests, then flushes and refreshes. Prints
// one line of JSON: rows, seconds, seconds of flush and refresh, CPU seconds.
void bulk(const BulkOptions& options);

}  // namespace bench
