"""A worker that stands still for 90 s with half of a bulk sent: another owner takes over and deletes the documents,
then the rest of the bulk arrives, and they stay deleted."""

import json
import signal
import time

import pytest

from support import manifests, opensearch, own_servers
from support.children import eventually, signal_process
from support.holding_proxy import HoldingProxy
from support.opensearch import SearchProduct
from support.own_servers import OwnServer
from support.products import wait_condition
from support.shop import Shop

NAMESPACE = "shop"
FROZEN_SECONDS = 90
LATE = range(20, 60)


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(server):
    yield
    server.close()
    own_servers.kill_all(server)


@pytest.fixture(scope="module")
def proxy(server):
    """In front of an OpenSearch that Offtake started; the class `proxied` is behind it."""
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE), opensearch.local_class())
    wait_condition(server, "targetclass", "search", None, "Ready", timeout=90)
    proxy = HoldingProxy(OwnServer(server, "search").port)
    server.cli.apply({"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": "proxied"},
                      "spec": {"engine": "opensearch", "description": "An OpenSearch of somebody else's",
                               "provisioner": {"external": {"url": proxy.url}}}})
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def shop(server, kafka):
    shop = Shop(kafka, server.registry_url, "frozen")
    shop.create_topics()
    shop.fill(orders=10)
    server.cli.apply(*manifests.event_store(kafka), *shop.datasets(NAMESPACE))
    return shop


def wanted(shop: Shop) -> list[tuple]:
    return sorted((number, row["name"]) for number, row in shop.customers.items())


def test_what_arrives_late_changes_nothing(server, proxy, shop):
    server.cli.apply(manifests.product(NAMESPACE, "people", "SELECT customer_id, name FROM customers", class_name="proxied"))
    people = SearchProduct(server, NAMESPACE, "people")
    people.wait_live(timeout=120)
    first, before = people.worker(), people.control()

    proxy.arm(b"_bulk")
    for number in LATE:
        shop.put_customer(number, f"Late {number}", None)
    shop.flush()
    assert proxy.held.wait(60), "a bulk is under way"
    pid = first.send(signal.SIGSTOP)
    stopped = time.monotonic()
    assert b"Late 20" in proxy.request
    assert people.intent()["epoch"] == before.epoch + 1

    # The next incarnation, started by hand beside the frozen one, as on another machine.
    second = first.second("second-frozen-worker", before.incarnation + 1)
    try:
        for number in LATE:
            shop.remove_customer(number)
        shop.flush()
        people.wait_reached(shop.ends())
        assert people.rows("customer_id", "name") == wanted(shop)
        eventually(lambda: time.monotonic() - stopped >= FROZEN_SECONDS, FROZEN_SECONDS + 5, "90 s have passed")
        items = json.loads(proxy.release(30).partition(b"\r\n\r\n")[2])["items"]
        assert items and all(item["index"]["status"] == 409 for item in items), items[:3]
        signal_process(pid, signal.SIGCONT)
        eventually(lambda: "fenced" in first.log_text(), 60, "the late writer finds itself fenced")
        assert people.rows("customer_id", "name") == wanted(shop)
    finally:
        signal_process(pid, signal.SIGCONT)
        second.stop()
    server.restart()
    shop.put_customer(30, "Back", None)
    shop.flush()
    people.wait_live(timeout=120)
    people.wait_reached(shop.ends())
    assert people.rows("customer_id", "name") == wanted(shop)
