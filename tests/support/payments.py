"""Customers and orders (entities) and payments (events) in Kafka: what the stories about receivers read."""

import io
import json

import fastavro
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from support import manifests
from support.kafka import Kafka

FIELDS = {
    "customers": [("customer_id", "long"), ("name", "string"), ("email", "string")],
    "orders": [("order_id", "long"), ("customer_id", "long"), ("note", "string")],
    "payments": [("payment_id", "long"), ("order_id", "long"), ("amount_cents", "long")],
}
KEYS = {"customers": "customer_id", "orders": "order_id"}

CONFIRMATIONS_SQL = """
SELECT p.payment_id, o.order_id, c.name, c.email, p.amount_cents
FROM payments p
JOIN orders o ON o.order_id = p.order_id
JOIN customers c ON c.customer_id = o.customer_id
"""


class Payments:
    def __init__(self, kafka: Kafka, registry_url: str, prefix: str, partitions: int = 3):
        self.kafka, self.prefix = kafka, prefix
        registry = SchemaRegistryClient({"url": registry_url})
        self._schemas = {name: {"type": "record", "name": name, "namespace": "pay",
                                "fields": [{"name": field, "type": type_} for field, type_ in fields]}
                         for name, fields in FIELDS.items()}
        self._serializers = {name: AvroSerializer(registry, json.dumps(schema))
                             for name, schema in self._schemas.items()}
        self.producer = Producer({**kafka.client_config(), "linger.ms": 5})
        self.orders = 0
        self.payments = 0
        for name in FIELDS:
            kafka.create_topic(self.topic(name), partitions, retention_ms=-1)

    def topic(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def put(self, name: str, key: int, row: dict) -> None:
        value = self._serializers[name](row, SerializationContext(self.topic(name), MessageField.VALUE))
        while True:
            try:
                self.producer.produce(self.topic(name), key=str(key).encode(), value=value)
                break
            except BufferError:
                self.producer.poll(0.1)
        self.producer.poll(0)

    def put_customer(self, number: int, email: str | None = None) -> None:
        self.put("customers", number, {"customer_id": number, "name": f"Customer {number}",
                                       "email": email or f"c{number}@example.com"})

    def put_order(self, number: int, note: str = "") -> None:
        self.put("orders", number, {"order_id": number, "customer_id": number % 500, "note": note})

    def fill(self, payments: int) -> None:
        """500 customers, and so many payments of as many orders."""
        for number in range(500):
            self.put_customer(number)
        self.add(payments)

    def add(self, count: int) -> None:
        for number in range(self.payments, self.payments + count):
            self.put_order(number)
            self.put("payments", number, {"payment_id": number, "order_id": number,
                                          "amount_cents": amount_of(number)})
        self.payments += count
        self.flush()

    def flush(self) -> None:
        assert self.producer.flush(60) == 0

    def rows(self, name: str) -> list[dict]:
        """What stands in the topic: of an entity the last value of each key."""
        schema, found = fastavro.parse_schema(self._schemas[name]), {}
        for message in self.kafka.read(self.topic(name)):
            row = fastavro.schemaless_reader(io.BytesIO(message.value()[5:]), schema, None)
            found[row[KEYS[name]] if name in KEYS else (message.partition(), message.offset())] = row
        return list(found.values())

    def load_into(self, connection) -> None:
        """The topics as tables of the schema `oracle`, for PostgreSQL to judge by."""
        connection.execute("DROP SCHEMA IF EXISTS oracle CASCADE; CREATE SCHEMA oracle")
        for name, fields in FIELDS.items():
            types = {"long": "bigint", "string": "text"}
            connection.execute(f"CREATE TABLE oracle.{name} ({', '.join(f'{f} {types[t]}' for f, t in fields)})")
            with connection.cursor().copy(f"COPY oracle.{name} FROM STDIN") as copy:
                for row in self.rows(name):
                    copy.write_row([row[field] for field, _ in fields])

    def datasets(self, namespace: str) -> list[dict]:
        return [manifests.dataset(namespace, name, "Entity" if name in KEYS else "Event", self.topic(name),
                                  {"columns": [KEYS[name]], "from": "Value"} if name in KEYS else None)
                for name in FIELDS]


def amount_of(payment: int) -> int:
    return 500 + payment * 37 % 30_000
