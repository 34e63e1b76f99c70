"""Receivers that misbehave, each in its way and for long: shown as conditions, waited for or parked as designed, healed
by themselves with nothing lost and the order of each key kept; and others not held up meanwhile."""

import collections
import time

import pytest

from support.children import cpu_seconds, eventually
from support.products import Product, condition
from support.push import Hang, Service, World, answer, take, unsent, wait_complete

NOTES = "SELECT order_id, note FROM orders WHERE note <> ''"
ALL = {"changes": "All", "answerTimeout": "2s", "retry": {"maxDelay": "40s"}}
PATIENT = {**ALL, "retry": {"maxDelay": "2s", "maxAttempts": 1000}}
TWO_MINUTES = 120


@pytest.fixture(scope="module")
def world(kafka, postgres, server):
    return World(kafka, postgres, server, "receivers", history=1_000)


@pytest.fixture
def services():
    made: list[Service] = []

    def make() -> Service:
        made.append(Service())
        return made[-1]
    yield make
    for service in made:
        service.close()


class Notes:
    """Orders whose notes change, again and again: each change is one message of a product of NOTES."""

    def __init__(self, world):
        self.world, self.last, self.written = world, {}, 0

    def write(self, orders, times: int = 1) -> None:
        for _ in range(times):
            for order in orders:
                self.written += 1
                self.last[order] = f"note {self.written}"
                self.world.data.put_order(order, self.last[order])
            self.world.data.flush()

    def all_taken(self, service: Service) -> bool:
        """Whether the last change of each order was taken."""
        taken = {int(m.subject): m.data["row"]["note"] for m in service.taken()}
        missing = {order: (taken.get(order), note) for order, note in self.last.items() if taken.get(order) != note}
        assert not missing, missing
        return True


def assert_in_order(service: Service) -> None:
    """What was taken of each key goes on from what was taken before: none is missing, none came too early."""
    at: dict[str, dict | None] = {}
    for message in service.taken():
        before = at.get(message.subject)
        assert message.data.get("oldRow") == before or message.subject not in at, (message, before)
        at[message.subject] = message.data["row"]
    assert at


def stalled(product: Product, *reasons: str, timeout: float = 60) -> None:
    def check():
        found = condition(product.get(), "Stalled")
        assert found["status"] == "True" and found["reason"] in reasons, found
        return True
    eventually(check, timeout, f"{product} is shown as stalled: {reasons}", interval=0.1)


class Pace:
    """How soon records get to a table, and to a receiver that is well."""

    def __init__(self, world, good: Service):
        self.world, self.good = world, good
        self.table = world.product("table", "SELECT payment_id, amount_cents FROM payments", history="Now")
        self.sent = world.sent_to(good, "good", "SELECT payment_id, amount_cents FROM payments", key=["payment_id"])
        for product in (self.table, self.sent):
            product.wait_live()
        self.view = self.table.view

    def measure(self, records: int = 2_000, within: float = 20) -> None:
        begin, first = time.monotonic(), self.world.data.payments
        self.world.data.add(records)
        took, lot = {}, set(range(first, first + records))
        with self.world.postgres.connect(database=self.world.database) as connection:
            def both():
                now = time.monotonic() - begin
                count = connection.execute(f"SELECT count(*) FROM {self.view} WHERE payment_id >= {first}").fetchone()[0]
                if count == records:
                    took.setdefault("table", now)
                if "good" not in took and lot <= set(self.good.subjects()):
                    took["good"] = now
                return len(took) == 2
            eventually(both, within, f"{records} records get to both")
        print(f"{records} records: " + ", ".join(f"to {name} in {seconds:.2f} s" for name, seconds in took.items()))


class Load:
    """What the workers of some products use of processors: products share these, and nothing else. How long records
    take says more of what else runs on the machine."""

    def __init__(self, products):
        self._pids = {product: product.worker().pid for product in products}
        self._begin, self._used = time.monotonic(), self._seconds()

    def _seconds(self) -> dict[Product, float]:
        return {product: cpu_seconds(pid) for product, pid in self._pids.items()}

    def assert_light(self) -> None:
        """A tenth of one at the most, each."""
        eventually(lambda: time.monotonic() - self._begin >= 5, 10, "five seconds of it")
        elapsed, used = time.monotonic() - self._begin, self._seconds()
        shares = {str(product): (used[product] - before) / elapsed for product, before in self._used.items()}
        assert max(shares.values()) <= 0.1, shares


