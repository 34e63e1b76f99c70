"""Products in an OpenSearch that Offtake started: filled, fed, edited, killed, refused."""

import json
import os
import signal

import pytest

from support import manifests, opensearch, own_servers
from support.children import eventually
from support.crash import hit
from support.opensearch import SearchProduct
from support.own_servers import OwnServer
from support.products import wait_condition
from support.shop import JOINED_SQL, TOTALS_SQL, Shop

NAMESPACE = "shop"
JOINED = ("order_id", "amount_cents", "name", "city")
WIDER_SQL = JOINED_SQL.replace("o.amount_cents,", "o.amount_cents, o.note,")


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(server):
    yield
    server.close()
    own_servers.kill_all(server)


@pytest.fixture(scope="module")
def shop(server, kafka):
    shop = Shop(kafka, server.registry_url, "search")
    shop.create_topics()
    shop.fill(orders=2_000)
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka), *shop.datasets(NAMESPACE), opensearch.local_class())
    wait_condition(server, "targetclass", "search", None, "Ready", timeout=90)
    return shop


@pytest.fixture(scope="module")
def own(server, shop):
    return OwnServer(server, "search")


def make(server, name: str, sql: str = JOINED_SQL, **fields) -> SearchProduct:
    server.cli.apply(manifests.product(NAMESPACE, name, sql, class_name="search", **fields))
    product = SearchProduct(server, NAMESPACE, name)
    product.wait_live(timeout=120)
    return product


def change(shop: Shop, orders: int = 300) -> None:
    shop.add_orders(orders)
    for number in range(5):
        shop.put_customer(number, f"Renamed {len(shop.orders)}", "Elsewhere")
    shop.remove_customer(max(shop.customers))
    shop.flush()


def assert_right(shop: Shop, product: SearchProduct) -> None:
    """It has taken in everything, and readers see what the shop computes."""
    product.wait_reached(shop.ends())
    eventually(lambda: product.intent() is None, 30, "no epoch is open")
    assert product.rows(*JOINED) == shop.joined_rows()
    assert product.control().rows == len(shop.orders)


@pytest.fixture(scope="module")
def product(server, shop):
    """One that all tests here feed further."""
    return make(server, "joined", key=["order_id"])


def test_a_product_is_filled_and_fed(shop, product):
    assert_right(shop, product)
    change(shop)
    assert_right(shop, product)
    # What consumers get leads to the rows; there is no account in it.
    binding = product.binding()
    assert binding["object"] == product.alias and "password" not in binding
    found = product.search(size=0, query={"match": {"name.text": "customer"}})
    assert found["hits"]["total"]["value"] > 0


def shop_totals(shop: Shop) -> dict[int, list[int]]:
    totals: dict[int, list[int]] = {}
    for order in shop.orders:
        entry = totals.setdefault(order["customer_id"], [0, 0])
        entry[0] += 1
        entry[1] += order["amount_cents"]
    return totals


def test_rows_that_go_are_hidden_and_come_back(server, shop):
    totals = make(server, "gone", TOTALS_SQL + " HAVING sum(amount_cents) % 2 = 0")
    shown = {row[0] for row in totals.rows("customer_id")}
    for _ in range(3):
        change(shop, 100)
    expected = shop_totals(shop)
    # Whether one of them is gone now is the data's to say; one more order makes it so.
    for _ in range(2_000):
        if any(expected[customer][1] % 2 for customer in shown):
            break
        shop.add_orders(1)
        expected = shop_totals(shop)
    totals.wait_reached(shop.ends())
    wanted = sorted((customer, count, str(total)) for customer, (count, total) in expected.items() if total % 2 == 0)
    assert totals.rows("customer_id", "orders", "total") == wanted
    hidden = totals.request("POST", f"/{totals.place}/_count", {"query": {"term": {"_offtake_deleted": True}}})
    assert hidden["count"] > 0


def test_rows_without_a_key_are_kept_apart(server, shop):
    bag = make(server, "bag", "SELECT amount_cents % 3 AS part FROM orders")
    bag.wait_reached(shop.ends())
    parts = [bucket["doc_count"] for bucket in bag.search(
        size=0, aggs={"parts": {"terms": {"field": "part", "order": {"_key": "asc"}}}})["aggregations"]["parts"]["buckets"]]
    wanted: dict[int, int] = {}
    for order in shop.orders:
        rest = abs(order["amount_cents"]) % 3 * (1 if order["amount_cents"] >= 0 else -1)
        wanted[rest] = wanted.get(rest, 0) + 1
    assert parts == [count for _, count in sorted(wanted.items())]


# The same points in the finance story, a hundred times as large: test_finance.py.
@pytest.mark.full
@pytest.mark.parametrize("point", ["intent-stored", "mid-epoch", "before-epoch-commit", "after-epoch-commit"])
def test_worker_and_server_killed_while_live(server, shop, own, product, point):
    server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    try:
        product.wait_worker(timeout=60).send(signal.SIGKILL)  # the next one is armed
        change(shop)
        pid = hit(product, point)
        own.kill()
        product.worker().send(signal.SIGKILL)
    finally:
        server.restart()
    change(shop, 50)
    assert product.wait_worker(not_pid=pid, timeout=60)
    product.wait_live(timeout=120)
    assert_right(shop, product)
    assert product.revision == 1


