"""Avro schemas of the flight data, and the producer that writes it to Kafka through AvroSerializer.

Flights and weather are events; planes, airlines and airports are entities: planes keyed by an Avro record,
airlines by a plain string that only the record key carries, airports by a string that the value repeats.
A FlightFeed remembers every committed record, so that the oracle can be given the same input.
"""

import json

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from support import flights
from support.kafka import Kafka

PARTITIONS = 6
OPEN_PARTITIONS = (1, 4)  # where a transaction stays open while the fill runs

_AVRO = {"i": "int", "f": "double", "s": "string"}
# Both units, so that the join of flights and weather compares across them.
_INSTANT = {"flights": "timestamp-millis", "weather": "timestamp-micros"}


def value_schema(table: str) -> str:
    fields = []
    for name, kind, may_be_na in flights.columns(table):
        if table == "airlines" and name == "carrier":
            continue
        avro = {"type": "long", "logicalType": _INSTANT[table]} if kind == "t" else _AVRO[kind]
        field = {"name": name, "type": ["null", avro] if may_be_na else avro}
        if may_be_na:
            field["default"] = None
        fields.append(field)
    return json.dumps({"type": "record", "name": table, "namespace": "nycflights13", "fields": fields})


def plane_key_schema() -> str:
    return json.dumps({"type": "record", "name": "plane_key", "namespace": "nycflights13",
                       "fields": [{"name": "tailnum", "type": "string"}]})


