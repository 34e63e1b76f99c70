"""Target classes whose server Offtake runs itself: `{engine: postgres, provisioner: {local: {}}}`."""

import json
import os
import socket
import sqlite3

import psycopg
import pytest

from support import manifests, own_servers, paths
from support.children import eventually, is_running
from support.own_servers import OwnPostgres
from support.products import Product, wait_condition
from support.shop import JOINED_SQL, ORDERS_SQL, Shop, rows

NAMESPACE = "shop"


def target_class(name: str, **parameters: str) -> dict:
    spec = {"engine": "postgres", "description": "PostgreSQL of this installation", "provisioner": {"local": {}}}
    if parameters:
        spec["parameters"] = parameters
    return {"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(server):
    yield
    server.close()
    own_servers.kill_all(server)


@pytest.fixture(scope="module")
def shop(server, kafka):
    shop = Shop(kafka, server.registry_url, "own-servers")
    shop.create_topics()
    shop.fill()
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka), *shop.datasets(NAMESPACE), target_class("own"))
    return shop


@pytest.fixture(scope="module")
def own(server, shop):
    wait_condition(server, "targetclass", "own", None, "Ready", timeout=60)
    return OwnPostgres(server, "own")


@pytest.fixture(scope="module")
def product(server, own):
    """One that all tests here feed further."""
    server.cli.apply(manifests.product(NAMESPACE, "joined", JOINED_SQL, class_name="own"))
    product = Product(server, own, "postgres", NAMESPACE, "joined")
    product.wait_live(revision=1)
    return product


def assert_right(shop: Shop, product: Product) -> None:
    """It has taken in everything, holds what the shop computes, and is still revision 1."""
    product.wait_reached(shop.ends())
    with product.postgres.connect() as connection:
        assert rows(connection, f"SELECT * FROM {product.view} ORDER BY order_id") == shop.joined_rows()
    assert [control.revision for control in product.controls()] == [1]


def test_a_product_is_filled_and_fed(server, shop, own, product):
    shop.add_orders(500)
    shop.put_customer(3, "Renamed", "Elsewhere")
    shop.flush()
    assert_right(shop, product)
    # What consumers get leads to the same rows.
    with psycopg.connect(product.binding()["uri"]) as consumer:
        assert rows(consumer, f"SELECT count(*) FROM {product.view}") == [(len(shop.orders),)]
    listed = server.cli.run("get", "targetclasses").stdout
    line = next(line for line in listed.splitlines() if line.startswith("own "))
    assert own.address in line and "Ready" in line
    assert own.address in server.cli.run("describe", "targetclass", "own").stdout
    assert len(own.processes()) >= 1


def test_kill_of_the_server_heals(shop, own, product):
    worker = product.worker().pid
    for _ in range(2):
        before = own.kill()
        shop.add_orders(200)
        eventually(lambda: own.running() and own.pid != before and own.answers(), 30, "another server answers")
        assert_right(shop, product)
    assert product.worker().pid == worker


