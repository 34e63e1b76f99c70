"""A product whose target is a topic: its records are a Dataset that others read. A chain of two into PostgreSQL and
into SQLite, over Kafka and over the embedded log, equal to the rows computed from the original events; kill -9 at
every crash point; each record once for a reader of committed records; what is held, refused and taken away."""

import collections
import io
import json
import signal
import sqlite3
import struct

import fastavro
import pytest
import requests
from confluent_kafka.admin import ConfigResource, ResourceType

from support import manifests, paths
from support.children import eventually
from support.chains import NAMESPACE, TOTALS_SQL, Chain, names_of_products, topic_class, totals_of
from support.crash import hit
from support.products import Product, wait_condition
from support.shop import Shop, rows

NAMED_SQL = """
SELECT t.customer_id, t.orders, t.total, c.name
FROM customer_totals t LEFT JOIN customers c ON c.customer_id = t.customer_id
"""


@pytest.fixture(scope="module")
def chain(kafka, postgres, server):
    return Chain(kafka, postgres, server)


@pytest.fixture
def calm(chain):
    before = names_of_products(chain.server)
    yield chain
    chain.calm_down(before)


def named_rows(shop: Shop) -> list[tuple]:
    return sorted((customer, orders, total, shop.customers.get(customer, {}).get("name"))
                  for customer, (orders, total, _) in totals_of(shop.orders).items())


def test_a_chain_of_two_into_postgresql(calm):
    chain, shop = calm, calm.shop
    # Applied the wrong way round: what is not there yet is waited for.
    chain.server.cli.apply(manifests.product(NAMESPACE, "named-totals", NAMED_SQL))
    totals = chain.product("customer-totals", TOTALS_SQL)
    totals.wait_live()
    topic, uid = f"{NAMESPACE}.customer_totals", totals.uid
    status = totals.get()["status"]
    assert status["guarantee"] == "ExactlyOnce"
    assert status["endpoint"] == {"type": "topic", "address": "kafka", "object": topic}
    chain.wait_totals(topic)

    # What others read of it.
    dataset = chain.server.cli.get("dataset", "customer-totals", NAMESPACE)
    assert dataset["metadata"]["ownerReferences"][0]["uid"] == totals.uid
    assert dataset["spec"]["type"] == "Entity"
    assert dataset["spec"]["key"] == {"columns": ["customer_id"], "from": "Value"}
    assert (dataset["spec"]["source"]["eventStoreName"], dataset["spec"]["source"]["topic"]) == ("kafka", topic)
    assert {"path": "customer_id", "description": "Who ordered"} in dataset["spec"]["columns"]
    wait_condition(chain.server, "dataset", "customer-totals", NAMESPACE, "Ready")
    config = ConfigResource(ResourceType.TOPIC, topic)
    settings = chain.kafka.admin().describe_configs([config])[config].result(10)
    assert settings["cleanup.policy"].value == "compact"
    assert settings["min.compaction.lag.ms"].value == "3600000"

    named = Product(chain.server, chain.postgres, chain.database, NAMESPACE, "named-totals")
    named.wait_live()

    def delivered():
        with chain.postgres.connect(database=chain.database) as connection:
            return rows(connection, f"SELECT customer_id, orders, total, name FROM {named.view} ORDER BY customer_id")

    assert delivered() == named_rows(shop)
    shop.add_orders(500)
    shop.put_customer(3, "Renamed 3", "Elsewhere")
    shop.flush()
    eventually(lambda: delivered() == named_rows(shop), 60, "the chain has taken the changes in")
    chain.each_once(topic)

    # The first one cannot go while the second one reads it, and goes on feeding it.
    chain.server.cli.delete("dataproduct", "customer-totals", NAMESPACE, flags=("--wait=false",))
    held = totals.wait("Ready", "False", "InUse", timeout=30)
    assert f"DataProduct {NAMESPACE}/named-totals" in held["message"]
    shop.add_orders(200)
    eventually(lambda: delivered() == named_rows(shop), 60, "what is held still feeds its reader")
    # A new reader is refused meanwhile.
    chain.server.cli.apply(manifests.product(NAMESPACE, "late", "SELECT customer_id, orders FROM customer_totals"))
    late = Product(chain.server, chain.postgres, chain.database, NAMESPACE, "late")
    assert "being deleted" in late.wait("Ready", "False", timeout=30)["message"]
    chain.remove("late", "named-totals")
    eventually(lambda: chain.server.cli.get("dataproduct", "customer-totals", NAMESPACE) is None, 60, "it is gone")
    eventually(lambda: chain.server.cli.get("dataset", "customer-totals", NAMESPACE) is None, 10, "its dataset is gone")
    left = chain.kafka.admin().list_topics(timeout=10).topics
    assert topic not in left and f"_offtake.state.{uid}" not in left, list(left)
    subjects = chain.server.http("GET", "/registry/subjects").json()
    assert f"{topic}-value" not in subjects


