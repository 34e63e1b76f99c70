"""What happens to a running product: plan, wait, logs, edit, pause, resume, delete, drain; and who may ask."""

import base64
import json
import signal
import threading
import time

import pytest
import requests

from support import manifests
from support.children import eventually, is_running
from support.products import Product, condition
from support.shop import JOINED_SQL, ORDERS_SQL, TOTALS_SQL, Shop, rows

NAMESPACE = "shop"


@pytest.fixture(scope="module")
def shop(server, kafka, postgres, database):
    shop = Shop(kafka, server.registry_url, "lifecycle")
    shop.create_topics()
    shop.fill()
    server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                     *manifests.event_store(kafka), *manifests.target_class(postgres, database),
                     *shop.datasets(NAMESPACE))
    return shop


@pytest.fixture
def provision(server, postgres, database, shop):
    """Applies a product and gives it; what is left at the end is deleted."""
    made = []

    def apply(name: str, sql: str, **spec) -> Product:
        server.cli.apply(manifests.product(NAMESPACE, name, sql, **spec))
        product = Product(server, postgres, database, NAMESPACE, name)
        made.append(product)
        return product
    yield apply
    for product in made:
        if server.cli.get("dataproduct", product.name, NAMESPACE) is not None:
            server.cli.delete("dataproduct", product.name, NAMESPACE)
            eventually(lambda: server.cli.get("dataproduct", product.name, NAMESPACE) is None, 30, f"{product} is gone")


@pytest.fixture
def connection(postgres, database):
    with postgres.connect(database=database) as connection:
        yield connection


def orders_in(connection, product: Product) -> list[tuple]:
    return rows(connection, f"SELECT * FROM {product.view} ORDER BY order_id")


def test_apply_says_created_configured_unchanged(server, provision):
    document = manifests.product(NAMESPACE, "said", ORDERS_SQL)
    assert "created" in server.cli.apply(document).stdout
    product = provision("said", ORDERS_SQL)
    assert "unchanged" in server.cli.apply(document).stdout
    document["spec"]["description"] = "Another sentence"
    assert "configured" in server.cli.apply(document).stdout
    product.wait_live()


def test_wait_get_describe_and_logs(server, provision):
    product = provision("looked-at", ORDERS_SQL)
    server.cli.run("wait", "dataproduct", product.name, "-n", NAMESPACE, "--for", "condition=Ready", "--timeout", "60s")
    product.wait_live()
    table = server.cli.run("get", "products", "-n", NAMESPACE).stdout
    header, line = table.splitlines()[0].split(), next(l for l in table.splitlines() if l.startswith("looked-at"))
    assert header[:3] == ["NAME", "READY", "STATUS"] and "True" in line and "Live" in line
    assert "looked-at" in server.cli.run("describe", "dataproduct", product.name, "-n", NAMESPACE).stdout
    assert "apiVersion: offtake.dev/v1alpha1" in server.cli.run("get", "dataproduct", product.name, "-n", NAMESPACE,
                                                                "-o", "yaml").stdout
    logged = server.cli.run("logs", product.name, "-n", NAMESPACE).stdout
    assert any(json.loads(line).get("msg") for line in logged.splitlines() if line.startswith("{"))


def test_plan_shows_what_apply_would_do_and_does_nothing(server, provision, tmp_path):
    document = manifests.product(NAMESPACE, "planned", ORDERS_SQL)
    file = tmp_path / "planned.yaml"
    file.write_text(json.dumps(document))  # JSON is YAML
    outcome = server.cli.run("plan", "-f", file, expect=3)
    assert "orders" in outcome.stdout
    assert server.cli.get("dataproduct", "planned", NAMESPACE) is None
    provision("planned", ORDERS_SQL).wait_live()
    server.cli.run("plan", "-f", file, expect=0)
    document["spec"]["sql"] = ORDERS_SQL + " WHERE amount_cents > 0"
    file.write_text(json.dumps(document))
    assert "rebuild" in server.cli.run("plan", "-f", file, expect=3).stdout.lower()


def test_nothing_without_the_token(server, shop):
    path = "/apis/offtake.dev/v1alpha1/dataproducts"
    assert server.http("GET", path).status_code == 200
    for token in (None, "wrong", server.token[:-1]):
        answer = server.http("GET", path, token=token)
        assert answer.status_code == 401
        assert answer.json()["kind"] == "Status" and answer.json()["reason"] == "Unauthorized"
    for open_path in ("/healthz", "/readyz", "/livez"):
        assert server.http("GET", open_path, token=None).status_code == 200
    assert requests.get(server.registry_url + "/subjects", timeout=5).status_code == 200


