"""Products whose changes are sent to a receiver: a function that mails confirmations, and a service whose answers
become a dataset. Kafka, real processes and sockets; kill -9 of workers and functions."""

import collections
import datetime
import http.server
import json
import os
import signal
import socketserver
import sys
import threading
import time

import pytest

from support import manifests, paths
from support.children import Child, eventually, free_ports
from support.mailbox import Mailbox
from support.payments import CONFIRMATIONS_SQL, Payments, amount_of
from support.products import Product

NAMESPACE = "push"
EXAMPLES = paths.ROOT / "manifests" / "examples"
PASSWORD = "open-sesame-41"


class World:
    database = "push"

    def __init__(self, kafka, postgres, server):
        self.kafka, self.postgres, self.server = kafka, postgres, server
        postgres.create_database(self.database)
        self.data = Payments(kafka, server.registry_url, "push")
        self.data.fill(50_000)
        server.cli.apply(manifests.namespace(manifests.SYSTEM), manifests.namespace(NAMESPACE),
                         *manifests.event_store(kafka), *manifests.target_class(postgres, self.database),
                         push_class("functions", "function", {"local": {}}),
                         *self.data.datasets(NAMESPACE))

    def product(self, name: str, sql: str, **spec) -> Product:
        self.server.cli.apply(manifests.product(NAMESPACE, name, sql, **spec))
        return Product(self.server, self.postgres, self.database, NAMESPACE, name)

    def remove(self, name: str) -> None:
        self.server.cli.delete("dataproduct", name, NAMESPACE)
        eventually(lambda: self.server.cli.get("dataproduct", name, NAMESPACE) is None, 30, f"{name} is gone")


def push_class(name: str, engine: str, provisioner: dict) -> dict:
    return {"apiVersion": manifests.API, "kind": "TargetClass", "metadata": {"name": name},
            "spec": {"engine": engine, "description": "A receiver", "provisioner": provisioner}}


@pytest.fixture(scope="module")
def world(kafka, postgres, server):
    return World(kafka, postgres, server)


@pytest.fixture
def mailbox():
    box = Mailbox()
    yield box
    box.close()


def mailing(box: Mailbox, script: str | None = None, **function) -> dict:
    """The `target` of a product whose rows are mailed."""
    command = [sys.executable, script or str(EXAMPLES / "retail-function" / "send_confirmation.py")]
    return {"function": {"command": command,
                         "env": [{"name": "SMTP_HOST", "value": "127.0.0.1"},
                                 {"name": "SMTP_PORT", "value": str(box.port)},
                                 {"name": "SHOP_PASSWORD", "secretKeyRef": {"name": "mail", "key": "password"}}],
                         **function}}


def function_pid(product: Product) -> int | None:
    try:
        return json.loads((product.worker().folder / "function" / "function.pid").read_text())["pid"]
    except (OSError, ValueError):
        return None


def kill_function(product: Product) -> bool:
    pid = function_pid(product)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def confirmed(box: Mailbox, numbers) -> None:
    """Each has a confirmation, and after de-duplication by id no second one."""
    wanted = set(numbers)
    eventually(lambda: wanted <= set(box.ids_by_payment()), 60, "all are confirmed", interval=0.2)
    for payment, ids in box.ids_by_payment().items():
        assert payment in wanted, f"payment {payment} was not to be confirmed"
        assert len(ids) == 1, f"payment {payment}: {ids}"


@pytest.mark.timeout(600)  # ten restarts of a worker that died, each after a longer pause
def test_confirmations_are_mailed_once(world, mailbox):
    """History of 50,000 sends none; 2,000 new ones with ten kills each of worker and function; changes of what they
    join send none; an edit of the SQL while they come sends none twice and loses none."""
    world.server.cli.apply(manifests.secret("mail", NAMESPACE, password=PASSWORD))
    first = world.data.payments
    product = world.product("confirm", CONFIRMATIONS_SQL, class_name="functions", key=["payment_id"],
                            target=mailing(mailbox), delivery={"retry": {"maxDelay": "1s"}})
    product.wait_live()
    assert len(mailbox) == 0
    killed = 0
    for step in range(20):
        world.data.add(100)
        if step % 2:
            eventually(lambda: kill_function(product), 20, "there is a function to be killed")
        else:
            worker = product.wait_worker()
            worker.send(signal.SIGKILL)
            product.wait_worker(not_pid=worker.pid, timeout=60)  # it is started again after at most 30 s
        killed += 1
        time.sleep(0.2)  # somewhere in the middle of what it does
    assert killed == 20
    new = range(first, world.data.payments)
    assert len(new) == 2_000
    confirmed(mailbox, new)

    sent = len(mailbox)
    for customer in range(500):
        world.data.put_customer(customer, f"new{customer}@example.org")
    for order in range(200):
        world.data.put_order(order, "corrected")
    world.data.flush()
    wait_complete(product)
    assert len(mailbox) == sent

    stop, feeding = threading.Event(), threading.Thread(target=lambda: feed(world, stop))
    feeding.start()
    try:
        time.sleep(1)
        world.product("confirm", CONFIRMATIONS_SQL + "WHERE p.amount_cents > 0", class_name="functions",
                      key=["payment_id"], target=mailing(mailbox), delivery={"retry": {"maxDelay": "1s"}})
        product.wait_live(revision=2)
    finally:
        stop.set()
        feeding.join()
    world.data.add(50)
    confirmed(mailbox, range(first, world.data.payments))
    printed = world.server.cli.run("logs", "confirm", "-n", NAMESPACE, "--function").stdout
    assert f"confirmed payment {world.data.payments - 1}" in printed
    assert_nowhere(world, product, PASSWORD)
    world.remove("confirm")
    assert not [t for t in world.kafka.admin().list_topics(timeout=10).topics if t.startswith("_offtake.state.")]


def feed(world, stop: threading.Event) -> None:
    while not stop.is_set():
        world.data.add(10)
        time.sleep(0.05)


def wait_complete(product: Product) -> None:
    """Until all that was written before this call is taken in."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def check():
        revisions = product.server.http("GET", f"/apis/view.offtake.dev/v1alpha1/namespaces/{product.namespace}"
                                        f"/dataproducts/{product.name}/progress").json()["revisions"]
        through = revisions[-1]["completeThrough"]
        assert datetime.datetime.fromisoformat(through.replace("Z", "+00:00")) > now, (through, now)
        return True
    eventually(check, 60, f"{product} has read all", interval=0.2)


def assert_nowhere(world, product: Product, secret: str) -> None:
    """In no job, log, condition or argument list; the files of secrets are the worker's alone."""
    folder = product.worker().folder
    for path in folder.rglob("*"):
        if path.is_file() and "secrets" not in path.parts and path.stat().st_size < 50 << 20:
            assert secret.encode() not in path.read_bytes(), path
    for path in (folder / "secrets").rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path
    assert secret not in json.dumps(product.get())
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                assert secret.encode() not in open(f"/proc/{entry}/cmdline", "rb").read()
            except OSError:
                continue


class Service:
    """A receiver whose behaviour a test sets."""

    def __init__(self):
        self._lock = threading.Lock()
        self.seen: list[tuple[str, str, dict]] = []  # (id, type, data)
        self.behave = lambda handler, subject: handler.say(204)
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with service._lock:
                    service.seen.append((self.headers["ce-id"], self.headers["ce-type"], json.loads(body)))
                service.behave(self, self.headers["ce-subject"])

            def say(self, status: int, body: bytes = b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *arguments):
                pass

        class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass

        self._server = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def subjects(self, type_: str = "created") -> collections.Counter:
        with self._lock:
            return collections.Counter(data["row"]["payment_id"] for _, kind, data in self.seen
                                       if kind.endswith(type_))

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service():
    started = Service()
    yield started
    started.close()


def test_a_receiver_that_misbehaves(world, service):
    """Each way shows as a condition or is parked, heals by itself, and holds nobody else up."""
    world.server.cli.apply(push_class("service", "http", {"external": {"url": service.url}}))
    product = world.product("notify", "SELECT payment_id, amount_cents FROM payments", history="Now",
                            class_name="service", key=["payment_id"], target={"http": {"url": service.url + "/in"}},
                            delivery={"retry": {"maxDelay": "1s", "maxAttempts": 4}})
    product.wait_live()

    # Refused messages are parked; the others go on.
    bad = {world.data.payments, world.data.payments + 3}
    service.behave = lambda handler, subject: handler.say(400 if int(subject) in bad else 204)
    first = world.data.payments
    world.data.add(10)
    eventually(lambda: set(service.subjects()) == set(range(first, first + 10)), 30, "all were sent")
    assert all(service.subjects()[payment] == 1 for payment in bad)

    # Those that fail are tried again; others are not held up.
    flaky = world.data.payments
    service.behave = lambda handler, subject: handler.say(500 if int(subject) == flaky else 204)
    world.data.add(5)
    eventually(lambda: service.subjects()[flaky] >= 3, 30, "it was tried")
    eventually(lambda: set(service.subjects()) >= set(range(flaky, flaky + 5)), 30, "the others are there")
    service.behave = lambda handler, subject: handler.say(204)
    tries = service.subjects()[flaky]

    # Whoever refuses all is waited for, and said so.
    moved = world.data.payments
    for status, headers, reason in ((404, {}, "ReceiverRefuses"),
                                    (429, {"Retry_After": "2"}, None),
                                    (307, {"Location": "http://localhost:1/elsewhere"}, "RedirectRefused")):
        time.sleep(0.1)
        service.behave = lambda handler, subject: handler.say(status, **headers)
        lot = range(world.data.payments, world.data.payments + 3)
        world.data.add(3)
        if reason is not None and status == 307:
            shown = product.wait("Stalled", "True", reason, timeout=30)
            assert "not sent on to another host" in shown["message"]
        else:
            eventually(lambda: set(service.subjects()) & set(lot), 30, f"{status}: some were tried")
        service.behave = lambda handler, subject: handler.say(204)
        eventually(lambda: set(service.subjects()) >= set(lot), 60, f"{status}: all were taken")
    product.wait("Stalled", "False", timeout=60)
    assert moved > flaky and tries >= 3

    # Closes in the middle of its answer, then hangs; each id is one payment's.
    def closes(handler, subject):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        handler.close_connection = True
    service.behave = closes
    lot = range(world.data.payments, world.data.payments + 3)
    world.data.add(3)
    eventually(lambda: set(service.subjects()) & set(lot), 30, "some were tried")
    service.behave = lambda handler, subject: handler.say(204)
    eventually(lambda: all(service.subjects()[p] >= 2 for p in lot), 60, "they were sent again")
    ids = collections.defaultdict(set)
    for id_, _, data in list(service.seen):
        ids[data["row"]["payment_id"]].add(id_)
    assert all(len(found) == 1 for found in ids.values())
    world.remove("notify")


def test_where_messages_may_go(world, service):
    world.server.cli.apply(push_class("service", "http", {"external": {"url": service.url}}))
    elsewhere = manifests.product(NAMESPACE, "elsewhere", "SELECT payment_id FROM payments", class_name="service",
                                  key=["payment_id"], target={"http": {"url": "http://localhost:9/"}})
    refused = world.server.cli.apply(elsewhere, expect=1)
    assert "spec.target.http.url" in refused.text and "lets messages be sent" in refused.text, refused
    wrong = manifests.product(NAMESPACE, "elsewhere", "SELECT payment_id FROM payments", class_name="service",
                              key=["payment_id"], target={"function": {"command": ["true"]}})
    assert "takes no command" in world.server.cli.apply(wrong, expect=1).text
    nothing = manifests.product(NAMESPACE, "elsewhere", "SELECT payment_id FROM payments", class_name="functions",
                                key=["payment_id"])
    assert "runs a command" in world.server.cli.apply(nothing, expect=1).text


FUNCTION = """
import http.server, os, sys, time
way = os.environ["WAY"]
def wanted(): return not os.path.exists(os.environ["GOOD"])
if way == "dies" and wanted(): sys.exit("it is not my day")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        subject = self.headers["ce-subject"]
        self.rfile.read(int(self.headers["Content-Length"]))
        if way == "memory" and wanted():
            self.server.hoard = bytearray(os.urandom(1 << 20)) * 200
            time.sleep(5)
        if way == "garbage" and wanted():
            self.wfile.write(b"not http at all\\n"); return
        print("took", subject, flush=True)
        self.send_response(204); self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.mark.parametrize("way, reason", [("dies", "FunctionFailed"), ("memory", "FunctionMemory"), ("garbage", None)])
def test_a_function_that_misbehaves(world, tmp_path, way, reason):
    script, good = tmp_path / "function.py", tmp_path / "good"
    script.write_text(FUNCTION)
    name = f"function-{way}"
    product = world.product(
        name, "SELECT payment_id, amount_cents FROM payments", history="Now", class_name="functions",
        key=["payment_id"], delivery={"retry": {"maxDelay": "1s"}},
        target={"function": {"command": [sys.executable, str(script)], "memory": "64Mi",
                             "env": [{"name": "WAY", "value": way}, {"name": "GOOD", "value": str(good)}]}})
    product.wait_live()
    lot = range(world.data.payments, world.data.payments + 5)
    world.data.add(5)
    if reason is not None:
        product.wait("Stalled", "True", reason, timeout=45)
    else:
        time.sleep(2)  # it answers all that while
    good.touch()

    def taken() -> bool:
        printed = world.server.cli.run("logs", name, "-n", NAMESPACE, "--function").stdout
        return all(f"took {payment}\n" in printed for payment in lot)
    eventually(taken, 60, "they were taken once it was well", interval=0.5)
    product.wait("Stalled", "False", timeout=60)
    world.remove(name)


VERDICT = {"type": "record", "name": "verdict", "fields": [
    {"name": "payment_id", "type": "long"}, {"name": "customer_id", "type": "long"},
    {"name": "amount_cents", "type": "long"}, {"name": "verdict", "type": "string"}]}


def test_verdicts_of_a_service_become_a_dataset(world):
    """Payments with their orders to a service; its answers a dataset; a second product aggregates them. Killed stage
    by stage, and equal to what the payments say."""
    (port,) = free_ports(1)
    command = [sys.executable, str(EXAMPLES / "limit-check" / "check_limit.py"), str(port), "20000"]
    log = world.server.folder / "limit-service.log"
    service = Child("limit service", command, log)
    topic = "push.verdicts"
    world.kafka.create_topic(topic, 3, retention_ms=-1)
    world.server.http("POST", f"/registry/subjects/{topic}-value/versions", json={"schema": json.dumps(VERDICT)})
    world.server.cli.apply(push_class("limits", "http", {"external": {"url": f"http://127.0.0.1:{port}"}}),
                           manifests.dataset(NAMESPACE, "verdicts", "Event", topic))
    first = world.data.payments
    checks = world.product(
        "check-limits", "SELECT p.payment_id, o.customer_id, p.amount_cents FROM payments p "
        "JOIN orders o ON o.order_id = p.order_id",
        class_name="limits", key=["payment_id"], target={"http": {"responseDatasetName": "verdicts"}},
        delivery={"retry": {"maxDelay": "1s"}})
    checks.wait_live()
    counts = world.product(
        "verdict-counts", "SELECT customer_id, verdict, count(*) AS payments, CAST(sum(amount_cents) AS bigint) AS total "
        "FROM verdicts GROUP BY customer_id, verdict")
    counts.wait_live()
    for stage in ("worker", "service", "second worker", "server"):
        world.data.add(300)
        time.sleep(0.1)
        if stage == "service":
            service.kill()
            time.sleep(0.5)
            service = Child("limit service", command, log)
        elif stage == "server":
            world.server.restart()
        else:
            (checks if stage == "worker" else counts).wait_worker().send(signal.SIGKILL)
    world.data.add(100)
    wanted = collections.defaultdict(lambda: [0, 0])
    for payment in range(first, world.data.payments):
        entry = wanted[payment % 500, "OVER" if amount_of(payment) > 20_000 else "WITHIN"]
        entry[0] += 1
        entry[1] += amount_of(payment)

    def delivered() -> dict:
        with world.postgres.connect(database=world.database) as connection:
            return {(c, v): [n, total] for c, v, n, total in
                    connection.execute(f"SELECT customer_id, verdict, payments, total FROM {counts.view}").fetchall()}
    eventually(lambda: delivered() == wanted, 60, "the aggregates are those of the payments", interval=0.3)
    service.stop()
    # What it answers to is not what it reads.
    own = manifests.product(NAMESPACE, "own", "SELECT payment_id FROM verdicts", class_name="limits",
                            key=["payment_id"], target={"http": {"responseDatasetName": "verdicts"}})
    assert "would read its own answers" in world.server.cli.apply(own, expect=1).text
    for name in ("verdict-counts", "check-limits"):
        world.remove(name)
