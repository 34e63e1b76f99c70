"""Products whose changes are sent to a function that mails confirmations: once, whatever is killed or edited. And
where messages may be sent at all. Kafka, real processes and sockets; kill -9 of workers and functions."""

import json
import os
import signal
import sys
import threading
import time

import pytest

from support import manifests, paths
from support.children import eventually
from support.mailbox import Mailbox
from support.payments import CONFIRMATIONS_SQL
from support.products import Product
from support.push import Service, World, push_class, wait_complete

EXAMPLES = paths.ROOT / "manifests" / "examples"


@pytest.fixture(scope="module")
def world(kafka, postgres, server):
    return World(kafka, postgres, server, "push", history=50_000)


@pytest.fixture
def mailbox():
    box = Mailbox()
    yield box
    box.close()


def mailing(box: Mailbox) -> dict:
    """The `target` of a product whose rows are mailed."""
    return {"function": {"command": [sys.executable, str(EXAMPLES / "retail-function" / "send_confirmation.py")],
                         "env": [{"name": "SMTP_HOST", "value": "127.0.0.1"},
                                 {"name": "SMTP_PORT", "value": str(box.port)}]}}


def kill_function(product: Product) -> bool:
    try:
        os.kill(json.loads((product.worker().folder / "function" / "function.pid").read_text())["pid"], signal.SIGKILL)
    except (OSError, ValueError):
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
    printed = world.server.cli.run("logs", "confirm", "-n", world.namespace, "--function").stdout
    assert f"confirmed payment {world.data.payments - 1}" in printed
    state = f"_offtake.state.{product.uid}"
    assert state in world.kafka.admin().list_topics(timeout=10).topics
    world.remove("confirm")
    assert state not in world.kafka.admin().list_topics(timeout=10).topics


def feed(world, stop: threading.Event) -> None:
    while not stop.is_set():
        world.data.add(10)
        time.sleep(0.05)


def test_where_messages_may_go(world):
    service = Service()
    try:
        world.server.cli.apply(push_class("service", "http", {"external": {"url": service.url}}))
        for name, class_name, target, said in (
                ("elsewhere", "service", {"http": {"url": "http://localhost:9/"}}, "lets messages be sent"),
                ("wrong", "service", {"function": {"command": ["true"]}}, "takes no command"),
                ("nothing", "functions", {}, "runs a command")):
            refused = world.server.cli.apply(manifests.product(
                world.namespace, name, "SELECT payment_id FROM payments", class_name=class_name, key=["payment_id"],
                target=target), expect=1)
            assert said in refused.text and f"spec.target.{'function' if 'command' in said else 'http'}" in refused.text
    finally:
        service.close()
