"""Fences: a worker frozen in its transaction against its successor, and a server that is away."""

import ctypes
import os
import signal

import pytest

from support import flight_products as fp
from support import flights
from support.children import eventually, process_state

_PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
def orphans_are_ours():
    """Workers whose server was killed become children of this process, so that their exit code can be read."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    yield
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)


def exit_code(pid: int) -> int:
    def ended():
        found, status = os.waitpid(pid, os.WNOHANG)
        return found == pid and (os.waitstatus_to_exitcode(status),)
    return eventually(ended, 30, f"process {pid} ends")[0]


def test_a_frozen_writer_is_fenced(world, orphans_are_ours):
    world.server.restart(OFFTAKE_WORKER_CRASH_AT="before-epoch-commit:1:stop")
    product = world.product(fp.enriched("frozen"))
    product.wait_live(timeout=120)
    world.feed.add_flights(flights.extra_flights(500, series=5))
    first = product.worker()
    eventually(lambda: "before-epoch-commit" in first.crash_points() and process_state(first.pid) == "T", 60,
               "the worker stands still in its transaction")
    first_pid = first.pid
    before = product.control()
    view = product.view
    world.server.kill()

    # The next incarnation, started by hand beside the frozen one.
    second = first.second("second-worker", before.incarnation + 1)

    def taken_over():
        assert second.running(), second.output()[-2000:]
        with world.postgres.connect(database=world.database) as connection:
            schema = view.rsplit(".", 1)[0]
            owner, incarnation, epoch = connection.execute(
                f"SELECT owner, incarnation, epoch FROM {schema}._offtake_control").fetchone()
        return owner != before.owner and incarnation == before.incarnation + 1 and epoch > before.epoch
    eventually(taken_over, 90, "the second worker owns the control row and commits")

    os.kill(first_pid, signal.SIGCONT)
    assert exit_code(first_pid) == 10, first.log_text()[-2000:]

    # Back with its server: whoever owns the row now, the rows are the oracle's.
    world.feed.add_flights(flights.extra_flights(300, series=6))
    world.server.start()
    product.wait_live(timeout=120)
    assert world.assert_equal(product, fp.ENRICHED) >= flights.FLIGHTS
    assert product.control().incarnation >= before.incarnation + 1
    if product.control().incarnation > before.incarnation + 1:
        assert second.wait(30) == 10
    else:
        second.stop()


def test_rows_flow_while_the_server_is_down_and_the_worker_is_adopted(world):
    product = world.product(fp.enriched("adopted"))
    product.wait_live(timeout=120)
    worker = product.wait_worker()
    pid, view = worker.pid, product.view

    def delivered() -> int:
        with world.postgres.connect(database=world.database) as connection:
            return connection.execute(f"SELECT count(*) FROM {view}").fetchone()[0]
    before = delivered()
    world.server.kill()
    world.feed.add_flights(flights.extra_flights(1_000, series=7))
    eventually(lambda: delivered() == before + 1_000, 30, "a thousand new rows with no server running")
    world.server.start()
    product.wait_live()
    assert product.worker().pid == pid and worker.running()
    assert world.assert_equal(product, fp.ENRICHED) == before + 1_000
    assert product.worker().pid == pid
