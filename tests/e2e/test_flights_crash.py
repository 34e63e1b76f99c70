"""The crash matrix: the worker, then the server, are killed at every crash point and at random moments, with the
entities on topics kept for ever and on compacted ones. Afterwards the rows equal the oracle's.

A crash point stops the worker (SIGSTOP) when it is reached, which its log says first; so the test knows the
phase it hit, and kills both while they are there.
"""

import random
import signal
import time

import pytest

from support import flight_products as fp
from support import flights, manifests
from support.children import eventually, process_state

FILLING = ["cut-stored", "mid-read", "mid-load", "piece-loaded", "before-indexes", "after-indexes", "before-swap-commit",
           "after-swap-commit"]
LIVE = ["mid-epoch", "before-epoch-commit", "after-epoch-commit"]
TOPICS = pytest.mark.parametrize("namespace", [fp.NAMESPACE, fp.COMPACTED], ids=["kept", "compacted"])

_series = iter(range(10, 90))


def live_changes(world) -> None:
    """A thousand flights, and changes of entities that earlier rows join."""
    series = next(_series)
    feed = world.feed
    for plane in flights.rows("planes")[series * 10:series * 10 + 30]:
        feed.put("planes", {**plane, "model": f"model {series}"})
    feed.remove("planes", (flights.rows("planes")[series * 10 + 5]["tailnum"],))
    feed.put("airlines", {"carrier": "UA", "name": f"United {series}"})
    feed.add_flights(flights.extra_flights(1_000, series=series))


def hit(product, point: str) -> int:
    """Waits until the worker stands still at `point`. Gives its pid."""
    def check():
        worker = product.worker()
        return point in worker.crash_points() and process_state(worker.pid) == "T" and worker
    return eventually(check, 90, f"{product} reaches {point}").pid


def converge(world, product) -> None:
    product.wait_live(timeout=120)
    count = world.assert_equal(product, fp.ENRICHED)
    assert count >= flights.FLIGHTS


def test_the_matrix_knows_every_crash_point(flight_world):
    listed = flight_world.cli.run("version", "--crash-points").stdout.split()
    assert sorted(listed) == sorted(FILLING + LIVE)


@TOPICS
@pytest.mark.parametrize("point", FILLING)
def test_killed_while_filling(world, namespace, point):
    world.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    product = world.product(fp.enriched(f"fill-{point}", namespace))
    pid = hit(product, point)
    product.worker().send(signal.SIGKILL)
    world.server.kill()
    world.server.start()
    assert product.wait_worker(not_pid=pid)
    converge(world, product)


@pytest.mark.parametrize("point", ["mid-read:40", "mid-load:40", "piece-loaded:1"])
def test_a_fill_without_state_goes_on_where_it_was(world, point):
    world.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:stop")
    product = world.product(manifests.product(fp.NAMESPACE, f"delayed-{point.split(':')[0]}", fp.DELAYED,
                                              runner={"threads": 3}))
    pid = hit(product, point.split(":")[0])
    control = product.control()
    assert control.phase == "Filling"
    loaded = product.fill_progress()
    if point.startswith("piece-loaded"):
        # At least one piece is kept: its rows are there, and further than where it began.
        assert sum(loaded.values()) > 0, loaded
    product.worker().send(signal.SIGKILL)
    world.server.kill()
    world.server.start()
    worker = product.wait_worker(not_pid=pid)
    product.wait_live(timeout=120)
    started = [line for line in worker.log_lines() if line.get("msg") == "fill started"]
    assert [line["resumed"] for line in started] == ["false", "true"], started
    # Row for row: nothing that was loaded before is loaded twice, nothing is missing.
    assert world.assert_equal(product, fp.DELAYED) > 100_000
    assert product.control().cut == control.cut  # not begun anew
    assert product.revision == 1


@TOPICS
@pytest.mark.parametrize("point", LIVE)
def test_killed_while_live(world, namespace, point):
    world.server.restart(OFFTAKE_WORKER_CRASH_AT=f"{point}:1:stop")
    product = world.product(fp.enriched(f"live-{point}", namespace))
    product.wait_live(timeout=120)
    live_changes(world)
    pid = hit(product, point)
    assert product.control().phase == "Current"
    product.worker().send(signal.SIGKILL)
    world.server.kill()
    live_changes(world)  # the serialisers know their ids by now: writing goes on while the server is down
    world.server.start()
    assert product.wait_worker(not_pid=pid)
    converge(world, product)


@pytest.fixture(scope="module")
def fill_seconds(flight_world):
    """How long an undisturbed fill takes here, from apply to live."""
    started = time.monotonic()
    product = flight_world.product(fp.enriched("undisturbed"))
    product.wait_live(timeout=120)
    seconds = time.monotonic() - started
    flight_world.remove(product)
    return seconds


@TOPICS
@pytest.mark.parametrize("seed", range(5))
def test_random_kill_while_filling(world, fill_seconds, namespace, seed):
    chance = random.Random(f"filling {namespace} {seed}")
    product = world.product(fp.enriched(f"random-fill-{seed}", namespace))
    worker = product.wait_worker()
    # The moment is what is random here; no outcome is hoped for.
    time.sleep(chance.uniform(0, 0.8) * fill_seconds)
    phase = [line.get("msg") for line in worker.log_lines()][-1:]
    print(f"killed after: {phase}")
    pid = worker.send(signal.SIGKILL)
    if chance.random() < 0.5:
        world.server.kill()
        world.server.start()
    assert product.wait_worker(not_pid=pid)
    converge(world, product)


@TOPICS
def test_random_kills_while_live(world, namespace):
    chance = random.Random(f"live {namespace}")
    product = world.product(fp.enriched("random-live", namespace))
    product.wait_live(timeout=120)
    for _ in range(5):
        worker = product.wait_worker(timeout=60)
        epoch = product.control().epoch
        live_changes(world)
        time.sleep(chance.uniform(0, 0.4))
        pid = worker.send(signal.SIGKILL)
        if chance.random() < 0.5:
            world.server.kill()
            world.server.start()
        assert product.wait_worker(not_pid=pid, timeout=60)
        converge(world, product)
        assert product.control().epoch > epoch or product.control().revision > 1
