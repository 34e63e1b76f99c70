"""The catalogue over Apache Kafka: figures are those of the topics, and a broker that is away holds up no search."""

import time

import pytest

from support import manifests
from support.children import eventually
from support.kafka import Kafka
from support.shop import Shop

VIEW = "/apis/view.offtake.dev/v1alpha1"
NAMESPACE = "shop"


@pytest.fixture(scope="module")
def own_kafka(_scratch):
    """A broker that no other test uses."""
    broker = Kafka(_scratch / "kafka-catalog").start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def shop(server, own_kafka):
    shop = Shop(own_kafka, server.registry_url, "catalog")
    shop.create_topics()
    shop.fill(orders=500)
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(own_kafka), *shop.datasets(NAMESPACE), manifests.dataset(
                         NAMESPACE, "here", "Event", "here", source={
                             "eventStoreName": "embedded", "topic": "here", "topicConfig": {"partitions": 1}},
                         schema={"format": "Avro", "definition": '{"type": "record", "name": "H", "fields": []}'}))
    return shop


def items(server) -> dict[str, dict]:
    answer = server.http("GET", VIEW + "/catalog")
    assert answer.status_code == 200, answer.text
    return {item["name"]: item for item in answer.json()["items"]}


def figures(server, name: str, records: int) -> dict:
    def item():
        found = items(server)[name]
        return found if found.get("records") == records else None
    return eventually(item, 30, f"{name} has {records} records")


def test_figures_are_those_of_kafka(server, shop):
    began = time.time()
    orders = figures(server, "orders", 500)
    assert orders["rate"]["perSecond"] == pytest.approx(500 / 300, rel=0.01)
    assert sum(orders["rate"]["spark"]) == 500
    assert 20 * 500 < orders["bytes"] < 200 * 500
    assert figures(server, "customers", 100)["type"] == "Entity"
    shop.add_orders(10)
    figures(server, "orders", 510)
    assert time.time() - began < 60
    detail = server.http("GET", f"{VIEW}/namespaces/{NAMESPACE}/datasets/orders").json()
    assert {p["partition"]: p["latest"] for p in detail["partitions"]} == shop.ends()["orders"]
    sample = server.http("GET", f"{VIEW}/namespaces/{NAMESPACE}/datasets/orders/sample?limit=5").json()
    assert sample["errors"] == [] and sample["waiting"] == [] and len(sample["rows"]) == 5


def test_a_broker_that_is_away_holds_up_no_search(server, shop, own_kafka):
    figures(server, "here", 0)
    own_kafka.kill()
    gone = time.monotonic()
    while time.monotonic() - gone < 12:
        began = time.perf_counter()
        found = items(server)
        assert time.perf_counter() - began < 0.5
        assert set(found) == {"orders", "customers", "here"} and found["here"]["records"] == 0
        time.sleep(0.2)
    began = time.monotonic()
    detail = server.http("GET", f"{VIEW}/namespaces/{NAMESPACE}/datasets/orders").json()
    assert time.monotonic() - began < 3
    # What was known is told for a minute; schema and versions are the registry's, which is here.
    assert [c["name"] for c in detail["schema"]][0] == "order_id" and detail["versionsTotal"] == 1
    own_kafka.start()
    shop.add_orders(5)
    figures(server, "orders", 515)