@pytest.mark.parametrize("point", ["cut-stored", "mid-load", "before-swap-commit", "after-swap-commit"])
def test_killed_while_filling(calm, point):
    chain = calm
    chain.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    product = chain.product(f"fill-{point}", TOTALS_SQL)
    pid = hit(product, point)
    product.worker().send(signal.SIGKILL)
    chain.server.kill()
    chain.server.start()
    assert product.wait_worker(not_pid=pid)
    product.wait_live(timeout=120)
    topic = f"{NAMESPACE}.fill_{point.replace('-', '_')}"
    chain.wait_totals(topic)
    chain.each_once(topic)


@pytest.mark.parametrize("point", ["mid-epoch", "before-epoch-commit", "after-epoch-commit"])
def test_killed_while_live(calm, point):
    chain = calm
    chain.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    product = chain.product(f"live-{point}", TOTALS_SQL)
    topic = f"{NAMESPACE}.live_{point.replace('-', '_')}"
    product.wait_live()
    chain.shop.add_orders(300)
    pid = hit(product, point)
    product.worker().send(signal.SIGKILL)
    chain.server.kill()
    chain.server.start()
    assert product.wait_worker(not_pid=pid)
    product.wait_live(timeout=120)
    chain.wait_totals(topic)
    chain.each_once(topic)


def test_an_edit_writes_the_difference(calm):
    """Every hundredth customer goes, one column comes: rows that are gone get a tombstone."""
    chain = calm
    product = chain.product("edited", TOTALS_SQL)
    product.wait_live()
    topic = f"{NAMESPACE}.edited"
    chain.wait_totals(topic)
    before = len(chain.records(topic))
    dropped = {c for c in totals_of(chain.shop.orders) if c >= 100}
    assert dropped
    chain.product("edited", TOTALS_SQL.replace("FROM orders", "FROM orders WHERE customer_id < 100"))
    product.wait_live(revision=2, timeout=120)
    wanted = {c: t for c, t in totals_of(chain.shop.orders).items() if c < 100}
    eventually(lambda: chain.totals(topic) == wanted, 60, "the topic holds what the new query gives", interval=0.3)
    # The schema is the same, so the others' records are: nothing but tombstones is written.
    assert len(chain.records(topic)) == before + len(dropped)
    chain.shop.add_orders(200)
    wanted = {c: t for c, t in totals_of(chain.shop.orders).items() if c < 100}
    eventually(lambda: chain.totals(topic) == wanted, 60, "it is live")

    # What would break readers is refused before anything is filled.
    retyped = manifests.product(NAMESPACE, "edited", TOTALS_SQL.replace("count(*) AS orders", "'many' AS orders"),
                                class_name="topics")
    refused = chain.server.cli.apply(retyped, expect=1)
    assert "would break readers" in refused.text, refused
    rekeyed = manifests.product(NAMESPACE, "edited", "SELECT order_id, amount_cents FROM orders",
                                class_name="topics", key=["order_id"])
    refused = chain.server.cli.apply(rekeyed, expect=1)
    assert "have the key (customer_id)" in refused.text, refused
    assert chain.totals(topic) == wanted


