"""What the crash tests share: the points, the changes made meanwhile, and the wait for a worker that stands at one.

A crash point stops the worker (SIGSTOP) when it is reached, which its log says first; so a test knows the phase it
hit, and kills both while they are there.
"""

import pytest

from support import flight_products as fp
from support import flights
from support.children import eventually, process_state

FILLING = ["cut-stored", "mid-read", "mid-load", "piece-loaded", "before-indexes", "after-indexes", "before-swap-commit",
           "after-swap-commit"]
LIVE = ["mid-epoch", "before-epoch-commit", "after-epoch-commit"]
CHECKPOINTS = ["checkpoint-written", "checkpoint-renamed", "checkpoint-deleting"]
# Of targets without transactions: tests/unit/targets.
INTENT = ["intent-stored", "handing-over", "public-name-moved"]
# Of topics: tests/e2e/test_topics.py.
TOPIC = ["piece-published"]
# Of what is pushed: tests/e2e/test_push_crash.py.
PUSH = ["queues-tended"]
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


def hit(product, point: str, timeout: float = 90) -> int:
    """Waits until the worker stands still at `point`. Gives its pid."""
    def check():
        worker = product.worker()
        return point in worker.crash_points() and process_state(worker.pid) == "T" and worker
    return eventually(check, timeout, f"{product} reaches {point}").pid


def converge(world, product) -> None:
    product.wait_live(timeout=120)
    count = world.assert_equal(product, fp.ENRICHED)
    assert count >= flights.FLIGHTS