def test_edit_under_load_fills_beside_and_swaps(server, shop, provision, connection):
    product = provision("edited", ORDERS_SQL, key=["order_id"])
    product.wait_live()
    first = product.worker()
    view, seen, stop = product.view, [], threading.Event()

    def load():
        while not stop.is_set():
            shop.add_orders(50)
            stop.wait(0.02)

    def read(own):
        # Readers never see an error, nor a result that is not complete: rows only grow.
        while not stop.is_set():
            seen.append(own.execute(f"SELECT count(*) FROM {view}").fetchone()[0])
    with product.postgres.connect(database=product.database) as own:
        threads = [threading.Thread(target=load), threading.Thread(target=read, args=(own,))]
        for thread in threads:
            thread.start()
        try:
            server.cli.apply(manifests.product(
                NAMESPACE, "edited", "SELECT order_id, customer_id, abs(amount_cents) AS amount_cents, note, placed_at FROM orders",
                key=["order_id"]))
            product.wait_live(revision=2)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert seen and seen == sorted(seen)
    product.wait_reached(shop.ends())
    assert orders_in(connection, product) == [(o, c, abs(a), n, p) for o, c, a, n, p in shop.order_rows()]
    eventually(lambda: [c.revision for c in product.controls()] == [2], 30, "revision 1 is dropped")
    eventually(lambda: not first.running(), 10, "its worker has gone")
    tables = rows(connection, f"SELECT relname FROM pg_class WHERE relnamespace = '\"{product.schema}\"'::regnamespace "
                              "AND relkind = 'r' AND relname LIKE '%__r1'")
    assert tables == []


def test_a_description_changes_in_place(server, provision):
    product = provision("in-place", TOTALS_SQL)
    product.wait_live()
    pid = product.worker().pid
    server.cli.apply(manifests.product(NAMESPACE, "in-place", TOTALS_SQL, description="Said better"))
    eventually(lambda: condition(product.get(), "Ready").get("observedGeneration") == product.get()["metadata"]["generation"],
               15, "the new generation is observed")
    assert product.revision == 1 and product.worker().pid == pid


def test_pause_and_resume(server, shop, provision, connection):
    product = provision("paused", JOINED_SQL, key=["order_id"])
    product.wait_live()
    worker = product.worker()
    server.cli.run("pause", product.name, "-n", NAMESPACE)
    product.wait("Ready", "True", "Paused", timeout=20)
    eventually(lambda: not worker.running(), 20, "the worker has gone")
    before = orders_in(connection, product)
    shop.add_orders(200)
    shop.put_customer(3, "Renamed while paused", None)
    shop.flush()
    assert orders_in(connection, product) == before
    server.cli.run("resume", product.name, "-n", NAMESPACE)
    product.wait_live()
    product.wait_reached(shop.ends())
    assert orders_in(connection, product) == shop.joined_rows()


def leftovers(connection, product_name: str) -> dict[str, list]:
    word = product_name.replace("-", "_")
    pattern = f"%{word}%"
    return {
        "schemas": rows(connection, f"SELECT nspname FROM pg_namespace WHERE replace(nspname, '-', '_') LIKE '{pattern}'"),
        "roles": rows(connection, f"SELECT rolname FROM pg_roles WHERE replace(rolname, '-', '_') LIKE '{pattern}'"),
        "tables": rows(connection, f"SELECT relname FROM pg_class WHERE relname LIKE '{pattern}'"),
        "sessions": rows(connection, f"SELECT usename FROM pg_stat_activity WHERE replace(usename, '-', '_') LIKE '{pattern}'"),
    }


def test_delete_leaves_nothing(server, provision, connection):
    product = provision("short-lived", JOINED_SQL, key=["order_id"])
    product.wait_live()
    uid, worker, pid = product.uid, product.worker(), product.worker().pid
    binding = product.get()["status"]["binding"]["name"]
    roles_before = rows(connection, "SELECT count(*) FROM pg_roles")[0][0]
    schema = product.schema
    assert server.cli.get("secret", binding, NAMESPACE) is not None
    server.cli.delete("dataproduct", product.name, NAMESPACE)
    eventually(lambda: server.cli.get("dataproduct", product.name, NAMESPACE) is None, 30, "it is gone")
    assert not is_running(pid)
    assert not worker.folder.exists() and not worker.folder.parent.exists()
    assert list(server.data.rglob(f"*{uid}*")) == []
    assert server.cli.get("secret", binding, NAMESPACE) is None
    found = leftovers(connection, "short-lived")
    assert not any(found.values()), found
    assert rows(connection, f"SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'") == []
    assert rows(connection, "SELECT count(*) FROM pg_roles")[0][0] < roles_before


def test_a_product_comes_back_after_delete(server, shop, provision, connection):
    for _ in range(2):
        product = provision("again", ORDERS_SQL)
        product.wait_live()
        product.wait_reached(shop.ends())
        assert len(orders_in(connection, product)) == len(shop.orders)
        server.cli.delete("dataproduct", "again", NAMESPACE)
        eventually(lambda: server.cli.get("dataproduct", "again", NAMESPACE) is None, 30, "it is gone")