@pytest.mark.timeout(420)  # two minutes of them are the receiver's
def test_receivers_that_take_nothing_for_long(world, services):
    """429 for two minutes with Retry-After; beside it one that hangs, one that answers 404, and one that is not there,
    for as long as it takes to see that others keep their pace."""
    pace = Pace(world, services())
    pace.measure()

    busy, hanging, refusing, gone = services(), services(), services(), services()
    products = {service: world.sent_to(service, name, NOTES, key=["order_id"], delivery=delivery)
                for service, name, delivery in ((busy, "busy", ALL), (hanging, "hanging", PATIENT),
                                                (refusing, "refusing", PATIENT), (gone, "gone", PATIENT))}
    for product in products.values():
        product.wait_live()
    notes = Notes(world)
    notes.write(range(20))
    for service in products:
        eventually(lambda: notes.all_taken(service), 30, "it takes all that it is sent")

    hang = hanging.behave = Hang()
    busy.behave = answer(429, Retry_After="3")
    refusing.behave = answer(404)
    gone.go_away()
    began = time.monotonic()
    notes.write(range(40), times=2)
    stalled(products[refusing], "ReceiverRefuses")
    stalled(products[gone], "Unreachable")
    stalled(products[hanging], "TimedOut")
    stalled(products[busy], "ReceiverBusy", "ReceiverPaused")
    load = Load(products.values())
    for _ in range(3):
        pace.measure()
    load.assert_light()
    notes.write(range(20, 60), times=2)
    for product in (pace.table, pace.sent):
        assert condition(product.get(), "Stalled")["status"] == "False"

    hanging.behave = take
    hang.over.set()
    refusing.behave = take
    gone.come_back()
    for service in (hanging, refusing, gone):
        eventually(lambda: notes.all_taken(service), 90, "it has taken all that it missed", interval=0.3)
        products[service].wait("Stalled", "False", timeout=60)
        assert_in_order(service)
        eventually(lambda: unsent(world.kafka, products[service]) == [], 30, "none waits any more", interval=0.3)

    # Still the two minutes last.
    notes.write(range(50, 60))
    eventually(lambda: time.monotonic() - began >= TWO_MINUTES, TWO_MINUTES + 10, "two minutes are over", interval=0.5)
    stalled(products[busy], "ReceiverBusy", "ReceiverPaused", timeout=10)
    sent = [m.at for m in busy.messages() if m.status == 429]
    assert not [m for m in busy.taken() if m.at > began]
    assert not [m for m in unsent(world.kafka, products[busy]) if m["parked"]]
    # It was asked for three seconds of quiet each time.
    waves = [at for at, before in zip(sent[1:], sent) if at - before > 1]
    assert waves and all(b - a >= 2.9 for a, b in zip(waves, waves[1:])), waves
    busy.behave = take
    eventually(lambda: notes.all_taken(busy), 90, "it has taken all that it missed", interval=0.3)
    products[busy].wait("Stalled", "False", timeout=60)
    assert_in_order(busy)
    eventually(lambda: unsent(world.kafka, products[busy]) == [], 30, "none waits any more", interval=0.3)
    world.remove("table", "good", "busy", "hanging", "refusing", "gone")


def test_a_message_that_is_not_taken(world, services):
    """400: parked at once; 500: at its last attempt. What comes later of their keys waits behind them, in order, the
    others flow."""
    service = services()
    product = world.sent_to(service, "some", NOTES, key=["order_id"],
                            delivery={**ALL, "retry": {"maxDelay": "1s", "maxAttempts": 5}})
    product.wait_live()
    bad = {"203": 400, "205": 500}
    service.behave = lambda handler, message: handler.say(bad.get(message.subject, 204))
    notes = Notes(world)
    notes.write(range(200, 210))
    eventually(lambda: {(m["subject"], m["attempts"], m["parked"]) for m in unsent(world.kafka, product)} ==
               {("203", 1, True), ("205", 5, True)}, 60, "both are parked", interval=0.3)
    for times in (1, 2):
        notes.write(range(200, 210))
        eventually(lambda: all(service.subjects("updated")[order] == times for order in range(200, 210)
                               if str(order) not in bad), 30, "the others go on")
    wait_complete(product)
    waiting = unsent(world.kafka, product)
    assert collections.Counter(m["subject"] for m in waiting) == {"203": 3, "205": 3}
    assert service.subjects("created")[203] == 1 and service.subjects("created")[205] == 5
    assert not service.subjects("updated")[203] and not service.subjects("updated")[205]
    for message in waiting:
        parked = message["epoch"] == min(m["epoch"] for m in waiting if m["key"] == message["key"])
        assert message["parked"] == parked
        if parked:
            assert f"answers {bad[message['subject']]}" in message["error"]
            assert "note" not in message["error"]
    assert condition(product.get(), "Ready")["status"] == "True"
    world.remove("some")


def test_answers_that_are_cut_off_or_lead_elsewhere(world, services):
    """Closes in the middle of its answer: sent again under the same id. Redirects to another host: no byte goes there."""
    service, elsewhere = services(), services()
    product = world.sent_to(service, "cut", NOTES, key=["order_id"], delivery=PATIENT)
    product.wait_live()
    notes = Notes(world)

    def closes(handler, message):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        handler.close_connection = True
    service.behave = closes
    notes.write(range(300, 310), times=3)
    eventually(lambda: len(service.subjects()) == 10, 30, "it was sent them")
    service.behave = take
    eventually(lambda: notes.all_taken(service), 60, "they were sent again")
    assert_in_order(service)
    assert max(collections.Counter(m.id for m in service.messages()).values()) >= 2

    service.behave = answer(307, Location=elsewhere.url + "/in")
    notes.write(range(300, 310))
    shown = product.wait("Stalled", "True", "RedirectRefused", timeout=30)
    assert "not sent on to another host" in shown["message"]
    service.behave = take
    eventually(lambda: notes.all_taken(service), 60, "they were taken where they were sent")
    product.wait("Stalled", "False", timeout=60)
    assert_in_order(service)
    assert elsewhere.messages() == []
    world.remove("cut")
