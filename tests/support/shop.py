"""A small shop in Kafka: orders (events) and customers (entities), a few thousand records in a moment."""

import datetime
import json

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from support import manifests
from support.kafka import Kafka

ORDER = {"type": "record", "name": "order", "namespace": "shop", "fields": [
    {"name": "order_id", "type": "long"},
    {"name": "customer_id", "type": "long"},
    {"name": "amount_cents", "type": "long"},
    {"name": "note", "type": ["null", "string"], "default": None},
    {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}
CUSTOMER = {"type": "record", "name": "customer", "namespace": "shop", "fields": [
    {"name": "customer_id", "type": "long"},
    {"name": "name", "type": "string"},
    {"name": "city", "type": ["null", "string"], "default": None}]}

ORDERS_SQL = "SELECT order_id, customer_id, amount_cents, note, placed_at FROM orders"
JOINED_SQL = """
SELECT o.order_id, o.amount_cents, c.name, c.city
FROM orders o
LEFT JOIN customers c ON c.customer_id = o.customer_id
"""
TOTALS_SQL = "SELECT customer_id, count(*) AS orders, sum(amount_cents) AS total FROM orders GROUP BY customer_id"


class Shop:
    def __init__(self, kafka: Kafka, registry_url: str, prefix: str, partitions: int = 3, **producer):
        self.kafka, self.prefix, self.partitions = kafka, prefix, partitions
        registry = SchemaRegistryClient({"url": registry_url})
        self._order = AvroSerializer(registry, json.dumps(ORDER))
        self._customer = AvroSerializer(registry, json.dumps(CUSTOMER))
        self.producer = Producer({**kafka.client_config(), "linger.ms": 5, **producer})
        self.orders: list[dict] = []
        self.customers: dict[int, dict] = {}
        self._start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=20)

    def topic(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def create_topics(self, *names: str) -> None:
        for name in names or ("orders", "customers"):
            self.kafka.create_topic(self.topic(name), self.partitions, retention_ms=-1)

    def register(self) -> None:
        """The subjects, without a record."""
        self._encode("orders", self._new_order(0))
        self._encode("customers", {"customer_id": 0, "name": "", "city": None})

    def fill(self, orders: int = 3_000, customers: int = 100) -> "Shop":
        for number in range(customers):
            self.put_customer(number, f"Customer {number}", None if number % 7 == 0 else f"City {number % 9}")
        self.add_orders(orders)
        return self

    def add_orders(self, count: int, **fields) -> None:
        for _ in range(count):
            row = {**self._new_order(len(self.orders)), **fields}
            self.orders.append(row)
            self._send("orders", str(row["order_id"]), row)
        self.flush()

    def put_customer(self, number: int, name: str, city: str | None) -> None:
        row = {"customer_id": number, "name": name, "city": city}
        self.customers[number] = row
        self._send("customers", str(number), row)

    def remove_customer(self, number: int) -> None:
        del self.customers[number]
        self.producer.produce(self.topic("customers"), key=str(number).encode(), value=None)

    def send_raw(self, name: str, value: bytes, key: bytes | None = None, partition: int = 0) -> None:
        self.producer.produce(self.topic(name), value=value, key=key, partition=partition)
        self.flush()

    def encode_order(self, **fields) -> bytes:
        return self._encode("orders", {**self._new_order(0), **fields})

    def flush(self) -> None:
        assert self.producer.flush(60) == 0

    def ends(self) -> dict[str, dict[int, int]]:
        return {name: self.kafka.offsets(self.topic(name)) for name in ("orders", "customers")}

    def datasets(self, namespace: str, store: str = "kafka") -> list[dict]:
        return [
            manifests.dataset(namespace, "orders", "Event", self.topic("orders"), store=store,
                              eventTime={"column": "placed_at"}),
            manifests.dataset(namespace, "customers", "Entity", self.topic("customers"),
                              {"columns": ["customer_id"], "from": "Value"}, store=store),
        ]

    # --- what the products must hold, computed here

    def order_rows(self) -> list[tuple]:
        return sorted((r["order_id"], r["customer_id"], r["amount_cents"], r["note"], r["placed_at"])
                      for r in self.orders)

    def joined_rows(self) -> list[tuple]:
        nobody = {"name": None, "city": None}
        rows = []
        for order in self.orders:
            customer = self.customers.get(order["customer_id"], nobody)
            rows.append((order["order_id"], order["amount_cents"], customer["name"], customer["city"]))
        return sorted(rows, key=lambda row: row[0])

    def _new_order(self, number: int) -> dict:
        return {"order_id": number, "customer_id": number * 31 % 120, "amount_cents": number * 37 % 50_000 - 200,
                "note": None if number % 3 else f"note {number} – ü", "placed_at":
                self._start + datetime.timedelta(seconds=number, microseconds=number % 1000)}

    def _encode(self, name: str, row: dict) -> bytes:
        serialize = self._order if name == "orders" else self._customer
        return serialize(row, SerializationContext(self.topic(name), MessageField.VALUE))

    def _send(self, name: str, key: str, row: dict) -> None:
        self.producer.produce(self.topic(name), key=key.encode(), value=self._encode(name, row))
        self.producer.poll(0)


def rows(connection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()