class FlightFeed:
    """Writes the flight data to topics `<prefix><table>`; entities also to `<prefix><table>-compacted`."""

    def __init__(self, kafka: Kafka, registry_url: str, prefix: str = "air."):
        self.kafka = kafka
        self.prefix = prefix
        self.registry = SchemaRegistryClient({"url": registry_url})
        self.producer = Producer({**kafka.client_config(), "linger.ms": 20, "batch.size": 500_000,
                                  "queue.buffering.max.messages": 1_000_000, "enable.idempotence": True,
                                  "compression.type": "lz4"})
        self._serializers = {table: AvroSerializer(self.registry, value_schema(table)) for table in flights.COLUMNS}
        self._plane_key = AvroSerializer(self.registry, plane_key_schema())
        # What a reader of committed records must see besides the files, in order.
        self.journal: list[tuple[str, dict | None, tuple | None]] = []

    # --- topics

    def topic(self, table: str, compacted: bool = False) -> str:
        return f"{self.prefix}{table}" + ("-compacted" if compacted else "")

    def topics(self, table: str) -> list[str]:
        if table in flights.ENTITIES:
            return [self.topic(table), self.topic(table, compacted=True)]
        return [self.topic(table)]

    def create_topics(self) -> None:
        year = 366 * 86_400_000  # records are dated over a year: no segment a week
        for table in flights.COLUMNS:
            self.kafka.create_topic(self.topic(table), PARTITIONS, cleanup_policy="delete", retention_ms=-1,
                                    segment_ms=year)
        for table in flights.ENTITIES:
            self.kafka.create_topic(self.topic(table, compacted=True), PARTITIONS, cleanup_policy="compact",
                                    segment_ms=1000, min_cleanable_dirty_ratio="0.01", segment_bytes=1_048_576)

    def ends(self) -> dict[str, dict[int, int]]:
        """Last stable offsets by table, of the topics that are not compacted."""
        return {table: self.kafka.offsets(self.topic(table)) for table in flights.COLUMNS}

    def ends_compacted(self) -> dict[str, dict[int, int]]:
        ends = self.ends()
        for table in flights.ENTITIES:
            ends[table] = self.kafka.offsets(self.topic(table, compacted=True))
        return ends

    # --- records

    def encode(self, table: str, row: dict) -> bytes:
        return self._serializers[table](row, SerializationContext(self.topic(table), MessageField.VALUE))

    def key(self, table: str, identity: tuple) -> bytes:
        if table == "planes":
            return self._plane_key({"tailnum": identity[0]},
                                   SerializationContext(self.topic(table), MessageField.KEY))
        return identity[0].encode()

    def load_files(self) -> None:
        """Everything in the files, and in the middle of the flights a transaction that is aborted."""
        for table in (*flights.ENTITIES, "weather"):
            for row in flights.rows(table):
                self._send(table, row)
        all_flights = flights.flights_in_time_order()
        middle = len(all_flights) // 2
        for row in all_flights[:middle]:
            self._send("flights", row)
        self.flush()
        self.abort_flights(flights.extra_flights(600, series=90))
        for row in all_flights[middle:]:
            self._send("flights", row)
        self.flush()

    def add_flights(self, rows: list[dict]) -> None:
        for row in rows:
            self._send("flights", row)
            self.journal.append(("flights", row, None))
        self.flush()

    def put(self, table: str, row: dict) -> None:
        """A new version of an entity. `flush` when done."""
        self._send(table, row)
        self.journal.append((table, row, self.identity(table, row)))

    def remove(self, table: str, identity: tuple) -> None:
        """A tombstone."""
        for topic in self.topics(table):
            self._produce(topic, key=self.key(table, identity), value=None)
        self.journal.append((table, None, identity))

    @staticmethod
    def identity(table: str, row: dict) -> tuple:
        return tuple(row[column] for column in flights.KEYS[table])

    def flush(self) -> None:
        left = self.producer.flush(120)
        assert left == 0, f"{left} records were not delivered"

    # --- transactions

    def transactional_producer(self, name: str) -> Producer:
        producer = Producer({**self.kafka.client_config(), "transactional.id": f"{self.prefix}{name}",
                             "transaction.timeout.ms": 900_000, "linger.ms": 5})
        producer.init_transactions(30)
        producer.begin_transaction()
        return producer

    def abort_flights(self, rows: list[dict]) -> None:
        producer = self.transactional_producer("aborted")
        for number, row in enumerate(rows):
            producer.produce(self.topic("flights"), self.encode("flights", row), partition=number % PARTITIONS,
                             timestamp=_milliseconds(row))
        assert producer.flush(60) == 0  # else the client drops them unsent, and nothing was aborted
        producer.abort_transaction(60)
        self.kafka.wait_no_open_transaction(self.topic("flights"))

    def open_flights(self, rows: list[dict], behind: list[dict]) -> "OpenTransaction":
        """Leaves a transaction with `rows` open on two partitions, and plain records `behind` it, which no
        reader of committed records may see before it ends either."""
        return OpenTransaction(self, rows, behind)

    # --- sending

    def _send(self, table: str, row: dict) -> None:
        if table in flights.ENTITIES:
            value = self.encode(table, row)
            key = self.key(table, self.identity(table, row))
            for topic in self.topics(table):
                self._produce(topic, key=key, value=value)
        else:
            self._produce(self.topic(table), value=self.encode(table, row), timestamp=_milliseconds(row))

    def _produce(self, topic: str, **record) -> None:
        while True:
            try:
                self.producer.produce(topic, **record)
                return
            except BufferError:
                self.producer.poll(0.1)


class OpenTransaction:
    def __init__(self, feed: FlightFeed, rows: list[dict], behind: list[dict]):
        self._feed, self._rows = feed, [*rows, *behind]
        self._producer = feed.transactional_producer("open")
        self._write(self._producer, rows)
        self._write(feed.producer, behind)

    def commit(self) -> None:
        self._producer.commit_transaction(60)
        self._feed.kafka.wait_no_open_transaction(self._feed.topic("flights"))
        self._feed.journal.extend(("flights", row, None) for row in self._rows)

    def _write(self, producer: Producer, rows: list[dict]) -> None:
        for number, row in enumerate(rows):
            producer.produce(self._feed.topic("flights"), self._feed.encode("flights", row),
                             timestamp=_milliseconds(row), partition=OPEN_PARTITIONS[number % len(OPEN_PARTITIONS)])
        assert producer.flush(60) == 0


def _milliseconds(row: dict) -> int:
    return int(row["time_hour"].timestamp() * 1000)
