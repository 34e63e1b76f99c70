"""A product on a topic whose rows have no key: a query that filters and projects one Event dataset. Its records are
appended, each once, in the order of their partition; others read them as an Event dataset; an edit goes on where the
revision before it stands, and appends no history; kill -9 at every point."""

import collections
import signal
import threading

import pytest
from confluent_kafka.admin import ConfigResource, ResourceType

from support import manifests
from support.chains import NAMESPACE, Chain, names_of_products
from support.children import eventually
from support.crash import hit
from support.products import wait_condition
from support.shop import rows

SQL = "SELECT order_id, customer_id, amount_cents FROM orders WHERE amount_cents > 0"
EDITED_SQL = "SELECT order_id, customer_id, amount_cents, note FROM orders WHERE amount_cents > 10000"


@pytest.fixture(scope="module")
def chain(kafka, postgres, server):
    return Chain(kafka, postgres, server, "appended")


@pytest.fixture
def calm(chain):
    before = names_of_products(chain.server)
    yield chain
    chain.calm_down(before)


def wanted(chain, least: int = 0) -> list[int]:
    return [order["order_id"] for order in chain.shop.orders if order["amount_cents"] > least]


def appended(chain, topic: str) -> list[int]:
    """The orders in the topic, whose records have no key and are no tombstones."""
    found = chain.decoded(topic)
    assert all(key is None and row is not None for key, row in found)
    return [row["order_id"] for _, row in found]


def wait_each_once(chain, topic: str) -> None:
    eventually(lambda: len(appended(chain, topic)) >= len(wanted(chain)), 60, f"{topic} has all orders", interval=0.5)
    assert sorted(appended(chain, topic)) == wanted(chain)


def test_what_others_read(calm):
    chain, shop = calm, calm.shop
    product = chain.product("paid", SQL)
    product.wait_live()
    topic = f"{NAMESPACE}.paid"
    assert product.get()["status"]["guarantee"] == "ExactlyOnce"
    wait_each_once(chain, topic)
    dataset = chain.server.cli.get("dataset", "paid", NAMESPACE)
    assert dataset["spec"]["type"] == "Event" and "key" not in dataset["spec"]
    wait_condition(chain.server, "dataset", "paid", NAMESPACE, "Ready")
    config = ConfigResource(ResourceType.TOPIC, topic)
    settings = chain.kafka.admin().describe_configs([config])[config].result(10)
    assert (settings["cleanup.policy"].value, settings["retention.ms"].value) == ("delete", "-1")

    counts = chain.product("paid-counts", "SELECT customer_id, count(*) AS orders FROM paid GROUP BY customer_id",
                           class_name="postgres")
    counts.wait_live()
    shop.add_orders(500)

    def delivered():
        with chain.postgres.connect(database=chain.database) as connection:
            return rows(connection, f"SELECT customer_id, orders FROM {counts.view} ORDER BY customer_id")

    def computed():
        found = collections.Counter(order["customer_id"] for order in shop.orders if order["amount_cents"] > 0)
        return sorted(found.items())

    eventually(lambda: delivered() == computed(), 60, "the chain has taken the orders in")
    # The orders of a partition come in its order: their numbers grow in each of those they come from.
    by_partition = collections.defaultdict(list)
    for partition, order in placed(chain, shop.topic("orders")):
        by_partition[partition].append(order)
    partition_of = {order: partition for partition, orders in by_partition.items() for order in orders}
    latest: dict[tuple, int] = {}
    for partition, order in placed(chain, topic):
        source = (partition, partition_of[order])
        assert latest.get(source, -1) < order
        latest[source] = order

    # From now on with a key, or from keyed rows to none: readers would not know what a record is.
    keyed = manifests.product(NAMESPACE, "paid", SQL, class_name="topics", key=["order_id"])
    assert "have no key, the query now gives the key (order_id)" in chain.server.cli.apply(keyed, expect=1).text


def placed(chain, topic: str) -> list[tuple[int, int]]:
    """(partition, order) in the order of each partition."""
    return [(partition, row["order_id"]) for partition, _, row in chain.decoded_with_partitions(topic)]


def test_killed_at_every_point(calm):
    """Of the first fill, one after the other in the same one, and then of epochs."""
    chain = calm
    topic = f"{NAMESPACE}.killed"
    points = ["mid-read", "mid-load", "piece-loaded", "piece-published", "before-swap-commit", "after-swap-commit", "mid-epoch",
              "before-epoch-commit", "after-epoch-commit"]
    chain.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{points[0]}:1:stop")
    product = chain.product("killed", SQL)
    for point, following in zip(points, [*points[1:], None]):
        pid = hit(product, point)
        product.worker().send(signal.SIGKILL)
        chain.server.restart(**({"OFFTAKE_WORKER_CRASH_AT": f"{following}:1:stop"} if following else {}))
        chain.shop.add_orders(100)  # what comes meanwhile is not appended twice either
        assert product.wait_worker(not_pid=pid)
    product.wait_live(timeout=120)
    wait_each_once(chain, topic)


def test_an_edit_goes_on_where_the_revision_before_it_stands(calm):
    """Orders come all the while. Up to where the first revision stands its filter counts, from there on the other
    one's; none is missing and none is there twice, also when the second one is killed while it takes over."""
    chain = calm
    topic = f"{NAMESPACE}.appended"
    product = chain.product("appended", SQL)
    product.wait_live()
    wait_each_once(chain, topic)
    before = set(wanted(chain))
    chain.server.restart(OFFTAKE_WORKER_CRASH_AT="before-swap-commit:1:stop")
    stop = threading.Event()

    def feed():
        while not stop.is_set():
            chain.shop.add_orders(20)
            stop.wait(0.05)
    feeding = threading.Thread(target=feed)
    feeding.start()
    try:
        chain.product("appended", EDITED_SQL)
        pid = hit(product, "before-swap-commit")
        product.worker(2).send(signal.SIGKILL)
        chain.server.restart()
        assert product.wait_worker(2, not_pid=pid)
        product.wait_live(timeout=120, revision=2)
    finally:
        stop.set()
        feeding.join()
    while_taken_over = len(chain.shop.orders)
    chain.shop.add_orders(300)
    large = set(wanted(chain, 10_000))
    eventually(lambda: large <= set(appended(chain, topic)), 60, "all large orders are there", interval=0.5)
    found = appended(chain, topic)
    assert len(found) == len(set(found)), "an order twice"
    small = set(found) - large
    assert before - large <= small, "what was appended stays"
    assert small <= set(wanted(chain)) and all(order < while_taken_over for order in small)
