"""A product that parks: what does not decode is left out with what follows of its key, in the epoch's own
transaction; `offtake errors` lists it, shows it, takes it in, and leaves it out for good."""

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from support import manifests, paths
from support.chains import topic_class
from support.children import eventually
from support.crash import hit
from support.products import Product, condition
from support.push import Service, push_class, wait_complete
from support.shop import Shop, rows

NAMESPACE = "ledger"
SQL = "SELECT order_id, amount_cents, note FROM orders"


@pytest.fixture(scope="module")
def shop(server, kafka, postgres, database):
    shop = Shop(kafka, server.registry_url, "ledger", partitions=1)
    shop.create_topics()
    shop.fill(orders=20, customers=5)
    shop.flush()
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka), *manifests.target_class(postgres, database),
                     *shop.datasets(NAMESPACE))
    return shop


@pytest.fixture
def provision(server, postgres, database, shop):
    def apply(name: str, sql: str, **spec) -> Product:
        server.cli.apply(manifests.product(NAMESPACE, name, sql, **spec))
        return Product(server, postgres, database, NAMESPACE, name)
    return apply


def poison(shop, number: int) -> None:
    damaged = shop.encode_order(order_id=number, note="S3CRET").replace(b"S3CRET", b"S3\xc3\x28ET")  # not UTF-8
    shop.send_raw("orders", damaged, key=str(number).encode())


def good(shop, number: int, amount: int) -> None:
    shop.send_raw("orders", shop.encode_order(order_id=number, amount_cents=amount), key=b"9000")


def entries(server, name: str) -> list[dict]:
    listed = json.loads(server.cli.run("errors", "list", name, "-n", NAMESPACE, "-o", "json").stdout)
    return sorted(listed["entries"], key=lambda entry: entry["offset"])


def statuses(server, name: str) -> list[str]:
    return [entry["status"] for entry in entries(server, name)]


def stored(product, connection) -> list[str]:
    found = rows(connection, f'SELECT entry FROM "{product.schema}"._offtake_ledger')
    return sorted(json.loads(entry)["status"] for (entry,) in found)


def test_a_poison_record_and_those_behind_it(server, shop, provision, postgres, database):
    product = provision("orders", SQL)
    product.wait_live()
    with postgres.connect(database=database) as connection:
        before = len(rows(connection, f"SELECT order_id FROM {product.view}"))
        poison(shop, 9000)
        good(shop, 9001, 1)
        good(shop, 9002, 2)
        shop.add_orders(1_000)
        product.wait_reached({"orders": shop.ends()["orders"]})
        assert len(rows(connection, f"SELECT order_id FROM {product.view}")) == before + 1_000
        assert statuses(server, "orders") == ["Parked", "Waiting", "Waiting"]
        found = product.wait("Degraded", "True", "RecordsParked", timeout=30)
        assert "offtake errors list orders -n ledger" in found["message"]
        assert condition(product.get(), "Ready")["status"] == "True"

        told = server.cli.run("errors", "list", "orders", "-n", NAMESPACE).stdout
        assert "'9000'" in told and "note" in told and "S3" not in told, told
        first = entries(server, "orders")[0]["id"]
        shown = json.loads(server.cli.run("errors", "show", "orders", first, "-n", NAMESPACE).stdout)
        assert b"S3\xc3\x28ET".hex() in shown["record"]["value"], shown

        again = server.cli.run("errors", "replay", "orders", "--all", "-n", NAMESPACE, expect=1)
        assert "0 replayed, 0 discarded, 1 still parked" in again.stdout, again
        done = server.cli.run("errors", "discard", "orders", first, "-n", NAMESPACE)
        assert "2 replayed, 1 discarded, 0 still parked" in done.stdout, done
        assert rows(connection, f"SELECT order_id, amount_cents FROM {product.view} WHERE order_id >= 9000 "
                                "ORDER BY order_id") == [(9001, 1), (9002, 2)]
        assert statuses(server, "orders") == ["Discarded"]
        product.wait("Degraded", "False", timeout=30)

        # The next revision starts with the discards.
        server.cli.apply(manifests.product(NAMESPACE, "orders", SQL.replace("note", "note, customer_id")))
        product.wait_live(revision=2)
        assert statuses(server, "orders") == ["Discarded"]

        server.cli.run("pause", "orders", "-n", NAMESPACE)

        def refused():
            told = server.cli.run("errors", "list", "orders", "-n", NAMESPACE, expect=None)
            return told.code == 1 and "does not run" in told.text
        eventually(refused, 30, "a product that is paused has no worker to ask")