def test_sigterm_drains(server, shop, provision, connection):
    """Server and workers end within ten seconds, at an epoch's boundary; nothing is lost or done twice."""
    product = provision("drained", JOINED_SQL, key=["order_id"])
    product.wait_live()
    view, pid = product.view, product.worker().pid
    shop.add_orders(2_000)
    started = time.monotonic()
    assert server.terminate(timeout=10) == 0
    assert time.monotonic() - started < 10
    assert not is_running(pid)
    assert rows(connection, "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")[0][0] == 0
    shop.add_orders(100)
    server.start()
    product.wait_live()
    product.wait_reached(shop.ends())
    assert rows(connection, f"SELECT * FROM {view} ORDER BY order_id") == shop.joined_rows()


def test_a_dead_worker_is_started_again(shop, provision, connection):
    product = provision("restarted", JOINED_SQL, key=["order_id"])
    product.wait_live()
    pid = product.worker().send(signal.SIGKILL)
    shop.add_orders(100)
    product.wait_worker(not_pid=pid)
    product.wait_reached(shop.ends())
    assert orders_in(connection, product) == shop.joined_rows()


def test_a_rotated_password_reaches_the_running_worker(server, shop, provision, connection):
    product = provision("rotated", JOINED_SQL, key=["order_id"])
    product.wait_live()
    worker = product.worker()
    pid = worker.pid
    path = f"/api/v1/namespaces/{manifests.SYSTEM}/secrets/target-{product.uid}"
    rotated = "another-password-for-the-writer"
    answer = server.http("PATCH", path, headers={"Content-Type": "application/merge-patch+json"},
                         json={"data": {"writer-password": base64.b64encode(rotated.encode()).decode()}})
    assert answer.status_code == 200, answer.text
    product.wait_worker(not_pid=pid)
    assert (worker.folder / "secrets" / "target" / "password").read_text() == rotated
    product.wait_live()
    shop.add_orders(50)
    product.wait_reached(shop.ends())
    assert orders_in(connection, product) == shop.joined_rows()
    assert rotated not in worker.log_text() and rotated not in server.child.output()


def test_an_edited_event_store_reaches_the_running_worker(server, kafka, shop, provision, connection):
    product = provision("other-store", ORDERS_SQL, key=["order_id"])
    product.wait_live()
    pid = product.worker().pid
    (store,) = manifests.event_store(kafka)
    store["spec"]["kafka"]["properties"] = {"client.rack": "here"}
    try:
        server.cli.apply(store)
        worker = product.wait_worker(not_pid=pid)
        job = json.loads((worker.folder / "job.json").read_text())
        assert job["stores"][0]["properties"] == {"client.rack": "here"}
        shop.add_orders(50)
        product.wait_reached(shop.ends())
        assert product.revision == 1 and orders_in(connection, product) == shop.order_rows()
    finally:
        server.cli.apply(*manifests.event_store(kafka))


def test_a_view_that_others_built_on_is_not_dropped(server, shop, provision, connection, tmp_path):
    product = provision("built-on", ORDERS_SQL, key=["order_id"])
    product.wait_live()
    connection.execute("CREATE SCHEMA reporting")
    connection.execute(f"CREATE VIEW reporting.orders AS SELECT order_id FROM {product.view}")
    connection.commit()
    fewer = manifests.product(NAMESPACE, "built-on", "SELECT order_id, placed_at FROM orders", key=["order_id"])
    file = tmp_path / "fewer.yaml"
    file.write_text(json.dumps(fewer))
    refused = server.cli.run("plan", "-f", file, expect=1)
    assert "is used by view reporting.orders" in refused.text
    server.cli.apply(fewer, flags=("--no-plan",))
    product.wait("Planned", "False", "ViewHasDependants")
    assert product.revision == 1 and product.worker().running()
    shop.add_orders(20)
    product.wait_reached(shop.ends())
    connection.execute("DROP SCHEMA reporting CASCADE")
    connection.commit()
    product.wait_live(revision=2)
    product.wait_reached(shop.ends())
    assert orders_in(connection, product) == [(o, p) for o, _, _, _, p in shop.order_rows()]


def test_a_dataset_that_only_the_sql_names_is_warned_of(server, shop):
    document = manifests.product(NAMESPACE, "waits", "SELECT r.id FROM refunds r")
    answer = server.http("POST", f"/apis/offtake.dev/v1alpha1/namespaces/{NAMESPACE}/dataproducts?dryRun=All",
                         json=document)
    assert answer.status_code == 201, answer.text
    assert "spec.sql: Dataset refunds in namespace shop does not exist yet" in answer.headers["Warning"]


def test_plan_shows_records_and_bytes(server, shop, tmp_path):
    file = tmp_path / "bytes.yaml"
    file.write_text(json.dumps(manifests.product(NAMESPACE, "measured", ORDERS_SQL)))
    plan = json.loads(server.cli.run("plan", "-f", file, "-o", "json", expect=3).stdout)
    assert plan["records"] == sum(shop.ends()["orders"].values())
    assert 20 * plan["records"] < plan["bytes"] < 1000 * plan["records"]
    text = server.cli.run("plan", "-f", file, expect=3).stdout
    assert "records to read, about" in text and "BYTES" in text