@pytest.mark.parametrize("point", ["handing-over", "before-swap-commit", "after-swap-commit"])
def test_killed_while_handing_over(calm, point):
    chain = calm
    name = f"hand-{point}"
    product = chain.product(name, TOTALS_SQL)
    product.wait_live()
    topic = f"{NAMESPACE}.{name.replace('-', '_')}"
    chain.wait_totals(topic)
    chain.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    chain.product(name, TOTALS_SQL.replace("FROM orders", "FROM orders WHERE amount_cents > 0"))
    pid = hit(product, point)
    product.worker().send(signal.SIGKILL)
    chain.server.kill()
    chain.server.start()
    assert product.wait_worker(not_pid=pid)
    product.wait_live(timeout=120, revision=2)
    chain.shop.add_orders(100)
    wanted = totals_of([order for order in chain.shop.orders if order["amount_cents"] > 0])
    eventually(lambda: chain.totals(topic) == wanted, 60, "the topic holds what the new query gives", interval=0.3)


def test_a_cycle_is_refused_with_its_path(calm):
    chain = calm
    first = chain.product("first", TOTALS_SQL)
    first.wait_live()
    chain.product("second", "SELECT customer_id, orders, total FROM first").wait_live()
    path = f"{NAMESPACE}/first <- {NAMESPACE}/second <- {NAMESPACE}/first"
    back = manifests.product(NAMESPACE, "first", "SELECT customer_id, orders, total FROM second", class_name="topics")
    refused = chain.server.cli.apply(back, expect=1)
    assert path in refused.text, refused
    chain.server.cli.apply(back, flags=("--no-plan",))
    assert path in first.wait("Planned", "False", "Cycle", timeout=30)["message"]
    own = manifests.product(NAMESPACE, "own", "SELECT customer_id FROM own", class_name="topics")
    assert f"{NAMESPACE}/own <- {NAMESPACE}/own" in chain.server.cli.apply(own, expect=1).text
    chain.server.cli.apply(manifests.product(NAMESPACE, "first", TOTALS_SQL, class_name="topics"))
    first.wait_live()
    chain.remove("second", "first")


def test_names_that_are_taken(calm):
    chain = calm
    # A dataset of that name.
    taken = manifests.product(NAMESPACE, "customers", TOTALS_SQL, class_name="topics")
    refused = chain.server.cli.apply(taken, expect=1)
    assert f"Dataset {NAMESPACE}/customers, which exists and is not its own" in refused.text, refused
    # A topic of that name.
    chain.kafka.create_topic(f"{NAMESPACE}.squatted", 2)
    product = chain.product("squatted", TOTALS_SQL)
    product.wait("Provisioned", "False", "TargetNameTaken", timeout=30)
    assert chain.server.cli.get("dataset", "squatted", NAMESPACE) is None
    assert chain.kafka.offsets(f"{NAMESPACE}.squatted") == {0: 0, 1: 0}
    # A query without a key whose rows change.
    bag = manifests.product(NAMESPACE, "bag", "SELECT city FROM customers", class_name="topics")
    assert "declare which columns tell them apart" in chain.server.cli.apply(bag, expect=1).text


# --- the embedded log

READING = {"type": "record", "name": "reading", "namespace": "ingest", "fields": [
    {"name": "sensor", "type": "string"}, {"name": "number", "type": "long"}]}
PARSED = fastavro.parse_schema(READING)
COUNTS_SQL = "SELECT sensor, count(*) AS readings, max(number) AS latest FROM readings GROUP BY sensor"
SENSORS = 40