@pytest.mark.parametrize("point", ["before-ledger", "before-epoch-commit", "after-epoch-commit"])
def test_nothing_parts_an_epoch_and_its_ledger(server, shop, provision, postgres, database, point):
    server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    name = f"killed-{point}"
    product = provision(name, "SELECT order_id FROM orders WHERE note IS NULL OR note <> ''",
                        history="Now", runner={"type": "Process"})
    product.wait_live()
    with postgres.connect(database=database) as connection:
        poison(shop, 8000)
        shop.add_orders(3)
        pid = hit(product, point)
        end = shop.ends()["orders"]
        committed = product.control().offsets["ledger/orders"] == end
        assert committed == (stored(product, connection) == ["Parked"]), (product.control(), end)
        product.worker().send(signal.SIGKILL)
        server.restart()
        assert product.wait_worker(not_pid=pid)
        product.wait_reached({"orders": end})
        assert stored(product, connection) == ["Parked"]
        product.wait_live()
    assert statuses(server, name) == ["Parked"]


@pytest.mark.parametrize("first, point", [(20_000, "before-ledger"), (21_000, "before-epoch-commit"),
                                          (22_000, "after-epoch-commit")])
def test_a_row_that_a_constraint_of_somebody_else_refuses(server, shop, provision, postgres, database, first, point):
    """A key keeps what it had, everything else flows; killed in the epoch that leaves it out; taken in by a replay."""
    name = f"constrained-{point}"
    server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    product = provision(name, "SELECT order_id, amount_cents FROM orders", runner={"type": "Process"},
                        key=["order_id"])
    product.wait_live()

    def outputs() -> list[dict]:
        told = json.loads(server.cli.run("errors", "list", name, "-n", NAMESPACE, "-o", "json").stdout)
        return sorted((entry for entry in told["entries"] if entry["kind"] == "Output"), key=lambda entry: entry["key"])

    with postgres.connect(database=database) as connection:
        table = f"{product.view}__r1"
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT affordable "
                           "CHECK (amount_cents < 1000000) NOT VALID")
        for number in range(first, first + 50):
            amount = 5_000_000 if number in (first + 7, first + 31) else 5
            shop.send_raw("orders", shop.encode_order(order_id=number, amount_cents=amount), key=str(number).encode())
        shop.flush()
        pid = hit(product, point)
        product.worker().send(signal.SIGKILL)
        server.restart()
        assert product.wait_worker(not_pid=pid)
        product.wait_reached({"orders": shop.ends()["orders"]})
        own = f"SELECT order_id FROM {product.view} WHERE order_id BETWEEN {first} AND {first + 49} ORDER BY order_id"
        wanted = [(number,) for number in range(first, first + 50)]
        assert rows(connection, own) == [row for row in wanted if row[0] not in (first + 7, first + 31)]
        listed = [(entry["key"], entry["status"]) for entry in outputs()]
        assert listed == [(str(first + 7), "Parked"), (str(first + 31), "Parked")]
        found = product.wait("Degraded", "True", timeout=30)
        assert "5000000" not in json.dumps(found)
        told = server.cli.run("errors", "list", name, "-n", NAMESPACE).stdout
        assert "affordable" in told and "5000000" not in told, told

        ids = [entry["id"] for entry in outputs()]
        again = server.cli.run("errors", "replay", name, *ids, "-n", NAMESPACE, expect=1)
        assert "0 replayed, 0 discarded, 2 still parked" in again.stdout, again
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT affordable")
        done = server.cli.run("errors", "replay", name, *ids, "-n", NAMESPACE)
        assert "2 replayed, 0 discarded, 0 still parked" in done.stdout, done
        assert rows(connection, own) == wanted
        assert outputs() == []


