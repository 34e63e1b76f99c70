"""The crash matrix while live, as test_flights_crash.py has it while filling."""

import random
import signal
import time

import pytest

from support import flight_products as fp
from support.crash import LIVE, TOPICS, converge, hit, live_changes


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