def test_kill_of_offtake_adopts_the_server(server, shop, own, product):
    before, port = own.pid, own.port
    server.kill()
    assert is_running(before)
    shop.add_orders(200)
    server.start()
    wait_condition(server, "targetclass", "own", None, "Ready")
    assert_right(shop, product)
    assert (own.pid, own.port) == (before, port)
    masters = [pid for pid in own.processes() if b"-D" in open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")]
    assert masters == [before]


def test_a_shutdown_stops_the_server_and_it_moves_from_a_port_that_was_taken(server, shop, own, product):
    port, before = own.port, own.pid
    server.terminate(timeout=30)
    assert own.processes() == [] and not is_running(before)
    with socket.socket() as foreign:
        foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        foreign.bind(("127.0.0.1", port))
        foreign.listen()
        server.start()
        eventually(lambda: own.port != port and own.answers(), 30, "it listens on another port")
        wait_condition(server, "targetclass", "own", None, "Ready")
        shop.add_orders(200)
        eventually(lambda: product.get()["status"]["endpoint"]["address"] == own.address, 30,
                   "the product says the new address")
        assert_right(shop, product)
        assert product.binding()["port"] == str(own.port)
    moved = [line for line in server.log_lines() if line.get("msg") == "the server moves to another port"]
    assert len(moved) == 1 and f"process {os.getpid()}" in moved[0]["by"]


def test_two_classes_side_by_side_and_deleting_one(server, shop, own, product):
    server.cli.apply(target_class("second", memory="128m"),
                     manifests.product(NAMESPACE, "plain", ORDERS_SQL, class_name="second"))
    second = OwnPostgres(server, "second")
    plain = Product(server, second, "postgres", NAMESPACE, "plain")
    plain.wait_live()
    assert second.port != own.port and second.pid != own.pid
    plain.wait_reached(shop.ends())
    with second.connect() as connection:
        assert rows(connection, f"SELECT * FROM {plain.view} ORDER BY order_id") == shop.order_rows()
        assert rows(connection, "SHOW shared_buffers") == [("32MB",)]
    # Held while a product has it, and it serves that one.
    server.cli.delete("targetclass", "second", flags=("--wait=false",))
    wait_condition(server, "targetclass", "second", None, "Ready", "False", "InUse")
    shop.add_orders(50)
    plain.wait_reached(shop.ends())
    secret = f"server-{second.get()['metadata']['uid']}"
    pid = second.pid
    server.cli.delete("dataproduct", "plain", NAMESPACE)
    eventually(lambda: server.cli.get("targetclass", "second") is None, 60, "the class is gone")
    assert not is_running(pid) and not second.folder.exists()
    assert server.cli.get("secret", secret, "offtake-system") is None
    assert_right(shop, product)


def test_what_is_missing_is_said_and_waited_for(server, shop, tmp_path):
    home = server.folder / "postgres-home"
    server.cli.apply(target_class("later", home=str(home)))
    said = wait_condition(server, "targetclass", "later", None, "Ready", "False", "BinariesMissing")
    assert str(home) in said["message"] and "postgresql-15" in said["message"]
    home.symlink_to("/usr/lib/postgresql/15")
    wait_condition(server, "targetclass", "later", None, "Ready", timeout=30)
    later = OwnPostgres(server, "later")
    pid = later.pid
    # Edited while it runs: started again, as another account.
    server.cli.apply(target_class("later", home=str(home), runAs="no-such-account"))
    wait_condition(server, "targetclass", "later", None, "Ready", "False", "UserMissing")
    server.cli.apply(target_class("later", home=str(home)))
    wait_condition(server, "targetclass", "later", None, "Ready", timeout=30)
    assert later.pid != pid
    server.cli.delete("targetclass", "later")
    eventually(lambda: not later.folder.exists(), 30, "its folder is gone")


def test_a_plan_starts_nothing(server, shop, tmp_path):
    file = tmp_path / "planned.yaml"
    documents = [target_class("planned"), manifests.product(NAMESPACE, "planned", ORDERS_SQL, class_name="planned")]
    file.write_text("\n---\n".join(json.dumps(document) for document in documents))  # JSON is YAML
    server.cli.run("plan", "-f", file, expect=3)
    assert not OwnPostgres(server, "planned").folder.exists()
    assert server.cli.get("targetclass", "planned") is None


def test_the_example(server, shop):
    """manifests/examples/local-postgres over the company of `demo generate`; the same product in SQLite agrees."""
    server.cli.run("demo", "generate", "--company", "retail", "--events", "20000")
    folder = paths.ROOT / "manifests/examples/local-postgres"
    server.cli.run("apply", "-f", folder)
    document = server.cli.get("dataproduct", "customer-orders", "retail")
    server.cli.apply(manifests.product("retail", "in-sqlite", document["spec"]["sql"], class_name="sqlite"))
    example = OwnPostgres(server, "local-postgres")
    for name in ("customer-orders", "in-sqlite"):
        Product(server, example, "postgres", "retail", name).wait_live()
    with example.connect() as connection:
        view = Product(server, example, "postgres", "retail", "customer-orders").view
        found = sorted((*row[:4], int(row[4])) for row in rows(connection, f"SELECT * FROM {view}"))
    endpoint = server.cli.get("dataproduct", "in-sqlite", "retail")["status"]["endpoint"]
    with sqlite3.connect(f"file:{endpoint['address']}?mode=ro", uri=True) as database:
        wanted = sorted((*row[:4], int(row[4])) for row in database.execute(f"SELECT * FROM {endpoint['object']}"))
    assert len(found) > 100 and found == wanted


def test_no_credential_is_seen(server, own):
    password = own.secret()["password"]
    assert len(password) >= 24
    logs = [*server.folder.glob("serve-*.log"), *server.data.glob("servers/*/*.log")]
    assert len(logs) >= 2
    for file in logs:
        assert password not in file.read_text(errors="replace"), file
    for pid in own.processes():
        for name in ("cmdline", "environ"):
            assert password.encode() not in open(f"/proc/{pid}/{name}", "rb").read()
    # Nobody but the server's account can look at its data, and nobody but its own can at the installation's.
    assert (own.folder / "data").stat().st_mode & 0o777 == 0o700
    for file in server.data.iterdir():
        if file.is_file():
            assert file.stat().st_mode & 0o077 == 0, file
