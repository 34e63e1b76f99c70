"""Only the columns that are asked for are decoded: damage in another one goes unnoticed, and is found at its
offset when it is asked for."""

import pytest

from support import manifests
from support.products import Product
from support.shop import Shop, rows

NAMESPACE = "decoding"


@pytest.fixture(scope="module")
def shop(server, kafka, postgres, database):
    shop = Shop(kafka, server.registry_url, "decoding", partitions=1)
    shop.create_topics()
    shop.add_orders(5)
    damaged = shop.encode_order(order_id=5, note="AB").replace(b"AB", b"\xc3\x28")  # not UTF-8
    shop.send_raw("orders", damaged)
    shop.orders.append({**shop._new_order(5)})
    shop.add_orders(5)
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka), *manifests.target_class(postgres, database),
                     *shop.datasets(NAMESPACE))
    return shop


def test_damage_that_nobody_reads(server, shop, postgres, database):
    server.cli.apply(manifests.product(NAMESPACE, "ids", "SELECT order_id FROM orders"))
    product = Product(server, postgres, database, NAMESPACE, "ids")
    product.wait_live()
    with postgres.connect(database=database) as connection:
        assert rows(connection, f"SELECT order_id FROM {product.view} ORDER BY order_id") == [(n,) for n in range(11)]


def test_damage_that_is_read_stalls_at_its_offset(server, shop, postgres, database):
    server.cli.apply(manifests.product(NAMESPACE, "notes", "SELECT order_id, note FROM orders",
                                       delivery={"errorPolicy": "Stop"}))
    product = Product(server, postgres, database, NAMESPACE, "notes")
    found = product.wait("Stalled", "True", "RecordNotDecoded", timeout=15)
    assert "decoding/orders" in found["message"] and "offset 5" in found["message"], found
    assert "note" in found["message"], found


def test_a_schema_that_evolves(server, shop, postgres, database, kafka):
    """A field with a default, added later: old records get the default, new ones what they carry."""
    import json

    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext

    kafka.create_topic("decoding.parcels", 1)
    fields = [{"name": "id", "type": "long"}, {"name": "weight", "type": "int"}]
    newer = [{"name": "id", "type": "long"}, {"name": "carrier", "type": "string", "default": "post"},
             {"name": "weight", "type": "long"}]
    registry = SchemaRegistryClient({"url": server.registry_url})
    context = SerializationContext("decoding.parcels", MessageField.VALUE)

    def send(schema_fields, **row):
        schema = json.dumps({"type": "record", "name": "parcel", "fields": schema_fields})
        shop.producer.produce("decoding.parcels", AvroSerializer(registry, schema)(row, context))
        shop.flush()
    send(fields, id=1, weight=10)
    send(newer, id=2, weight=20_000_000_000, carrier="dove")
    server.cli.apply(manifests.dataset(NAMESPACE, "parcels", "Event", "decoding.parcels"),
                     manifests.product(NAMESPACE, "parcels", "SELECT id, weight, carrier FROM parcels"))
    product = Product(server, postgres, database, NAMESPACE, "parcels")
    product.wait_live()
    send(fields, id=3, weight=30)
    product.wait_reached({"parcels": kafka.offsets("decoding.parcels")})
    with postgres.connect(database=database) as connection:
        assert rows(connection, f"SELECT id, weight, carrier FROM {product.view} ORDER BY id") == [
            (1, 10, "post"), (2, 20_000_000_000, "dove"), (3, 30, "post")]
