"""kill -9 of the worker, and of the server, at each crash point of a product whose rows are sent: while it is filled,
live with messages waiting for a receiver that does not take all, and while a revision takes over. Each new row is
sent, its message under one id; the history never is."""

import contextlib
import signal
import threading
import time

import pytest

from support.children import eventually, signal_process
from support.crash import PUSH, hit
from support.push import Service, World, take, unsent

JOINED = "SELECT p.payment_id, o.customer_id, p.amount_cents FROM payments p JOIN orders o ON o.order_id = p.order_id"
DELIVERY = {"changes": "Created", "answerTimeout": "5s", "retry": {"maxDelay": "1s", "maxAttempts": 1000}}


@pytest.fixture(scope="module")
def calm(kafka, postgres, server):
    return World(kafka, postgres, server, "pushcrash", history=2_000)


@pytest.fixture
def world(calm):
    """Afterwards its server runs and is not armed, and no worker stands still."""
    yield calm
    if not calm.server.child.running():
        calm.server.start()
    elif calm.server.environment_of_start:
        calm.server.restart()
    for worker in calm.server.workers():
        if worker.running():
            signal_process(worker.pid, signal.SIGCONT)


@pytest.fixture
def service():
    started = Service()
    yield started
    started.close()


def takes_some(handler, message) -> None:
    """Every seventh has to wait."""
    handler.say(503 if int(message.subject) % 7 == 0 else 204)


@contextlib.contextmanager
def feeding(world):
    """Payments come, a few at a time."""
    stop = threading.Event()

    def feed():
        while not stop.is_set():
            world.data.add(10)
            time.sleep(0.05)
    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_going_on(world, service) -> None:
    newest = world.data.payments - 1
    eventually(lambda: service.subjects()[newest], 60, "it goes on", interval=0.2)


def kill_both(world, product, pid: int) -> None:
    """The worker that stands at its crash point, and the server; that one is started again, not armed."""
    worker = next(w for w in world.server.workers() if w.pid == pid)
    worker.send(signal.SIGKILL)
    world.server.kill()
    world.server.start()
    assert product.wait_worker(not_pid=pid, timeout=60)


def assert_sent(service, history: int, wanted: range) -> None:
    """All that is wanted was taken, nothing of the history was sent, and no payment's message had two ids."""
    def check():
        missing = set(wanted) - {int(m.subject) for m in service.taken()}
        assert not missing, f"{len(missing)} of {len(wanted)}: {sorted(missing)[:10]}"
        return True
    eventually(check, 60, "all were taken", interval=0.2)
    ids = {}
    for message in service.messages():
        assert message.type == "created" and int(message.subject) >= history, message
        assert ids.setdefault(message.subject, message.id) == message.id, message
        assert message.data["row"]["payment_id"] == int(message.subject), message


@pytest.mark.parametrize("point", ["cut-stored", "mid-load", "before-indexes", "before-swap-commit",
                                   "after-swap-commit"])
def test_killed_while_filling(world, service, point):
    world.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    history = world.data.payments
    name = f"fill-{point}"
    product = world.sent_to(service, name, JOINED, history="Beginning", key=["payment_id"], delivery=DELIVERY)
    pid = hit(product, point)
    assert service.messages() == []
    after = world.data.payments
    world.data.add(10)
    kill_both(world, product, pid)
    product.wait_live()
    live = world.data.payments
    world.data.add(30)
    # Until the fill is done it may begin again, and then the history is longer.
    assert_sent(service, history, range(after if "swap" in point else live, world.data.payments))
    world.remove(name)


@pytest.mark.parametrize("point", ["intent-stored", "before-epoch-commit", "after-epoch-commit", *PUSH])
def test_killed_with_messages_waiting(world, service, point):
    world.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:4:stop")
    name = f"live-{point}"
    product = world.sent_to(service, name, JOINED, history="Beginning", key=["payment_id"], delivery=DELIVERY)
    product.wait_live()
    history = world.data.payments
    service.behave = takes_some
    with feeding(world):
        pid = hit(product, point)
        assert unsent(world.kafka, product), "messages wait"
        kill_both(world, product, pid)
        wait_going_on(world, service)
    service.behave = take
    assert_sent(service, history, range(history, world.data.payments))
    eventually(lambda: unsent(world.kafka, product) == [], 30, "none waits any more", interval=0.5)
    world.remove(name)


@pytest.mark.parametrize("point", ["handing-over", "before-swap-commit", "after-swap-commit"])
def test_killed_while_handing_over(world, service, point):
    name = f"hand-{point}"
    product = world.sent_to(service, name, JOINED, history="Beginning", key=["payment_id"], delivery=DELIVERY)
    product.wait_live()
    history = world.data.payments
    service.behave = takes_some
    with feeding(world):
        eventually(lambda: unsent(world.kafka, product), 30, "messages wait", interval=0.3)
        world.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
        world.sent_to(service, name, JOINED + " WHERE p.amount_cents > 0", history="Beginning", key=["payment_id"],
                      delivery=DELIVERY)
        pid = hit(product, point)
        kill_both(world, product, pid)
        product.wait_live(timeout=120, revision=2)
        wait_going_on(world, service)
    service.behave = take
    assert_sent(service, history, range(history, world.data.payments))
    eventually(lambda: unsent(world.kafka, product) == [], 30, "none waits any more", interval=0.5)
    world.remove(name)