class EmbeddedChain:
    topic = "chains.readings"

    def __init__(self, server):
        self.server, self.sent = server, 0
        server.cli.apply(manifests.namespace(NAMESPACE), topic_class("log", "embedded"), manifests.dataset(
            NAMESPACE, "readings", "Event", self.topic, schema={"format": "Avro", "definition": json.dumps(READING)},
            source={"eventStoreName": "embedded", "topic": self.topic,
                    "topicConfig": {"partitions": 3, "retention": "Forever"}}))
        wait_condition(server, "dataset", "readings", NAMESPACE, "Ready")
        self.schema_id = server.cli.get("dataset", "readings", NAMESPACE)["status"]["schemaID"]

    def send(self, count: int) -> None:
        body = bytearray()
        for number in range(self.sent, self.sent + count):
            value = io.BytesIO()
            value.write(struct.pack(">bI", 0, self.schema_id))
            sensor = f"sensor {number % SENSORS}"
            fastavro.schemaless_writer(value, PARSED, {"sensor": sensor, "number": number})
            body += struct.pack(">iqii", -1, -1, len(sensor), len(value.getvalue())) + sensor.encode() + value.getvalue()
        answer = requests.post(f"{self.server.url}/offtake/v1/events", params={"topic": self.topic}, timeout=30,
                               data=bytes(body), headers={"Authorization": f"Bearer {self.server.token}",
                                                          "Content-Type": "application/vnd.offtake.records"})
        assert answer.status_code == 200, answer.text
        self.sent += count

    def wanted(self) -> list[tuple]:
        found = collections.defaultdict(lambda: [0, 0])
        for number in range(self.sent):
            entry = found[f"sensor {number % SENSORS}"]
            entry[0] += 1
            entry[1] = number
        return sorted((sensor, count, latest) for sensor, (count, latest) in found.items())


def test_a_chain_of_two_in_the_embedded_log(server):
    chain = EmbeddedChain(server)
    chain.send(5_000)
    server.cli.apply(manifests.product(NAMESPACE, "sensor-counts", COUNTS_SQL, class_name="log"),
                     manifests.product(NAMESPACE, "busy-sensors", "SELECT sensor, readings, latest FROM sensor_counts",
                                       class_name="sqlite"))
    counts = Product(server, None, "", NAMESPACE, "sensor-counts")
    busy = Product(server, None, "", NAMESPACE, "busy-sensors")
    counts.wait_live()
    busy.wait_live()
    endpoint = busy.get()["status"]["endpoint"]

    def delivered():
        connection = sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True)
        try:
            return connection.execute(
                f'SELECT sensor, readings, latest FROM "{endpoint["object"]}" ORDER BY sensor').fetchall()
        finally:
            connection.close()

    assert delivered() == chain.wanted()
    for _ in range(3):
        chain.send(700)
        # The whole of it runs in the server: both products are killed wherever they are.
        server.kill()
        server.start()
        eventually(lambda: delivered() == chain.wanted(), 90, "the chain has taken the changes in")
    counts.wait_live()
    server.cli.delete("dataproduct", "sensor-counts", NAMESPACE, flags=("--wait=false",))
    counts.wait("Ready", "False", "InUse", timeout=30)
    server.kill()
    server.start()
    chain.send(300)
    eventually(lambda: delivered() == chain.wanted(), 90, "what is held still feeds its reader after a restart")
    server.cli.delete("dataproduct", "busy-sensors", NAMESPACE)
    eventually(lambda: server.cli.get("dataproduct", "sensor-counts", NAMESPACE) is None, 60, "it is gone")
    assert server.cli.get("dataset", "sensor-counts", NAMESPACE) is None


def test_the_example_runs(server):
    examples = paths.ROOT / "manifests/examples"
    server.cli.run("demo", "generate", "--company", "retail", "--events", "20000", timeout=300)
    server.cli.run("apply", "-f", examples / "chain")
    best = Product(server, None, "", "retail", "best-customers")
    best.wait_live(timeout=180)
    endpoint = best.get()["status"]["endpoint"]
    connection = sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True)
    try:
        rows_there = connection.execute(f'SELECT customer_id, orders FROM "{endpoint["object"]}"').fetchall()
    finally:
        connection.close()
    assert len(rows_there) > 100 and all(orders >= 5 for _, orders in rows_there)
    dataset = server.cli.get("dataset", "customer-orders", "retail")
    assert dataset["spec"]["key"]["columns"] == ["customer_id"]
