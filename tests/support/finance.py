"""A trading floor in Kafka and the same in PostgreSQL: trades (events), risk results by trade and books (entities)."""

import datetime
import decimal
import json
import random

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from support import manifests
from support.kafka import Kafka

_MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}
SCHEMAS = {
    "trades": [("trade_id", "long"), ("book_id", "int"), ("instrument", "string"), ("side", "string"),
               ("quantity", "long"), ("price", _MONEY), ("traded_at", {"type": "long", "logicalType": "timestamp-micros"})],
    "risk": [("trade_id", "long"), ("present_value", _MONEY), ("delta", "double")],
    "books": [("book_id", "int"), ("name", "string"), ("desk", "string"), ("trader", ["null", "string"])],
}
TABLES = """
CREATE TABLE trades (trade_id bigint, book_id int, instrument text, side text, quantity bigint, price numeric(18,4),
                     traded_at timestamptz);
CREATE TABLE risk (trade_id bigint PRIMARY KEY, present_value numeric(18,4), delta double precision);
CREATE TABLE books (book_id int PRIMARY KEY, name text, desk text, trader text);
"""
POSITIONS_SQL = """
SELECT t.trade_id, t.traded_at, t.instrument, t.side, t.quantity, t.price, b.name AS book, b.desk, b.trader,
       r.present_value, r.delta
FROM trades t
LEFT JOIN books b ON b.book_id = t.book_id
LEFT JOIN risk r ON r.trade_id = t.trade_id
"""
DAYS = 90


class Finance:
    def __init__(self, kafka: Kafka, registry_url: str, prefix: str, connect, seed: int = 1, partitions: int = 3):
        """`connect` gives a connection to a database with nothing in it."""
        self.kafka, self.prefix, self.connect = kafka, prefix, connect
        self.chance = random.Random(seed)
        registry = SchemaRegistryClient({"url": registry_url})
        self._serialize = {}
        for name, fields in SCHEMAS.items():
            kafka.create_topic(self.topic(name), partitions, retention_ms=-1)
            schema = {"type": "record", "name": name, "namespace": "finance",
                      "fields": [{"name": field, "type": type_} for field, type_ in fields]}
            self._serialize[name] = AvroSerializer(registry, json.dumps(schema))
        self.producer = Producer({**kafka.client_config(), "linger.ms": 20, "queue.buffering.max.messages": 500_000})
        self.trades = 0
        self._now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        with connect() as connection:
            connection.execute(TABLES)

    def topic(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def fill(self, trades: int, books: int = 200) -> None:
        self.put_books(range(books))
        self.add_trades(trades, spread=DAYS)

    def put_books(self, numbers) -> None:
        rows = [{"book_id": n, "name": f"Book {n:03} {self.chance.choice(('EMEA', 'APAC', 'AMER'))}",
                 "desk": self.chance.choice(("Rates", "Credit", "FX", "Equity – Zürich")),
                 "trader": self.chance.choice((None, "Ann", "Bo", "Çem"))} for n in numbers]
        self._put("books", "book_id", rows)

    def add_trades(self, count: int, spread: float = 0.01) -> None:
        """With no to three risk results each."""
        rows, risks = [], []
        for number in range(self.trades, self.trades + count):
            age = datetime.timedelta(days=spread * (self.trades + count - number) / count, microseconds=number % 1000)
            rows.append({"trade_id": number, "book_id": self.chance.randrange(210), "side": self.chance.choice("BS"),
                         "instrument": f"XS{self.chance.randrange(500):04}", "quantity": self.chance.randrange(1, 10_000),
                         "price": self._money(1_000_000), "traded_at": self._now - age})
            risks += [number] * self.chance.choice((0, 1, 1, 2, 3))
        self.trades += count
        with self.connect() as connection, connection.cursor() as cursor:
            with cursor.copy("COPY trades (trade_id, book_id, side, instrument, quantity, price, traded_at) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(list(row.values()))
        for row in rows:
            self._send("trades", str(row["trade_id"]), row)
        self.put_risk(risks)

    def put_risk(self, trades) -> None:
        self._put("risk", "trade_id", [{"trade_id": n, "present_value": self._money(10_000_000),
                                        "delta": self.chance.uniform(-1, 1)} for n in trades])

    def remove_risk(self, trades) -> None:
        for number in trades:
            self.producer.produce(self.topic("risk"), key=str(number).encode(), value=None)
        with self.connect() as connection:
            connection.execute("DELETE FROM risk WHERE trade_id = ANY(%s)", (list(trades),))

    def live_changes(self) -> None:
        self.add_trades(300)
        self.put_risk(self.chance.sample(range(self.trades), 200))
        self.remove_risk(self.chance.sample(range(self.trades), 50))
        self.put_books(self.chance.sample(range(200), 2))
        self.flush()

    def flush(self) -> None:
        assert self.producer.flush(120) == 0

    def ends(self) -> dict[str, dict[int, int]]:
        return {name: self.kafka.offsets(self.topic(name)) for name in SCHEMAS}

    def datasets(self, namespace: str, store: str = "kafka") -> list[dict]:
        return [manifests.dataset(namespace, "trades", "Event", self.topic("trades"), store=store,
                                  eventTime={"column": "traded_at"}),
                *(manifests.dataset(namespace, name, "Entity", self.topic(name), {"columns": [key], "from": "Value"},
                                    store=store) for name, key in (("risk", "trade_id"), ("books", "book_id")))]

    def _money(self, limit: int) -> decimal.Decimal:
        return decimal.Decimal(self.chance.randrange(-limit, limit)) / decimal.Decimal(100)

    def _put(self, name: str, key: str, rows: list[dict]) -> None:
        for row in rows:
            self._send(name, str(row[key]), row)
        if not rows:
            return
        last = {row[key]: row for row in rows}.values()
        columns = list(rows[0])
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) "
                f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in columns)}",
                [list(row.values()) for row in last])

    def _send(self, name: str, key: str, row: dict) -> None:
        value = self._serialize[name](row, SerializationContext(self.topic(name), MessageField.VALUE))
        while True:
            try:
                self.producer.produce(self.topic(name), key=key.encode(), value=value)
                break
            except BufferError:
                self.producer.poll(1)
        self.producer.poll(0)
