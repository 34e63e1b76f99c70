"""The crash matrix while filling: the worker, then the server, are killed at every crash point and at random moments,
with the entities on topics kept for ever and on compacted ones. Afterwards the rows equal the oracle's.
"""

import random
import signal
import time

import pytest

from support import flight_products as fp
from support import manifests
from support.crash import CHECKPOINTS, FILLING, INTENT, LIVE, PUSH, TOPIC, TOPICS, converge, hit


def test_the_matrix_knows_every_crash_point(flight_world):
    listed = flight_world.cli.run("version", "--crash-points").stdout.split()
    assert sorted(listed) == sorted(FILLING + LIVE + CHECKPOINTS + INTENT + TOPIC + PUSH)


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
