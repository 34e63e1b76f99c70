// load_bench produce BROKERS TOPIC PARTITIONS SCHEMA_ID RECORDS
// load_bench load BROKERS TOPIC CONNECTION TABLE
// load_bench bulk BROKERS TOPIC URL INDEX
#include "load_bench.h"

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "produce" && argc == 7) {
    bench::ProduceOptions options;
    options.brokers = argv[2];
    options.topic = argv[3];
    options.partitions = std::atoi(argv[4]);
    options.schema_id = static_cast<std::uint32_t>(std::atoi(argv[5]));
    options.records = std::atoll(argv[6]);
    bench::produce(options);
  } else if (verb == "load" && argc == 6) {
    bench::load({argv[2], argv[3], argv[4], argv[5]});
  } else if (verb == "bulk" && argc == 6) {
    bench::bulk({argv[2], argv[3], argv[4], argv[5]});
  } else {
    std::fprintf(stderr,
                 "usage: load_bench produce BROKERS TOPIC PARTITIONS SCHEMA_ID RECORDS\n"
                 "       load_bench load BROKERS TOPIC CONNECTION TABLE\n"
                 "       load_bench bulk BROKERS TOPIC URL INDEX\n");
    return 2;
  }
  return 0;
}