@pytest.mark.full
@pytest.mark.parametrize("point", ["mid-load", "before-swap-commit", "handing-over", "public-name-moved"])
def test_an_edit_killed_on_its_way(server, shop, own, point):
    name = f"edited-{point}"
    product = make(server, name, key=["order_id"])
    assert_right(shop, product)
    server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    try:
        server.cli.apply(manifests.product(NAMESPACE, name, WIDER_SQL, class_name="search", key=["order_id"]))
        pid = hit(product, point)
        own.kill()
        product.worker().send(signal.SIGKILL)
    finally:
        server.restart()
    change(shop, 50)
    assert product.wait_worker(2, not_pid=pid, timeout=90)
    product.wait_live(timeout=120, revision=2)
    assert_right(shop, product)
    notes = {order["order_id"]: order["note"] for order in shop.orders}
    assert product.rows("order_id", "note") == sorted(notes.items())
    eventually(lambda: [c.revision for c in product.controls()] == [2], 60, "the first revision is gone")


def test_a_worker_frozen_in_a_bulk_changes_nothing_later(server, shop, product):
    """Another owner deletes what the frozen one was about to write."""
    frozen = make(server, "frozen", "SELECT customer_id, name FROM customers")
    server.restart(OFFTAKE_WORKER_CRASH_AT="mid-epoch:1:stop")
    second = None
    try:
        frozen.wait_worker(timeout=60).send(signal.SIGKILL)
        for number in range(20, 60):
            shop.put_customer(number, f"Late {number}", None)
        shop.flush()
        pid = hit(frozen, "mid-epoch")
        first, before = frozen.worker(), frozen.control()
        assert frozen.intent()["epoch"] == before.epoch + 1
        # The next incarnation, started by hand beside the frozen one, as on another machine.
        second = first.second("second-search-worker", before.incarnation + 1)
        for number in range(20, 60):
            shop.remove_customer(number)
        shop.flush()
        frozen.wait_reached(shop.ends())
        wanted = sorted((number, row["name"]) for number, row in shop.customers.items())
        assert frozen.rows("customer_id", "name") == wanted
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: "fenced" in first.log_text(), 60, "the late writer finds itself fenced")
        assert frozen.rows("customer_id", "name") == wanted
    finally:
        if second is not None:
            second.stop()
        server.restart()
    shop.put_customer(30, "Back", None)
    shop.flush()
    frozen.wait_live(timeout=120)
    frozen.wait_reached(shop.ends())
    assert frozen.rows("customer_id", "name") == sorted((n, row["name"]) for n, row in shop.customers.items())


def test_a_read_only_index_is_named_and_ridden_out(server, shop, product):
    product.request("PUT", f"/{product.place}/_settings", {"index.blocks.read_only_allow_delete": True})
    try:
        change(shop, 20)
        def said():
            conditions = product.get()["status"]["conditions"]
            return any("read_only_allow_delete" in c.get("message", "") or "read-only-allow-delete" in c.get("message", "")
                       for c in conditions)
        eventually(said, 60, "a condition names the block")
    finally:
        product.request("PUT", f"/{product.place}/_settings", {"index.blocks.read_only_allow_delete": None})
    product.wait_live(timeout=90)
    assert_right(shop, product)


def test_a_document_that_is_refused_is_parked(server, shop, product):
    """A mapping that somebody changed refuses large amounts; killed between the write and the control document,
    healed by a replay once the mapping is as it was."""
    def listed() -> list[dict]:
        told = server.cli.run("errors", "list", product.name, "-n", NAMESPACE, "-o", "json").stdout
        return json.loads(told)["entries"]

    def refuse(refuses: bool) -> None:
        product.request("PUT", f"/{product.place}/_mapping", {"properties": {
            "amount_cents": {"type": "long", "copy_to": ["small"] if refuses else []}, "small": {"type": "integer"}}})

    refuse(True)
    server.restart(OFFTAKE_WORKER_CRASH_AT="before-epoch-commit:1:stop")
    try:
        product.wait_worker(timeout=60).send(signal.SIGKILL)
        shop.add_orders(10)
        first = len(shop.orders)
        shop.add_orders(2, amount_cents=3_000_000_000)
        shop.add_orders(10)
        shop.flush()
        hit(product, "before-epoch-commit")
        product.worker().send(signal.SIGKILL)
    finally:
        server.restart()
    large = {order["order_id"] for order in shop.orders[first:first + 2]}
    product.wait_reached(shop.ends())
    assert {int(entry["key"]) for entry in listed() if entry["status"] == "Parked"} == large
    assert product.rows(*JOINED) == [row for row in shop.joined_rows() if row[0] not in large]
    assert product.control().rows == len(shop.orders), "content is what was delivered"
    found = product.wait("Degraded", "True", "RecordsParked", timeout=30)
    assert f"offtake errors list {product.name}" in found["message"]
    assert all("small" in entry["error"] and "3000000000" not in entry["error"] for entry in listed())
    refuse(False)
    healed = server.cli.run("errors", "replay", product.name, "--all", "-n", NAMESPACE)
    assert "2 replayed, 0 discarded, 0 still parked" in healed.stdout, healed
    assert_right(shop, product)
    assert listed() == []
    product.wait("Degraded", "False", timeout=30)


def test_a_name_that_is_somebody_elses(server, shop, product):
    first = make(server, "taken", "SELECT customer_id, name FROM customers")
    name = first.alias
    server.cli.delete("dataproduct", "taken", NAMESPACE)
    eventually(lambda: server.cli.get("dataproduct", "taken", NAMESPACE) is None, 30, "gone")
    product.request("GET", f"/{name}", expect=404)
    product.request("GET", f"/offtake-control-{name}", expect=404)
    product.request("PUT", f"/{name}", {})
    server.cli.apply(manifests.product(NAMESPACE, "taken", TOTALS_SQL, class_name="search"))
    again = SearchProduct(server, NAMESPACE, "taken")
    again.wait("Provisioned", "False", "TargetNameTaken")
    product.request("DELETE", f"/{name}")
    again.wait_live(timeout=60)