@pytest.mark.parametrize("kind, number", [("appended", 30_000), ("pushed", 31_000)])
def test_what_is_parked_stays_so_where_an_edit_sends_no_history(server, shop, provision, request, kind, number):
    """The next revision goes on where this one stands; what that one did not send nobody would hear of."""
    service = Service()
    request.addfinalizer(service.close)
    server.cli.apply(topic_class("topics", "kafka"), push_class("receiver", "http", {"external": {"url": service.url}}))
    where = {"appended": {"class_name": "topics"},
             "pushed": {"class_name": "receiver", "target": {"http": {"url": service.url + "/in"}}}}[kind]
    condition = f"FROM orders WHERE order_id >= {number} AND order_id < {number + 100}"
    product = provision(kind, f"SELECT order_id, note {condition}", **where)
    product.wait_live()
    parked_before = len(entries(server, kind))
    poison(shop, number)
    shop.send_raw("orders", shop.encode_order(order_id=number + 1), key=str(number + 1).encode())
    wait_complete(product)
    before = entries(server, kind)
    assert len(before) == parked_before + 1 and before[-1]["status"] == "Parked"

    provision(kind, f"SELECT order_id, note, amount_cents {condition}", **where)
    product.wait_live(revision=2)
    shop.send_raw("orders", shop.encode_order(order_id=number + 2), key=str(number + 2).encode())
    wait_complete(product)
    same = ("id", "status", "offset")
    assert [[entry[name] for name in same] for entry in entries(server, kind)] == \
        [[entry[name] for name in same] for entry in before]
    told = server.cli.run("errors", "replay", kind, before[-1]["id"], "-n", NAMESPACE, expect=1)
    assert "0 replayed, 0 discarded, 1 still parked" in told.stdout, told
    if kind == "pushed":
        eventually(lambda: len(service.messages()) >= 2, 30, "both good orders are sent")
        assert sorted(message.data["row"]["order_id"] for message in service.messages()) == [number + 1, number + 2]
    server.cli.delete("dataproduct", kind, NAMESPACE)


def test_the_example(server):
    """manifests/examples/bad-records, as its README goes."""
    folder = paths.ROOT / "manifests" / "examples" / "bad-records"

    def send(*arguments) -> None:
        environment = {**os.environ, "OFFTAKE_SERVER": server.url, "OFFTAKE_TOKEN": server.token}
        subprocess.run([sys.executable, folder / "send_readings.py", *map(str, arguments)], env=environment, check=True)

    def count() -> int:
        endpoint = server.cli.get("dataproduct", "readings-by-sensor", "plant")["status"]["endpoint"]
        with sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True) as database:
            return database.execute(f"SELECT count(*) FROM \"{endpoint['object']}\"").fetchone()[0]

    def listed() -> list[str]:
        told = server.cli.run("errors", "list", "readings-by-sensor", "-n", "plant", "-o", "json").stdout
        return sorted(entry["status"] for entry in json.loads(told)["entries"])

    server.cli.run("apply", "-f", folder / "dataset.yaml")
    server.cli.run("apply", "-f", folder / "product.yaml")
    eventually(lambda: server.http("GET", "/registry/subjects/plant.readings-value/versions/latest").status_code == 200,
               30, "the schema is registered")
    send(0, 1000)
    product = Product(server, None, "", "plant", "readings-by-sensor")
    product.wait_live()
    eventually(lambda: count() == 1000, 30, "all readings are there")
    send(1000, 100, "--bad", 1042)
    eventually(lambda: count() == 1094, 30, "those of the other sensors, and those before it")
    assert listed() == ["Parked"] + ["Waiting"] * 5
    told = server.cli.run("errors", "list", "readings-by-sensor", "-n", "plant", "-o", "json").stdout
    (poison,) = [entry["id"] for entry in json.loads(told)["entries"] if entry["status"] == "Parked"]
    server.cli.run("errors", "discard", "readings-by-sensor", poison, "-n", "plant")
    eventually(lambda: count() == 1099, 30, "what waited came in")
    assert listed() == ["Discarded"]
