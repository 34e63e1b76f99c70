"""Kafka goes away beneath a live product: said within seconds, everywhere, and over by itself."""

import time

import pytest

from support import manifests
from support.children import eventually
from support.kafka import Kafka
from support.products import Product, wait_condition
from support.shop import ORDERS_SQL, Shop

NAMESPACE = "shop"


@pytest.fixture(scope="module")
def own_kafka(_scratch):
    """A broker that no other test uses."""
    broker = Kafka(_scratch / "kafka-away").start()
    yield broker
    broker.stop()


def test_a_live_product_says_so_and_goes_on_by_itself(server, own_kafka, postgres, database):
    shop = Shop(own_kafka, server.registry_url, "away")
    shop.create_topics()
    shop.fill(orders=200)
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(own_kafka), *manifests.target_class(postgres, database),
                     *shop.datasets(NAMESPACE), manifests.product(NAMESPACE, "orders-copy", ORDERS_SQL))
    product = Product(server, postgres, database, NAMESPACE, "orders-copy")
    product.wait_live()
    worker = product.worker().pid
    own_kafka.kill()
    gone = time.monotonic()
    found = wait_condition(server, "eventstore", "kafka", None, "Ready", "False", timeout=10)
    assert found["reason"] == "Unreachable", found
    assert time.monotonic() - gone < 8
    # The datasets ask themselves or take it from their store; the product from its worker, which goes on trying.
    for name in ("orders", "customers"):
        found = wait_condition(server, "dataset", name, NAMESPACE, "TopicReady", "False", "Unreachable", timeout=5)
        assert "cannot be reached" in found["message"], found
    found = wait_condition(server, "dataproduct", "orders-copy", NAMESPACE, "Ready", "False", "Unreachable", timeout=10)
    assert f"{NAMESPACE}/orders" in found["message"], found
    assert time.monotonic() - gone < 15
    own_kafka.start()
    wait_condition(server, "dataproduct", "orders-copy", NAMESPACE, "Ready", timeout=40)
    wait_condition(server, "dataset", "orders", NAMESPACE, "Ready", timeout=20)
    shop.add_orders(50)
    product.wait_reached(shop.ends())
    eventually(lambda: product.worker().pid == worker, 1, "the same worker")
