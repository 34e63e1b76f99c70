"""The trading floor of `offtake demo generate --company finance`, in Kafka and in the embedded log, and the same in
PostgreSQL: read from Kafka by a client that is not Offtake's. What happens later is written to both logs and to
PostgreSQL."""

import datetime
import decimal
import io
import json
import random
import struct

import fastavro
import yaml
from confluent_kafka import Producer

from support import paths
from support.kafka import Kafka
from support.offtake import Server

EXAMPLE = paths.ROOT / "manifests/examples/finance"
TABLES = """
CREATE TABLE trades (trade_id bigint PRIMARY KEY, book_id int, instrument text, side text, quantity bigint,
                     price numeric(18,4), currency text, traded_at timestamptz);
CREATE TABLE risk (trade_id bigint PRIMARY KEY, present_value numeric(18,4), delta double precision, valued_at timestamptz);
CREATE TABLE books (book_id int PRIMARY KEY, name text, desk text, trader text);
"""
KEYS = {"trades": "trade_id", "risk": "trade_id", "books": "book_id"}


def example_product(namespace: str, target: str) -> dict:
    """Of the example, in another namespace."""
    (product,) = yaml.safe_load_all((EXAMPLE / "product.yaml").read_text())
    product["metadata"]["namespace"] = namespace
    product["spec"]["target"]["name"] = target
    return product


class Finance:
    def __init__(self, server: Server, kafka: Kafka, connect, seed: int = 7):
        """`connect` gives a connection to a database with nothing in it. The EventStore `kafka` is there."""
        self.server, self.kafka, self.connect = server, kafka, connect
        self.seed, self.chance = seed, random.Random(seed)
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.producer = Producer({**kafka.client_config(), "linger.ms": 20, "queue.buffering.max.messages": 500_000})
        self.rows: dict[str, dict[int, dict]] = {name: {} for name in KEYS}
        self.records = dict.fromkeys(KEYS, 0)
        self._later: dict[str, list[tuple[bytes, bytes | None]]] = {name: [] for name in KEYS}
        self._embedded_ends: dict[str, dict[int, int]] = {name: {} for name in KEYS}
        self._schemas, self._ids = {}, {}
        self.namespaces: dict[str, str] = {}  # by event store

    def topic(self, store: str, name: str) -> str:
        return f"{self.namespaces[store]}.{name}"

    def generate(self, store: str, namespace: str) -> None:
        """As a user does. The same in every store: the same seed, the same end."""
        self.namespaces[store] = namespace
        self.server.cli.run("demo", "generate", "--company", "finance", "--seed", self.seed, "--until",
                            self.now.strftime("%Y-%m-%dT%H:%M:%SZ"), "--event-store", store, "-n", namespace)

    def load(self) -> None:
        """PostgreSQL from what is in Kafka."""
        for name, key in KEYS.items():
            for message in self.kafka.read(self.topic("kafka", name)):
                self.records[name] += 1
                row = self._decode(name, message.value())
                self.rows[name][row[key]] = row
        with self.connect() as connection:
            connection.execute(TABLES)
            for name, rows in self.rows.items():
                columns = list(next(iter(rows.values())))
                with connection.cursor().copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in rows.values():
                        copy.write_row(list(row.values()))
            connection.execute("ANALYZE")

    # --- what happens later

    def live_changes(self) -> None:
        """New trades, risk results new, replaced and withdrawn, books renamed."""
        first = max(self.rows["trades"]) + 1
        now = datetime.datetime.now(datetime.timezone.utc)
        for number in range(first, first + 300):
            self._put("trades", {"trade_id": number, "book_id": self.chance.randrange(210), "instrument": "XS0001",
                                 "side": "Buy", "quantity": self.chance.randrange(1, 10_000), "price": self._money(),
                                 "currency": "EUR", "traded_at": now})
        for number in self.chance.sample(range(first + 300), 200):
            self._put("risk", {"trade_id": number, "present_value": self._money(), "delta": self.chance.uniform(-1, 1),
                               "valued_at": now})
        for number in self.chance.sample(sorted(self.rows["risk"]), 50):
            self._remove("risk", number)
        for number in self.chance.sample(range(200), 2):
            self._put("books", {"book_id": number, "name": f"Book {number} of {now}", "desk": "FX", "trader": None})
        self._send()

    def ends(self, store: str) -> dict[str, dict[int, int]]:
        """Per dataset and partition, one past the last record; of the embedded log: of those that came later."""
        if store == "kafka":
            return {name: self.kafka.offsets(self.topic("kafka", name)) for name in KEYS}
        return self._embedded_ends

    def _put(self, name: str, row: dict) -> None:
        key = row[KEYS[name]]
        self.rows[name][key] = row
        value = io.BytesIO()
        value.write(struct.pack(">bI", 0, self._ids[name]))
        fastavro.schemaless_writer(value, self._schemas[self._ids[name]], row)
        self._later[name].append((str(key).encode(), value.getvalue()))
        columns = ", ".join(row)
        self._statement(f"INSERT INTO {name} ({columns}) VALUES ({', '.join(['%s'] * len(row))}) ON CONFLICT ({KEYS[name]}) "
                        f"DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in row)}", list(row.values()))

    def _remove(self, name: str, key: int) -> None:
        del self.rows[name][key]
        self._later[name].append((str(key).encode(), None))
        self._statement(f"DELETE FROM {name} WHERE {KEYS[name]} = %s", [key])

    def _statement(self, sql: str, values: list) -> None:
        if not hasattr(self, "_oracle"):
            self._oracle = self.connect()
        self._oracle.execute(sql, values)

    def _send(self) -> None:
        for name, records in self._later.items():
            body = bytearray()
            for key, value in records:
                self.producer.produce(self.topic("kafka", name), key=key, value=value)
                body += struct.pack(">iqii", -1, -1, len(key), -1 if value is None else len(value)) + key + (value or b"")
            records.clear()
            answer = self.server.http("POST", "/offtake/v1/events", params={"topic": self.topic("embedded", name)},
                                      data=bytes(body), headers={"Content-Type": "application/vnd.offtake.records"})
            assert answer.status_code == 200, answer.text
            for part in answer.json()["offsets"]:
                self._embedded_ends[name][part["partition"]] = part["first"] + part["count"]
        assert self.producer.flush(60) == 0

    def _money(self) -> decimal.Decimal:
        return decimal.Decimal(self.chance.randrange(-10**9, 10**9)).scaleb(-4)

    def _decode(self, name: str, value: bytes) -> dict:
        magic, number = struct.unpack_from(">bI", value)
        assert magic == 0
        if number not in self._schemas:
            answer = self.server.http("GET", f"/registry/schemas/ids/{number}")
            self._schemas[number] = fastavro.parse_schema(json.loads(answer.json()["schema"]))
        self._ids[name] = number
        return fastavro.schemaless_reader(io.BytesIO(value[5:]), self._schemas[number], None)
