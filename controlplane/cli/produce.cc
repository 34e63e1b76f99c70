#include <fstream>
#include <iostream>

#include "controlplane/cli/connection.h"
#include "controlplane/cli/event_sender.h"
#include "controlplane/cli/verbs.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"

namespace offtake::cli {
namespace {

struct Destination {
  std::string topic, subject;
  std::string key_column;  // empty: records without a key
};

base::Result<Destination> find_destination(const Arguments& arguments, ApiClient& client) {
  const std::string space = namespace_of(arguments, client), name = arguments.text("DATASET");
  auto dataset = store::get<resources::Dataset>(client, space, name);
  if (!dataset) return std::move(dataset).error();
  const auto& spec = dataset->spec;
  auto event_store = store::get<resources::EventStore>(client, "", spec.source.event_store_name);
  if (!event_store) return std::move(event_store).error();
  if (event_store->spec.kafka) {
    return base::terminal(
               "NotAvailable",
               fmt::format("Dataset {}/{} is in the Kafka of EventStore {}, and this version produces "
                           "into embedded event logs only",
                           space, name, spec.source.event_store_name))
        .with_hint("use a Kafka client with the serializer of its registry");
  }
  Destination out{spec.source.topic, spec.subject(), arguments.text("key")};
  if (spec.key && spec.key->from == resources::KeyFrom::kRecordKey &&
      spec.key->format != resources::RecordKeyFormat::kString) {
    return base::terminal(
        "NotAvailable",
        fmt::format("Dataset {}/{}: record keys other than String are not written by this version", space,
                    name));
  }
  if (out.key_column.empty() && spec.key && spec.key->columns.size() == 1)
    out.key_column = spec.key->columns.front();
  return out;
}

base::Result<std::string> key_text(const json::Value& record, const std::string& column) {
  const json::Value& value = record[column];
  if (value.is_string()) return value.as_string();
  if (value.is_number()) return json::dump(value);
  return base::terminal(
      "NoKey", fmt::format("the field {} is the record's key, and must be a text or a number", column));
}

// JSON lines to records of the schema.
base::Status send_lines(std::istream& input, const std::string& file, const Destination& to,
                        const avro::Schema& schema, std::uint32_t schema_id, EventSender& sender) {
  std::string line, bytes;
  for (int number = 1; std::getline(input, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const base::Location here{file, "", number, 1};
    auto record = json::parse(line);
    if (!record) return std::move(record).error().at(here);
    bytes.clear();
    avro::append_frame(schema_id, bytes);
    if (auto encoded = avro::encode_json(schema.root(), *record, bytes); !encoded) {
      base::Error error = encoded.error();
      return std::move(error).at(here);
    }
    std::optional<std::string> key;
    if (!to.key_column.empty()) {
      auto text = key_text(*record, to.key_column);
      if (!text) return std::move(text).error().at(here);
      key = *std::move(text);
    }
    if (auto added = sender.add(key, bytes); !added) return added;
  }
  return sender.flush();
}

std::string records(std::int64_t count) {
  return count == 1 ? "1 record" : grouped(count) + " records";
}

int run(const Arguments& arguments, Console& console) {
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  auto to = find_destination(arguments, **client);
  if (!to) return fail(console, to.error());
  auto writer = latest_schema(**client, to->subject);
  if (!writer) return fail(console, writer.error());
  auto schema = avro::parse(writer->text);
  if (!schema) return fail(console, schema.error());
  const std::string file = arguments.text("filename");
  std::ifstream opened;
  if (file != "-") {
    opened.open(file);
    if (!opened) return fail(console, base::terminal("NotFound", fmt::format("{}: cannot be read", file)));
  }
  EventSender sender(**client, to->topic);
  auto sent = send_lines(file == "-" ? std::cin : opened, file == "-" ? "<stdin>" : file, *to, *schema,
                         writer->id, sender);
  if (!sent) {
    console.error(sent.error());
    console.say(sender.sent() == 0
                    ? "nothing was written"
                    : fmt::format("{} before it were written to {}", records(sender.sent()), to->topic));
    return kFailed;
  }
  console.out(fmt::format("{} written to {}", records(sender.sent()), to->topic));
  return kDone;
}

}  // namespace

const Verb& produce_verb() {
  static const Verb kVerb = {
      "produce",
      "Writes records, a line of JSON each, into a dataset of an embedded event log",
      {{"DATASET", "where to"}},
      {{"-f,--filename", "FILE", "the lines; - is standard input", "-"},
       {"--key", "COLUMN", "the field that is the record's key; by default the dataset's"},
       namespace_option()},
      "  echo '{\"order_id\": 7, \"amount_cents\": 1250}' | offtake produce orders -n retail\n"
      "  offtake produce orders -n retail -f orders.jsonl",
      run,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli
