"""A chain of three: payments with their orders go to a service, its verdicts become a dataset, and a second product
counts them. Killed stage by stage while records flow through just that stage, and equal to PostgreSQL's answer over the
same events. And who would read the answers to what it sends."""

import json
import re
import signal
import sys
import threading
import time

import pytest

from support import manifests, paths
from support.children import Child, eventually, free_ports
from support.oracle import Oracle
from support.push import World, push_class

SCRIPT = paths.ROOT / "manifests" / "examples" / "limit-check" / "check_limit.py"
LIMIT = 20_000
LOT = 1_500
CHECKS_SQL = """
SELECT p.payment_id, o.customer_id, p.amount_cents
FROM payments p JOIN orders o ON o.order_id = p.order_id
"""
COUNTS_SQL = """
SELECT customer_id, verdict, count(*) AS payments, CAST(sum(amount_cents) AS bigint) AS total
FROM verdicts GROUP BY customer_id, verdict
"""
ORACLE_SQL = f"""
SELECT o.customer_id, CASE WHEN p.amount_cents > {LIMIT} THEN 'OVER' ELSE 'WITHIN' END AS verdict,
       count(*) AS payments, CAST(sum(p.amount_cents) AS bigint) AS total
FROM payments p JOIN orders o ON o.order_id = p.order_id
WHERE p.payment_id >= %(first)s
GROUP BY 1, 2
"""
VERDICT = {"type": "record", "name": "verdict", "fields": [
    {"name": "payment_id", "type": "long"}, {"name": "customer_id", "type": "long"},
    {"name": "amount_cents", "type": "long"}, {"name": "verdict", "type": "string"}]}


class LimitService:
    """The example's service as a process that can be killed and started again on its port."""

    def __init__(self, world):
        (self.port,) = free_ports(1)
        self.log = world.server.folder / "limit-service.log"
        self.start()

    def start(self) -> None:
        self.child = Child("limit service", [sys.executable, str(SCRIPT), str(self.port), str(LIMIT)], self.log)

    def restart(self) -> None:
        self.child.kill()
        self.start()

    def checked(self) -> list[int]:
        """The payments that it was asked about, in the order of its log."""
        return [int(number) for number in re.findall(r"^payment (\d+): \w+$", self.log.read_text(), re.MULTILINE)]


def add_dataset(world, name: str) -> dict:
    topic = f"{world.namespace}.{name}"
    world.kafka.create_topic(topic, 3, retention_ms=-1)
    answered = world.server.http("POST", f"/registry/subjects/{topic}-value/versions",
                                 json={"schema": json.dumps(VERDICT)})
    assert answered.status_code == 200, answered.text
    return manifests.dataset(world.namespace, name, "Event", topic)


@pytest.fixture(scope="module")
def world(kafka, postgres, server):
    world = World(kafka, postgres, server, "limits", history=2_000)
    server.cli.apply(add_dataset(world, "verdicts"), add_dataset(world, "others"))
    return world


def kill_midway(world, done, kill) -> None:
    """Kills while a part of a lot of payments is done, and not all. `done()`: how many are, of all there were."""
    for _ in range(5):
        before = done()
        feeding = threading.Thread(target=feed_lot, args=(world,))
        feeding.start()
        eventually(lambda: done() > before, 60, "the first of them are done", interval=0.005)
        kill()
        at = done()
        feeding.join()
        if at < before + LOT:
            return
        eventually(lambda: done() >= before + LOT, 60, "the lot is done")
    raise AssertionError("no kill came before all was done")


def feed_lot(world) -> None:
    for _ in range(LOT // 100):
        world.data.add(100)
        time.sleep(0.02)


def test_a_chain_that_is_killed_stage_by_stage(world):
    service = LimitService(world)
    world.server.cli.apply(push_class("limits", "http", {"external": {"url": f"http://127.0.0.1:{service.port}"}}))
    first = world.data.payments
    checks = world.product("check-limits", CHECKS_SQL, class_name="limits", key=["payment_id"],
                           target={"http": {"responseDatasetName": "verdicts"}},
                           delivery={"retry": {"maxDelay": "1s"}})
    checks.wait_live()
    counts = world.product("verdict-counts", COUNTS_SQL)
    counts.wait_live()
    view = counts.view

    def checked() -> int:
        return len(set(service.checked()))

    def counted() -> int:
        with world.postgres.connect(database=world.database) as connection:
            return int(connection.execute(f"SELECT COALESCE(sum(payments), 0) FROM {view}").fetchone()[0])

    def all_counted() -> None:
        eventually(lambda: counted() == world.data.payments - first, 60, "all are counted", interval=0.2)

    pid = checks.wait_worker().pid
    kill_midway(world, checked, lambda: checks.worker().send(signal.SIGKILL))
    checks.wait_worker(not_pid=pid)
    all_counted()
    kill_midway(world, checked, service.restart)
    all_counted()
    pid = counts.wait_worker().pid
    kill_midway(world, counted, lambda: counts.worker().send(signal.SIGKILL))
    counts.wait_worker(not_pid=pid)
    all_counted()
    kill_midway(world, counted, world.server.restart)
    world.data.add(100)
    all_counted()

    with world.postgres.connect(database=world.database) as connection:
        world.data.load_into(connection)
    found = Oracle(lambda: world.postgres.connect(database=world.database)).difference(
        ORACLE_SQL, view, {"first": first})
    assert found.equal and found.expected > 500, found
    # Some it was asked about more than once: each verdict is there once nevertheless.
    assert checked() == world.data.payments - first
    service.child.stop()
    world.remove("verdict-counts", "check-limits")


def test_what_is_answered_is_not_what_is_sent(world):
    """At once, and by way of another service: refused by plan, with the whole path."""
    world.server.cli.apply(push_class("askers", "http", {"external": {"url": "http://127.0.0.1:9"}}))

    def asking(name: str, reads: str, answers: str) -> dict:
        return manifests.product(world.namespace, name, f"SELECT payment_id, verdict FROM {reads}", class_name="askers",
                                 key=["payment_id"], target={"http": {"responseDatasetName": answers}})
    own = world.server.cli.apply(asking("own", "verdicts", "verdicts"), expect=1)
    assert "would read its own answers: limits/own <- limits/verdicts <- limits/own" in own.text, own
    world.server.cli.apply(asking("first", "verdicts", "others"))
    path = "limits/second <- limits/others <- limits/first <- limits/verdicts <- limits/second"
    refused = world.server.cli.apply(asking("second", "others", "verdicts"), expect=1)
    assert path in refused.text and "responseDatasetName" in refused.text, refused
    both = world.server.cli.apply(asking("third", "others", "verdicts"), asking("first", "verdicts", "others"), expect=1)
    assert "Cycle" in both.text or "own answers" in both.text, both
    world.server.cli.apply(asking("second", "others", "verdicts"), flags=("--no-plan",))
    eventually(lambda: path in json.dumps(world.server.cli.get("dataproduct", "second", world.namespace)), 30,
               "its condition shows the path")
    world.remove("second", "first")
