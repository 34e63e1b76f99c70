"""What counts as data: declared keys that record keys share, keys in several partitions, records dated before the
history, and values that no message shows."""

import datetime
import json

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from support import manifests
from support.products import Product, condition, wait_condition
from support.shop import Shop, rows

NAMESPACE = "rules"
STOP = {"errorPolicy": "Stop"}


@pytest.fixture(scope="module")
def shop(server, kafka, postgres, database):
    shop = Shop(kafka, server.registry_url, "rules", partitions=2)
    shop.create_topics()
    shop.fill(orders=50, customers=10)
    shop.flush()
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka), *manifests.target_class(postgres, database),
                     *shop.datasets(NAMESPACE))
    return shop


@pytest.fixture
def connection(postgres, database):
    with postgres.connect(database=database) as connection:
        yield connection


@pytest.fixture
def provision(server, postgres, database, shop):
    def apply(name: str, sql: str, **spec) -> Product:
        server.cli.apply(manifests.product(NAMESPACE, name, sql, **spec))
        return Product(server, postgres, database, NAMESPACE, name)
    return apply


def customer(shop, number: int, name: str) -> bytes:
    return shop._encode("customers", {"customer_id": number, "name": name, "city": None})


def test_two_record_keys_with_one_declared_key(shop, provision, connection):
    """Neither overwrites the other, whatever else the epoch changes, and a look-up joins nothing twice."""
    names = provision("names", "SELECT customer_id, name FROM customers", delivery=STOP)
    joined = provision("joined", "SELECT o.order_id, c.name FROM orders o LEFT JOIN customers c "
                                 "ON c.customer_id = o.customer_id", key=["order_id"], delivery=STOP)
    for product in (names, joined):
        product.wait_live()
    before = rows(connection, f"SELECT * FROM {names.view} ORDER BY customer_id")
    orders = rows(connection, f"SELECT * FROM {joined.view} ORDER BY order_id")
    assert len(before) == 10
    shop.send_raw("customers", customer(shop, 1, "Another one"), key=b"twin")
    shop.put_customer(2, "Customer 2, renamed", None)
    shop.flush()
    for product in (names, joined):
        found = product.wait("Stalled", "True", "KeyNotUnique", timeout=30)
        assert "customer_id=1 of dataset rules/customers" in found["message"], found
    assert rows(connection, f"SELECT * FROM {names.view} ORDER BY customer_id") == before
    assert rows(connection, f"SELECT * FROM {joined.view} ORDER BY order_id") == orders
    # A product that starts now stalls as well, and starts when the cause is gone.
    late = provision("late", "SELECT customer_id, name FROM customers", delivery=STOP)
    late.wait("Stalled", "True", "KeyNotUnique", timeout=30)
    shop.send_raw("customers", None, key=b"twin")
    renamed = [(n, "Customer 2, renamed" if n == 2 else name) for n, name in before]
    for product in (names, joined, late):
        product.wait_live(timeout=60)
        product.wait_reached({"customers": shop.ends()["customers"]})
    for product in (names, late):
        assert rows(connection, f"SELECT * FROM {product.view} ORDER BY customer_id") == renamed
    assert len(rows(connection, f"SELECT * FROM {joined.view}")) == len(orders)


def test_a_key_in_two_partitions_is_a_condition_of_the_dataset(server, shop, provision, connection):
    product = provision("spread", "SELECT customer_id, name FROM customers WHERE customer_id >= 500")
    product.wait_live()
    assert condition(server.cli.get("dataset", "customers", NAMESPACE), "KeySpansPartitions")["status"] == "Unknown"
    shop.send_raw("customers", customer(shop, 500, "first"), key=b"500", partition=0)
    shop.send_raw("customers", customer(shop, 500, "second"), key=b"500", partition=1)
    product.wait_reached({"customers": shop.ends()["customers"]})
    assert rows(connection, f"SELECT * FROM {product.view}") == [(500, "second")]
    found = wait_condition(server, "dataset", "customers", NAMESPACE, "KeySpansPartitions", "True", timeout=45)
    assert "more than one partition" in found["message"]
    assert condition(server.cli.get("dataset", "customers", NAMESPACE), "Ready")["status"] == "True"


def test_records_dated_before_the_history(server, shop, kafka, provision, connection):
    """Without a declared event time the record's own timestamp decides, also for one that was sent late."""
    kafka.create_topic("rules.parcels", 1)
    schema = {"type": "record", "name": "parcel", "fields": [{"name": "id", "type": "long"}]}
    serialize = AvroSerializer(SchemaRegistryClient({"url": server.registry_url}), json.dumps(schema))
    start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(hours=5)

    def send(number: int, hours: float):
        value = serialize({"id": number}, SerializationContext("rules.parcels", MessageField.VALUE))
        at = start + datetime.timedelta(hours=hours)
        shop.producer.produce("rules.parcels", value=value, partition=0, timestamp=int(at.timestamp() * 1000))
        shop.flush()
    for number, hours in ((1, -2), (2, 1), (3, -1), (4, 2), (5, 0)):
        send(number, hours)
    server.cli.apply(manifests.dataset(NAMESPACE, "parcels", "Event", "rules.parcels"))
    product = provision("parcels", "SELECT id FROM parcels", history=start.strftime("%Y-%m-%dT%H:%M:%SZ"))
    product.wait_live()
    assert rows(connection, f"SELECT id FROM {product.view} ORDER BY id") == [(2,), (4,), (5,)]
    send(6, -3)
    send(7, 3)
    product.wait_reached({"parcels": kafka.offsets("rules.parcels")})
    assert rows(connection, f"SELECT id FROM {product.view} ORDER BY id") == [(2,), (4,), (5,), (7,)]


def test_no_message_shows_a_classified_value(server, shop, provision):
    document = shop.datasets(NAMESPACE)[0]
    document["metadata"]["name"] = "private-orders"
    document["spec"]["columns"] = [{"path": "note", "classification": "pii.text"}]
    server.cli.apply(document)
    product = provision("private", "SELECT order_id, CAST(note AS integer) AS number FROM private_orders",
                        delivery=STOP)
    found = product.wait("Stalled", "True", "RowError", timeout=30)
    assert 'invalid input syntax for type integer: "•••"' in found["message"], found
    assert "note=•••" in found["message"] and "order_id=" in found["message"], found
    told = product.worker().log_text() + json.dumps(product.get()) + server.cli.run(
        "describe", "dataproduct", "private", "-n", NAMESPACE).stdout
    assert "•••" in told and "– ü" not in told and "\\u2013 \\u00fc" not in told
